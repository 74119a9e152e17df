/*
 * Signals that ask to stop: the first is remembered, one that comes with it is the same request,
 * and only a later one ends the process at once. Each case is a process of its own.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"

/* The clock that signals.c reads: it stands still unless a case moves it. */
static struct timespec now = {.tv_sec = 1000};

int clock_gettime(clockid_t clock, struct timespec *out)
{
    (void)clock;
    *out = now;
    return 0;
}

/* Raise signals, the last of them after some seconds, in a process that then exits with
 * signals_exit_code(). @return how it ended */
static int raised(const int *numbers, int count, int seconds)
{
    int how;
    fflush(NULL);
    const pid_t child = fork();
    assert(child >= 0);
    if (child == 0) {
        signal(SIGTERM, SIG_DFL);
        signals_init();
        signals_watch(NULL);
        for (int i = 0; i < count; i++) {
            now.tv_sec += i == count - 1 ? seconds : 0;
            raise(numbers[i]);
        }
        _exit(signals_stopped() ? signals_exit_code() - 128 : 99);
    }
    assert(waitpid(child, &how, 0) == child && WIFEXITED(how));
    return WEXITSTATUS(how);
}

int main(void)
{
    const int term[] = {SIGTERM, SIGTERM, SIGTERM}, limit[] = {SIGXCPU, SIGXCPU},
              both[] = {SIGXCPU, SIGTERM};
    assert(raised(term, 0, 0) == 99);
    assert(raised(term, 1, 0) == SIGTERM);
    assert(raised(term, 3, 0) == SIGTERM);       /* to the process and its group */
    assert(raised(term, 2, 2) == 128 + SIGTERM); /* ended at once, by the second */
    assert(raised(limit, 2, 2) == SIGXCPU);      /* which the system repeats */
    assert(raised(both, 2, 2) == 128 + SIGTERM);
    puts("ok");
    return 0;
}
