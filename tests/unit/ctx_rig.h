/*
 * A context without the public API's checks, for tests of what lies below it. Includes cmocka.
 */
#ifndef TESTS_UNIT_CTX_RIG_H
#define TESTS_UNIT_CTX_RIG_H

#include "unit/expect.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/context.h"

/** To be given to an_ctx_release(). */
static inline alexnet_ctx *rig_ctx(const char *device, alexnet_precision precision, int threads)
{
    alexnet_ctx *ctx = an_calloc(1, sizeof *ctx);
    assert_non_null(ctx);
    atomic_store(&ctx->references, 1);
    snprintf(ctx->device, sizeof ctx->device, "%s", device);
    ctx->precision = precision;
    ctx->threads = ctx->split = threads;
    pthread_mutex_init(&ctx->log_lock, NULL);
    return ctx;
}

#endif
