/*
 * Nearest neighbours and nearest pairs, against plain loops in double over every row.
 *
 * Tolerance: sums are float32, over 64 products in each of 8 lanes, of rounded differences. The
 * error is at most 67 * 2^-24 of the sum, because its terms are not negative, and half of that for
 * its root. For cosine, the dot product has the same error relative to SUM |x q|, which is at most
 * sqrt(SUM x^2 SUM q^2). Allowed are 2^-17 of the distance, and 2^-17 for cosine.
 */
#include "expect.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "infer/nearest.h"

enum { ROWS = 150, DIMS = 1030, QUERIES = 7, TOP = 9 }; /* none is a multiple of a loop's step */

typedef struct rig {
    alexnet_ctx *ctx;
    float *values, *queries;
    const float *row[ROWS];
    an_rows rows;
} rig;

static float draw(uint64_t place, uint32_t unit)
{
    an_random4 r = an_random(3, AN_PURPOSE_TEST, 0, place, unit);
    return (float)(an_uniform(r.v[0]) - 0.3);
}

static void rig_open(rig *r, int threads)
{
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.threads = threads;
    expect_ok(alexnet_ctx_new(&r->ctx, &options));
    r->values = calloc(ROWS * DIMS, sizeof *r->values);
    r->queries = calloc(QUERIES * DIMS, sizeof *r->queries);
    for (uint64_t i = 0; i < ROWS * DIMS; i++)
        r->values[i] = draw(i, 0);
    for (uint64_t i = 0; i < QUERIES * DIMS; i++)
        r->queries[i] = draw(i, 1);
    for (int i = 0; i < ROWS; i++)
        r->row[i] = r->values + i * DIMS;
    for (int i = 0; i < DIMS; i++) {
        r->values[40 * DIMS + i] = r->values[20 * DIMS + i]; /* twins */
        r->values[60 * DIMS + i] = 0;
        r->queries[2 * DIMS + i] = r->values[20 * DIMS + i];
        r->queries[3 * DIMS + i] = 0;
    }
    r->row[33] = NULL;
    r->values[70 * DIMS + 5] = NAN; /* near nothing */
    r->rows = (an_rows){.row = r->row, .count = ROWS, .dims = DIMS};
}

static void rig_close(rig *r)
{
    free(r->values);
    free(r->queries);
    alexnet_ctx_free(r->ctx);
}

static double plain(const float *x, const float *q, alexnet_metric metric)
{
    double sum = 0, xx = 0, qq = 0, xq = 0;
    for (int i = 0; i < DIMS; i++) {
        const double a = (double)x[i], b = (double)q[i];
        sum += (a - b) * (a - b);
        xx += a * a;
        qq += b * b;
        xq += a * b;
    }
    if (metric == ALEXNET_METRIC_EUCLIDEAN)
        return sqrt(sum);
    return xx == 0 || qq == 0 ? 1 : 1 - xq / sqrt(xx * qq);
}

static void expect_near(double got, double expected, alexnet_metric metric)
{
    const double scale = metric == ALEXNET_METRIC_EUCLIDEAN ? expected : 1;
    if (!(fabs(got - expected) <= scale / 131072))
        fail_msg("%.9g, expected %.9g", got, expected);
}

/* Every distance is right, distances ascend, and no row outside the list is nearer than its
 * last. */
