/*
 * How algorithms are chosen (backend/cuda/trial.h), on a fake device some of whose functions are
 * replaced: candidates that compute something else, the time that counts, and the errors if no
 * algorithm can be used.
 */
#include "ops/ops_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/cuda/conv_plan.h"
#include "backend/cuda/matmul.h"
#include "backend/cuda/trial.h"
#include "cuda/fake.h"
#include "cuda/small_conv.h"

static an_cuda *cuda;
static an_cuda_libs libs;        /* the fake's, of which a test replaces some */
static const an_cuda_libs *real; /* the fake's */
static char logged[512];

static void keep_line(void *user, alexnet_log_level level, const char *line)
{
    (void)user, (void)level;
    snprintf(logged, sizeof logged, "%s", line);
}

static void open_in(alexnet_precision precision)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cuda", precision, 1);
    ctx->log = keep_line;
    expect_ok(an_cuda_api.open(&backend, ctx, 0, precision));
    an_ctx_release(ctx);
    cuda = (an_cuda *)backend;
    real = cuda->libs;
    libs = *real;
    cuda->libs = &libs;
    logged[0] = '\0';
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    open_in(ALEXNET_PRECISION_FP32);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    an_backend_close(&cuda->base);
    assert_int_equal(fake_count.live, 0);
    assert_int_equal(fake_count.descriptors, 0);
    return 0;
}

/* ---- A convolution's engines: 1 comes first in float32, then 2 (fake_dnn.c) ------------------ */

/* @param variant  AUTO, or FIRST */
static int engine_for(int n, an_direction direction, an_variant *variant)
{
    an_cuda_conv_plan *plan;
    const an_cuda_conv_shape shape = small_conv(n);
    expect_ok(an_cuda_conv_plan_new(&plan, cuda, &shape, direction, AN_CUDA_TAIL_NONE, variant));
    const int engine = an_cuda_conv_plan_engine(plan);
    an_cuda_conv_plan_free(plan);
    return engine;
}

static an_variant choose(an_direction direction)
{
    an_variant variant = AN_CUDA_AUTO;
    const int engine = engine_for(32, direction, &variant);
    assert_int_equal(variant, engine);
    return variant;
}

/* Engine 1 takes a second for all that is between two time stamps, engine 2 less. */
static double seconds_of_engine_2;

static cudaError_t elapsed(float *milliseconds, cudaEvent_t first, cudaEvent_t second)
{
    (void)first, (void)second;
    *milliseconds = (float)(1e3 * (fake_count.last_engine == 2 ? seconds_of_engine_2 : 1));
    return cudaSuccess;
}

/* An engine that computes nothing, or both. */
static int wrong_engine;
enum { BOTH = 3 };

static cudnnStatus_t execute_nothing(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                     cudnnBackendDescriptor_t pack)
{
    return fake_count.last_engine == wrong_engine || wrong_engine == BOTH
               ? CUDNN_STATUS_SUCCESS
               : real->cudnnBackendExecute(handle, plan, pack);
}

static void test_fastest(void **state)
{
    (void)state;
    libs.cudaEventElapsedTime = elapsed;
    seconds_of_engine_2 = 0.5;
    for (int d = 0; d < AN_DIRECTIONS; d++)
        assert_int_equal(choose((an_direction)d), 2);
    seconds_of_engine_2 = 2;
    const int64_t plans = fake_count.plans;
    assert_int_equal(choose(AN_FORWARD), 2);       /* once measured, for good */
    assert_int_equal(fake_count.plans, plans + 1); /* and no other is made ready */
    cuda->n_choices = 0;
    assert_int_equal(choose(AN_FORWARD), 1);
    assert_string_equal(logged, "");
}

/* An engine is tried although those before it have more configurations than there are trials. */
static void test_engines_before_configurations(void **state)
{
    (void)state;
    fake.more = AN_CUDA_TRIALS;
    libs.cudaEventElapsedTime = elapsed;
    seconds_of_engine_2 = 0.5;
    for (int d = 0; d < AN_DIRECTIONS; d++)
        assert_int_equal(choose((an_direction)d), 2);
    assert_string_equal(logged, "");
}

