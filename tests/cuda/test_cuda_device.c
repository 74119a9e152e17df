/*
 * What the cuda backend asks of CUDA's libraries, on a fake device that counts (cuda/fake.h):
 * devices that are absent and why, memory, streams, and which algorithms are chosen.
 */
#include "ops/ops_rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/cuda/conv_plan.h"
#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "cuda/fake.h"
#include "cuda/small_conv.h"

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

/* No error is left behind, which the next launch would report. */
static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(an_cuda_libs_runtime()->cudaGetLastError(), cudaSuccess);
    return 0;
}

static an_backend *open_it(alexnet_precision precision, bool deterministic)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cuda", precision, 1);
    ctx->deterministic = deterministic;
    expect_ok(an_cuda_api.open(&backend, ctx, 0, precision));
    an_ctx_release(ctx);
    return backend;
}

/* ---- Devices --------------------------------------------------------------------------------- */

static void expect_absent(const char *why)
{
    alexnet_device_info info;
    assert_true(an_cuda_api.describe(&info, 0, ALEXNET_ISA_ANY));
    assert_false(info.available);
    if (!strstr(info.absent, why))
        fail_msg("\"%s\" does not say \"%s\"", info.absent, why);
    assert_false(an_cuda_api.describe(&info, 1, ALEXNET_ISA_ANY));
}

static void test_absent(void **state)
{
    (void)state;
    fake.driver = 0;
    expect_absent("there is no NVIDIA driver");
    fake.driver = 11040;
    expect_absent("the driver is made for CUDA 11.4, and this build needs ");
    fake_reset();
    fake.devices = 0;
    expect_absent("the driver finds no GPU, or CUDA_VISIBLE_DEVICES hides it");
    fake_reset();
    fake.no_dnn = true;
    expect_absent("libcudnn.so.9");
    fake_reset();
    fake.major = 6;
    fake.minor = 1;
    expect_absent("compute capability 6.1 is too old");
    fake_reset();
    fake.compute_mode = cudaComputeModeProhibited;
    expect_absent("its compute mode is prohibited");
}

static void expect_kernels(const an_cuda_code *code, int chip, int driver, const char *fault)
{
    char why[128] = "";
    assert_int_equal(an_cuda_has_kernels(code, chip, driver, why, sizeof why), !fault);
    if (fault ? !strstr(why, fault) : *why)
        fail_msg("sm_%d: \"%s\" does not say \"%s\"", chip, why, fault ? fault : "");
}

/* Machine code is for a chip and for later ones of its generation, except between Tegra's chips and
 * others. */
static void test_kernels(void **state)
{
    const an_cuda_code code = {{75, 80, 86, 90}, {90}}, bare = {{80}, {0}}, portable = {{0}, {75}},
                       orin = {{87}, {0}};
    const int now = CUDART_VERSION;
    alexnet_device_info info;
    char why[128];
    (void)state;
    expect_kernels(&code, 75, 0, NULL);
    expect_kernels(&code, 89, 0, NULL);
    expect_kernels(&code, 87, now, "this build has no kernels for sm_87");
    expect_kernels(&code, 88, now, "this build has no kernels for sm_88");
    expect_kernels(&orin, 87, 0, NULL);
    expect_kernels(&orin, 88, now, "this build has no kernels for sm_88");
    expect_kernels(&orin, 89, now, "this build has no kernels for sm_89");
    expect_kernels(&code, 90, 0, NULL);
    expect_kernels(&code, 120, now, NULL);
    expect_kernels(&code, 120, now + 10, NULL);
    expect_kernels(&code, 120, now - 10, "for sm_120 this build needs a driver for CUDA ");
    expect_kernels(&code, 62, now,
                   "compute capability 6.2 is too old: this build needs at least 7.5");
    expect_kernels(&bare, 86, 0, NULL);
    expect_kernels(&bare, 90, now, "this build has no kernels for sm_90");
    expect_kernels(&portable, 80, now, NULL);
    expect_kernels(&portable, 87, now, NULL);
    expect_kernels(&portable, 70, now,
                   "compute capability 7.0 is too old: this build needs at least 7.5");
    fake.major = 12; /* a device is described by what this build has */
    assert_true(an_cuda_api.describe(&info, 0, ALEXNET_ISA_ANY));
    assert_int_equal(info.available,
                     an_cuda_has_kernels(&an_cuda_built, 120, now, why, sizeof why));
}

