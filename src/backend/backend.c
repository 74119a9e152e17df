#include "backend/backend.h"

#include <string.h>

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
    bool wished = wish && strcmp(ctx->device, "auto") == 0;
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
    return api->open(out, ctx, precision);
}

void an_backend_close(an_backend *backend)
{
    if (backend)
        backend->api->close(backend);
}
