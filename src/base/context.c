#include "base/context.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"

static const char *const precision_names[] = {[ALEXNET_PRECISION_AUTO] = "auto",
                                              [ALEXNET_PRECISION_FP32] = "fp32",
                                              [ALEXNET_PRECISION_TF32] = "tf32",
                                              [ALEXNET_PRECISION_BF16] = "bf16"};
enum { PRECISIONS = sizeof precision_names / sizeof precision_names[0] };

const char *alexnet_precision_name(alexnet_precision precision)
{
    const bool known = (int)precision >= 0 && (int)precision < PRECISIONS;
    return known ? precision_names[precision] : "unknown precision";
}

alexnet_precision an_precision_from_name(const char *name)
{
    int i = PRECISIONS - 1;
    while (i > 0 && strcmp(name, precision_names[i]) != 0)
        i--;
    return (alexnet_precision)i;
}

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

alexnet_status an_ctx_fail_cancelled(void)
{
    return AN_FAIL(ALEXNET_ERROR_CANCELLED, "cancelled");
}

alexnet_status an_ctx_check(const alexnet_ctx *ctx)
{
    return an_ctx_cancelled(ctx) ? an_ctx_fail_cancelled() : ALEXNET_OK;
}
