/*
 * How a data set is split for validation, and its fingerprint.
 */
#include "picture_tree.h"

#include <math.h>
#include <unistd.h>

#include "base/random.h"
#include "base/status.h"

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

static const int sizes[] = {1, 2, 3, 15, 40};

static void put_classes(void)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (int c = 0; c < 5; c++)
        put_class(names[c], sizes[c]);
}

/* Every sample of `d` is in one of the parts. */
static void expect_parts(const alexnet_dataset *d, const alexnet_dataset *train,
                         const alexnet_dataset *val)
{
    assert_int_equal(train->count + val->count, d->count);
    assert_int_equal(train->classes, d->classes);
    assert_string_equal(val->class_ids[4], d->class_ids[4]);
    for (int64_t s = 0; s < d->count; s++)
        assert_true(has_path(train, d->samples[s].name) != has_path(val, d->samples[s].name));
}

/* A picture's number, computed independently: FNV-1a of its key, then Philox, which test_philox.c
 * checks against the published vectors. */
static uint64_t number_of(const char *key, uint64_t seed)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i <= strlen(key); i++)
        hash = (hash ^ (unsigned char)key[i]) * 0x100000001b3u;
    an_random4 r = an_random(seed, AN_PURPOSE_SPLIT, hash >> 32, hash & 0xffffffffu, 0);
    return (uint64_t)r.v[0] << 32 | r.v[1];
}

static void test_split_is_a_threshold(void **state)
{
    (void)state;
    static const double shares[] = {0.1, 0.25, 0.5, 0.9};
    put_classes();
    alexnet_dataset *d = open_good("t", NULL, NULL), *train, *val;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        assert_int_equal(an_dataset_split(d, shares[i], 1, &train, &val), ALEXNET_OK);
        expect_parts(d, train, val);
        for (int64_t s = 0; s < d->count; s++)
            assert_int_equal((double)number_of(below(d, s), 1) < shares[i] * 0x1p64,
                             has_path(val, d->samples[s].name));
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

/* No part is empty: the picture whose number is nearest to the share is in it. */
static void test_split_fills_both_parts(void **state)
{
    (void)state;
    put_classes();
    alexnet_dataset *d = open_good("t", NULL, NULL), *parts[2];
    for (int high = 0; high < 2; high++) {
        const double share = high ? 1 - 0x1p-53 : 0x1p-1000;
        assert_int_equal(an_dataset_split(d, share, 1, &parts[0], &parts[1]), ALEXNET_OK);
        expect_parts(d, parts[0], parts[1]);
        alexnet_dataset *one = parts[!high], *others = parts[high];
        assert_int_equal(one->count, 1);
        const uint64_t number = number_of(below(one, 0), 1);
        for (int64_t s = 0; s < others->count; s++)
            assert_int_equal(number_of(below(others, s), 1) < number, high);
        an_dataset_release(one);
        an_dataset_release(others);
    }
    an_dataset_release(d);
}

/* With many pictures the share is met within five standard deviations. */
static void test_split_holds_the_share(void **state)
{
    (void)state;
    enum { N = 1000 };
    put_class("cat", N);
    alexnet_dataset *d = open_good("t", NULL, NULL), *train, *val;
    for (uint64_t seed = 0; seed < 5; seed++) {
        assert_int_equal(an_dataset_split(d, 0.1, seed, &train, &val), ALEXNET_OK);
        assert_true(fabs((double)val->count - 0.1 * N) < 5 * sqrt(0.1 * 0.9 * N));
        an_dataset_release(train);
        an_dataset_release(val);
    }
    an_dataset_release(d);
}

/* The choice depends on the seed and the names alone: it stays when the tree is moved. Adding and
 * removing pictures moves no other picture to another part, although their positions change. */
static void test_split_depends_on_seed_and_names(void **state)
{
    (void)state;
    char path[64];
    put_class("cat", 40);
    alexnet_dataset *d = open_good("t", NULL, NULL), *train, *val, *train2, *val2;
    assert_int_equal(an_dataset_split(d, 0.25, 1, &train, &val), ALEXNET_OK);
    assert_int_equal(an_dataset_split(d, 0.25, 2, &train2, &val2), ALEXNET_OK);
    int same = 0;
    for (int64_t i = 0; i < val->count; i++)
        same += has_path(val2, val->samples[i].name);
    assert_true(same < val->count && same < val2->count);
    an_dataset_release(train2);
    an_dataset_release(val2);
    an_dataset_release(d);
    assert_int_equal(rename("t", "moved"), 0);
    for (int i = 0; i < 30; i++) {
        snprintf(path, sizeof path, "moved/cat/+%d.jpg", i);
        put(path);
    }
    put("moved/ant/0.jpg");
    assert_int_equal(unlink("moved/cat/7.jpg"), 0);
    d = open_good("moved", NULL, NULL);
    assert_int_equal(an_dataset_split(d, 0.25, 1, &train2, &val2), ALEXNET_OK);
    int found = 0;
    for (int64_t i = 0; i < d->count; i++) {
        snprintf(path, sizeof path, "%s/%s", val->root, below(d, i));
        if (!has_path(val, path) && !has_path(train, path))
            continue;
        found++;
        assert_int_equal(has_path(val, path), has_path(val2, d->samples[i].name));
    }
    assert_int_equal(found, 39);
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
    alexnet_dataset *d = open_good("t", NULL, NULL), *train, *val;
    assert_int_equal(an_dataset_split(d, 0.5, 1, &train, &val), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "too few pictures"));
    assert_null(train);
    assert_null(val);
    an_dataset_release(d);
}

