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
    bool vague; /* a text, or bytes, of which no more is known */
} an_finding;

/** What the first `length` bytes show a file to be, and what to do about it. */
an_finding an_identify(const unsigned char *head, size_t length);

#endif
