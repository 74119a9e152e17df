/*
 * Option structs of callers built with older or newer headers.
 */
#ifndef AN_API_OPTIONS_H
#define AN_API_OPTIONS_H

#include <stddef.h>

#include "alexnet/alexnet.h"

/**
 * Lay the caller's options over the defaults that `mine` holds, as far as both reach.
 * @param theirs  NULL: the defaults
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if `size` was not set
 */
alexnet_status an_options_take(void *mine, size_t size, const void *theirs);

#endif
