#include "base/context.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"

alexnet_ctx *an_ctx_retain(alexnet_ctx *ctx)
{
    atomic_fetch_add(&ctx->references, 1);
    return ctx;
}

void an_ctx_release(alexnet_ctx *ctx)
{
    if (!ctx || atomic_fetch_sub(&ctx->references, 1) != 1)
        return;
    pthread_mutex_destroy(&ctx->log_lock);
    an_free(ctx->tuning);
    an_free(ctx->tuning_name);
    an_free(ctx);
}

void an_log(alexnet_ctx *ctx, alexnet_log_level level, const char *format, ...)
{
    if (!ctx || !ctx->log)
        return;
    char raw[1024], line[1024];
    va_list args;
    va_start(args, format);
    an_format_in(raw, sizeof raw, format, args);
    va_end(args);
    an_text_escape(line, sizeof line, raw);
    pthread_mutex_lock(&ctx->log_lock);
    ctx->log(ctx->log_user, level, line);
    pthread_mutex_unlock(&ctx->log_lock);
}

bool an_ctx_cancelled(const alexnet_ctx *ctx)
{
    return ctx && atomic_load_explicit(&ctx->cancelled, memory_order_relaxed);
}

alexnet_status an_ctx_check(const alexnet_ctx *ctx)
{
    if (an_ctx_cancelled(ctx))
        return AN_FAIL(ALEXNET_ERROR_CANCELLED, "cancelled");
    return ALEXNET_OK;
}
