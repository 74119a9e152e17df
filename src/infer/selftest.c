#include "infer/selftest.h"

#include <stdio.h>
#include <string.h>

#include "backend/parity/parity.h"
#include "base/alloc.h"
#include "base/status.h"

static const struct {
    const char *name;
    alexnet_precision precision;
} precisions[] = {{"fp32", ALEXNET_PRECISION_FP32}, {"bf16", ALEXNET_PRECISION_BF16}};
enum { PRECISIONS = 2, SEED = 1 };

alexnet_status an_selftest_new(alexnet_selftest **out, alexnet_ctx *ctx)
{
    *out = an_calloc(1, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(sizeof **out, "a self-test");
    (*out)->ctx = an_ctx_retain(ctx);
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
    if (++test->precision == PRECISIONS) {
        test->precision = 0;
        test->device++;
    }
}

/* A device or precision that is missing gives one result that says so. */
static const char *why_skipped(const alexnet_device_info *info, alexnet_precision precision)
{
    if (!info->available)
        return "this machine has no such device";
    if (precision == ALEXNET_PRECISION_BF16 && !info->bf16)
        return "this processor has no bf16";
    return NULL;
}

static alexnet_status run_case(alexnet_selftest *test, const an_device *device,
                               alexnet_selftest_result *result)
{
    const an_parity_case *which = &an_parity_cases[test->which];
    an_parity parity;
    if (!test->backend)
        AN_CHECK(device->api->open(&test->backend, test->ctx, device->ordinal,
                                   precisions[test->precision].precision));
    snprintf(test->name, sizeof test->name, "%s %s", which->name, precisions[test->precision].name);
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
    alexnet_isa isa = test->ctx->max_isa;
    AN_CHECK(an_ctx_check(test->ctx));
    while ((*more = an_device_at(&device, test->device, isa)) && device.api == test->ref->api)
        test->device++;
    if (!*more)
        return ALEXNET_OK;
    test->info = device.info;
    const char *skipped =
        test->which == 0 ? why_skipped(&device.info, precisions[test->precision].precision) : NULL;
    if (!skipped)
        return run_case(test, &device, result);
    snprintf(test->name, sizeof test->name, "all operators %s", precisions[test->precision].name);
    *result = (alexnet_selftest_result){test->info.name, test->name, 0, true, skipped, ""};
    next_precision(test);
    return ALEXNET_OK;
}
