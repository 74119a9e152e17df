#include "infer/selftest.h"

alexnet_status alexnet_selftest_new(alexnet_selftest **out, alexnet_ctx *ctx)
{
    return an_selftest_new(out, ctx);
}

alexnet_status alexnet_selftest_next(alexnet_selftest *test, alexnet_selftest_result *result,
                                     bool *more)
{
    return an_selftest_next(test, result, more);
}

void alexnet_selftest_free(alexnet_selftest *test)
{
    an_selftest_free(test);
}
