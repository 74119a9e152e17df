/*
 * The caller's OpenMP settings, kept while ours hold.
 */
#ifndef AN_BACKEND_CPU_THREADS_H
#define AN_BACKEND_CPU_THREADS_H

#include <omp.h>

typedef struct an_threads {
    int count, dynamic;
} an_threads;

/** Let parallel regions of this thread have exactly `count` threads; returns what was set. */
static inline an_threads an_threads_set(int count)
{
    an_threads saved = {omp_get_max_threads(), omp_get_dynamic()};
    omp_set_dynamic(0);
    omp_set_num_threads(count);
    return saved;
}

static inline void an_threads_restore(an_threads saved)
{
    omp_set_num_threads(saved.count);
    omp_set_dynamic(saved.dynamic);
}

#endif
