#include "alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *cli_realloc(void *block, size_t size)
{
    void *grown = realloc(block, size ? size : 1);
    if (!grown) {
        fprintf(stderr, "alexnet: out of memory: %zu bytes\n", size);
        exit(EXIT_FAILURE);
    }
    return grown;
}

void *cli_alloc(size_t size)
{
    void *block = cli_realloc(NULL, size);
    memset(block, 0, size);
    return block;
}

char *cli_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(cli_alloc(size), text, size);
}

char *cli_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        fprintf(stderr, "alexnet: out of memory\n");
        exit(EXIT_FAILURE);
    }
    return text;
}

void string_list_add(string_list *list, char *item)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->items = cli_realloc(list->items, list->room * sizeof *list->items);
    }
    list->items[list->count++] = item;
}

void string_list_free(string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (string_list){0};
}
