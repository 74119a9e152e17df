#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Atomic(alexnet_ctx *) watched;
static atomic_int stopped_by;
static atomic_llong stopped_at; /* milliseconds, of the first signal; 0: none yet */
static atomic_bool save_asked, training;

/* A signal that reaches the process twice within this time, as `timeout` and batch systems send it
 * to the process and to its group, was meant once. */
enum { ONCE_MILLISECONDS = 1000 };

/* What is being computed may take a while to stop. */
static void acknowledge(void)
{
    const char *text = atomic_load(&training)
                           ? "\nfinishing the step, then saving; a second signal stops at once\n"
                           : "\nstopping; a second signal stops at once\n";
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static long long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000 + 1; /* never 0 */
}

/* The system repeats SIGXCPU every second until it ends the process. */
static void on_stop(int number)
{
    int saved = errno;
    long long first = 0, now = milliseconds();
    if (!atomic_compare_exchange_strong(&stopped_at, &first, now)) {
        if (number != SIGXCPU && now - first > ONCE_MILLISECONDS)
            _exit(128 + number);
        errno = saved;
        return;
    }
    atomic_store(&stopped_by, number);
    acknowledge();
    alexnet_ctx *ctx = atomic_load(&watched);
    if (ctx)
        alexnet_ctx_cancel(ctx);
    errno = saved;
}

static void on_save(int number)
{
    (void)number;
    atomic_store(&save_asked, true);
}

/* A signal that the parent process set to be ignored, as a shell does for `command &`, stays
 * ignored. */
static void handle(int number, void (*handler)(int))
{
    struct sigaction old;
    if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
        return;
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void signals_init(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* then a write beyond the limit fails, as on a full disk */
}

void signals_watch(alexnet_ctx *ctx)
{
    atomic_store(&watched, ctx);
    handle(SIGINT, on_stop);
    handle(SIGTERM, on_stop);
    handle(SIGXCPU, on_stop);
}

void signals_keep_requests(void)
{
    handle(SIGHUP, on_save);
    handle(SIGUSR1, on_save);
    handle(SIGUSR2, on_save);
}

void signals_begin_training(void)
{
    atomic_store(&training, true);
}

void signals_end_training(void)
{
    atomic_store(&training, false);
}

bool signals_save_asked(void)
{
    return atomic_load(&save_asked);
}

bool signals_take_save(void)
{
    return atomic_exchange(&save_asked, false);
}

bool signals_stopped(void)
{
    return atomic_load(&stopped_by) != 0;
}

int signals_exit_code(void)
{
    int number = atomic_load(&stopped_by);
    return number ? 128 + number : CLI_FAILED;
}
