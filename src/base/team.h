/*
 * OpenMP's threads: they are started where an error can still be returned, and the caller's
 * settings are saved while ours are in force.
 */
#ifndef AN_BASE_TEAM_H
#define AN_BASE_TEAM_H

#include <omp.h>

#include "base/context.h"

typedef struct an_threads {
    int count, dynamic, levels;
} an_threads;

/** Give parallel regions of this thread exactly `count` threads, also if the caller has allowed
 * none to be active, which would leave parts of sums out; returns the old settings. */
static inline an_threads an_threads_set(int count)
{
    an_threads saved = {omp_get_max_threads(), omp_get_dynamic(), omp_get_max_active_levels()};
    omp_set_dynamic(0);
    if (saved.levels < 1)
        omp_set_max_active_levels(1);
    omp_set_num_threads(count);
    return saved;
}

static inline void an_threads_restore(an_threads saved)
{
    omp_set_num_threads(saved.count);
    omp_set_dynamic(saved.dynamic);
    if (saved.levels < 1)
        omp_set_max_active_levels(saved.levels);
}

/**
 * Like an_threads_set(), before the first parallel region of anything that a caller can ask for;
 * first makes sure that the calling thread has its team of `count`. OpenMP's runtime ends the
 * process if it cannot start a thread, and hangs in a child of fork(), which inherits a team
 * without its threads.
 * @return ALEXNET_ERROR_NOT_AVAILABLE if the system or OMP_THREAD_LIMIT does not allow the threads,
 *         ALEXNET_ERROR_INVALID_ARGUMENT in a parallel region or in such a child
 */
alexnet_status an_threads_begin(an_threads *saved, int count);

/**
 * Called where anything that computes begins, on any device, so that a call that is refused has
 * changed nothing.
 * @return ALEXNET_ERROR_CANCELLED; ALEXNET_ERROR_INVALID_ARGUMENT where an_threads_begin() returns
 *         it
 */
alexnet_status an_compute_check(const alexnet_ctx *ctx);

#endif
