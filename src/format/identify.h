/*
 * What a file is that was given as a model and is none: formats that are not read, and what people
 * take for weights by mistake.
 */
#ifndef AN_FORMAT_IDENTIFY_H
#define AN_FORMAT_IDENTIFY_H

#include <stddef.h>

#include "alexnet/alexnet.h"

/**
 * Fail with what the first `length` bytes show a file to be, and what to do about it.
 * @return ALEXNET_ERROR_UNSUPPORTED for a model of another format, else ALEXNET_ERROR_FORMAT
 */
alexnet_status an_identify_fail(const char *file, const unsigned char *head, size_t length);

#endif