static void test_present(void **state)
{
    alexnet_device_info info;
    (void)state;
    fake.devices = 2;
    assert_true(an_cuda_api.describe(&info, 1, ALEXNET_ISA_ANY));
    assert_true(info.available && info.bf16);
    assert_string_equal(info.name, "cuda:1");
    assert_string_equal(info.isa, "sm_90");
    assert_string_equal(info.absent, "");
    assert_string_equal(info.processor, "a fake, 8 GiB");
    fake.integrated = 1;
    assert_true(an_cuda_api.describe(&info, 1, ALEXNET_ISA_ANY));
    assert_string_equal(info.processor, "a fake, 8 GiB shared with the CPU");
    assert_false(an_cuda_api.describe(&info, 2, ALEXNET_ISA_ANY));
}

static void test_taken(void **state)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    (void)state;
    fake.taken = true;
    expect_failure(an_cuda_api.open(&backend, ctx, 0, ALEXNET_PRECISION_FP32),
                   ALEXNET_ERROR_NOT_AVAILABLE, "in use by another process");
    assert_null(backend);
    an_ctx_release(ctx);
}

/* Libraries that cannot be opened do not say that memory is short; the error does. */
static void test_full(void **state)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    (void)state;
    fake.no_room = true;
    fake.memory = 10 << 20;
    expect_failure(
        an_cuda_api.open(&backend, ctx, 0, ALEXNET_PRECISION_FP32), ALEXNET_ERROR_NO_MEMORY,
        "out of memory: opening cuDNN on device cuda:0, which has 10.0 of 10.0 MiB free");
    fake.memory = (size_t)1 << 30;
    expect_failure(an_cuda_api.open(&backend, ctx, 0, ALEXNET_PRECISION_FP32), ALEXNET_ERROR_DEVICE,
                   "opening cuDNN failed");
    expect_failure(an_cuda_check(NULL, cudaErrorMemoryAllocation, "a kernel"),
                   ALEXNET_ERROR_NO_MEMORY, "out of memory: a kernel on device cuda:0");
    an_ctx_release(ctx);
}

/* The caller's device is current again after every call, also between those of a recording. */
static void test_current_device(void **state)
{
    an_backend *backend;
    an_capture *capture;
    void *block;
    uint64_t bytes;
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    const an_cuda_libs *libs = an_cuda_libs_runtime();
    (void)state;
    fake.devices = 3;
    for (int before = -1; before < 3; before++) {
        libs->cuCtxSetCurrent(NULL);
        if (before >= 0)
            libs->cudaSetDevice(before);
        expect_ok(an_cuda_api.open(&backend, ctx, 1, ALEXNET_PRECISION_FP32));
        assert_int_equal(fake_current_device(), before);
        expect_ok(an_cuda_api.alloc(backend, 64, &block));
        assert_int_equal(fake_count.last_device, 1);
        assert_int_equal(fake_current_device(), before);
        expect_ok(an_cuda_api.capture_begin(backend));
        assert_int_equal(fake_current_device(), 1);
        expect_ok(an_cuda_api.available(backend, &bytes));
        expect_ok(an_cuda_api.capture_end(backend, &capture));
        assert_int_equal(fake_current_device(), before);
        an_cuda_api.capture_free(backend, capture);
        an_cuda_api.free(backend, block, 64);
        assert_int_equal(fake_current_device(), before);
        an_backend_close(backend);
        assert_int_equal(fake_current_device(), before);
    }
    an_ctx_release(ctx);
}

/* What a child of fork() does with a device that its parent opened. @return its exit status */
static int use_in_child(an_backend *backend, void *block)
{
    alexnet_device_info info;
    an_cuda_libs *libs = (an_cuda_libs *)((an_cuda *)backend)->libs;
    const an_cuda_libs whole = *libs;
    memset(libs, 0, sizeof *libs); /* a call of any function ends the child */
    if (an_cuda_api.sync(backend) != ALEXNET_ERROR_INVALID_ARGUMENT ||
        !strstr(an_error_text(), "forked from one that had opened device cuda:0"))
        return 1;
    an_cuda_api.free(backend, block, 64);
    an_backend_close(backend);
    *libs = whole;
    fake.child = true;
    an_cuda_api.describe(&info, 0, ALEXNET_ISA_ANY);
    return !info.available && strstr(info.absent, "forked") ? 0 : 2;
}

static void test_fork(void **state)
{
    void *block;
    int status;
    (void)state;
    assert_true(an_cuda_api.describe(&(alexnet_device_info){0}, 0, ALEXNET_ISA_ANY));
    an_backend *backend = open_it(ALEXNET_PRECISION_FP32, false);
    expect_ok(an_cuda_api.alloc(backend, 64, &block));
    pthread_mutex_lock(&((an_cuda *)backend)->lock); /* by a thread that the child does not have */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(use_in_child(backend, block));
    }
    pthread_mutex_unlock(&((an_cuda *)backend)->lock);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    an_cuda_api.free(backend, block, 64);
    an_backend_close(backend);
    assert_int_equal(fake_count.live, 0);
}

