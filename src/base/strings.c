#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_strings_add(an_strings *strings, char *text)
{
    char **grown = text ? an_grow(strings->at, strings->count, sizeof *grown) : NULL;
    if (!grown) {
        an_free(text);
        return AN_FAIL_MEMORY(2 * (size_t)strings->count * sizeof *grown, "a list of texts");
    }
    strings->at = grown;
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
