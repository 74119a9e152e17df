/*
 * Dissimilarities and rank correlations against NumPy and SciPy (tools/make_rdm_goldens.py), in
 * double from the same float32.
 *
 * SciPy's correlation and cosine subtract sums of 700 products from 1, and these sums are rounded:
 * by 700 * 2^-53 at most, below 2^-42. Euclidean distances and rank correlations are within 2^-42
 * of their own size.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "golden/golden_rig.h"

#include "base/alloc.h"
#include "base/status.h"

enum { COUNT = 21, LENGTH = 700, CELLS = COUNT * COUNT, PAIRS = 6 };

static alexnet_ctx *ctx;
static float features[COUNT * LENGTH];
static double rdms[4][CELLS], rsa[2 * PAIRS];
static const char *const names[] = {"correlation", "euclidean", "cosine", "ties"};

static void read_tensor(an_tensor_file *file, const char *name, int rows, int columns,
                        an_dtype type, void *out)
{
    expect_ok(an_tensor_file_read(file, name, an_shape_of(2, rows, columns), type, out));
}

static int set_up(void **state)
{
    an_reader *reader;
    an_tensor_file *file;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    (void)state;
    options.threads = 3;
    expect_ok(alexnet_ctx_new(&ctx, &options));
    expect_ok(an_reader_open(&reader, "golden/rdm/rdm.safetensors"));
    expect_ok(an_tensor_file_open(&file, reader));
    read_tensor(file, "features", COUNT, LENGTH, AN_F32, features);
    for (int i = 0; i < 4; i++)
        read_tensor(file, names[i], COUNT, COUNT, AN_F64, rdms[i]);
    read_tensor(file, "rsa", 2, PAIRS, AN_F64, rsa);
    an_tensor_file_close(file);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    alexnet_ctx_free(ctx);
    return 0;
}

static void test_dissimilarities(void **state)
{
    static double got[CELLS];
    (void)state;
    for (int m = 0; m < 3; m++) {
        expect_ok(alexnet_rdm(got, ctx, features, COUNT, LENGTH, (alexnet_dissimilarity)m));
        for (int i = 0; i < CELLS; i++) {
            const double expected = rdms[m][i];
            const double allowed = 0x1p-42 * (m == ALEXNET_DISSIMILARITY_EUCLIDEAN ? expected : 1);
            if (!(fabs(got[i] - expected) <= allowed))
                fail_msg("%s (%d, %d) is %.17g, expected %.17g", names[m], i / COUNT, i % COUNT,
                         got[i], expected);
            assert_true(got[i] == got[i % COUNT * COUNT + i / COUNT]);
        }
        for (int i = 0; i < COUNT; i++)
            assert_true(got[i * COUNT + i] == 0);
    }
}

/* For any length, distances have the same bits whatever the numbers of rows and threads. */
static void test_sizes_and_threads(void **state)
{
    static double whole[CELLS], part[CELLS];
    static const int lengths[] = {1, 255, 256, 257, LENGTH};
    alexnet_ctx *one;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    (void)state;
    options.threads = 1;
    expect_ok(alexnet_ctx_new(&one, &options));
    for (int l = 0; l < 5; l++) {
        expect_ok(
            alexnet_rdm(whole, ctx, features, COUNT, lengths[l], ALEXNET_DISSIMILARITY_EUCLIDEAN));
        for (int n = 3; n < COUNT; n += 4) {
            expect_ok(
                alexnet_rdm(part, one, features, n, lengths[l], ALEXNET_DISSIMILARITY_EUCLIDEAN));
            for (int i = 0; i < n * n; i++)
                assert_true(part[i] == whole[i / n * COUNT + i % n]);
        }
    }
    alexnet_ctx_free(one);
}

/* Copies are 0 apart to the bit, and equally far from any other row, so that ranks are shared. */
static void test_copies(void **state)
{
    static float rows[3 * COUNT * LENGTH];
    static double got[9 * CELLS];
    (void)state;
    for (int i = 0; i < 3; i++)
        memcpy(rows + (size_t)i * COUNT * LENGTH, features, sizeof features);
    for (int m = 0; m < 3; m++) {
        expect_ok(alexnet_rdm(got, ctx, rows, 3 * COUNT, LENGTH, (alexnet_dissimilarity)m));
        for (int i = 0; i < 3 * COUNT; i++)
            for (int j = 0; j < 3 * COUNT; j++) {
                const double value = got[i * 3 * COUNT + j];
                const double first = got[i % COUNT * 3 * COUNT + j % COUNT];
                if (value != first || value < 0)
                    fail_msg("%s (%d, %d) is %.17g, of the copied rows %.17g", names[m], i, j,
                             value, first);
            }
    }
}

