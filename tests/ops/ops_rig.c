#include "ops/ops_rig.h"

#include <math.h>

#include "backend/ref/ref.h"

an_backend *rig_open_ref(void)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_AUTO, 1);
    expect_ok(an_ref_api.open(&backend, ctx, 0, ALEXNET_PRECISION_FP32));
    an_ctx_release(ctx); /* the backend keeps its own reference */
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
    expect_ok(an_op_resolve(desc));
    const an_op_desc *list[] = {desc};
    expect_ok(an_chain_open(&chain, ref, list, 1, &options));
    expect_ok(an_chain_write(chain, operands));
    expect_ok(an_chain_forward(chain));
    if (operands->dy || desc->kind == AN_OP_SOFTMAX)
        expect_ok(an_chain_backward(chain));
    return chain;
}

void rig_close(const double *got, const double *expected, int64_t count, double tolerance)
{
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance))
            fail_msg("[%lld] is %.17g, expected %.17g +- %g", (long long)i, got[i], expected[i],
                     tolerance);
}
