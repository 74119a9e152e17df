/*
 * The library's own threads.
 */
#ifndef AN_BASE_THREADS_H
#define AN_BASE_THREADS_H

#include <pthread.h>

/**
 * Start threads until `wanted` are running. They start with all signals blocked, so that the host's
 * signal handlers run on its own threads.
 * @param threads  [wanted], of which the first *running already run
 * @param running  in and out: how many are running, also after a failure
 * @return 0, or the error of pthread_create()
 */
int an_threads_start(pthread_t *threads, int *running, int wanted, void *(*work)(void *),
                     void *argument);

#endif