/* Runs of earlier versions keep their rule: an exact number of pictures of each class. */
static void test_split_by_count(void **state)
{
    (void)state;
    static const struct {
        double share;
        int val[5];
    } cases[] = {{0.1, {0, 1, 1, 2, 4}},
                 {0.5, {0, 1, 2, 8, 20}},
                 {0.999, {0, 1, 2, 14, 39}},
                 {1e-9, {0, 1, 1, 1, 1}}};
    put_classes();
    alexnet_dataset *d = open_good("t", NULL, NULL), *parts[2];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int p = 0; p < 2; p++) {
            const an_part part = {cases[i].share, 1, p, AN_SPLIT_BY_COUNT};
            assert_int_equal(
                an_dataset_of_part(&parts[p], an_data_source_retain(d->source), part, NULL),
                ALEXNET_OK);
            assert_int_equal(parts[p]->part.rule, AN_SPLIT_BY_COUNT);
        }
        expect_parts(d, parts[0], parts[1]);
        for (int c = 0; c < 5; c++) {
            const char *last = "";
            assert_int_equal(count_label(parts[1], c), cases[i].val[c]);
            uint64_t highest = 0;
            for (int64_t s = 0; s < parts[1]->count; s++) /* those with the lowest numbers */
                if (parts[1]->samples[s].label == c && number_of(below(parts[1], s), 1) >= highest)
                    highest = number_of(last = below(parts[1], s), 1);
            for (int64_t s = 0; s < parts[0]->count; s++)
                assert_true(!*last || parts[0]->samples[s].label != c ||
                            number_of(below(parts[0], s), 1) > highest);
        }
        an_dataset_release(parts[0]);
        an_dataset_release(parts[1]);
    }
    an_dataset_release(d);
}

static uint64_t fingerprint_of(const char *path)
{
    alexnet_dataset *d = open_good(path, NULL, NULL);
    uint64_t value = fingerprint(d);
    an_dataset_release(d);
    return value;
}

static void test_fingerprint(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/dog/b.jpg");
    uint64_t first = fingerprint_of("t");
    /* FNV-1a of classes, keys, labels and sizes, computed independently: older runs rely on it. */
    assert_true(first == 0x2fb3d8c941655a15);
    assert_true(fingerprint_of("t") == first);
    assert_int_equal(rename("t", "moved"), 0);
    assert_true(fingerprint_of("moved") == first);
    assert_int_equal(rename("moved/cat/a.jpg", "moved/cat/c.jpg"), 0);
    uint64_t renamed = fingerprint_of("moved");
    assert_true(renamed != first);
    assert_int_equal(rename("moved/cat/c.jpg", "moved/cat/a.jpg"), 0);
    scratch_text("moved/cat/a.jpg", "longer than before");
    assert_true(fingerprint_of("moved") != first);
    scratch_text("moved/cat/a.jpg", "t/cat/a.jpg");
    assert_true(fingerprint_of("moved") == first);
    put("moved/ant/a.jpg"); /* shifts the labels */
    assert_true(fingerprint_of("moved") != first);
    static const char *const ids[] = {"dog", "cat", "ant"};
    const an_class_list list = {3, ids, ids};
    alexnet_dataset *d = open_good("moved", NULL, &list);
    assert_true(fingerprint(d) != fingerprint_of("moved"));
    an_dataset_release(d);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_split_is_a_threshold),  TEST(test_split_fills_both_parts),
        TEST(test_split_holds_the_share), TEST(test_split_depends_on_seed_and_names),
        TEST(test_split_without_enough),  TEST(test_split_by_count),
        TEST(test_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
