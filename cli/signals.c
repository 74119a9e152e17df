#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static _Atomic(alexnet_ctx *) watched;
static atomic_int stopped_by;
static atomic_bool hung_up, training;

/* What is being computed may take a while to stop. */
static void acknowledge(void)
{
    const char *text = atomic_load(&training)
                           ? "\nfinishing the step, then saving; a second signal stops at once\n"
                           : "\nstopping; a second signal stops at once\n";
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static void on_stop(int number)
{
    int saved = errno;
    if (atomic_exchange(&stopped_by, number) != 0)
        _exit(128 + number);
    acknowledge();
    alexnet_ctx *ctx = atomic_load(&watched);
    if (ctx)
        alexnet_ctx_cancel(ctx);
    errno = saved;
}

static void on_hangup(int number)
{
    (void)number;
    atomic_store(&hung_up, true);
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
}

void signals_guard_training(void)
{
    atomic_store(&training, true);
    handle(SIGHUP, on_hangup);
}

void signals_end_training(void)
{
    atomic_store(&training, false);
}

bool signals_take_hangup(void)
{
    return atomic_exchange(&hung_up, false);
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
