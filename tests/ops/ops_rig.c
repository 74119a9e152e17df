#include "ops/ops_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/ref/ref.h"
#include "base/alloc.h"
#include "base/status.h"

void rig_ok(alexnet_status status)
{
    if (status != ALEXNET_OK)
        fail_msg("%s: %s", alexnet_status_name(status), an_error_text());
}

void rig_refused(alexnet_status status, alexnet_status expected, const char *part)
{
    if (status != expected)
        fail_msg("%s instead of %s", alexnet_status_name(status), alexnet_status_name(expected));
    if (!strstr(an_error_text(), part))
        fail_msg("\"%s\" does not say \"%s\"", an_error_text(), part);
}

alexnet_ctx *rig_ctx(const char *device, alexnet_precision precision)
{
    alexnet_ctx *ctx = an_calloc(1, sizeof *ctx);
    assert_non_null(ctx);
    atomic_store(&ctx->references, 1);
    snprintf(ctx->device, sizeof ctx->device, "%s", device);
    ctx->precision = precision;
    ctx->threads = 1;
    pthread_mutex_init(&ctx->log_lock, NULL);
    return ctx;
}

void rig_free_ctx(alexnet_ctx *ctx)
{
    an_ctx_release(ctx);
}

an_backend *rig_open_ref(void)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_AUTO);
    rig_ok(an_ref_api.open(&backend, ctx, 0, ALEXNET_PRECISION_FP32));
    rig_free_ctx(ctx); /* the backend keeps its own reference */
    return backend;
}

an_op_desc rig_desc(an_op_kind kind, int n, int c, int h, int w)
{
    return (an_op_desc){.kind = kind, .n = n, .n_inputs = 1, .in = {{c, h, w}}};
}

an_chain *rig_run(an_backend *ref, an_op_desc *desc, an_operands *operands, bool training)
{
    an_chain *chain;
    an_parity_options options = {.training = training, .gradients = true, .split = 1, .seed = 1};
    rig_ok(an_op_resolve(desc));
    const an_op_desc *list[] = {desc};
    rig_ok(an_chain_open(&chain, ref, list, 1, &options));
    rig_ok(an_chain_write(chain, operands));
    rig_ok(an_chain_forward(chain));
    if (operands->dy || desc->kind == AN_OP_SOFTMAX)
        rig_ok(an_chain_backward(chain));
    return chain;
}

void rig_close(const double *got, const double *expected, int64_t count, double tolerance)
{
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance))
            fail_msg("[%lld] is %.17g, expected %.17g +- %g", (long long)i, got[i], expected[i],
                     tolerance);
}
