/*
 * A growing list of strings.
 */
#ifndef AN_BASE_STRINGS_H
#define AN_BASE_STRINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** Starts as all zero; owns its strings. */
typedef struct an_strings {
    char **at;
    int64_t count, room;
} an_strings;

/** Take a string over; NULL is taken as a failed allocation. On failure it is freed. */
alexnet_status an_strings_add(an_strings *strings, char *text);
void an_strings_sort(an_strings *strings); /* in byte order */
/** Whether `text` is among them; by looking at each. */
bool an_strings_have(const an_strings *strings, const char *text);
void an_strings_free(an_strings *strings);

#endif
