/*
 * Pieces of work: their results come in order whichever thread makes them, the wait for one can be
 * cancelled, and what is being made when nobody takes it any more is told to stop. The test also
 * runs under ThreadSanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/context.h"
#include "data/ordered.h"

enum { COUNT = 100, FIRST = 3, THREADS = 3, AHEAD = 5 };

static atomic_bool held;
static atomic_int begun, stopped, discarded;

/* Square a number, once that is allowed; not for ever, so that a test fails rather than hangs. */
static void work(void *user, int64_t piece, void *result, const atomic_bool *stop)
{
    enum { MOST = 10000 };
    (void)user;
    atomic_fetch_add(&begun, 1);
    for (int i = 0; i < MOST && atomic_load(&held) && !atomic_load(stop); i++)
        usleep(1000);
    atomic_fetch_add(&stopped, atomic_load(stop));
    *(int64_t *)result = piece * piece;
}

static void discard(void *result)
{
    (void)result;
    atomic_fetch_add(&discarded, 1);
}

static an_ordered *begin(bool hold)
{
    static const an_ordered_job job = {work, discard, NULL, sizeof(int64_t)};
    an_ordered *o;
    begun = stopped = discarded = 0;
    held = hold;
    assert_int_equal(an_ordered_new(&o, &job, FIRST, COUNT, THREADS, AHEAD), ALEXNET_OK);
    return o;
}

static void take_all(an_ordered *o, const alexnet_ctx *ctx)
{
    void *result;
    for (int64_t piece = FIRST; piece < COUNT; piece++) {
        assert_int_equal(an_ordered_next(o, ctx, &result), ALEXNET_OK);
        assert_non_null(result);
        assert_int_equal(*(int64_t *)result, piece * piece);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(an_ordered_next(o, ctx, &result), ALEXNET_OK);
        assert_null(result);
    }
}

static void test_order(void **state)
{
    (void)state;
    an_ordered *o = begin(false);
    take_all(o, NULL);
    an_ordered_free(o);
    assert_int_equal(begun, COUNT - FIRST);
    assert_int_equal(discarded, COUNT - FIRST);
    assert_int_equal(stopped, 0);
}

static void test_cancelled_while_waiting(void **state)
{
    (void)state;
    alexnet_ctx ctx = {.cancelled = true};
    an_ordered *o = begin(true);
    void *result;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(an_ordered_next(o, &ctx, &result), ALEXNET_ERROR_CANCELLED);
        assert_null(result);
    }
    held = false;
    ctx.cancelled = false;
    take_all(o, &ctx);
    an_ordered_free(o);
}

static void test_freed_while_working(void **state)
{
    (void)state;
    an_ordered *o = begin(true);
    while (begun < THREADS)
        usleep(1000);
    an_ordered_free(o);
    assert_int_equal(stopped, THREADS);
    assert_int_equal(discarded, THREADS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_cancelled_while_waiting),
        cmocka_unit_test(test_freed_while_working),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
