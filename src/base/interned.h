/*
 * A growing list of distinct strings, with a hash table to find a string in constant time.
 */
#ifndef AN_BASE_INTERNED_H
#define AN_BASE_INTERNED_H

#include "base/strings.h"

/** All zero initially. */
typedef struct an_interned {
    an_strings list; /* in the order of insertion */
    int64_t *slots;  /* a hash table of positions in the list, from 1; 0: empty */
    int64_t room;    /* a power of two */
} an_interned;

/** Add a text unless the list has it. @param index  out, its position in either case */
alexnet_status an_interned_add(an_interned *interned, const char *text, int64_t *index);
/** Position of a text, or -1. */
int64_t an_interned_find(const an_interned *interned, const char *text);
void an_interned_free(an_interned *interned);

#endif
