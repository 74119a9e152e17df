/*
 * Threads of the library's own.
 */
#ifndef AN_BASE_THREADS_H
#define AN_BASE_THREADS_H

#include <pthread.h>

/**
 * Start threads until `wanted` are running. They are born with all signals blocked, so that the
 * host's handlers run on its own threads.
 * @param threads  [wanted], those up to *running are there already
 * @param running  in and out; after a failure, as many as could be started
 * @return 0, or the error of pthread_create()
 */
int an_threads_start(pthread_t *threads, int *running, int wanted, void *(*work)(void *),
                     void *argument);

#endif