static void test_what_has_no_correlation(void **state)
{
    static float flat[3 * 4] = {0, 0, 0, 0, 2, 2, 2, 2, 1, 2, 3, 5};
    double rdm[9];
    (void)state;
    expect_ok(alexnet_rdm(rdm, ctx, flat, 3, 4, ALEXNET_DISSIMILARITY_CORRELATION));
    assert_true(isnan(rdm[1]) && isnan(rdm[2]) && isnan(rdm[5]) && rdm[4] == 0);
    expect_ok(alexnet_rdm(rdm, ctx, flat, 3, 4, ALEXNET_DISSIMILARITY_COSINE));
    assert_true(isnan(rdm[1]) && isnan(rdm[2]) && !isnan(rdm[5]));
    expect_ok(alexnet_rdm(rdm, ctx, flat, 3, 4, ALEXNET_DISSIMILARITY_EUCLIDEAN));
    assert_true(rdm[1] == 4);
}

static void test_rank_correlations(void **state)
{
    static const int pairs[PAIRS][2] = {{0, 1}, {0, 3}, {3, 1}, {3, 3}, {2, 2}, {2, -1}};
    static double negative[CELLS];
    (void)state;
    for (int i = 0; i < CELLS; i++)
        negative[i] = -rdms[2][i];
    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < PAIRS; i++) {
            double got, expected = rsa[kind * PAIRS + i];
            const double *b = pairs[i][1] < 0 ? negative : rdms[pairs[i][1]];
            expect_ok(alexnet_rsa(&got, ctx, rdms[pairs[i][0]], b, COUNT, (alexnet_rank)kind));
            if (!(fabs(got - expected) <= 0x1p-42))
                fail_msg("rank correlation %d of pair %d is %.17g, expected %.17g", kind, i, got,
                         expected);
        }
}

static void test_cancelled(void **state)
{
    double got = 7;
    alexnet_ctx *cancelled;
    (void)state;
    expect_ok(alexnet_ctx_new(&cancelled, NULL));
    alexnet_ctx_cancel(cancelled);
    for (int kind = 0; kind < 2; kind++)
        assert_int_equal(alexnet_rsa(&got, cancelled, rdms[0], rdms[1], COUNT, (alexnet_rank)kind),
                         ALEXNET_ERROR_CANCELLED);
    assert_true(got == 7);
    alexnet_ctx_free(cancelled);
}

static void expect_refusal(alexnet_status status, const char *part)
{
    assert_int_equal(status, ALEXNET_ERROR_INVALID_ARGUMENT);
    if (!strstr(alexnet_error_text(), part))
        fail_msg("\"%s\" does not say \"%s\"", alexnet_error_text(), part);
}

static void test_refusals(void **state)
{
    static double flat[CELLS], holed[CELLS];
    double got;
    (void)state;
    memcpy(holed, rdms[0], sizeof holed);
    holed[1 * COUNT + 4] = NAN;
    expect_refusal(alexnet_rsa(&got, ctx, rdms[0], holed, COUNT, ALEXNET_RANK_KENDALL),
                   "the second matrix has no number at (1, 4)");
    memcpy(holed, rdms[0], sizeof holed);
    holed[4 * COUNT + 1] *= 1 + 0x1p-24; /* as float32 would round it */
    expect_ok(alexnet_rsa(&got, ctx, rdms[0], holed, COUNT, ALEXNET_RANK_SPEARMAN));
    assert_true(fabs(got - 1) <= 0x1p-42);
    holed[4 * COUNT + 1] = 0;
    expect_refusal(alexnet_rsa(&got, ctx, rdms[0], holed, COUNT, ALEXNET_RANK_KENDALL),
                   "the second matrix is not symmetric: 0.");
    holed[4 * COUNT + 1] = NAN;
    expect_refusal(alexnet_rsa(&got, ctx, rdms[0], holed, COUNT, ALEXNET_RANK_KENDALL),
                   "the second matrix is not symmetric: ");
    holed[1 * COUNT + 4] = holed[4 * COUNT + 1] = INFINITY;
    expect_refusal(alexnet_rsa(&got, ctx, holed, rdms[0], COUNT, ALEXNET_RANK_KENDALL),
                   "the first matrix has no number at (1, 4)");
    expect_refusal(alexnet_rsa(&got, ctx, flat, rdms[0], COUNT, ALEXNET_RANK_SPEARMAN),
                   "of the first matrix are equal");
    expect_refusal(alexnet_rsa(&got, ctx, rdms[0], flat, COUNT, ALEXNET_RANK_SPEARMAN),
                   "of the second matrix are equal");
    expect_ok(alexnet_rsa(&got, ctx, flat, rdms[0], COUNT, ALEXNET_RANK_KENDALL));
    assert_true(got == 0);
    expect_refusal(alexnet_rsa(&got, ctx, rdms[0], rdms[0], 2, ALEXNET_RANK_KENDALL), "count = 2");
    expect_refusal(alexnet_rsa(&got, ctx, rdms[0], rdms[0], COUNT, (alexnet_rank)2), "rank = 2");
    expect_refusal(alexnet_rdm(holed, ctx, features, COUNT, 0, ALEXNET_DISSIMILARITY_COSINE),
                   "length = 0");
    expect_refusal(alexnet_rdm(holed, ctx, features, 70000, 1, ALEXNET_DISSIMILARITY_COSINE),
                   "count = 70000");
    expect_refusal(alexnet_rdm(holed, ctx, features, COUNT, 1, (alexnet_dissimilarity)3),
                   "measure = 3");
}