/* The fastest engine is not taken if it computes something else, and the log says so. It is no
 * better for being proposed first. */
static void test_wrong_results(void **state)
{
    char expected[256];
    (void)state;
    libs.cudaEventElapsedTime = elapsed;
    libs.cudnnBackendExecute = execute_nothing;
    for (wrong_engine = 1; wrong_engine <= 2; wrong_engine++) {
        seconds_of_engine_2 = wrong_engine == 2 ? 0.5 : 2;
        cuda->n_choices = 0;
        for (int d = 0; d < AN_DIRECTIONS; d++)
            assert_int_equal(choose((an_direction)d), 3 - wrong_engine);
        snprintf(expected, sizeof expected,
                 "proposal-%d is left out for gradients of weights of a convolution of 32x8x4x4 by "
                 "16x3x3 with engine %d: its results deviate by ",
                 wrong_engine, wrong_engine);
        if (!strstr(logged, expected))
            fail_msg("the log says \"%s\"", logged);
    }
}

/* Whether every engine for a convolution gives what the host expects of it. */
static void expect_right(const an_cuda_conv_shape *shape, an_direction direction,
                         an_cuda_conv_tail tail)
{
    an_cuda_conv_plan *plan;
    an_variant variant = AN_CUDA_AUTO;
    expect_ok(an_cuda_conv_plan_new(&plan, cuda, shape, direction, tail, &variant));
    assert_true(an_cuda_conv_plan_seconds(plan) > 0);
    an_cuda_conv_plan_free(plan);
    if (*logged)
        fail_msg("direction %d, tail %d: the log says \"%s\"", direction, tail, logged);
}

/* In every layout and type, with groups, strides and what follows. */
static void test_right_results(void **state)
{
    an_cuda_conv_shape shapes[] = {small_conv(32), small_conv(32), small_conv(32), small_conv(32)};
    (void)state;
    shapes[0].groups = 2;
    shapes[1].stride = 2;
    shapes[1].p = shapes[1].q = 2;
    shapes[2].tensor_cores = shapes[3].tensor_cores = shapes[2].nhwc = shapes[3].nhwc = true;
    shapes[2].s = 1;
    shapes[2].left = 0;
    shapes[3].type = AN_BF16;
    libs.cudaEventElapsedTime = elapsed;
    seconds_of_engine_2 = 0.5;
    for (int i = 0; i < 4; i++)
        for (int d = 0; d < AN_DIRECTIONS; d++)
            expect_right(&shapes[i], (an_direction)d, AN_CUDA_TAIL_NONE);
    for (int i = 0; i < 4; i++) {
        expect_right(&shapes[i], AN_FORWARD, AN_CUDA_TAIL_BIAS);
        expect_right(&shapes[i], AN_FORWARD, AN_CUDA_TAIL_RELU);
    }
}

/* The same of products, as the three directions of a fully connected layer need them. */
static void test_right_products(void **state)
{
    const an_cuda_matmul_shape shapes[] = {
        {.m = 16, .n = 32, .k = 24, .a_transposed = true, .bias = true},
        {.m = 16, .n = 32, .k = 24},
        {.m = 16, .n = 32, .k = 24, .b_transposed = true, .accumulate = true}};
    (void)state;
    for (int bf16 = 0; bf16 < 2; bf16++)
        for (int i = 0; i < 3; i++) {
            an_cuda_matmul *product;
            an_variant variant = AN_CUDA_AUTO;
            an_cuda_matmul_shape shape = shapes[i];
            shape.in = shape.out = bf16 ? AN_BF16 : AN_F32;
            shape.batch = 32;
            expect_ok(an_cuda_matmul_new(&product, cuda, &shape, &variant));
            an_cuda_matmul_free(product);
            if (*logged)
                fail_msg("product %d: the log says \"%s\"", i, logged);
        }
}

/* If none is right, the first is used, with a warning. */
static void test_no_right_results(void **state)
{
    (void)state;
    libs.cudaEventElapsedTime = elapsed;
    libs.cudnnBackendExecute = execute_nothing;
    seconds_of_engine_2 = 0.5;
    wrong_engine = BOTH;
    assert_int_equal(choose(AN_FORWARD), 1);
    if (!strstr(logged, "no algorithm for the forward pass of a convolution of 32x8x4x4 by 16x3x3 "
                        "gives results within the rounding allowed: the first proposal is used"))
        fail_msg("the log says \"%s\"", logged);
}

