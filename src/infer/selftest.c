#include "infer/selftest.h"

#include <stdio.h>
#include <string.h>

#include "backend/parity/parity.h"
#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"

enum { SEED = 1 };

alexnet_status an_selftest_new(alexnet_selftest **out, alexnet_ctx *ctx)
{
    *out = an_calloc(1, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(sizeof **out, "a self-test");
    (*out)->ctx = an_ctx_retain(ctx);
    (*out)->precision = ALEXNET_PRECISION_FP32;
    alexnet_status rc = an_backend_open_ref(&(*out)->ref, ctx);
    if (rc != ALEXNET_OK) {
        an_selftest_free(*out);
        *out = NULL;
    }
    return rc;
}

void an_selftest_free(alexnet_selftest *test)
{
    if (!test)
        return;
    an_backend_close(test->backend);
    an_backend_close(test->ref);
    an_ctx_release(test->ctx);
    an_free(test);
}

static void next_precision(alexnet_selftest *test)
{
    an_backend_close(test->backend);
    test->backend = NULL;
    test->which = 0;
    if (test->precision == ALEXNET_PRECISION_BF16) {
        test->precision = ALEXNET_PRECISION_FP32;
        test->device++;
    } else {
        test->precision = (alexnet_precision)(test->precision + 1);
    }
}

/* Find the next device to test. Skipped are ref, and tf32 where no device of the backend has it.
 * @return false at the end */
static bool find_device(alexnet_selftest *test, an_device *device)
{
    while (an_device_at(device, test->device, test->ctx->max_isa)) {
        if (device->api == test->ref->api)
            test->device++;
        else if (test->precision == ALEXNET_PRECISION_TF32 && !device->api->tf32)
            next_precision(test);
        else
            return true;
    }
    return false;
}

/* Open the device. If it or the precision is missing, or the device refuses, test->why says so on
 * return. */
static alexnet_status open_device(alexnet_selftest *test, const an_device *device)
{
    test->why[0] = '\0';
    if (!device->info.available) {
        snprintf(test->why, sizeof test->why, "this machine has no such device");
        return ALEXNET_OK;
    }
    if (test->precision != ALEXNET_PRECISION_FP32 && !device->info.bf16) {
        snprintf(test->why, sizeof test->why, "this processor has no %s",
                 alexnet_precision_name(test->precision));
        return ALEXNET_OK;
    }
    alexnet_status rc =
        device->api->open(&test->backend, test->ctx, device->ordinal, test->precision);
    if (!an_device_refused(device, rc))
        return rc;
    snprintf(test->why, sizeof test->why, "%s", an_error_text());
    return ALEXNET_OK;
}

static alexnet_status run_case(alexnet_selftest *test, alexnet_selftest_result *result)
{
    const an_parity_case *which = &an_parity_cases[test->which];
    an_parity parity;
    snprintf(test->name, sizeof test->name, "%s %s", which->name,
             alexnet_precision_name(test->precision));
    AN_CHECK(an_parity_case_run(test->backend, test->ref, which, SEED, &parity));
    snprintf(test->computed_by, sizeof test->computed_by, "%s", parity.impl);
    *result = (alexnet_selftest_result){test->info.name,   test->name, parity.worst,
                                        parity.worst <= 1, NULL,       test->computed_by};
    if (++test->which == an_parity_case_count)
        next_precision(test);
    return ALEXNET_OK;
}

alexnet_status an_selftest_next(alexnet_selftest *test, alexnet_selftest_result *result, bool *more)
{
    an_device device;
    AN_CHECK(an_compute_check(test->ctx));
    *more = find_device(test, &device);
    if (!*more)
        return ALEXNET_OK;
    test->info = device.info;
    if (!test->backend)
        AN_CHECK(open_device(test, &device));
    if (test->backend)
        return run_case(test, result);
    snprintf(test->name, sizeof test->name, "all operators %s",
             alexnet_precision_name(test->precision));
    *result = (alexnet_selftest_result){test->info.name, test->name, 0, true, test->why, ""};
    next_precision(test);
    return ALEXNET_OK;
}
