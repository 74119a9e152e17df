#include "base/threads.h"

#include <signal.h>

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

alexnet_status an_threads_fail_lost(void)
{
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "this process was forked while pictures were being loaded, and the threads that "
                   "do it are not here");
}
