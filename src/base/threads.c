#include "base/threads.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/status.h"

int an_threads_start(pthread_t *threads, int *running, int wanted, void *(*work)(void *),
                     void *argument)
{
    sigset_t all, before;
    int error = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (*running < wanted && error == 0) {
        error = pthread_create(&threads[*running], NULL, work, argument);
        *running += error == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Keep a thread alive until all are started. */
static void *wait_for_others(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

alexnet_status an_threads_try(int count)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    int started = 0;
    if (count < 1)
        return ALEXNET_OK;
    pthread_t *threads = an_calloc((size_t)count, sizeof *threads);
    if (!threads)
        return AN_FAIL_MEMORY((size_t)count * sizeof *threads, "threads");
    pthread_mutex_lock(&gate);
    const int error = an_threads_start(threads, &started, count, wait_for_others, &gate);
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    an_free(threads);
    if (error == 0)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE,
                   "the system starts %d of %d threads (%s): ask for fewer, or raise the limits of "
                   "processes (ulimit -u, pids.max) and of memory (ulimit -v)",
                   started + 1, count + 1, strerror(error));
}

alexnet_status an_threads_fail(const char *kind, int number, int wanted, int error)
{
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "cannot start %s thread %d of %d: %s", kind, number,
                   wanted, strerror(error));
}

/* It is waited for by a clock that nobody sets back. */
void an_threads_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool an_threads_wait(pthread_cond_t *condition, pthread_mutex_t *lock, const alexnet_ctx *ctx)
{
    enum { MOMENT = 20 * 1000 * 1000, SECOND = 1000 * 1000 * 1000 }; /* nanoseconds */
    struct timespec until;
    if (an_ctx_cancelled(ctx))
        return false;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += MOMENT;
    until.tv_sec += until.tv_nsec / SECOND;
    until.tv_nsec %= SECOND;
    pthread_cond_timedwait(condition, lock, &until);
    return true;
}

alexnet_status an_threads_fail_lost(void)
{
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "this process was forked while pictures were being loaded, and the threads that "
                   "do it are not here");
}
