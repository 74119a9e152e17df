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
    const char *what, *remedy;
    bool vague; /* nothing is known but that it is text, or bytes */
} an_finding;

/** Identify a file by its first `length` bytes, and say what to do about it. */
an_finding an_identify(const unsigned char *head, size_t length);

#endif
