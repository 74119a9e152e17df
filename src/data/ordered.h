/*
 * Runs pieces of work on its own threads and returns their results in order, as the loader does,
 * but for any kind of work and any size of result.
 */
#ifndef AN_DATA_ORDERED_H
#define AN_DATA_ORDERED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_ordered an_ordered;

typedef struct an_ordered_job {
    /**
     * Fill in a piece's result, which is all zero before. Called by several threads at once.
     * @param stop  once this is true, nobody takes the result, and the rest of it need not be made
     */
    void (*work)(void *user, int64_t piece, void *result, const atomic_bool *stop);
    /** Free what a result owns, once the caller is done with it or if nobody takes it. */
    void (*discard)(void *result);
    void *user;
    size_t result_bytes;
} an_ordered_job;

/**
 * Begin with pieces first .. count-1.
 * @param threads  >= 1
 * @param ahead    most pieces that may be started and not yet returned by the caller, >= 1
 */
alexnet_status an_ordered_new(an_ordered **out, const an_ordered_job *job, int64_t first,
                              int64_t count, int threads, int ahead);
/**
 * The next piece.
 * @param ctx     whose cancellation ends the wait for it, when the next call waits for it again;
 *                NULL: none
 * @param result  out, lent until the next call; NULL past the last piece
 * @return ALEXNET_ERROR_CANCELLED; _INVALID_ARGUMENT if the threads are lost
 */
alexnet_status an_ordered_next(an_ordered *ordered, const alexnet_ctx *ctx, void **result);
/** Whether the threads are in the process that this one was forked from; false for NULL. */
bool an_ordered_lost(const an_ordered *ordered);
/** Stop the pieces being worked on, and free it, unless the threads are lost. NULL allowed. */
void an_ordered_free(an_ordered *ordered);

#endif
