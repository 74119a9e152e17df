/*
 * A growing list of strings.
 */
#ifndef AN_BASE_STRINGS_H
#define AN_BASE_STRINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** All zero initially; owns its strings. */
typedef struct an_strings {
    char **at;
    int64_t count;
} an_strings;

/** Take ownership of a string, which is freed on failure. NULL counts as a failed allocation. */
alexnet_status an_strings_add(an_strings *strings, char *text);
/** Compare two `char *` in byte order, for qsort() and bsearch(). */
int an_strings_compare(const void *a, const void *b);
void an_strings_sort(an_strings *strings); /* in byte order */
/** Whether `text` is in the list. Linear search. */
bool an_strings_have(const an_strings *strings, const char *text);
void an_strings_free(an_strings *strings);

#endif
