#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_strings_add(an_strings *strings, char *text)
{
    if (text && strings->count == strings->room) {
        int64_t room = strings->room ? 2 * strings->room : 16;
        char **grown = an_realloc(strings->at, (size_t)room, sizeof *grown);
        if (grown) {
            strings->at = grown;
            strings->room = room;
        }
    }
    if (!text || strings->count == strings->room) {
        an_free(text);
        return AN_FAIL_MEMORY((uint64_t)strings->count * sizeof(char *), "a list of texts");
    }
    strings->at[strings->count++] = text;
    return ALEXNET_OK;
}

int an_strings_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void an_strings_sort(an_strings *strings)
{
    if (strings->count)
        qsort(strings->at, (size_t)strings->count, sizeof *strings->at, an_strings_compare);
}

bool an_strings_have(const an_strings *strings, const char *text)
{
    for (int64_t i = 0; i < strings->count; i++)
        if (strcmp(strings->at[i], text) == 0)
            return true;
    return false;
}

void an_strings_free(an_strings *strings)
{
    for (int64_t i = 0; i < strings->count; i++)
        an_free(strings->at[i]);
    an_free(strings->at);
    *strings = (an_strings){0};
}
