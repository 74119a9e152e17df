/*
 * Callers' arguments: pointers that may be NULL, option structs of older and newer headers.
 */
#ifndef AN_API_OPTIONS_H
#define AN_API_OPTIONS_H

#include <stddef.h>

#include "alexnet/alexnet.h"

/** Pictures that are computed together, at most. */
enum { AN_BATCH_MAX = 65536 };

/**
 * Copy the caller's options over the defaults in `mine`, up to the smaller of the two sizes. A new
 * field of a struct must begin behind the struct's former size: callers of an older header pass
 * whatever is in the padding at its end. The size of every struct is a multiple of that of size_t,
 * so no other `size` was ever set.
 * @param theirs  NULL: the defaults
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if `size` was not set, or is none that a struct can have
 */
alexnet_status an_options_take(void *mine, size_t size, const void *theirs);

/** Refuse a NULL. A function with an `out` checks `out` first and sets it before other checks; one
 * with several sets all that are not NULL first. */
#define AN_NEED(pointer) AN_NEED_AS(pointer, #pointer)
/** The same with the name that the caller knows it by. */
#define AN_NEED_AS(pointer, name)                                                                  \
    do {                                                                                           \
        if (!(pointer))                                                                            \
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s(): %s is NULL", __func__, name);    \
    } while (0)

#endif