static void check(const rig *r, alexnet_metric metric)
{
    alexnet_neighbour found[QUERIES * TOP], alone[TOP];
    expect_ok(an_nearest(r->ctx, &r->rows, r->queries, QUERIES, metric, TOP, found));
    for (int q = 0; q < QUERIES; q++) {
        const alexnet_neighbour *list = found + q * TOP;
        bool listed[ROWS] = {false};
        expect_ok(an_nearest(r->ctx, &r->rows, r->queries + q * DIMS, 1, metric, TOP, alone));
        assert_memory_equal(alone, list, sizeof alone); /* bits do not depend on other queries */
        for (int i = 0; i < TOP; i++) {
            assert_in_range(list[i].row, 0, ROWS - 1);
            assert_false(listed[list[i].row]);
            listed[list[i].row] = true;
            expect_near(list[i].distance, plain(r->row[list[i].row], r->queries + q * DIMS, metric),
                        metric);
            assert_true(
                i == 0 || list[i].distance > list[i - 1].distance ||
                (list[i].distance == list[i - 1].distance && list[i].row > list[i - 1].row));
        }
        assert_false(listed[70]);
        for (int row = 0; row < ROWS; row++) {
            if (!r->row[row] || listed[row] || row == 70)
                continue;
            const double d = plain(r->row[row], r->queries + q * DIMS, metric);
            assert_true(d >= list[TOP - 1].distance * (1 - 1.0 / 65536) - 1e-6);
        }
    }
    assert_int_equal(found[2 * TOP].row, 20);
    assert_int_equal(found[2 * TOP + 1].row, 40);
    if (metric == ALEXNET_METRIC_EUCLIDEAN)
        assert_true(found[2 * TOP + 1].distance == 0);
}

static void test_nearest(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        rig r;
        rig_open(&r, threads);
        check(&r, ALEXNET_METRIC_EUCLIDEAN);
        check(&r, ALEXNET_METRIC_COSINE);
        rig_close(&r);
    }
}

/* Fewer rows than are asked for, and than there are threads. */
static void test_few(void **state)
{
    alexnet_neighbour found[TOP];
    rig r;
    (void)state;
    rig_open(&r, 3);
    r.rows.count = 2;
    expect_ok(an_nearest(r.ctx, &r.rows, r.queries, 1, ALEXNET_METRIC_EUCLIDEAN, TOP, found));
    assert_true(found[0].row >= 0 && found[1].row >= 0);
    assert_int_equal(found[2].row, -1);
    assert_true(isinf(found[2].distance));
    r.rows.count = 0;
    expect_ok(an_nearest(r.ctx, &r.rows, r.queries, 1, ALEXNET_METRIC_EUCLIDEAN, TOP, found));
    assert_int_equal(found[0].row, -1);
    alexnet_ctx_cancel(r.ctx);
    expect_failure(an_nearest(r.ctx, &r.rows, r.queries, 1, ALEXNET_METRIC_EUCLIDEAN, TOP, found),
                   ALEXNET_ERROR_CANCELLED, "");
    rig_close(&r);
}

static alexnet_ctx *ended;

static bool end(const void *of, int64_t row)
{
    (void)of;
    if (row == ROWS / 2)
        alexnet_ctx_cancel(ended);
    return true;
}

/* A search that is ended on its way has no result. */
static void test_cancelled_midway(void **state)
{
    alexnet_neighbour found[TOP];
    rig r;
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        rig_open(&r, threads);
        ended = r.ctx;
        r.rows.is_whole = end;
        expect_failure(
            an_nearest(r.ctx, &r.rows, r.queries, 1, ALEXNET_METRIC_EUCLIDEAN, TOP, found),
            ALEXNET_ERROR_CANCELLED, "");
        rig_close(&r);
    }
}

static int by_distance(const void *a, const void *b)
{
    const alexnet_pair *x = a, *y = b;
    return x->distance < y->distance ? -1 : x->distance > y->distance;
}

static int64_t all_pairs(const rig *r, alexnet_metric metric, alexnet_pair *out)
{
    int64_t n = 0;
    for (int a = 0; a < ROWS; a++)
        for (int b = a + 1; b < ROWS; b++)
            if (r->row[a] && r->row[b] && a != 70 && b != 70)
                out[n++] = (alexnet_pair){a, b, plain(r->row[a], r->row[b], metric)};
    qsort(out, (size_t)n, sizeof *out, by_distance);
    return n;
}

