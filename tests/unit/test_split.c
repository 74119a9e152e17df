/*
 * How a data set is shared out for validation, and its fingerprint.
 */
#include "picture_tree.h"

#include <math.h>

/* n pictures of a class: 0.jpg, 1.jpg, ... */
static void put_class(const char *name, int n)
{
    char path[64];
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "t/%s/%d.jpg", name, i);
        put(path);
    }
}

static int count_label(const alexnet_dataset *d, int label)
{
    int count = 0;
    for (int64_t i = 0; i < d->count; i++)
        count += d->samples[i].label == label;
    return count;
}

static bool has_path(const alexnet_dataset *d, const char *path)
{
    for (int64_t i = 0; i < d->count; i++)
        if (strcmp(d->samples[i].name, path) == 0)
            return true;
    return false;
}

static void test_split_shares_out_each_class(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 15, 40};
    static const struct {
        double share;
        int val[5];
    } cases[] = {{0.1, {0, 1, 1, 2, 4}},
                 {0.5, {0, 1, 2, 8, 20}},
                 {0.999, {0, 1, 2, 14, 39}},
                 {1e-9, {0, 1, 1, 1, 1}}};
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (int c = 0; c < 5; c++)
        put_class(names[c], sizes[c]);
    alexnet_dataset *d = open_good("t", NULL, NULL), *train, *val;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(an_dataset_split(d, cases[i].share, 1, &train, &val), ALEXNET_OK);
        assert_int_equal(train->count + val->count, d->count);
        assert_int_equal(train->classes, 5);
        assert_string_equal(val->class_ids[4], "e");
        for (int c = 0; c < 5; c++) {
            assert_int_equal(count_label(val, c), cases[i].val[c]);
            assert_int_equal(count_label(train, c), sizes[c] - cases[i].val[c]);
        }
        for (int64_t s = 0; s < d->count; s++)
            assert_true(has_path(train, d->samples[s].name) != has_path(val, d->samples[s].name));
        an_dataset_release(train);
        an_dataset_release(val);
    }
    static const double bad[] = {0.0, 1.0, -0.1, NAN};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(an_dataset_split(d, bad[i], 1, &train, &val),
                         ALEXNET_ERROR_INVALID_ARGUMENT);
        assert_null(train);
        assert_null(val);
    }
    an_dataset_release(d);
}

/* The choice hangs on seed and names: it moves with the tree, and one more picture moves at most
 * one other, though the places of all move. */
static void test_split_depends_on_seed_and_names(void **state)
{
    (void)state;
    put_class("cat", 40);
    alexnet_dataset *d = open_good("t", NULL, NULL), *train, *val, *train2, *val2;
    assert_int_equal(an_dataset_split(d, 0.25, 1, &train, &val), ALEXNET_OK);
    assert_int_equal(an_dataset_split(d, 0.25, 2, &train2, &val2), ALEXNET_OK);
    int same = 0;
    for (int64_t i = 0; i < val->count; i++)
        same += has_path(val2, val->samples[i].name);
    assert_in_range(same, 0, 9); /* of 10 */
    an_dataset_release(train2);
    an_dataset_release(val2);
    an_dataset_release(d);
    assert_int_equal(rename("t", "moved"), 0);
    put("moved/cat/+first.jpg"); /* 41: a quarter is still 10 */
    d = open_good("moved", NULL, NULL);
    assert_int_equal(an_dataset_split(d, 0.25, 1, &train2, &val2), ALEXNET_OK);
    assert_int_equal(val2->count, 10);
    int kept = 0;
    for (int64_t i = 0; i < val->count; i++)
        for (int64_t j = 0; j < val2->count; j++)
            kept += strcmp(below(val, i), below(val2, j)) == 0;
    assert_in_range(kept, 9, 10);
    an_dataset_release(d);
    an_dataset_release(train);
    an_dataset_release(val);
    an_dataset_release(train2);
    an_dataset_release(val2);
}

static void test_split_without_enough(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/dog/b.jpg");
    alexnet_dataset *d = open_good("t", NULL, NULL), *train, *val;
    assert_int_equal(an_dataset_split(d, 0.5, 1, &train, &val), ALEXNET_ERROR_FORMAT);
    assert_null(train);
    assert_null(val);
    an_dataset_release(d);
}

static uint64_t fingerprint_of(const char *path)
{
    alexnet_dataset *d = open_good(path, NULL, NULL);
    uint64_t value = an_dataset_fingerprint(d);
    an_dataset_release(d);
    return value;
}

static void test_fingerprint(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/dog/b.jpg");
    uint64_t first = fingerprint_of("t");
    /* FNV-1a of classes, keys, labels and sizes, worked out apart: older runs must find it. */
    assert_true(first == 0x2fb3d8c941655a15);
    assert_true(fingerprint_of("t") == first);
    assert_int_equal(rename("t", "moved"), 0);
    assert_true(fingerprint_of("moved") == first);
    assert_int_equal(rename("moved/cat/a.jpg", "moved/cat/c.jpg"), 0);
    uint64_t renamed = fingerprint_of("moved");
    assert_true(renamed != first);
    assert_int_equal(rename("moved/cat/c.jpg", "moved/cat/a.jpg"), 0);
    scratch_write("moved/cat/a.jpg", "longer than before", 18);
    assert_true(fingerprint_of("moved") != first);
    scratch_write("moved/cat/a.jpg", "t/cat/a.jpg", 11);
    assert_true(fingerprint_of("moved") == first);
    put("moved/ant/a.jpg"); /* shifts the labels */
    assert_true(fingerprint_of("moved") != first);
    static const char *const ids[] = {"dog", "cat", "ant"};
    const an_class_list list = {3, ids, ids};
    alexnet_dataset *d = open_good("moved", NULL, &list);
    assert_true(an_dataset_fingerprint(d) != fingerprint_of("moved"));
    an_dataset_release(d);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_split_shares_out_each_class),
        TEST(test_split_depends_on_seed_and_names),
        TEST(test_split_without_enough),
        TEST(test_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
