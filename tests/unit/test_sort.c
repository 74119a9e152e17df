/*
 * Sorting in blocks: the same order as by the C library, of any number of items and of items of any
 * size; whichever allocation fails, or wherever it is cancelled, no item is lost or there twice.
 */
#include "expect.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/sort.h"

enum { BLOCK = 1 << 16, MOST = 5 * BLOCK + 3 };

typedef struct item {
    uint32_t key, place;
    char rest[5]; /* not a multiple of a word, and moves with its key */
} item;

static int compare_items(const void *a, const void *b)
{
    const item *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static item items[MOST], expected[MOST], again[MOST];

/* Items of few keys, so that many are equal. */
static void fill(size_t count)
{
    uint32_t number = 12345;
    for (size_t i = 0; i < count; i++) {
        number = number * 1664525 + 1013904223;
        items[i] = (item){number >> 16, (uint32_t)i, {0}};
        memcpy(items[i].rest, &items[i].place, sizeof items[i].place);
        expected[i] = items[i];
    }
    qsort(expected, count, sizeof *expected, compare_items);
}

static void test_same_as_qsort(void **state)
{
    (void)state;
    static const size_t counts[] = {0,         1,         2,         BLOCK - 1,     BLOCK,
                                    BLOCK + 1, 2 * BLOCK, 3 * BLOCK, 4 * BLOCK + 1, MOST};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        fill(counts[i]);
        assert_int_equal(an_sort(items, counts[i], sizeof *items, compare_items, NULL), ALEXNET_OK);
        for (size_t k = 0; k < counts[i]; k++)
            if (compare_items(&items[k], &expected[k]) != 0 ||
                memcmp(items[k].rest, expected[k].rest, sizeof items[k].rest) != 0)
                fail_msg("item %zu of %zu", k, counts[i]);
    }
}

static void test_without_memory(void **state)
{
    (void)state;
    const int64_t live = an_alloc_live();
    fill(BLOCK + 1);
    an_alloc_fail_at(1);
    assert_int_equal(an_sort(items, BLOCK + 1, sizeof *items, compare_items, NULL),
                     ALEXNET_ERROR_NO_MEMORY);
    an_alloc_fail_at(0);
    assert_int_equal(an_alloc_live(), live);
}

/* Cancelled at the first question, the second, ..., until it is done before. */
static int64_t asked, cancel_at;

static void cancel(void *user, const alexnet_work *work)
{
    (void)work;
    if (++asked == cancel_at)
        alexnet_ctx_cancel(*(alexnet_ctx **)user);
}

static void test_cancelled(void **state)
{
    (void)state;
    alexnet_ctx *ctx = NULL;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    alexnet_status status = ALEXNET_ERROR_CANCELLED;
    options.device = "ref";
    options.work = cancel;
    options.work_user = &ctx;
    fill(MOST);
    for (cancel_at = 1; status == ALEXNET_ERROR_CANCELLED; cancel_at++) {
        asked = 0;
        assert_int_equal(alexnet_ctx_new(&ctx, &options), ALEXNET_OK);
        const int64_t live = an_alloc_live();
        an_work work = an_work_begin(ctx, "sorted", "items", 0);
        status = an_sort(items, MOST, sizeof *items, compare_items, &work);
        assert_int_equal(an_alloc_live(), live);
        if (status == ALEXNET_ERROR_CANCELLED)
            assert_int_equal(asked, cancel_at);
        memcpy(again, items, sizeof again);
        qsort(again, MOST, sizeof *again, compare_items);
        assert_memory_equal(again, expected, sizeof again);
        alexnet_ctx_free(ctx);
    }
    assert_int_equal(status, ALEXNET_OK);
    assert_true(asked > 3 * MOST / BLOCK); /* once for each block sorted, and each merged */
}

/* Work without a verb is told to nobody, and can be cancelled. */
static void test_cancelled_in_silence(void **state)
{
    (void)state;
    alexnet_ctx *ctx = NULL;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.device = "ref";
    options.work = cancel;
    options.work_user = &ctx;
    assert_int_equal(alexnet_ctx_new(&ctx, &options), ALEXNET_OK);
    an_work work = {.ctx = ctx};
    asked = 0;
    fill(BLOCK + 1);
    assert_int_equal(an_sort(items, BLOCK + 1, sizeof *items, compare_items, &work), ALEXNET_OK);
    assert_int_equal(asked, 0);
    alexnet_ctx_cancel(ctx);
    assert_int_equal(an_sort(items, BLOCK + 1, sizeof *items, compare_items, &work),
                     ALEXNET_ERROR_CANCELLED);
    alexnet_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_qsort),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_cancelled_in_silence),
    };
    return cmocka_run_group_tests_name("sort", tests, NULL, NULL);
}
