/*
 * Balanced sampling: classes come equally often, and so do the pictures of a class. The order
 * differs between epochs and depends on seed and epoch alone.
 */
#include "picture_tree.h"

#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/loader/balanced.h"

enum { MAX = 64 };

/* Open a data set with classes of these sizes; a size of 0 makes an empty class. */
static alexnet_dataset *open_sizes(const int *sizes, int classes)
{
    static const char *const ids[] = {"a", "b", "c", "d", "e"};
    const an_class_list list = {classes, ids, ids};
    scratch_remove("t");
    for (int c = 0; c < classes; c++)
        for (int i = 0; i < sizes[c]; i++) {
            char path[32];
            snprintf(path, sizeof path, "t/%s/%02d.jpg", ids[c], i);
            put(path);
        }
    return open_good("t", NULL, &list);
}

/* Check one epoch. On return times[] says how often each picture comes, and up[] which classes were
 * rounded up. */
static void check_epoch(const alexnet_dataset *d, const uint32_t *order, const int *sizes,
                        int classes, int times[MAX], bool up[MAX])
{
    int of_class[MAX] = {0}, present = 0, rounded_up = 0;
    const int count = (int)d->count;
    memset(times, 0, MAX * sizeof *times);
    for (int i = 0; i < count; i++) {
        assert_true(order[i] < d->count);
        times[order[i]]++;
        of_class[d->samples[order[i]].label]++;
    }
    for (int c = 0; c < classes; c++)
        present += sizes[c] > 0;
    for (int c = 0; c < classes; c++) {
        const int share = sizes[c] ? count / present : 0;
        up[c] = of_class[c] > share;
        assert_int_equal(of_class[c], share + up[c]);
        rounded_up += up[c];
    }
    assert_int_equal(rounded_up, count % present);
    for (int i = 0; i < count; i++) {
        const int label = d->samples[i].label, each = of_class[label] / sizes[label];
        assert_in_range(times[i], each, each + (of_class[label] % sizes[label] > 0));
    }
}

static void check_sizes(const int *sizes, int classes)
{
    enum { EPOCHS = 200 };
    alexnet_dataset *d = open_sizes(sizes, classes);
    an_balanced *b;
    uint32_t order[MAX], before[MAX] = {0}, again[MAX];
    int times[MAX], together[MAX] = {0}, ups[MAX] = {0}, same = 0, first_class[MAX] = {0};
    bool up[MAX];
    const int count = (int)d->count;
    int present = 0;
    for (int c = 0; c < classes; c++)
        present += sizes[c] > 0;
    assert_int_equal(an_balanced_new(&b, d), ALEXNET_OK);
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        an_balanced_make(b, order, 5, epoch);
        check_epoch(d, order, sizes, classes, times, up);
        an_balanced_make(b, again, 5, epoch + 1000); /* must not affect the next call */
        an_balanced_make(b, again, 5, epoch);
        assert_memory_equal(order, again, (size_t)count * sizeof *order);
        same += memcmp(order, before, (size_t)count * sizeof *order) == 0;
        memcpy(before, order, sizeof before);
        first_class[d->samples[order[0]].label]++;
        for (int i = 0; i < count; i++)
            together[i] += times[i];
        for (int c = 0; c < classes; c++)
            ups[c] += up[c];
    }
    assert_true(count < 8 || same == 0);
    an_balanced_make(b, again, 6, EPOCHS - 1);
    assert_true(count < 8 || memcmp(order, again, (size_t)count * sizeof *order) != 0);
    /* Within five standard deviations: how often each picture comes, how often each class is
     * rounded up, and how often each class comes first, for which all have the same chance. */
    for (int i = 0; i < count; i++) {
        const double n = EPOCHS * (double)count / present / sizes[d->samples[i].label];
        assert_true(fabs(together[i] - n) <= 5 * sqrt(EPOCHS * 0.25) + 1e-9);
    }
    for (int c = 0; c < classes; c++) {
        const double chance = sizes[c] ? (double)(count % present) / present : 0;
        assert_true(fabs(ups[c] - EPOCHS * chance) <= 5 * sqrt(EPOCHS * chance * (1 - chance)));
        assert_true(fabs(first_class[c] - (sizes[c] ? EPOCHS / (double)present : 0)) <=
                    5 * sqrt(EPOCHS * 0.25));
    }
    an_balanced_free(b);
    an_dataset_release(d);
}

static void test_classes_come_equally_often(void **state)
{
    (void)state;
    check_sizes((const int[]){1, 2, 5, 20}, 4);
    check_sizes((const int[]){30, 1}, 2);
    check_sizes((const int[]){3, 0, 9, 7, 13}, 5);
    check_sizes((const int[]){4, 4, 4}, 3);
    check_sizes((const int[]){1, 1}, 2);
    check_sizes((const int[]){6}, 1);
}

static void test_no_memory(void **state)
{
    (void)state;
    alexnet_dataset *d = open_sizes((const int[]){1, 3}, 2);
    const int64_t before = an_alloc_live();
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    for (uint64_t n = 1; rc != ALEXNET_OK; n++) {
        an_balanced *b;
        const uint64_t made = an_alloc_count();
        an_alloc_fail_at(n);
        rc = an_balanced_new(&b, d);
        an_alloc_fail_at(0);
        an_balanced_free(b);
        if (rc == ALEXNET_OK)
            assert_true(an_alloc_count() - made < n);
        else
            assert_int_equal(rc, ALEXNET_ERROR_NO_MEMORY);
        assert_int_equal(an_alloc_live(), before);
    }
    an_dataset_release(d);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_classes_come_equally_often), TEST(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