/* ---- Without times --------------------------------------------------------------------------- */

static cudaError_t no_time(float *out, cudaEvent_t first, cudaEvent_t second)
{
    (void)out, (void)first, (void)second;
    fail_msg("something is timed");
    return cudaSuccess;
}

/* For batches that are not timed, the first engine is taken whose results are right, and it runs
 * only once. */
static void test_untimed(void **state)
{
    (void)state;
    libs.cudaEventElapsedTime = no_time;
    libs.cudnnBackendExecute = execute_nothing;
    for (wrong_engine = 0; wrong_engine <= 2; wrong_engine++)
        for (int d = 0; d < AN_DIRECTIONS; d++) {
            const int right = wrong_engine == 1 ? 2 : 1;
            cuda->n_choices = 0;
            for (int again = 0; again < 2; again++) {
                an_variant variant = AN_CUDA_AUTO;
                fake_count.convolutions = 0;
                assert_int_equal(engine_for(4, (an_direction)d, &variant), right);
                assert_int_equal(variant, right);
                assert_int_equal(fake_count.convolutions, !again);
            }
            assert_int_equal(strstr(logged, "proposal-1 is left out") != NULL, right == 2);
            logged[0] = '\0';
        }
}

/* The same where only deterministic engines are counted, at every batch size. The fake has one of
 * them in two configurations, of which the first computes nothing. */
static int wrong_runs;

static cudnnStatus_t execute_nothing_first(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                           cudnnBackendDescriptor_t pack)
{
    return wrong_runs-- > 0 ? CUDNN_STATUS_SUCCESS : real->cudnnBackendExecute(handle, plan, pack);
}

static void test_deterministic(void **state)
{
    static const int batches[] = {1, 4, 32};
    (void)state;
    fake.more = 1;
    cuda->base.deterministic = true;
    libs.cudaEventElapsedTime = no_time;
    libs.cudnnBackendExecute = execute_nothing_first;
    for (int i = 0; i < 3; i++)
        for (int wrong = 0; wrong < 2; wrong++) {
            an_variant variant = AN_CUDA_AUTO;
            wrong_runs = wrong;
            cuda->n_choices = 0;
            assert_int_equal(engine_for(batches[i], AN_FORWARD, &variant), 2);
            assert_int_equal(variant, 1 + wrong);
        }
}

/* What is asked for without a trial is the first engine, unless an earlier trial found it wrong. */
static void test_first(void **state)
{
    (void)state;
    libs.cudaEventElapsedTime = elapsed;
    libs.cudnnBackendExecute = execute_nothing;
    seconds_of_engine_2 = 0.5;
    for (wrong_engine = 0; wrong_engine < 2; wrong_engine++)
        for (int tried = 0; tried < 2; tried++) {
            an_variant variant = AN_CUDA_FIRST;
            cuda->n_choices = 0;
            if (tried)
                assert_int_equal(choose(AN_FORWARD), 2);
            fake_count.convolutions = 0;
            assert_int_equal(engine_for(32, AN_FORWARD, &variant), tried && wrong_engine ? 2 : 1);
            assert_int_equal(fake_count.convolutions, 0);
        }
}

static bool falls_back;

/* No engine is proposed when cuDNN is asked for the first time. */
static cudnnStatus_t get_late(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                              cudnnBackendAttributeType_t type, int64_t room, int64_t *count,
                              void *values)
{
    cudnnStatus_t status =
        real->cudnnBackendGetAttribute(descriptor, name, type, room, count, values);
    if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS && !falls_back) {
        falls_back = true;
        *count = 0;
    }
    return status;
}

