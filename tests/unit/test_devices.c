/*
 * Devices by name and ordinal, on a build with a backend that has three devices: this program's own
 * list of backends takes the place of the library's. The devices compute as ref does.
 */
#include "training_rig.h"

#include "backend/backend.h"
#include "backend/ref/ref.h"

enum { DEVICES = 3 };
static an_backend_api many;
static int opened = -1; /* ordinal of the device opened last */

static bool many_describe(alexnet_device_info *info, int ordinal, alexnet_isa max_isa)
{
    an_ref_api.describe(info, 0, max_isa);
    snprintf(info->name, sizeof info->name, ordinal ? "many:%d" : "many", ordinal);
    return ordinal < DEVICES;
}

static alexnet_status many_open(an_backend **out, alexnet_ctx *ctx, int ordinal,
                                alexnet_precision precision)
{
    alexnet_status rc = an_ref_api.open(out, ctx, ordinal, precision);
    if (rc == ALEXNET_OK)
        (*out)->api = &many;
    opened = ordinal;
    return rc;
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
    expect_ok(an_backend_open(&backend, ctx, true));
    assert_ptr_equal(backend->api, &many);
    assert_int_equal(backend->ordinal, ordinal);
    assert_int_equal(opened, ordinal);
    an_backend_close(backend);
    alexnet_ctx_free(ctx);
}

static int warnings;

static void count_warnings(void *user, alexnet_log_level level, const char *text)
{
    (void)user, (void)text;
    warnings += level == ALEXNET_LOG_WARNING;
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
    expect_ok(an_backend_open_as(&backend, ctx, true, &defaults));
    assert_null(backend->tuning);
    assert_int_equal(warnings, 1);
    an_backend_close(backend);
    alexnet_ctx_free(ctx);
}

/* A run that goes on is as deterministic as it was, or as the context wants it now. */
static void test_a_deterministic_run(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const an_device_defaults defaults = {.precision = ALEXNET_PRECISION_FP32,
                                             .deterministic = i & 1};
        an_backend *backend;
        alexnet_ctx *ctx = rig_new_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
        ctx->deterministic = i & 2;
        expect_ok(an_backend_open_as(&backend, ctx, true, &defaults));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_a_tuning_of_another_version),
        cmocka_unit_test(test_a_deterministic_run),
        cmocka_unit_test_setup_teardown(test_resume, scratch_setup, scratch_teardown),
    };
    many = an_ref_api;
    many.name = "many";
    many.describe = many_describe;
    many.open = many_open;
    return cmocka_run_group_tests_name("devices", tests, NULL, NULL);
}
