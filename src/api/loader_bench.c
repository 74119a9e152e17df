#include "speed/loader_bench.h"

#include "api/options.h"
#include "base/status.h"

enum { ROUNDS_MAX = 100000 };

static alexnet_status check(const alexnet_loader_bench_options *o)
{
    AN_CHECK(an_check_number("batch", o->batch, 1, AN_BATCH_MAX));
    AN_CHECK(an_check_number("rounds", o->rounds, 1, ROUNDS_MAX));
    return an_check_number("pictures", o->pictures, 1, INT64_MAX);
}

alexnet_status alexnet_loader_bench_new(alexnet_loader_bench **out, alexnet_ctx *ctx,
                                        const alexnet_dataset *dataset,
                                        const alexnet_loader_bench_options *options)
{
    AN_NEED(out);
    alexnet_loader_bench_options o = ALEXNET_LOADER_BENCH_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(dataset);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    if (!o.net)
        o.net = "alexnet";
    AN_CHECK(check(&o));
    return an_loader_bench_new(out, ctx, dataset, &o);
}

alexnet_status alexnet_loader_bench_step(alexnet_loader_bench *bench, bool *more)
{
    AN_NEED(bench);
    AN_NEED(more);
    return an_loader_bench_step(bench, more);
}

void alexnet_loader_bench_speed(const alexnet_loader_bench *bench, alexnet_loader_speed *speed)
{
    if (speed)
        *speed = (alexnet_loader_speed){.net = ""};
    if (bench && speed)
        an_loader_bench_speed(bench, speed);
}

void alexnet_loader_bench_free(alexnet_loader_bench *bench)
{
    an_loader_bench_free(bench);
}
