/*
 * Identifies files that are not models this program reads: other model formats, and files given as
 * models by mistake.
 */
#ifndef AN_FORMAT_IDENTIFY_H
#define AN_FORMAT_IDENTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "alexnet/alexnet.h"

typedef struct an_finding {
    alexnet_status status; /* ALEXNET_ERROR_UNSUPPORTED: a model of another format; else _FORMAT */
    char what[128];
    const char *remedy;
    bool vague; /* nothing is known but that it is text, or bytes */
} an_finding;

/**
 * Identify a file by its first `length` bytes, and say what to do about it.
 * @param called  the format that its name promises; NULL: none. Bytes of an unknown kind are then
 *                taken to be damaged
 */
an_finding an_identify(const unsigned char *head, size_t length, const char *called);

#endif
