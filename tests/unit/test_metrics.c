/*
 * Errors with ties, against the mean over all orders in which ties may be broken, counted one by
 * one.
 */
#include "expect.h"

#include <math.h>

#include "base/random.h"
#include "infer/metrics.h"

enum { CLASSES = 7 };

/* The share of all orders of the classes, as tie-breaks, in which `label` is not among the k
 * best. */
static double counted_misses(const float *p, int classes, int label, int k)
{
    int order[CLASSES], misses = 0, orders = 0;
    for (int i = 0; i < classes; i++)
        order[i] = i;
    for (bool more = true; more; orders++) {
        int before = 0, i = classes - 1, j = classes - 1;
        for (int c = 0; c < classes; c++)
            before += p[c] > p[label] || (p[c] == p[label] && order[c] < order[label]);
        misses += before >= k;
        while (i > 0 && order[i - 1] > order[i]) /* the next permutation */
            i--;
        more = i > 0;
        if (!more)
            continue;
        while (order[j] < order[i - 1])
            j--;
        int kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
        for (int a = i, b = classes - 1; a < b; a++, b--) {
            kept = order[a];
            order[a] = order[b];
            order[b] = kept;
        }
    }
    return (double)misses / orders;
}

static void add(an_tally *tally, const float *p, int classes, int label, double loss)
{
    const an_score score = an_score_of(p, classes, label, loss);
    an_tally_add(tally, &score);
}

static void check(const float *p, int classes, int label)
{
    an_tally tally = {0};
    add(&tally, p, classes, label, 2.5);
    alexnet_metrics m = an_tally_metrics(&tally);
    assert_int_equal(m.images, 1);
    assert_true(m.loss == 2.5);
    assert_true(fabs(m.top1_error - counted_misses(p, classes, label, 1)) < 1e-12);
    assert_true(fabs(m.top5_error - counted_misses(p, classes, label, 5)) < 1e-12);
}

/* Only four different values, so that ties of all kinds occur. */
static void test_ties(void **state)
{
    (void)state;
    for (int classes = 2; classes <= CLASSES; classes++)
        for (uint64_t trial = 0; trial < (classes == CLASSES ? 12 : 60); trial++) {
            float p[CLASSES];
            for (int i = 0; i < classes; i++)
                p[i] = (float)an_below(
                    an_random((uint64_t)classes, AN_PURPOSE_TEST, trial, (uint64_t)i, 0).v[0], 4);
            check(p, classes, (int)(trial % (uint64_t)classes));
        }
    float equal[CLASSES] = {0};
    an_tally tally = {0};
    for (int i = 0; i < CLASSES; i++)
        add(&tally, equal, CLASSES, i, 0);
    assert_true(fabs(an_tally_metrics(&tally).top1_error - 6.0 / 7) < 1e-12);
    assert_true(fabs(an_tally_metrics(&tally).top5_error - 2.0 / 7) < 1e-12);
}

static void test_means(void **state)
{
    (void)state;
    const float p[3] = {0.7f, 0.2f, 0.1f};
    an_tally tally = {.skipped = 4};
    add(&tally, p, 3, 0, 0.25);
    add(&tally, p, 3, 1, 0.75);
    add(&tally, p, 3, 2, 2);
    add(&tally, p, 3, 0, 1);
    alexnet_metrics m = an_tally_metrics(&tally);
    assert_int_equal(m.images, 4);
    assert_int_equal(m.skipped, 4);
    assert_true(m.loss == 1 && m.top1_error == 0.5 && m.top5_error == 0);
    const an_tally others = {.images = 1, .skipped = 2, .loss = 4, .top1 = 0.5, .top5 = 0.25};
    an_tally_join(&tally, &others);
    assert_true(tally.images == 5 && tally.skipped == 6 && tally.loss == 8);
    assert_true(tally.top1 == 2.5 && tally.top5 == 0.25);
    const an_tally none = {0};
    m = an_tally_metrics(&none);
    assert_true(m.images == 0 && m.loss == 0 && m.top1_error == 0);
}

/* A network that answers NaN is never right. */
static void test_not_a_number(void **state)
{
    (void)state;
    const float all[6] = {NAN, NAN, NAN, NAN, NAN, NAN};
    const float label[6] = {0.5f, NAN, 0, 0, 0, 0}, other[6] = {0.5f, NAN, 0, 0, 0, 0};
    an_tally tally = {0};
    add(&tally, all, 6, 2, NAN);
    assert_true(tally.top1 == 1 && tally.top5 == 1);
    add(&tally, label, 6, 1, NAN);
    assert_true(tally.top1 == 2 && tally.top5 == 2);
    add(&tally, other, 6, 0, 0);
    assert_true(tally.top1 == 3);
}

/* The loss of a label that has no probability at all is finite. */
static void test_no_probability(void **state)
{
    (void)state;
    const float none[2] = {1, 0}, bad[2] = {1, NAN};
    assert_true(fabs(an_score_mean(none, 2, 1).loss - 38 * log(10)) < 1e-4);
    assert_true(an_score_mean(none, 2, 0).loss == 0);
    assert_true(isnan(an_score_mean(bad, 2, 1).loss));
}

static void test_the_best(void **state)
{
    (void)state;
    const float p[6] = {0.1f, 0.3f, 0.05f, 0.3f, 0.2f, 0.05f};
    int best[6];
    an_best_classes(p, 6, 6, best);
    assert_memory_equal(best, ((int[]){1, 3, 4, 0, 2, 5}), sizeof best);
    an_best_classes(p, 6, 2, best);
    assert_memory_equal(best, ((int[]){1, 3}), 2 * sizeof *best);
    an_best_classes(p, 6, 1, best);
    assert_int_equal(best[0], 1);
    const float broken[3] = {NAN, 0.5f, NAN};
    an_best_classes(broken, 3, 3, best);
    assert_int_equal((1 << best[0] | 1 << best[1] | 1 << best[2]), 7); /* each once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties),         cmocka_unit_test(test_means),
        cmocka_unit_test(test_not_a_number), cmocka_unit_test(test_no_probability),
        cmocka_unit_test(test_the_best),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