/* An old chip computes in float32 instead. */
static void test_no_bf16(void **state)
{
    (void)state;
    fake.major = 7;
    fake.minor = 5;
    an_backend *backend = open_it(ALEXNET_PRECISION_BF16, false);
    assert_int_equal(backend->precision, ALEXNET_PRECISION_FP32);
    an_backend_close(backend);
}

/* ---- Memory and streams ---------------------------------------------------------------------- */

static void test_memory(void **state)
{
    void *block, *host;
    char text[8] = "", zeros[8] = "";
    (void)state;
    fake.memory = 10 << 20;
    an_backend *backend = open_it(ALEXNET_PRECISION_FP32, false);
    expect_ok(an_cuda_alloc(backend, 1 << 20, &block));
    expect_ok(an_cuda_read(backend, text, block, sizeof text));
    assert_memory_equal(text, zeros, sizeof text);
    expect_ok(an_cuda_write(backend, block, "written", 8));
    expect_ok(an_cuda_read(backend, text, block, sizeof text));
    assert_string_equal(text, "written");
    expect_failure(an_cuda_alloc(backend, 10 << 20, &(void *){NULL}), ALEXNET_ERROR_NO_MEMORY,
                   "10.0 MiB for a buffer of device cuda:0, which has 9.0 of 10.0 MiB free");
    expect_ok(an_cuda_alloc_host(backend, 64, &host));
    assert_int_equal(fake_count.host_blocks, 2); /* with its own */
    an_cuda_free_host(backend, host, 64);
    an_cuda_free(backend, block, 1 << 20);
    an_backend_close(backend);
    assert_int_equal(fake_count.host_blocks, 0);
    assert_int_equal(fake_count.live, 0);
    assert_int_equal(fake_count.descriptors, 0);
}

static void test_streams(void **state)
{
    an_capture *capture;
    void *block;
    char text[6];
    double seconds;
    (void)state;
    an_backend *backend = open_it(ALEXNET_PRECISION_FP32, false);
    expect_ok(an_cuda_alloc(backend, 64, &block));
    fake_count.records = 0;
    expect_ok(an_cuda_copy_ahead(backend, 1, block, "ahead", 6));
    expect_ok(an_cuda_await(backend, 1));
    assert_int_equal(fake_count.waits, 2);
    assert_int_equal(fake_count.records, 1);
    expect_ok(an_cuda_retire(backend, 1));
    assert_int_equal(fake_count.records, 2);
    expect_ok(an_cuda_copied(backend, 1));
    expect_ok(an_cuda_capture_begin(backend));
    expect_ok(an_cuda_capture_end(backend, &capture));
    expect_ok(an_cuda_replay(backend, capture));
    expect_ok(an_cuda_replay(backend, capture));
    assert_int_equal(fake_count.captures, 1);
    assert_int_equal(fake_count.launches, 2);
    an_cuda_capture_free(backend, capture);
    expect_ok(an_cuda_mark(backend, 3));
    expect_ok(an_cuda_mark(backend, 4));
    expect_ok(an_cuda_elapsed(backend, 3, 4, &seconds));
    assert_true(seconds == 1e-3); /* the fake's clock counts records in milliseconds */
    expect_ok(an_cuda_read(backend, text, block, sizeof text));
    assert_string_equal(text, "ahead");
    an_cuda_free(backend, block, 64);
    an_backend_close(backend);
    assert_int_equal(fake_count.live, 0);
}

/* A wait ends at once if it can, and else leaves the CPU to others. */
static void test_waits(void **state)
{
    void *block;
    char text[4];
    double seconds;
    static char large[1 << 17];
    (void)state;
    an_backend *backend = open_it(ALEXNET_PRECISION_FP32, false);
    for (int slow = 0; slow < 2; slow++) {
        fake.slow = slow;
        fake.prompt = true;
        fake_count.sleeps = fake_count.spins = 0;
        expect_ok(an_cuda_alloc(backend, sizeof large, &block));
        expect_ok(an_cuda_write(backend, block, large, sizeof large));
        expect_ok(an_cuda_retire(backend, 1)); /* something to wait for */
        expect_ok(an_cuda_read(backend, text, block, sizeof text));
        expect_ok(an_cuda_sync(backend)); /* of both streams */
        assert_int_equal(fake_count.sleeps, slow ? 5 : 0);
        expect_ok(an_cuda_copy_ahead(backend, 0, block, large, sizeof large));
        expect_ok(an_cuda_copied(backend, 0));
        expect_ok(an_cuda_mark(backend, 0));
        expect_ok(an_cuda_mark(backend, 1));
        expect_ok(an_cuda_elapsed(backend, 0, 1, &seconds));
        assert_int_equal(fake_count.sleeps, slow ? 7 : 2);
        assert_int_equal(fake_count.spins, 0);
        an_cuda_free(backend, block, sizeof large);
    }
    an_backend_close(backend);
}