/* Engines that cuDNN falls back to are no proposals, and must be right too. */
static void test_fallback(void **state)
{
    static const int batches[] = {4, 32};
    (void)state;
    libs.cudaEventElapsedTime = no_time;
    libs.cudnnBackendExecute = execute_nothing;
    libs.cudnnBackendGetAttribute = get_late;
    for (wrong_engine = 0; wrong_engine < 2; wrong_engine++)
        for (int i = 0; i < 2; i++) {
            an_variant variant = AN_CUDA_AUTO;
            falls_back = false;
            cuda->n_choices = 0;
            assert_int_equal(engine_for(batches[i], AN_FORWARD, &variant), 1 + wrong_engine);
            assert_int_equal(variant, AN_CUDA_AUTO);
        }
}

static cublasStatus_t multiply_nothing_first(FAKE_MATMUL_PARAMETERS)
{
    return wrong_runs-- > 0 ? CUBLAS_STATUS_SUCCESS
                            : real->cublasLtMatmul(handle, desc, alpha, a, a_layout, b, b_layout,
                                                   beta, c, c_layout, d, d_layout, algorithm,
                                                   workspace, workspace_bytes, stream);
}

/* The same of products. */
static void test_untimed_products(void **state)
{
    const an_cuda_matmul_shape shape = {
        .m = 16, .n = 4, .k = 24, .a_transposed = true, .in = AN_F32, .out = AN_F32, .batch = 4};
    (void)state;
    libs.cudaEventElapsedTime = no_time;
    libs.cublasLtMatmul = multiply_nothing_first;
    for (int wrong = 0; wrong < 2; wrong++)
        for (int deterministic = 0; deterministic < 2; deterministic++) {
            an_cuda_matmul *product;
            an_variant variants[] = {AN_CUDA_FIRST, AN_CUDA_AUTO, AN_CUDA_AUTO, AN_CUDA_FIRST};
            cuda->base.deterministic = deterministic;
            cuda->n_choices = 0;
            for (int i = 0; i < 4; i++) {
                wrong_runs = i == 1 ? wrong : BOTH;
                fake_count.products = 0;
                expect_ok(an_cuda_matmul_new(&product, cuda, &shape, &variants[i]));
                an_cuda_matmul_free(product);
                assert_int_equal(variants[i], i > 0 && wrong ? 2 : 1);
                assert_int_equal(fake_count.products, i == 1);
            }
        }
}

/* Where memory for a trial is lacking, the log says so. */
static void test_no_memory(void **state)
{
    an_variant variant = AN_CUDA_AUTO;
    (void)state;
    fake.memory = 1;
    assert_int_equal(engine_for(4, AN_FORWARD, &variant), 1);
    fake.memory = 0;
    if (!strstr(logged, "no algorithm for the forward pass of a convolution of 4x8x4x4 by 16x3x3 "
                        "is tried, the first proposal is used: "))
        fail_msg("the log says \"%s\"", logged);
}

/* An engine whose workspace does not fit is left out, and the log says so. */
static void test_no_memory_for_one(void **state)
{
    enum { MOST = 60000 }; /* the operands, but not the workspace of engine 2 too */
    (void)state;
    libs.cudaEventElapsedTime = elapsed;
    seconds_of_engine_2 = 0.5;
    fake.memory = (size_t)fake_count.live_bytes + MOST;
    assert_int_equal(choose(AN_FORWARD), 1);
    fake.memory = 0;
    if (!strstr(logged, "proposal-2 is left out for the forward pass of a convolution of 32x8x4x4 "
                        "by 16x3x3 with engine 2: out of memory"))
        fail_msg("the log says \"%s\"", logged);
}

/* ---- Time ------------------------------------------------------------------------------------ */

static int works;

static alexnet_status count_work(void *arg)
{
    (void)arg;
    works++;
    return ALEXNET_OK;
}

static double milliseconds;

static cudaError_t elapsed_always(float *out, cudaEvent_t first, cudaEvent_t second)
{
    (void)first, (void)second;
    *out = (float)milliseconds;
    return cudaSuccess;
}

