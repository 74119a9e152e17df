/*
 * Devices by name and ordinal, on a build with a backend that has three devices: this program's own
 * list of backends takes the place of the library's. The devices compute as ref does.
 */
#include "training_rig.h"

#include "backend/backend.h"
#include "backend/ref/ref.h"

enum { DEVICES = 3 };
static an_backend_api many;
static int opened = -1;                 /* ordinal of the device opened last */
static alexnet_status refused[DEVICES]; /* what open() returns */

static bool many_describe(alexnet_device_info *info, int ordinal, alexnet_isa max_isa)
{
    an_ref_api.describe(info, 0, max_isa);
    snprintf(info->name, sizeof info->name, ordinal ? "many:%d" : "many", ordinal);
    info->bf16 = true;
    return ordinal < DEVICES;
}

static alexnet_status many_open(an_backend **out, alexnet_ctx *ctx, int ordinal,
                                alexnet_precision precision)
{
    *out = NULL;
    if (refused[ordinal] != ALEXNET_OK)
        return AN_FAIL(refused[ordinal], "%d is in use", ordinal);
    alexnet_status rc = an_ref_api.open(out, ctx, ordinal, ALEXNET_PRECISION_FP32);
    if (rc == ALEXNET_OK) {
        (*out)->api = &many;
        many_describe(&(*out)->info, ordinal, ctx->max_isa);
        (*out)->precision = precision;
    }
    opened = ordinal;
    return rc;
}

static alexnet_status many_available(an_backend *backend, uint64_t *bytes)
{
    (void)backend;
    *bytes = (uint64_t)1 << 30;
    return ALEXNET_OK;
}

static alexnet_status many_peak(an_backend *backend, alexnet_precision precision, an_peak *out)
{
    (void)backend;
    *out = (an_peak){.flops = 1e9 * precision, .with = alexnet_precision_name(precision)};
    return ALEXNET_OK;
}

const an_backend_api *const an_backends[] = {&many, &an_ref_api};
const int an_backend_count = 2;

static void test_list(void **state)
{
    static const char *const names[] = {"many", "many:1", "many:2", "ref"};
    alexnet_device_info info;
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_true(alexnet_device_get(i, &info));
        assert_string_equal(info.name, names[i]);
    }
    assert_false(alexnet_device_get(4, &info));
    assert_false(alexnet_device_get(-1, &info));
}

static void expect_device(const char *name, int ordinal)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_new_ctx(name, ALEXNET_PRECISION_AUTO, 1);
    expect_ok(an_backend_open(&backend, ctx, true, NULL));
    assert_ptr_equal(backend->api, &many);
    assert_int_equal(backend->ordinal, ordinal);
    assert_int_equal(opened, ordinal);
    an_backend_close(backend);
    alexnet_ctx_free(ctx);
}

static int warnings;
static char warning[256]; /* the last */

static void count_warnings(void *user, alexnet_log_level level, const char *text)
{
    (void)user;
    if (level != ALEXNET_LOG_WARNING)
        return;
    warnings++;
    snprintf(warning, sizeof warning, "%s", text);
}

/* Open what a context for `device` means. @return what was opened; NULL: nothing */
static const an_backend_api *open_counting(const char *device, const an_device_defaults *defaults)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_new_ctx(device, ALEXNET_PRECISION_AUTO, 1);
    ctx->log = count_warnings;
    warnings = 0;
    const an_backend_api *api = NULL;
    if (an_backend_open(&backend, ctx, true, defaults) == ALEXNET_OK)
        api = backend->api;
    an_backend_close(backend);
    alexnet_ctx_free(ctx);
    return api;
}

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < DEVICES; i++)
        refused[i] = ALEXNET_OK;
    return 0;
}

/* Devices that are in use or full are passed over by auto, but not where they are named. */
static void test_auto_passes_over(void **state)
{
    (void)state;
    refused[0] = ALEXNET_ERROR_NOT_AVAILABLE;
    assert_ptr_equal(open_counting("auto", NULL), &many);
    assert_int_equal(opened, 1);
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(warning, "many is passed over"));
    assert_non_null(strstr(warning, "0 is in use"));
    refused[1] = ALEXNET_ERROR_NO_MEMORY;
    refused[2] = ALEXNET_ERROR_DEVICE;
    assert_ptr_equal(open_counting("auto", NULL), &an_ref_api);
    assert_int_equal(warnings, 3);
    assert_null(open_counting("many:2", NULL));
    assert_non_null(strstr(an_error_text(), "2 is in use"));
    assert_int_equal(warnings, 0);
}