static void expect_matrix(const char *path, const double *expected)
{
    static double got[CELLS];
    int64_t count = 0;
    expect_ok(alexnet_rdm_read(path, &count, NULL));
    assert_int_equal(count, COUNT);
    memset(got, 0xFF, sizeof got);
    expect_ok(alexnet_rdm_read(path, &count, got));
    for (int i = 0; i < CELLS; i++)
        if (got[i] != expected[i])
            fail_msg("%s has %g at (%d, %d), expected %g", path, got[i], i / COUNT, i % COUNT,
                     expected[i]);
}

static void test_integers(void **state)
{
    static double whether[CELLS];
    (void)state;
    for (int i = 0; i < CELLS; i++)
        whether[i] = rdms[3][i] != 0;
    expect_matrix("golden/rdm/ties-int8.npy", rdms[3]);
    expect_matrix("golden/rdm/ties-uint8.npy", rdms[3]);
    expect_matrix("golden/rdm/ties-int16.npy", rdms[3]);
    expect_matrix("golden/rdm/ties-int32.npy", rdms[3]);
    expect_matrix("golden/rdm/ties-int64.npy", rdms[3]);
    expect_matrix("golden/rdm/ties-bool.npy", whether);
    expect_matrix("golden/rdm/condensed-int16.npy", rdms[3]);
}

static void test_files(void **state)
{
    static double got[CELLS];
    int64_t count = 0;
    (void)state;
    expect_ok(alexnet_rdm_read("golden/rdm/euclidean.npy", &count, NULL));
    assert_int_equal(count, COUNT);
    expect_ok(alexnet_rdm_read("golden/rdm/euclidean.npy", &count, got));
    assert_memory_equal(got, rdms[1], sizeof got);
    expect_matrix("golden/rdm/condensed.npy", rdms[1]);
    assert_int_equal(alexnet_rdm_read("golden/rdm/rdm.safetensors", &count, NULL),
                     ALEXNET_ERROR_FORMAT);
    assert_int_equal(alexnet_rdm_read("golden/rdm/none.npy", &count, NULL), ALEXNET_ERROR_IO);
    count = COUNT - 1; /* of a file that has changed since it was asked for its size */
    assert_int_equal(alexnet_rdm_read("golden/rdm/euclidean.npy", &count, got),
                     ALEXNET_ERROR_FORMAT);
}

/* A file with another header is refused, with a text that has both. */
static void expect_no_matrix(const char *part, const char *other, const char *text,
                             const char *more)
{
    static char bytes[sizeof(double) * CELLS + 1024];
    char path[] = "/tmp/alexnet-rdm-XXXXXX";
    int64_t count;
    FILE *file = fopen("golden/rdm/euclidean.npy", "rb");
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    char *at = memmem(bytes, length, part, strlen(part));
    assert_non_null(at);
    memcpy(at, other, strlen(part));
    const int out = mkstemp(path);
    assert_int_equal(write(out, bytes, length), length);
    close(out);
    const alexnet_status rc = alexnet_rdm_read(path, &count, NULL);
    unlink(path);
    assert_int_equal(rc, ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(alexnet_error_text(), text));
    assert_non_null(strstr(alexnet_error_text(), more));
}

/* As many numbers, but in 9 rows of 49, or in a vector: 441 is no number of pairs. */
static void test_no_square(void **state)
{
    static const char text[] = "a square matrix of numbers, or those above its diagonal";
    (void)state;
    expect_no_matrix("(21, 21)", "(9,  49)", text, "[9, 49]");
    expect_no_matrix("(21, 21)", "(441,  )", text, "[441]");
    expect_no_matrix("<f8", "<u8", "elements of type <u8 are not read", "signed integers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dissimilarities),
        cmocka_unit_test(test_sizes_and_threads),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_what_has_no_correlation),
        cmocka_unit_test(test_rank_correlations),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_no_square),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
