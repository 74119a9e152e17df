/*
 * What the candidates of a trial compute, and how their results are compared
 * (backend/cuda/trial.h), on a fake device.
 */
#include "ops/ops_rig.h"

#include <math.h>
#include <string.h>

#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "cuda/fake.h"

static an_cuda *cuda;

static int set_up(void **state)
{
    an_backend *backend;
    (void)state;
    fake_reset();
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    expect_ok(an_cuda_api.open(&backend, ctx, 0, ALEXNET_PRECISION_FP32));
    an_ctx_release(ctx);
    cuda = (an_cuda *)backend;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    an_backend_close(&cuda->base);
    assert_int_equal(fake_count.live, 0);
    return 0;
}

/* ---- Operands -------------------------------------------------------------------------------- */

/* Random numbers in [-0.5, 0.5] with no more bits than tf32 or bf16 keep. */
static void fill(an_dtype dtype, bool tf32, int bits)
{
    enum { COUNT = 300000, WHOLE = (1 << 18) + 77 };
    void *block;
    const size_t each = an_dtype_bytes(dtype);
    char *host = an_malloc(COUNT * each);
    double sum = 0, squares = 0;
    int zeros = 0;
    expect_ok(an_cuda_alloc(&cuda->base, COUNT * each, &block));
    double *noise = an_cuda_noise(WHOLE, dtype, tf32, 1);
    assert_non_null(noise);
    expect_ok(an_cuda_fill(cuda, block, WHOLE * each, dtype, noise));
    expect_ok(an_cuda_read(&cuda->base, host, block, COUNT * each));
    for (int i = 0; i < WHOLE; i++) {
        const double value = fake_load(host, i, dtype == AN_BF16), units = ldexp(value, bits);
        assert_true(value == noise[i % AN_CUDA_NOISE]); /* the host knows them */
        assert_true(fabs(value) <= 0.5 && units == floor(units));
        sum += value;
        squares += value * value;
        zeros += value == 0;
    }
    assert_true(fabs(sum / WHOLE) < 0.01 && fabs(squares / WHOLE - 1.0 / 12) < 0.002);
    assert_true(zeros < WHOLE / 100);
    for (int i = WHOLE; i < COUNT; i++)
        assert_true(fake_load(host, i, dtype == AN_BF16) == 0); /* nothing is written after it */
    an_cuda_free(&cuda->base, block, COUNT * each);
    an_free(host);
    an_free(noise);
}

static void test_fill(void **state)
{
    (void)state;
    fill(AN_F32, false, 24);
    fill(AN_F32, true, 11);
    fill(AN_BF16, false, 8);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

enum { ROWS = 100, COLUMNS = 100, RESULTS = ROWS * COLUMNS, TERMS = 1000 };

static an_cuda_trial t;
static double results[RESULTS], others[RESULTS];

/* A product whose operands have random numbers, and what it must give. */
static void begin(an_dtype dtype)
{
    an_element_conv v = {.n = ROWS, .c = TERMS, .k = COLUMNS};
    v.h = v.w = v.r = v.s = v.p = v.q = v.groups = v.stride = 1;
    an_element_arrange(&v, false);
    t = (an_cuda_trial){.cuda = cuda, .out = {0, dtype, false, AN_FORWARD, v}};
    expect_ok(an_cuda_trial_block(&t, 0, RESULTS * an_dtype_bytes(dtype)));
    expect_ok(an_cuda_trial_operand(&t, 1, ROWS * TERMS, dtype, false, &t.out.sums.x));
    expect_ok(an_cuda_trial_operand(&t, 2, COLUMNS * TERMS, dtype, false, &t.out.sums.weights));
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) {
            double sum = 0;
            for (int l = 0; l < TERMS; l++)
                sum += t.noise[1][i * TERMS + l] * t.noise[2][j * TERMS + l];
            results[i * COLUMNS + j] = sum;
        }
}

static double deviation_of(const double *computed)
{
    double deviation;
    for (int i = 0; i < RESULTS; i++) /* the fake's memory is the host's */
        fake_store(t.block[0], i, t.out.dtype == AN_BF16, computed[i]);
    expect_ok(an_cuda_trial_compare(&t, &deviation));
    return deviation;
}

/* Results may differ by the rounding of their sums, and of the results themselves, in every sample;
 * one hundredth is too much where rounding explains less.
 * @param first  whether there is no other candidate to compare with */
static void compare(an_dtype dtype, double rounding, double allowed, bool first)
{
    begin(dtype);
    if (!first) {
        assert_true(deviation_of(results) <= 1);
        assert_non_null(t.accepted);
    }
    for (int i = 0; i < RESULTS; i++)
        others[i] = results[i] * (1 + allowed);
    assert_true(deviation_of(others) > 1);
    memcpy(others, results, sizeof others);
    for (int i = RESULTS - 64; i < RESULTS; i++)
        others[i] = 0; /* a piece that was not written */
    assert_true(deviation_of(others) > 1);
    memcpy(others, results, sizeof others);
    others[0] = NAN;
    assert_true(isinf(deviation_of(others)));
    assert_true((t.accepted == NULL) == first);
    for (int i = 0; i < RESULTS; i++)
        others[i] = results[i] + (i % 2 ? rounding : -rounding) * results[i];
    assert_in_range((int64_t)(1e3 * deviation_of(others)), 1, 1000);
    assert_non_null(t.accepted);
    an_cuda_trial_end(&t);
}

static void test_compare(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        compare(AN_F32, 1e-6, 1e-4, first);
        compare(AN_BF16, 0, 0x1p-5, first);
    }
}

/* Samples that are not among those computed on the host are compared with another candidate's: of
 * 4096, at most 512 are. */
static void test_compare_with_another(void **state)
{
    (void)state;
    begin(AN_F32);
    memcpy(others, results, sizeof others);
    others[1] *= 1.01;
    assert_true(deviation_of(others) <= 1);
    assert_true(deviation_of(results) > 1);
    an_cuda_trial_end(&t);
    begin(AN_F32);
    assert_true(deviation_of(results) <= 1);
    assert_true(deviation_of(others) > 1);
    an_cuda_trial_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_with_another, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("operands and results of trials", tests, NULL, NULL);
}
