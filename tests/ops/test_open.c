/*
 * an_backend_open(): devices by name, precision AUTO resolved, errors for bad names.
 */
#include "ops/ops_rig.h"

#include <string.h>

#include "backend/backend.h"
#include "backend/cpu/cpu.h"
#include "base/alloc.h"

static char warning[256];
static int warnings;

static void keep_warning(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    if (level != ALEXNET_LOG_WARNING)
        return;
    warnings++;
    snprintf(warning, sizeof warning, "%s", line);
}

static void test_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < an_backend_count; i++) {
        alexnet_device_info info;
        an_backend *backend;
        an_backends[i]->describe(&info, 0, ALEXNET_ISA_ANY);
        assert_string_equal(info.name, an_backends[i]->name);
        if (!info.available)
            continue;
        alexnet_ctx *ctx = rig_ctx(info.name, ALEXNET_PRECISION_FP32, 1);
        expect_ok(an_backend_open(&backend, ctx, true, NULL));
        assert_ptr_equal(backend->api, an_backends[i]);
        assert_int_equal(backend->precision, ALEXNET_PRECISION_FP32);
        an_backend_close(backend);
        assert_int_equal(atomic_load(&ctx->references), 1);
        an_ctx_release(ctx);
    }
}

static void test_auto(void **state)
{
    (void)state;
    int best = 0;
    alexnet_device_info info;
    an_backend *backend;
    for (;; best++) {
        assert_true(best < an_backend_count);
        an_backends[best]->describe(&info, 0, ALEXNET_ISA_ANY);
        if (info.available)
            break;
    }
    alexnet_ctx *ctx = rig_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
    for (int training = 0; training < 2; training++) {
        expect_ok(an_backend_open(&backend, ctx, training, NULL));
        assert_ptr_equal(backend->api, an_backends[best]);
        assert_int_equal(backend->precision,
                         training && info.bf16 ? ALEXNET_PRECISION_BF16 : ALEXNET_PRECISION_FP32);
        an_backend_close(backend);
    }
    an_ctx_release(ctx);
}

/* A precision that a device lacks becomes another, with one warning however often a context opens
 * the device. */
static void lacks(const char *device, alexnet_precision asked, const char *expected)
{
    alexnet_ctx *ctx = rig_ctx(device, asked, 1);
    ctx->log = keep_warning;
    warnings = 0;
    for (int i = 0; i < 2; i++) {
        an_backend *backend;
        expect_ok(an_backend_open(&backend, ctx, true, NULL));
        assert_int_equal(backend->precision, ALEXNET_PRECISION_FP32);
        assert_int_equal(warnings, 1);
        assert_string_equal(warning, expected);
        an_backend_close(backend);
    }
    an_ctx_release(ctx);
}

static void test_precisions_that_are_absent(void **state)
{
    (void)state;
    lacks("ref", ALEXNET_PRECISION_BF16, "device ref has no bf16: it computes in float64");
    lacks("ref", ALEXNET_PRECISION_TF32, "device ref has no tf32: it computes in float64");
    lacks("cpu", ALEXNET_PRECISION_TF32, "device cpu has no tf32: it computes in fp32");
}

/* A tuning without a row for the first precision is warned of once; one that has a row is not, also
 * when a session in another precision follows. */
static void tuned(const char *precision, int expected)
{
    char text[256];
    alexnet_device_info info;
    an_backend *backend;
    assert_true(an_cpu_api.describe(&info, 0, ALEXNET_ISA_ANY));
    snprintf(text, sizeof text,
             "[a]\nisa = %s\nprecision = %s\ntraining = no\noperator = fc\nforward = direct\n",
             info.isa, precision);
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    ctx->tuning = an_strdup(text);
    ctx->tuning_name = an_strdup("my.ini");
    ctx->log = keep_warning;
    warnings = 0;
    for (int i = 0; i < 2; i++) {
        expect_ok(an_backend_open(&backend, ctx, false, NULL));
        an_backend_close(backend);
        assert_int_equal(warnings, expected);
        ctx->precision = ALEXNET_PRECISION_BF16;
    }
    an_ctx_release(ctx);
    if (expected) {
        snprintf(text, sizeof text, "my.ini has no row for %s in fp32 (", info.isa);
        assert_memory_equal(warning, text, strlen(text));
    }
}

static void test_tunings(void **state)
{
    (void)state;
    tuned("fp32", 0);
    tuned("bf16", 1);
}

static void test_ref(void **state)
{
    (void)state;
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_AUTO, 1);
    ctx->log = keep_warning;
    warnings = 0;
    expect_ok(an_backend_open(&backend, ctx, true, NULL));
    assert_int_equal(backend->param_dtype, AN_F64);
    assert_int_equal(backend->precision, ALEXNET_PRECISION_FP32);
    assert_int_equal(warnings, 0);
    an_backend_close(backend);
    an_ctx_release(ctx);
    an_backend_close(NULL);
}

static void refused(const char *device, alexnet_status expected)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx(device, ALEXNET_PRECISION_AUTO, 1);
    expect_failure(an_backend_open(&backend, ctx, false, NULL), expected, device);
    assert_null(backend);
    an_ctx_release(ctx);
}

static void test_wrong_names(void **state)
{
    (void)state;
    refused("toaster", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("re", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("reference", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused(":0", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("auto:0", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("cpu:-0", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("cpu: 0", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("cpu:99999999999999999999", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("cpu:1", ALEXNET_ERROR_NOT_AVAILABLE);
    refused("ref:1", ALEXNET_ERROR_NOT_AVAILABLE);
    refused("cuda:", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("cuda:x", ALEXNET_ERROR_INVALID_ARGUMENT);
    refused("cuda:99", ALEXNET_ERROR_NOT_AVAILABLE); /* neither built nor present, or too few */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_auto),
        cmocka_unit_test(test_precisions_that_are_absent),
        cmocka_unit_test(test_tunings),
        cmocka_unit_test(test_ref),
        cmocka_unit_test(test_wrong_names),
    };
    return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
