/*
 * Signals that arrive while the library computes. Their handlers run on the stack of the thread
 * that was interrupted, so the stack pointer must be one whenever a signal can arrive: oneDNN's
 * matrix product for AVX-512 uses it for something else (primitive.c).
 */
#include "training_rig.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

enum { STACK = 8 << 20, HALF_A_MILLISECOND = 500 };

/* At the top of the stacks of all threads but the first, whose stack's top is `top`. */
static _Thread_local char of_this_thread;
static uintptr_t top;
static atomic_int handled, elsewhere;

static void handle(int number)
{
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    (void)number;
    atomic_fetch_add(&handled, 1);
    if ((uintptr_t)&of_this_thread - here >= STACK && top - here >= STACK)
        atomic_fetch_add(&elsewhere, 1);
}

static void run(alexnet_bench_mode mode, int threads, int batch, int steps)
{
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    alexnet_ctx *ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, threads);
    alexnet_bench *bench;
    double seconds;
    options.net = "alexnet-mini";
    options.mode = mode;
    options.batch = batch;
    options.steps = steps;
    expect_ok(alexnet_bench_new(&bench, ctx, &options));
    for (bool more = true; more;)
        expect_ok(alexnet_bench_step(bench, &seconds, &more));
    alexnet_bench_free(bench);
    alexnet_ctx_free(ctx);
}

static void test_handlers_have_a_stack(void **state)
{
    const struct itimerval often = {{0, HALF_A_MILLISECOND}, {0, HALF_A_MILLISECOND}}, never = {0};
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART}, before;
    (void)state;
    top = (uintptr_t)__builtin_frame_address(0); /* handlers run below this function */
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (int threads = 1; threads <= 2; threads++) {
        run(ALEXNET_BENCH_INFER, threads, 1, 300);
        run(ALEXNET_BENCH_INFER, threads, 16, 30);
        run(ALEXNET_BENCH_TRAIN, threads, 16, 15);
    }
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_true(handled > 0);
    assert_int_equal(elsewhere, 0);
}

/* The mask of the calling thread is what it was. */
static void test_the_mask_is_restored(void **state)
{
    sigset_t set, after;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &set, NULL), 0);
    run(ALEXNET_BENCH_TRAIN, 2, 4, 1);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    for (int number = 1; number < SIGRTMIN; number++)
        assert_int_equal(sigismember(&after, number), number == SIGUSR1);
    sigemptyset(&set);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handlers_have_a_stack),
        cmocka_unit_test(test_the_mask_is_restored),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
