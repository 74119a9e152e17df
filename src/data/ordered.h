/*
 * Pieces of work done by threads of their own, whose results are taken in order: as the loader has
 * it, but for work of any kind, and results of any size.
 */
#ifndef AN_DATA_ORDERED_H
#define AN_DATA_ORDERED_H

#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_ordered an_ordered;

typedef struct an_ordered_job {
    /** Fill in the result of a piece, which is zero before. Called by several threads at once. */
    void (*work)(void *user, int64_t piece, void *result);
    /** Free what a result holds that nobody takes any more. */
    void (*discard)(void *result);
    void *user;
    size_t result_bytes;
} an_ordered_job;

/**
 * Begin with pieces first .. count-1.
 * @param threads  >= 1
 * @param ahead    results that may wait for the one before them, >= 1
 */
alexnet_status an_ordered_new(an_ordered **out, const an_ordered_job *job, int64_t first,
                              int64_t count, int threads, int ahead);
/** The result of the next piece, lent until the next call; NULL past the last. */
void *an_ordered_next(an_ordered *ordered);
void an_ordered_free(an_ordered *ordered); /* NULL allowed; waits for pieces in hand */

#endif