/* Short work is recorded many times, and its share of the time counts. */
static void test_time(void **state)
{
    static const struct {
        double milliseconds;
        int runs;
    } cases[] = {{0.003, 16}, {0.098, 5}, {0.3, 1}, {40, 1}};
    an_cuda_trial t = {.cuda = cuda, .work = count_work};
    double seconds;
    (void)state;
    libs.cudaEventElapsedTime = elapsed_always;
    for (int i = 0; i < 4; i++) {
        works = 0;
        fake_count.captures = fake_count.launches = 0;
        milliseconds = cases[i].milliseconds;
        expect_ok(an_cuda_trial_time(&t, &seconds));
        assert_int_equal(works, 1 + cases[i].runs);
        assert_int_equal(fake_count.captures, 1);
        assert_int_equal(fake_count.launches, 3);
        assert_true(fabs(seconds * 1e3 * cases[i].runs / cases[i].milliseconds - 1) < 1e-6);
    }
}

static alexnet_status fail_second(void *arg)
{
    (void)arg;
    return works++ ? AN_FAIL(ALEXNET_ERROR_DEVICE, "not to be recorded") : ALEXNET_OK;
}

/* What cannot be recorded has no time, and the device can be used after it. */
static void test_no_recording(void **state)
{
    an_cuda_trial t = {.cuda = cuda, .work = fail_second};
    double seconds;
    (void)state;
    works = 0;
    assert_int_equal(an_cuda_trial_time(&t, &seconds), ALEXNET_ERROR_DEVICE);
    t.work = count_work;
    expect_ok(an_cuda_trial_time(&t, &seconds));
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* Every choice is kept, however many there are. */
static void test_choices(void **state)
{
    enum { MANY = 2000 };
    char key[32];
    an_cuda_trial trial;
    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key %d", i);
        trial.best = (an_cuda_pick){1 + i % AN_CUDA_TRIALS, i, i};
        trial.first = (an_cuda_pick){1, i, 2 * i};
        an_cuda_choice_keep(cuda, key, &trial);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key %d", i);
        const an_cuda_pick found = an_cuda_choice_find(cuda, key, false);
        assert_int_equal(found.number, 1 + i % AN_CUDA_TRIALS);
        assert_int_equal(found.place, i);
        assert_int_equal((int)found.seconds, i);
        assert_int_equal(an_cuda_choice_find(cuda, key, true).number, 1);
    }
    trial.best.number = AN_CUDA_AUTO;
    an_cuda_choice_keep(cuda, "another", &trial);
    assert_int_equal(cuda->n_choices, MANY);
    assert_int_equal(an_cuda_choice_find(cuda, "another", false).number, AN_CUDA_AUTO);
}

/* ---- Products -------------------------------------------------------------------------------- */

/* Matrices lie at multiples of 64 bytes, and cuBLASLt is told so: the fake's algorithms refuse less
 * than what they were asked for, 256 unless it is said. */
static void test_alignment(void **state)
{
    const an_cuda_matmul_shape shape = {
        .m = 16, .n = 32, .k = 24, .a_transposed = true, .in = AN_F32, .out = AN_F32, .batch = 32};
    enum { BYTES = 1 << 16 };
    an_cuda_matmul *product;
    an_variant variant = AN_CUDA_AUTO;
    char *block;
    (void)state;
    expect_ok(an_cuda_alloc(&cuda->base, BYTES, (void **)&block));
    expect_ok(an_cuda_matmul_new(&product, cuda, &shape, &variant));
    assert_int_equal(variant, 1);
    expect_ok(an_cuda_matmul_run(product, block + 64, block + 8192 + 64, block + 16384 + 64, NULL,
                                 block + 32768));
    assert_int_not_equal(
        an_cuda_matmul_run(product, block + 32, block + 8192, block + 16384, NULL, block + 32768),
        ALEXNET_OK);
    an_cuda_matmul_free(product);
    an_cuda_free(&cuda->base, block, BYTES);
}

/* ---- No algorithm ---------------------------------------------------------------------------- */

static cudnnStatus_t failures[3]; /* of the plans of engines 0 to 2; SUCCESS: as the fake does */

static cudnnStatus_t finalize(cudnnBackendDescriptor_t descriptor)
{
    const int plans = (int)fake_count.plans;
    cudnnStatus_t status = real->cudnnBackendFinalize(descriptor);
    if (fake_count.plans == plans)
        return status;
    const cudnnStatus_t instead = failures[fake_count.last_engine];
    return instead ? instead : status;
}

