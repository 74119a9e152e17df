/*
 * The memory plan: tensors that live together never share a byte, and it is not wasteful.
 */
#include "expect.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "model/program/plan.h"

static size_t rounded(size_t bytes)
{
    return (bytes + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
}

/* Bytes alive at the busiest step: no plan needs less. */
static size_t peak(const an_life *lives, int count, int steps)
{
    size_t most = 0;
    for (int s = 0; s < steps; s++) {
        size_t now = 0;
        for (int i = 0; i < count; i++)
            if (lives[i].first <= s && s <= lives[i].last)
                now += rounded(lives[i].bytes);
        most = now > most ? now : most;
    }
    return most;
}

static void check_apart(const an_life *a, const an_life *b)
{
    bool together = a->first <= b->last && b->first <= a->last;
    bool apart = a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
    assert_true(!together || apart);
}

static size_t check_plan(an_life *lives, int count)
{
    size_t total;
    expect_ok(an_plan(lives, count, &total));
    for (int i = 0; i < count; i++) {
        assert_int_equal(lives[i].offset % AN_ALIGN, 0);
        assert_true(lives[i].offset + lives[i].bytes <= total);
        for (int j = 0; j < i; j++)
            check_apart(&lives[i], &lives[j]);
    }
    return total;
}

static void test_simple_plans(void **state)
{
    (void)state;
    an_life chain[] = {{100, 0, 1, 0}, {100, 1, 2, 0}, {100, 2, 3, 0}, {100, 3, 4, 0}};
    assert_int_equal(check_plan(chain, 4), 256); /* two at a time, of 128 */
    an_life together[] = {{64, 0, 9, 0}, {1, 0, 9, 0}, {65, 3, 3, 0}};
    assert_int_equal(check_plan(together, 3), 256);
    an_life gap[] = {{640, 0, 2, 0}, {64, 0, 9, 0}, {640, 4, 9, 0}};
    assert_int_equal(check_plan(gap, 3), 704);
    assert_int_equal(check_plan(NULL, 0), 0);
}

static void test_random_plans(void **state)
{
    (void)state;
    enum { COUNT = 60, STEPS = 40 };
    an_life lives[COUNT];
    for (uint64_t seed = 0; seed < 200; seed++) {
        for (uint64_t i = 0; i < COUNT; i++) {
            an_random4 r = an_random(seed, AN_PURPOSE_TEST, 0, i, 0);
            int first = (int)an_below(r.v[0], STEPS);
            lives[i] = (an_life){.bytes = 1 + an_below(r.v[1], 5000),
                                 .first = first,
                                 .last = first + (int)an_below(r.v[2], STEPS - (uint32_t)first)};
        }
        size_t total = check_plan(lives, COUNT), least = peak(lives, COUNT, STEPS);
        assert_true(total >= least);
        assert_true(total <= 2 * least);
    }
}

static void test_the_same_plan_each_time(void **state)
{
    (void)state;
    an_life a[20], b[20];
    for (int i = 0; i < 20; i++) /* many of equal size, which could be ordered either way */
        a[i] = b[i] = (an_life){.bytes = 64 * (size_t)(1 + i % 3), .first = i / 2, .last = i};
    check_plan(a, 20);
    check_plan(b, 20);
    assert_memory_equal(a, b, sizeof a);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    an_life one = {64, 0, 1, 0};
    size_t total;
    for (uint64_t n = 1; n <= 2; n++) {
        an_alloc_fail_at(n);
        expect_failure(an_plan(&one, 1, &total), ALEXNET_ERROR_NO_MEMORY, "a memory plan");
        an_alloc_fail_at(0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple_plans),
        cmocka_unit_test(test_random_plans),
        cmocka_unit_test(test_the_same_plan_each_time),
        cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests_name("plans", tests, NULL, NULL);
}