/* ---- Algorithms ------------------------------------------------------------------------------ */

/* The engine that is taken, and as which variant. */
static int engine_as(alexnet_precision precision, bool deterministic, int n, an_variant *variant)
{
    an_cuda_conv_plan *plan;
    an_backend *backend = open_it(precision, deterministic);
    bool exact = precision == ALEXNET_PRECISION_FP32, bf16 = precision == ALEXNET_PRECISION_BF16;
    an_cuda_conv_shape shape = small_conv(n);
    shape.nhwc = shape.tensor_cores = !exact;
    shape.type = bf16 ? AN_BF16 : AN_F32;
    expect_ok(an_cuda_conv_plan_new(&plan, (an_cuda *)backend, &shape, AN_FORWARD,
                                    AN_CUDA_TAIL_NONE, variant));
    int engine = an_cuda_conv_plan_engine(plan);
    an_cuda_conv_plan_free(plan);
    an_backend_close(backend);
    assert_int_equal(fake_count.descriptors, 0);
    assert_int_equal(fake_count.live, 0);
    return engine;
}

static int engine_of(alexnet_precision precision, bool deterministic, int n)
{
    an_variant variant = AN_CUDA_AUTO;
    int engine = engine_as(precision, deterministic, n, &variant);
    assert_true(variant >= AN_CUDA_PROPOSAL);
    return engine;
}

/* The fake's engines: 0 uses tensor cores, 1 is exact, 2 is exact and deterministic. */
static void test_engines(void **state)
{
    (void)state;
    assert_int_equal(engine_of(ALEXNET_PRECISION_BF16, false, 4), 0);
    assert_int_equal(engine_of(ALEXNET_PRECISION_TF32, false, 4), 0);
    assert_int_equal(engine_of(ALEXNET_PRECISION_FP32, false, 4), 1);
    assert_int_equal(engine_of(ALEXNET_PRECISION_FP32, true, 4), 2);
    assert_int_equal(fake_count.convolutions, 4); /* each runs once, to see that it is right */
}

/* Algorithms are timed for large batches, but not where results must be deterministic. */
static void test_trials(void **state)
{
    (void)state;
    engine_of(ALEXNET_PRECISION_FP32, true, 64);
    assert_int_equal(fake_count.convolutions, 1);
    engine_of(ALEXNET_PRECISION_FP32, false, 64);
    assert_true(fake_count.convolutions >= 1 + 4);
}

/* A proposal that a tuning names is used without trials; if it does not exist, the first one is. */
static void test_proposals(void **state)
{
    an_variant variant = 2;
    (void)state;
    assert_int_equal(engine_as(ALEXNET_PRECISION_FP32, false, 64, &variant), 2);
    assert_int_equal(variant, 2);
    variant = 3;
    assert_int_equal(engine_as(ALEXNET_PRECISION_FP32, false, 64, &variant), 1);
    assert_int_equal(variant, AN_CUDA_PROPOSAL);
    assert_int_equal(fake_count.convolutions, 0);
    assert_int_equal(an_variant_count(an_cuda_variant_names), AN_CUDA_VARIANTS);
}

/* ---- Tunings: both kinds of operators name the proposals they use, and use a named one ------- */

static const char tuning[] = "[x]\nisa = sm_90\nprecision = fp32\noperator = *\n"
                             "forward = proposal-2\nbackward_weights = proposal-1\n";

static an_variants prepare_op(an_backend *backend, const an_op_desc *op, bool training)
{
    const an_op_desc *ops[] = {op};
    an_layout in = {AN_LAYOUT_PLAIN, AN_F32, op->n, op->in[0]};
    const an_prepare prepare = {.ops = ops,
                                .n_ops = 1,
                                .in = &in,
                                .training = training,
                                .want_dw = training,
                                .plain_out = true,
                                .split = 1};
    an_prepared *prepared;
    expect_ok(an_cuda_api.op_prepare(backend, &prepare, &prepared));
    assert_true(prepared->tunable);
    an_variants variants = prepared->variants;
    an_cuda_api.op_free(backend, prepared);
    return variants;
}

