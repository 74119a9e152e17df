#include "backend/backend.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"

const char *an_backend_computes_in(const an_backend *backend)
{
    return backend->param_dtype == AN_F64 ? "float64" : alexnet_precision_name(backend->precision);
}

static void log_choice(const an_backend *backend, const alexnet_device_info *info)
{
    an_log(backend->ctx, ALEXNET_LOG_INFO, "device %s: %s, %s%s%s; %s, %d %s", info->name,
           info->processor, info->isa, *info->library ? ", " : "", info->library,
           an_backend_computes_in(backend), backend->ctx->threads,
           an_text_plural(backend->ctx->threads, "thread", "threads"));
}

/* The arguments of an_backend_open(). */
typedef struct opening {
    alexnet_ctx *ctx;
    bool training;
    const an_device_defaults *defaults; /* NULL: none */
} opening;

/* Say what a context asks for and its device does not have, the first time that it is opened: every
 * session opens it again, also in another precision (a run in bf16, its report in float32). */
static void warn_of_what_is_absent(const an_backend *backend, alexnet_precision asked)
{
    alexnet_ctx *ctx = backend->ctx;
    const alexnet_device_info *info = &backend->info;
    const char *computes_in = an_backend_computes_in(backend);
    if (atomic_exchange(&ctx->opened, true))
        return;
    if (backend->precision != asked)
        an_log(ctx, ALEXNET_LOG_WARNING, "device %s has no %s: it computes in %s", info->name,
               alexnet_precision_name(asked), computes_in);
    if (ctx->tuning && !backend->tuning)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%s has no row for %s in %s (%s%s%s), and has no effect here", ctx->tuning_name,
               info->isa, computes_in, info->processor, *info->library ? "; " : "", info->library);
}

static alexnet_status open_device(an_backend **out, const opening *how, const an_device *device)
{
    alexnet_precision precision = how->ctx->precision;
    if (precision == ALEXNET_PRECISION_AUTO && how->defaults)
        precision = how->defaults->precision;
    if (precision == ALEXNET_PRECISION_AUTO)
        precision =
            how->training && device->info.bf16 ? ALEXNET_PRECISION_BF16 : ALEXNET_PRECISION_FP32;
    AN_CHECK(device->api->open(out, how->ctx, device->ordinal, precision));
    warn_of_what_is_absent(*out, precision);
    log_choice(*out, &device->info);
    return ALEXNET_OK;
}

/* Open the best device that does not refuse. The cpu never does, and comes after those that may.
 * @param tried  the name of a device that has already refused; "": none has */
static alexnet_status open_best(an_backend **out, const opening *how, const char *tried)
{
    an_device device;
    for (int i = 0; an_device_at(&device, i, how->ctx->max_isa); i++) {
        if (!device.info.available || strcmp(device.info.name, tried) == 0)
            continue;
        alexnet_status rc = open_device(out, how, &device);
        if (!an_device_refused(&device, rc))
            return rc;
        an_log(how->ctx, ALEXNET_LOG_WARNING, "%s is passed over, and the next device tried: %s",
               device.info.name, an_error_text());
    }
    return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "no device of this machine can be opened");
}

static alexnet_status open_chosen(an_backend **out, const opening *how)
{
    an_device device;
    const char *own = how->defaults ? how->defaults->device : NULL;
    const bool any = strcmp(how->ctx->device, "auto") == 0;
    if (any && !own)
        return open_best(out, how, "");
    alexnet_status rc = an_device_find(&device, any ? own : how->ctx->device, how->ctx->max_isa);
    const bool found = rc == ALEXNET_OK;
    if (found)
        rc = open_device(out, how, &device);
    if (rc == ALEXNET_OK || !any || (found && !an_device_refused(&device, rc)))
        return rc;
    an_log(how->ctx, ALEXNET_LOG_WARNING, "the run's own device is not available: %s",
           an_error_text());
    return open_best(out, how, own);
}

/* Use the tuning that a run began with, where the caller has named none. That of a run on another
 * device has no row for this one. */
static alexnet_status tune_as(an_backend *backend, const an_device_defaults *defaults)
{
    if (!defaults || !defaults->tuning || backend->tuning)
        return ALEXNET_OK;
    alexnet_status rc = an_backend_read_tuning(backend, defaults->tuning, "the run's tuning");
    if (rc != ALEXNET_ERROR_FORMAT)
        return rc;
    /* it is from another version; the run continues without it */
    an_log(backend->ctx, ALEXNET_LOG_WARNING,
           "this version does not know the run's tuning, and ignores it: %s", an_error_text());
    return ALEXNET_OK;
}

alexnet_status an_backend_open(an_backend **out, alexnet_ctx *ctx, bool training,
                               const an_device_defaults *defaults)
{
    *out = NULL;
    AN_CHECK(open_chosen(out, &(opening){ctx, training, defaults}));
    (*out)->deterministic = ctx->deterministic || (defaults && defaults->deterministic);
    alexnet_status rc = tune_as(*out, defaults);
    if (rc != ALEXNET_OK) {
        an_backend_close(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status an_backend_open_ref(an_backend **out, alexnet_ctx *ctx)
{
    an_device device;
    *out = NULL;
    AN_CHECK(an_device_find(&device, "ref", ALEXNET_ISA_ANY));
    return device.api->open(out, ctx, device.ordinal, ALEXNET_PRECISION_FP32);
}

void an_backend_close(an_backend *backend)
{
    if (backend)
        backend->api->close(backend);
}

/* ---- Values ---------------------------------------------------------------------------------- */

enum { PIECE = 1 << 11 }; /* values converted at a time, in a block on the stack */

alexnet_status an_backend_write(an_backend *backend, void *dst, const void *src, an_dtype type,
                                int64_t count)
{
    const size_t size = an_dtype_bytes(backend->param_dtype), from = an_dtype_bytes(type);
    double block[PIECE];
    if (type == backend->param_dtype)
        return backend->api->write(backend, dst, src, (size_t)count * size);
    for (int64_t done = 0; done < count; done += PIECE) {
        const int64_t n = count - done < PIECE ? count - done : PIECE;
        an_convert(block, backend->param_dtype, (const char *)src + (size_t)done * from, type, n);
        AN_CHECK(backend->api->write(backend, (char *)dst + (size_t)done * size, block,
                                     (size_t)n * size));
    }
    return ALEXNET_OK;
}

alexnet_status an_backend_read(an_backend *backend, void *dst, const void *src, an_dtype type,
                               int64_t count)
{
    const size_t size = an_dtype_bytes(backend->param_dtype), to = an_dtype_bytes(type);
    double block[PIECE];
    if (type == backend->param_dtype)
        return backend->api->read(backend, dst, src, (size_t)count * size);
    for (int64_t done = 0; done < count; done += PIECE) {
        const int64_t n = count - done < PIECE ? count - done : PIECE;
        AN_CHECK(backend->api->read(backend, block, (const char *)src + (size_t)done * size,
                                    (size_t)n * size));
        an_convert((char *)dst + (size_t)done * to, type, block, backend->param_dtype, n);
    }
    return ALEXNET_OK;
}