/* An invalid request is invalid on every device. */
static void test_auto_fails(void **state)
{
    (void)state;
    refused[0] = ALEXNET_ERROR_FORMAT;
    assert_null(open_counting("auto", NULL));
    assert_int_equal(warnings, 0);
}

/* A run continues elsewhere if its own device refuses; that device is asked only once. */
static void test_own_device_refuses(void **state)
{
    const an_device_defaults first = {.device = "many", .precision = ALEXNET_PRECISION_FP32};
    const an_device_defaults second = {.device = "many:1", .precision = ALEXNET_PRECISION_FP32};
    (void)state;
    refused[0] = ALEXNET_ERROR_NOT_AVAILABLE;
    assert_ptr_equal(open_counting("auto", &first), &many);
    assert_int_equal(opened, 1);
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(warning, "the run's own device is not available: 0 is in use"));
    refused[1] = ALEXNET_ERROR_NO_MEMORY;
    assert_ptr_equal(open_counting("auto", &second), &many);
    assert_int_equal(opened, 2);
    assert_int_equal(warnings, 2);
    assert_null(open_counting("many:1", &second));
}

/* The self-test continues after a device that refuses. */
static void test_selftest_skips(void **state)
{
    static const char *const skipped[] = {"all operators fp32", "all operators tf32",
                                          "all operators bf16"};
    alexnet_selftest *test;
    alexnet_selftest_result result;
    bool more;
    (void)state;
    refused[0] = ALEXNET_ERROR_NOT_AVAILABLE;
    alexnet_ctx *ctx = rig_new_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
    expect_ok(alexnet_selftest_new(&test, ctx));
    for (int i = 0; i < 3; i++) {
        expect_ok(alexnet_selftest_next(test, &result, &more));
        assert_true(more && result.skipped && strstr(result.skipped, "0 is in use"));
        assert_string_equal(result.device, "many");
        assert_string_equal(result.test, skipped[i]);
    }
    expect_ok(alexnet_selftest_next(test, &result, &more));
    assert_true(more && !result.skipped && result.passed);
    assert_string_equal(result.device, "many:1");
    alexnet_selftest_free(test);
    refused[0] = ALEXNET_ERROR_FORMAT;
    expect_ok(alexnet_selftest_new(&test, ctx));
    expect_failure(alexnet_selftest_next(test, &result, &more), ALEXNET_ERROR_FORMAT, "in use");
    alexnet_selftest_free(test);
    alexnet_ctx_free(ctx);
}

/* tf32 has its own name in tunings, and none of what was tuned for fp32 is applied to it. */
static void test_precisions(void **state)
{
    static const char *const names[] = {"auto", "fp32", "tf32", "bf16"};
    (void)state;
    for (int p = ALEXNET_PRECISION_AUTO; p <= ALEXNET_PRECISION_BF16; p++) {
        const an_backend backend = {
            .api = &many, .param_dtype = AN_F32, .precision = (alexnet_precision)p};
        assert_string_equal(alexnet_precision_name((alexnet_precision)p), names[p]);
        assert_int_equal(an_precision_from_name(names[p]), p);
        assert_string_equal(an_backend_computes_in(&backend), names[p]);
        assert_string_equal(an_backend_query(&backend, NULL, true).precision, names[p]);
    }
    assert_string_equal(alexnet_precision_name((alexnet_precision)4), "unknown precision");
    assert_string_equal(alexnet_precision_name((alexnet_precision)-1), "unknown precision");
    assert_int_equal(an_precision_from_name("float64"), ALEXNET_PRECISION_AUTO);
}

/* The peak of each precision is its own. */
static void test_peaks(void **state)
{
    alexnet_bench *bench;
    alexnet_speed speed;
    const char *with;
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    (void)state;
    options.net = "alexnet-mini";
    options.batch = 1;
    alexnet_ctx *ctx = rig_new_ctx("many", ALEXNET_PRECISION_TF32, 1);
    expect_ok(alexnet_bench_new(&bench, ctx, &options));
    alexnet_bench_speed(bench, &speed);
    assert_int_equal(speed.precision, ALEXNET_PRECISION_TF32);
    assert_true(speed.peak_fp32 == 1e9 && speed.peak_bf16 == 3e9);
    assert_true(alexnet_bench_peak(bench, speed.precision, &with) == 2e9);
    assert_string_equal(with, "tf32");
    assert_true(alexnet_bench_peak(bench, ALEXNET_PRECISION_AUTO, &with) == 0 && !*with);
    assert_true(alexnet_bench_peak(bench, (alexnet_precision)4, NULL) == 0);
    assert_true(alexnet_bench_peak(NULL, ALEXNET_PRECISION_FP32, &with) == 0 && !*with);
    alexnet_bench_free(bench);
    alexnet_ctx_free(ctx);
}