/* The `limit` nearest pairs: distances agree one by one, and each is that of its pair. */
static void check_pairs(const rig *r, alexnet_metric metric, int64_t limit, double most)
{
    alexnet_pair *expected = calloc(ROWS * ROWS, sizeof *expected), got;
    int64_t count = all_pairs(r, metric, expected), kept = 0;
    an_pairs *pairs;
    double fraction = 0, before = -1;
    bool more = true;
    expect_ok(an_pairs_new(&pairs, r->ctx, &r->rows, metric, limit, most));
    while (more) {
        expect_ok(an_pairs_step(pairs, &fraction, &more));
        assert_true(fraction > before && fraction <= 1);
        before = fraction;
        an_pairs_get(pairs, 0, &got); /* looking does no harm */
    }
    assert_true(fraction == 1);
    for (; an_pairs_get(pairs, kept, &got); kept++) {
        assert_true(got.first < got.second);
        expect_near(got.distance, expected[kept].distance, metric);
        expect_near(got.distance, plain(r->row[got.first], r->row[got.second], metric), metric);
        assert_true(got.distance <= most);
    }
    assert_true(kept == limit || (kept < limit && (kept == count || expected[kept].distance >
                                                                        most * (1 - 1.0 / 65536))));
    an_pairs_free(pairs);
    free(expected);
}

static void test_pairs(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        rig r;
        rig_open(&r, threads);
        check_pairs(&r, ALEXNET_METRIC_EUCLIDEAN, 50, INFINITY);
        check_pairs(&r, ALEXNET_METRIC_EUCLIDEAN, ROWS * ROWS, INFINITY);
        check_pairs(&r, ALEXNET_METRIC_EUCLIDEAN, 1000, 12.8);
        check_pairs(&r, ALEXNET_METRIC_COSINE, 50, INFINITY);
        check_pairs(&r, ALEXNET_METRIC_COSINE, 1000, 0.6);
        rig_close(&r);
    }
}

/* A limit above the number of pairs takes no more memory than these. */
static void test_pairs_of_a_high_limit(void **state)
{
    (void)state;
    rig r;
    an_pairs *pairs;
    rig_open(&r, 3);
    expect_ok(an_pairs_new(&pairs, r.ctx, &r.rows, ALEXNET_METRIC_EUCLIDEAN, INT64_MAX, INFINITY));
    alexnet_pairs_free(pairs);
    rig_close(&r);
}

/* Of equally near pairs, those of the first rows are kept, whatever the order of the search. A
 * distance of 0 is within 0. */
static void test_pairs_of_equal_rows(void **state)
{
    enum { EQUAL = 70, KEPT = 40 };
    static const float row[DIMS];
    const float *row_of[EQUAL];
    (void)state;
    for (int i = 0; i < EQUAL; i++)
        row_of[i] = row;
    for (int threads = 1; threads <= 3; threads++) {
        rig r;
        an_pairs *pairs;
        alexnet_pair got;
        double fraction;
        bool more = true;
        rig_open(&r, threads);
        r.rows.row = row_of;
        r.rows.count = EQUAL;
        expect_ok(an_pairs_new(&pairs, r.ctx, &r.rows, ALEXNET_METRIC_EUCLIDEAN, KEPT, 0));
        while (more)
            expect_ok(an_pairs_step(pairs, &fraction, &more));
        for (int i = 0; i < KEPT; i++) {
            assert_true(an_pairs_get(pairs, i, &got));
            assert_int_equal(got.first, 0);
            assert_int_equal(got.second, i + 1);
        }
        assert_false(an_pairs_get(pairs, KEPT, &got));
        an_pairs_free(pairs);
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_cancelled_midway),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_pairs_of_a_high_limit),
        cmocka_unit_test(test_pairs_of_equal_rows),
    };
    return cmocka_run_group_tests_name("nearest neighbours", tests, NULL, NULL);
}
