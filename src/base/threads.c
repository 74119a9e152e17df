#include "base/threads.h"

#include <signal.h>

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
