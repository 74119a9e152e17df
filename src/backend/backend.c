#include "backend/backend.h"

#include <string.h>

#include "base/builtin.h"
#include "base/status.h"

/* Whether `device` is `name`, or "cuda" with a number after a colon. */
static bool names_device(const char *device, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(device, name, length) != 0)
        return false;
    if (device[length] == '\0')
        return true;
    const char *number = device + length + 1;
    return strcmp(name, "cuda") == 0 && device[length] == ':' && *number != '\0' &&
           number[strspn(number, "0123456789")] == '\0';
}

/* The table of a device, and its description. */
static alexnet_status find(const char *device, alexnet_isa max_isa, const an_backend_api **api,
                           alexnet_device_info *info)
{
    bool any = strcmp(device, "auto") == 0;
    for (int i = 0; i < an_backend_count; i++) {
        *api = an_backends[i];
        if (!any && !names_device(device, (*api)->name))
            continue;
        (*api)->describe(info, max_isa);
        if (info->available)
            return ALEXNET_OK;
        if (!any)
            return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "this machine has no device \"%s\"",
                           device);
    }
    if (any || names_device(device, "cuda"))
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "this build has no device \"%s\"", device);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "unknown device \"%s\"; there are auto, ref, cpu and cuda[:N]", device);
}

alexnet_status an_backend_check_device(const char *device, alexnet_isa max_isa)
{
    const an_backend_api *api;
    alexnet_device_info info;
    return find(device, max_isa, &api, &info);
}

alexnet_status an_backend_open(an_backend **out, alexnet_ctx *ctx, bool training)
{
    return an_backend_open_as(out, ctx, training, NULL);
}

alexnet_status an_backend_open_as(an_backend **out, alexnet_ctx *ctx, bool training,
                                  const an_device_wish *wish)
{
    *out = NULL;
    const an_backend_api *api = NULL;
    alexnet_device_info info;
    bool wished = wish && wish->device && strcmp(ctx->device, "auto") == 0;
    if (wished && find(wish->device, ctx->max_isa, &api, &info) != ALEXNET_OK) {
        an_log(ctx, ALEXNET_LOG_WARNING, "the run's own device cannot be had: %s", an_error_text());
        wished = false;
    }
    if (!wished)
        AN_CHECK(find(ctx->device, ctx->max_isa, &api, &info));
    alexnet_precision precision = ctx->precision;
    if (precision == ALEXNET_PRECISION_AUTO && wish)
        precision = wish->precision;
    if (precision == ALEXNET_PRECISION_AUTO)
        precision = training && info.bf16 ? ALEXNET_PRECISION_BF16 : ALEXNET_PRECISION_FP32;
    AN_CHECK(api->open(out, ctx, precision));
    if (!wish || !wish->tuning || (*out)->asked)
        return ALEXNET_OK;
    alexnet_status rc = an_tuning_parse(&(*out)->asked, wish->tuning, "the run's tuning");
    if (rc != ALEXNET_OK) {
        an_backend_close(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status an_backend_open_ref(an_backend **out, alexnet_ctx *ctx)
{
    const an_backend_api *api = NULL;
    alexnet_device_info info;
    *out = NULL;
    AN_CHECK(find("ref", ALEXNET_ISA_ANY, &api, &info));
    return api->open(out, ctx, ALEXNET_PRECISION_FP32);
}

void an_backend_close(an_backend *backend)
{
    if (backend)
        backend->api->close(backend);
}

/* ---- Tunings --------------------------------------------------------------------------------- */

alexnet_status an_backend_read_tunings(an_backend *backend)
{
    const alexnet_ctx *ctx = backend->ctx;
    for (const an_builtin *t = an_builtin_tunings; t->name; t++)
        if (strcmp(t->name, backend->api->name) == 0)
            AN_CHECK(an_tuning_parse(&backend->own, t->text, t->name));
    return ctx->tuning ? an_tuning_parse(&backend->asked, ctx->tuning, ctx->tuning_name)
                       : ALEXNET_OK;
}

void an_backend_free_tunings(an_backend *backend)
{
    an_tuning_free(backend->asked);
    an_tuning_free(backend->own);
}

an_tuning_query an_backend_query(const an_backend *backend, const an_op_desc *op, bool training)
{
    bool bf16 = backend->precision == ALEXNET_PRECISION_BF16;
    return (an_tuning_query){backend->isa, bf16 ? "bf16" : "fp32", training, op};
}

an_variants an_backend_variants(const an_backend *backend, const an_op_desc *op, bool training)
{
    an_variants variants = {{AN_VARIANT_DIRECT, AN_VARIANT_DIRECT, AN_VARIANT_DIRECT}};
    an_tuning_query query = an_backend_query(backend, op, training);
    an_tuning_apply(backend->own, &query, &variants);
    an_tuning_apply(backend->asked, &query, &variants);
    return variants;
}