/* A run of another version may name variants that do not exist here: it continues without a
 * tuning. */
static void test_a_tuning_of_another_version(void **state)
{
    (void)state;
    const an_device_defaults defaults = {"many", ALEXNET_PRECISION_FP32,
                                         "[conv1]\noperator = *\nforward = abacus\n", false};
    an_backend *backend;
    alexnet_ctx *ctx = rig_new_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
    ctx->log = count_warnings;
    warnings = 0;
    expect_ok(an_backend_open(&backend, ctx, true, &defaults));
    assert_null(backend->tuning);
    assert_int_equal(warnings, 1);
    an_backend_close(backend);
    alexnet_ctx_free(ctx);
}

/* A resumed run is as deterministic as it was, or as the context wants it now. */
static void test_a_deterministic_run(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const an_device_defaults defaults = {.precision = ALEXNET_PRECISION_FP32,
                                             .deterministic = i & 1};
        an_backend *backend;
        alexnet_ctx *ctx = rig_new_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
        ctx->deterministic = i & 2;
        expect_ok(an_backend_open(&backend, ctx, true, &defaults));
        assert_int_equal(backend->deterministic, i != 0);
        an_backend_close(backend);
        alexnet_ctx_free(ctx);
    }
}

static void test_names(void **state)
{
    static const char *const absent[] = {"many:3", "many:9999", "ref:1", "cuda", "cuda:1"};
    static const char *const wrong[] = {"man",      "many:",      "many:x", "many:1x", "many:-1",
                                        "many:1:1", "many:10000", "auto:1", "",        ":1"};
    alexnet_ctx *ctx;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    (void)state;
    expect_device("auto", 0);
    expect_device("many", 0);
    expect_device("many:0", 0);
    expect_device("many:2", 2);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        options.device = absent[i];
        expect_failure(alexnet_ctx_new(&ctx, &options), ALEXNET_ERROR_NOT_AVAILABLE, absent[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        options.device = wrong[i];
        expect_failure(alexnet_ctx_new(&ctx, &options), ALEXNET_ERROR_INVALID_ARGUMENT, wrong[i]);
    }
}

/* A resumed run uses the device on which it began, unless another one is asked for. */
static void test_resume(void **state)
{
    alexnet_trainer *trainer;
    (void)state;
    rig_write_network("net.ini");
    rig_write_pictures("train", 2, 8);
    alexnet_ctx *ctx = rig_new_ctx("many:1", ALEXNET_PRECISION_AUTO, 1);
    alexnet_dataset *data = rig_open_data(ctx, "train");
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    options.net = "net.ini";
    options.out_dir = "run";
    expect_ok(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
    alexnet_trainer_free(trainer);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    opened = -1;
    ctx = rig_new_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    assert_int_equal(opened, 1);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    ctx = rig_new_ctx("many:2", ALEXNET_PRECISION_AUTO, 1);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    assert_int_equal(opened, 2);
    assert_int_equal(rig_times_heard("the run began on many:1"), 1);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

static int set_up_scratch(void **state)
{
    set_up(state);
    return scratch_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_a_tuning_of_another_version),
        cmocka_unit_test(test_a_deterministic_run),
        cmocka_unit_test_setup(test_auto_passes_over, set_up),
        cmocka_unit_test_setup(test_auto_fails, set_up),
        cmocka_unit_test_setup(test_own_device_refuses, set_up),
        cmocka_unit_test_setup(test_selftest_skips, set_up),
        cmocka_unit_test_setup(test_precisions, set_up),
        cmocka_unit_test_setup(test_peaks, set_up),
        cmocka_unit_test_setup_teardown(test_resume, set_up_scratch, scratch_teardown),
    };
    many = an_ref_api;
    many.name = "many";
    many.describe = many_describe;
    many.open = many_open;
    many.available = many_available;
    many.peak = many_peak;
    many.tf32 = true;
    return cmocka_run_group_tests_name("devices", tests, NULL, NULL);
}
