/*
 * Random numbers: Philox4x32-10 against the known answers that its authors publish with Random123,
 * and the promises of an_random() and of the functions built on it.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

static void test_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint64_t key;
        uint32_t counter[4], answer[4];
    } known[] = {
        {0, {0, 0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {0xffffffffffffffff,
         {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822,
         {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        an_random4 got = an_philox(known[i].key, known[i].counter);
        assert_memory_equal(got.v, known[i].answer, sizeof got.v);
    }
}

/* Each argument takes its own place in the counter: position, epoch, unit and purpose. */
static void test_arguments_are_told_apart(void **state)
{
    (void)state;
    const uint32_t counter[4] = {0x44332211, 9, 0x000a << 16 | AN_PURPOSE_DROPOUT << 8 | 0x55, 0};
    an_random4 expected = an_philox(7, counter);
    an_random4 got = an_random(7, AN_PURPOSE_DROPOUT, 9, 0x5544332211, 10);
    assert_memory_equal(got.v, expected.v, sizeof got.v);
}

/* A run has the numbers of single calls, also where the position carries into its upper half. */
static void test_run(void **state)
{
    static const uint64_t positions[] = {0, 5, 0xfffffffc, 0x55fffffffd};
    (void)state;
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        uint32_t got[4 * AN_RANDOM_RUN];
        an_random_run(0x123456789abcdef, AN_PURPOSE_DROPOUT, 0x700000009, positions[i], 10, got);
        for (uint32_t j = 0; j < AN_RANDOM_RUN; j++) {
            an_random4 expected =
                an_random(0x123456789abcdef, AN_PURPOSE_DROPOUT, 0x700000009, positions[i] + j, 10);
            assert_memory_equal(got + 4 * j, expected.v, sizeof expected.v);
        }
    }
}

static void test_normal_moments(void **state)
{
    (void)state;
    enum { COUNT = 1 << 16 };
    double sum = 0, squares = 0, fourth = 0;
    for (uint32_t i = 0; i < COUNT / 2; i++) {
        double pair[2];
        an_random4 r = an_random(1, AN_PURPOSE_TEST, 0, i, 0);
        an_normal2(r.v[0], r.v[1], pair);
        for (int j = 0; j < 2; j++) {
            sum += pair[j];
            squares += pair[j] * pair[j];
            fourth += pow(pair[j], 4);
        }
    }
    /* Within five standard deviations: the moments have variances of 1, 2 and 96 over 256^2. */
    assert_true(fabs(sum / COUNT) < 5 * 1.0 / 256);
    assert_true(fabs(squares / COUNT - 1) < 5 * sqrt(2) / 256);
    assert_true(fabs(fourth / COUNT - 3) < 5 * sqrt(96) / 256);
}

static void test_shuffle_is_a_permutation(void **state)
{
    (void)state;
    uint32_t order[1000], other[1000];
    int seen[1000] = {0}, same = 0;
    an_shuffle(order, 1000, 3, AN_PURPOSE_SHUFFLE, 0);
    an_shuffle(other, 1000, 3, AN_PURPOSE_SHUFFLE, 1);
    for (int i = 0; i < 1000; i++) {
        assert_in_range(order[i], 0, 999);
        assert_int_equal(seen[order[i]]++, 0);
        same += order[i] == other[i];
    }
    assert_in_range(same, 0, 10); /* expected 1 between two random orders */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_arguments_are_told_apart),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_normal_moments),
        cmocka_unit_test(test_shuffle_is_a_permutation),
    };
    return cmocka_run_group_tests_name("philox", tests, NULL, NULL);
}
