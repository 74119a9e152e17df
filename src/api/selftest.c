#include "infer/selftest.h"
#include "api/options.h"
#include "base/status.h"

alexnet_status alexnet_selftest_new(alexnet_selftest **out, alexnet_ctx *ctx)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(ctx);
    return an_selftest_new(out, ctx);
}

alexnet_status alexnet_selftest_next(alexnet_selftest *test, alexnet_selftest_result *result,
                                     bool *more)
{
    AN_NEED(test);
    AN_NEED(result);
    AN_NEED(more);
    return an_selftest_next(test, result, more);
}

void alexnet_selftest_free(alexnet_selftest *test)
{
    an_selftest_free(test);
}
