#include "base/context.h"

#include <stdio.h>
#include <string.h>

#include "api/options.h"
#include "backend/backend.h"
#include "base/alloc.h"
#include "base/cpus.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/threads.h"
#include "base/version.h"

enum { THREADS_MAX = 4096 };

const char *alexnet_version(void)
{
    return AN_VERSION;
}

const char *alexnet_error_text(void)
{
    return an_error_text();
}

uint64_t alexnet_memory_available(void)
{
    return an_memory_available("", 0);
}

static alexnet_status check_options(const alexnet_ctx_options *o)
{
    AN_CHECK(an_check_number("threads", o->threads, 0, THREADS_MAX));
    if (o->precision < ALEXNET_PRECISION_AUTO || o->precision > ALEXNET_PRECISION_BF16)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "precision = %d is not an alexnet_precision",
                       (int)o->precision);
    if (o->max_isa < ALEXNET_ISA_ANY || o->max_isa > ALEXNET_ISA_AMX)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "max_isa = %d is not an alexnet_isa",
                       (int)o->max_isa);
    return ALEXNET_OK;
}

static int count_threads(int asked)
{
    const int limit = an_thread_limit(), use = an_thread_use();
    const int most = limit < use ? limit : use;
    return asked < most ? asked : most;
}

/* Read a tuning file, and check its rows for the device. */
static alexnet_status read_tuning(char **out, const char *path, const an_device *device)
{
    an_tuning *parsed;
    AN_CHECK(an_file_read_text(path, "a tuning file", out));
    const an_tuning_place place = an_device_place(device->api, &device->info);
    alexnet_status rc = an_tuning_parse(&parsed, *out, path, &place);
    an_tuning_free(parsed);
    if (rc != ALEXNET_OK) {
        an_free(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status alexnet_ctx_new(alexnet_ctx **out, const alexnet_ctx_options *options)
{
    AN_NEED(out);
    alexnet_ctx_options o = ALEXNET_CTX_OPTIONS_INIT;
    *out = NULL;
    AN_CHECK(an_options_take(&o, sizeof o, options));
    AN_CHECK(check_options(&o));
    const char *device = o.device ? o.device : "auto";
    an_device found;
    AN_CHECK(an_device_find(&found, device, o.max_isa));
    const int asked = o.threads ? o.threads : an_cpu_count();
    const int threads = count_threads(asked);
    AN_CHECK(an_threads_try(threads - 1));
    char *tuning = NULL;
    if (o.tuning)
        AN_CHECK(read_tuning(&tuning, o.tuning, &found));
    alexnet_ctx *ctx = an_calloc(1, sizeof *ctx);
    char *tuning_name = tuning ? an_strdup(o.tuning) : NULL;
    if (!ctx || (tuning && !tuning_name)) {
        an_free(ctx);
        an_free(tuning);
        an_free(tuning_name);
        return AN_FAIL_MEMORY(sizeof *ctx, "a context");
    }
    atomic_init(&ctx->references, 1);
    atomic_init(&ctx->cancelled, false);
    atomic_init(&ctx->opened, false);
    atomic_init(&ctx->slow, 0);
    snprintf(ctx->device, sizeof ctx->device, "%s",
             strcmp(device, "auto") == 0 ? device : found.info.name);
    ctx->precision = o.precision;
    ctx->split = asked;
    ctx->threads = threads;
    ctx->max_isa = o.max_isa;
    ctx->deterministic = o.deterministic;
    ctx->tuning = tuning;
    ctx->tuning_name = tuning_name;
    pthread_mutex_init(&ctx->log_lock, NULL);
    ctx->log = o.log;
    ctx->log_user = o.log_user;
    ctx->work = o.work;
    ctx->work_user = o.work_user;
    if (threads < asked)
        an_log(ctx, ALEXNET_LOG_WARNING, "%d of %d threads are used, %s; results are the same",
               threads, asked,
               threads == an_thread_limit() ? "as OMP_THREAD_LIMIT says" : "8 for each CPU");
    *out = ctx;
    return ALEXNET_OK;
}

void alexnet_ctx_free(alexnet_ctx *ctx)
{
    an_ctx_release(ctx);
}

int alexnet_ctx_threads(const alexnet_ctx *ctx)
{
    if (!ctx)
        return 0;
    return ctx->threads;
}

int alexnet_ctx_split(const alexnet_ctx *ctx)
{
    if (!ctx)
        return 0;
    return ctx->split;
}

void alexnet_ctx_cancel(alexnet_ctx *ctx)
{
    if (!ctx)
        return;
    atomic_store_explicit(&ctx->cancelled, true, memory_order_relaxed);
}

void alexnet_ctx_uncancel(alexnet_ctx *ctx)
{
    if (!ctx)
        return;
    atomic_store_explicit(&ctx->cancelled, false, memory_order_relaxed);
}

bool alexnet_device_get(int index, alexnet_device_info *info)
{
    an_device device;
    if (!info || index < 0 || !an_device_at(&device, index, ALEXNET_ISA_ANY))
        return false;
    *info = device.info;
    return true;
}