static void tune(an_backend *backend, const char *text)
{
    an_tuning_free(backend->tuning);
    const an_tuning_place place = an_device_place(backend->api, &backend->info);
    expect_ok(an_tuning_parse(&backend->tuning, text, "a tuning", &place));
}

static void test_variants_of(an_op_desc *op, bool training)
{
    an_backend *backend = open_it(ALEXNET_PRECISION_FP32, false);
    for (int tuned = 0; tuned < 2; tuned++) {
        if (tuned)
            tune(backend, tuning);
        const an_variants taken = prepare_op(backend, op, training);
        assert_int_equal(taken.of[AN_FORWARD], tuned ? 2 : 1);
        assert_int_equal(taken.of[AN_BACKWARD_DATA], AN_CUDA_AUTO);
        assert_int_equal(taken.of[AN_BACKWARD_WEIGHTS], training ? AN_CUDA_PROPOSAL : AN_CUDA_AUTO);
    }
    an_backend_close(backend);
}

static an_op_desc conv_of(int n)
{
    an_op_desc conv = {.kind = AN_OP_CONV, .n = n, .n_inputs = 1, .in = {{4, 6, 6}}};
    conv.u.conv = (an_conv_desc){.k = 8, .r = 3, .s = 3, .stride = 1, .groups = 1};
    expect_ok(an_op_resolve(&conv));
    return conv;
}

static void test_variants(void **state)
{
    (void)state;
    an_op_desc conv = conv_of(2);
    an_op_desc fc = {.kind = AN_OP_FC, .n = 2, .n_inputs = 1, .in = {{4, 6, 6}}};
    fc.u.fc = (an_fc_desc){.k = 8};
    expect_ok(an_op_resolve(&fc));
    test_variants_of(&conv, false);
    test_variants_of(&conv, true);
    test_variants_of(&fc, false);
    test_variants_of(&fc, true);
}

static int warnings;

static void count_warning(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    warnings += level == ALEXNET_LOG_WARNING &&
                strstr(line, "no row for forward of conv 3x3/1 groups 1 4x6x6 to 8x4x4 with "
                             "batch = 3 and tail = bias") != NULL;
}

/* Proposals have other numbers for other batches and tails: a row that names them is for its own.
 */
static void test_tuned_batch(void **state)
{
    (void)state;
    char text[256];
    an_backend *backend = open_it(ALEXNET_PRECISION_FP32, false);
    backend->ctx->log = count_warning;
    warnings = 0;
    for (int i = 0; i < 3; i++) {
        const an_op_desc conv = conv_of(i == 1 ? 3 : 2);
        snprintf(text, sizeof text, "%sbatch = 2\ntail = %s\n", tuning, i == 2 ? "relu" : "bias");
        tune(backend, text);
        assert_int_equal(prepare_op(backend, &conv, false).of[AN_FORWARD], i == 0 ? 2 : 1);
        assert_int_equal(warnings, i > 0);
    }
    an_backend_close(backend);
}

/* Pixels in blocks may have more channels than the image has values. */
static void test_blocks_too_large(void **state)
{
    (void)state;
    an_op_desc conv = {.kind = AN_OP_CONV, .n = 13800, .n_inputs = 1, .in = {{3, 227, 227}}};
    conv.u.conv = (an_conv_desc){.k = 4, .r = 3, .s = 3, .stride = 2, .groups = 1};
    expect_ok(an_op_resolve(&conv));
    const an_op_desc *ops[] = {&conv};
    an_layout in = {AN_LAYOUT_NHWC, AN_F32, conv.n, conv.in[0]};
    const an_prepare prepare = {.ops = ops, .n_ops = 1, .in = &in, .split = 1};
    an_backend *backend = open_it(ALEXNET_PRECISION_TF32, true);
    an_prepared *prepared;
    expect_failure(
        an_cuda_api.op_prepare(backend, &prepare, &prepared), ALEXNET_ERROR_UNSUPPORTED,
        "[13800, 114, 114, 12] in blocks of 4 pixels, reaches 2^31 elements; the most that "
        "do not are 13770 pictures");
    assert_null(prepared);
    an_backend_close(backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        T(test_absent),
        T(test_present),
        T(test_kernels),
        T(test_taken),
        T(test_full),
        T(test_current_device),
        T(test_fork),
        T(test_no_bf16),
        T(test_memory),
        T(test_streams),
        T(test_waits),
        T(test_engines),
        T(test_trials),
        T(test_proposals),
        T(test_variants),
        T(test_tuned_batch),
        T(test_blocks_too_large),
#undef T
    };
    return cmocka_run_group_tests_name("the cuda backend on a fake device", tests, NULL, NULL);
}
