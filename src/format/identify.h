/*
 * Identification of files that are not models: formats that are not read, and other files that are
 * given as models by mistake.
 */
#ifndef AN_FORMAT_IDENTIFY_H
#define AN_FORMAT_IDENTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "alexnet/alexnet.h"

typedef struct an_finding {
    alexnet_status status; /* ALEXNET_ERROR_UNSUPPORTED: a model of another format; else _FORMAT */
    const char *what, *remedy;
    bool vague; /* no more is known than that it is text, or bytes */
} an_finding;

/** Identify a file by its first `length` bytes, and say what to do about it. */
an_finding an_identify(const unsigned char *head, size_t length);

#endif
