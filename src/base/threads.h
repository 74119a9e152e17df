/*
 * The library's own threads.
 */
#ifndef AN_BASE_THREADS_H
#define AN_BASE_THREADS_H

#include <pthread.h>
#include <stdbool.h>

#include "alexnet/alexnet.h"

/**
 * Start threads until `wanted` are running. They start with all signals blocked, so that the host's
 * signal handlers run on its own threads.
 * @param threads  [wanted], of which the first *running already run
 * @param running  in and out: how many are running, also after a failure
 * @return 0, or the error of pthread_create()
 */
int an_threads_start(pthread_t *threads, int *running, int wanted, void *(*work)(void *),
                     void *argument);

/**
 * Test whether the system can start `count` threads besides this one: start them, and let them end.
 * @return ALEXNET_ERROR_NOT_AVAILABLE, with the system's reason, if it cannot
 */
alexnet_status an_threads_try(int count);

/**
 * ALEXNET_ERROR_NO_MEMORY: "cannot start <kind> thread <number> of <wanted>: <reason>". A limit of
 * the process or of the machine is reached, which says nothing about what the thread would have
 * read.
 * @param error  of pthread_create()
 */
alexnet_status an_threads_fail(const char *kind, int number, int wanted, int error);

/** Make a condition for an_threads_wait(). */
void an_threads_condition(pthread_cond_t *condition);
/**
 * Wait for other threads' work, which can take long on a slow disk: until the condition is
 * signalled, or for a moment, because nobody can signal a cancellation, which may come from a
 * signal handler.
 * @return false, at once, if the context is cancelled. NULL: none
 */
bool an_threads_wait(pthread_cond_t *condition, pthread_mutex_t *lock, const alexnet_ctx *ctx);

/** ALEXNET_ERROR_INVALID_ARGUMENT: a child of fork() has no such threads, and one of them may have
 *  held a lock, so that it cannot even free what they use. */
alexnet_status an_threads_fail_lost(void);

#endif