static const char *name_status(cudnnStatus_t status)
{
    return status == CUDNN_STATUS_SUCCESS         ? "SUCCESS"
           : status == CUDNN_STATUS_NOT_SUPPORTED ? "NOT_SUPPORTED"
                                                  : "ANOTHER";
}

static void refuse(cudnnStatus_t first, cudnnStatus_t second, alexnet_status expected,
                   const char *part)
{
    an_cuda_conv_plan *plan;
    an_variant variant = AN_CUDA_AUTO;
    const an_cuda_conv_shape shape = small_conv(2);
    failures[1] = first;
    failures[2] = second;
    expect_failure(
        an_cuda_conv_plan_new(&plan, cuda, &shape, AN_FORWARD, AN_CUDA_TAIL_NONE, &variant),
        expected, part);
    if (strstr(alexnet_error_text(), "SUCCESS"))
        fail_msg("%s", alexnet_error_text());
}

/* The first failure is reported, but a lack of memory takes precedence. */
static void test_no_engine(void **state)
{
    (void)state;
    libs.cudnnBackendFinalize = finalize;
    libs.cudnnGetErrorString = name_status;
    refuse(CUDNN_STATUS_NOT_SUPPORTED, CUDNN_STATUS_INTERNAL_ERROR, ALEXNET_ERROR_UNSUPPORTED,
           "cuDNN has no engine for the forward pass of a convolution of 2x8x4x4 by 16x3x3 "
           "(NOT_SUPPORTED)");
    refuse(CUDNN_STATUS_NOT_SUPPORTED, CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED,
           ALEXNET_ERROR_NO_MEMORY,
           "out of memory: cuDNN could not prepare the forward pass of a ");
}

static cudnnStatus_t get_with_large_workspace(cudnnBackendDescriptor_t descriptor,
                                              cudnnBackendAttributeName_t name,
                                              cudnnBackendAttributeType_t type, int64_t room,
                                              int64_t *count, void *values)
{
    cudnnStatus_t status =
        real->cudnnBackendGetAttribute(descriptor, name, type, room, count, values);
    if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE)
        *(int64_t *)values = (int64_t)1 << 40;
    return status;
}

/* No failure is reported if there was none and every engine was refused by us. */
static void test_no_engine_wanted(void **state)
{
    (void)state;
    libs.cudnnBackendFinalize = finalize;
    libs.cudnnGetErrorString = name_status;
    libs.cudnnBackendGetAttribute = get_with_large_workspace;
    refuse(CUDNN_STATUS_SUCCESS, CUDNN_STATUS_SUCCESS, ALEXNET_ERROR_UNSUPPORTED,
           "each that it offers is too inexact, or needs more than 256 MiB");
}

static cudnnStatus_t get_no_results(cudnnBackendDescriptor_t descriptor,
                                    cudnnBackendAttributeName_t name,
                                    cudnnBackendAttributeType_t type, int64_t room, int64_t *count,
                                    void *values)
{
    if (name != CUDNN_ATTR_ENGINEHEUR_RESULTS)
        return real->cudnnBackendGetAttribute(descriptor, name, type, room, count, values);
    *count = 0;
    return CUDNN_STATUS_SUCCESS;
}

/* As by a cuDNN without its library of heuristics, or without that of engines. */
static void test_no_engine_offered(void **state)
{
    (void)state;
    libs.cudnnBackendFinalize = finalize;
    libs.cudnnGetErrorString = name_status;
    libs.cudnnBackendGetAttribute = get_no_results;
    refuse(CUDNN_STATUS_SUCCESS, CUDNN_STATUS_SUCCESS, ALEXNET_ERROR_UNSUPPORTED,
           "cuDNN offers no engine for the forward pass of a convolution of 2x8x4x4 by 16x3x3: "
           "are all of its libraries (libcudnn_*.so.9) there, and does it support sm_90?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fastest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_engines_before_configurations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_right_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_right_products, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_right_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_untimed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deterministic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fallback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_untimed_products, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory_for_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_recording, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_choices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alignment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_engine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_engine_wanted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_engine_offered, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("choosing algorithms", tests, NULL, NULL);
}
