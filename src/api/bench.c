#include "speed/tune.h"

#include "api/options.h"
#include "base/status.h"

enum { STEPS_MAX = 100000 };

static alexnet_status check(const alexnet_bench_options *o)
{
    AN_CHECK(an_check_number("mode", (int)o->mode, ALEXNET_BENCH_TRAIN, ALEXNET_BENCH_INFER));
    AN_CHECK(an_check_number("batch", o->batch, 1, AN_BATCH_MAX));
    return an_check_number("steps", o->steps, 1, STEPS_MAX);
}

static alexnet_status take(alexnet_bench_options *o, const alexnet_bench_options *options)
{
    *o = (alexnet_bench_options)ALEXNET_BENCH_OPTIONS_INIT;
    AN_CHECK(an_options_take(o, sizeof *o, options));
    if (!o->net)
        o->net = "alexnet";
    return check(o);
}

alexnet_status alexnet_bench_new(alexnet_bench **out, alexnet_ctx *ctx,
                                 const alexnet_bench_options *options)
{
    AN_NEED(out);
    alexnet_bench_options o;
    *out = NULL;
    AN_NEED(ctx);
    AN_CHECK(take(&o, options));
    AN_CHECK(an_bench_new(out, ctx, &o, NULL));
    alexnet_status rc = an_bench_measure_peaks(*out);
    if (rc != ALEXNET_OK) {
        an_bench_free(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status alexnet_bench_step(alexnet_bench *bench, double *seconds, bool *more)
{
    AN_NEED(bench);
    AN_NEED(seconds);
    AN_NEED(more);
    return an_bench_step(bench, seconds, more);
}

void alexnet_bench_speed(const alexnet_bench *bench, alexnet_speed *speed)
{
    if (speed)
        *speed = (alexnet_speed){.net = "", .device = "", .with_fp32 = "", .with_bf16 = ""};
    if (bench && speed)
        an_bench_speed(bench, speed);
}

double alexnet_bench_peak(const alexnet_bench *bench, alexnet_precision precision,
                          const char **with)
{
    const bool known = precision >= ALEXNET_PRECISION_FP32 && precision <= ALEXNET_PRECISION_BF16;
    const an_peak none = {.with = ""}, *peak = bench && known ? &bench->peaks[precision] : &none;
    if (with)
        *with = peak->with;
    return peak->flops;
}

bool alexnet_bench_layer(const alexnet_bench *bench, int index, alexnet_layer_speed *layer)
{
    return bench && layer && an_bench_layer(bench, index, layer);
}

void alexnet_bench_free(alexnet_bench *bench)
{
    an_bench_free(bench);
}

/* ---- Tuning ---------------------------------------------------------------------------------- */

alexnet_status alexnet_tuner_new(alexnet_tuner **out, alexnet_ctx *ctx,
                                 const alexnet_bench_options *options)
{
    AN_NEED(out);
    alexnet_bench_options o;
    *out = NULL;
    AN_NEED(ctx);
    AN_CHECK(take(&o, options));
    return an_tuner_new(out, ctx, &o);
}

alexnet_status alexnet_tuner_step(alexnet_tuner *tuner, double *fraction, bool *more)
{
    AN_NEED(tuner);
    AN_NEED(fraction);
    AN_NEED(more);
    return an_tuner_step(tuner, fraction, more);
}

void alexnet_tuner_result(const alexnet_tuner *tuner, double *seconds, double *built_in)
{
    double found[2] = {0, 0};
    if (tuner)
        an_tuner_result(tuner, &found[0], &found[1]);
    if (seconds)
        *seconds = found[0];
    if (built_in)
        *built_in = found[1];
}

bool alexnet_tuner_choice(const alexnet_tuner *tuner, int index, alexnet_choice *choice)
{
    return tuner && choice && an_tuner_choice(tuner, index, choice);
}

alexnet_status alexnet_tuner_save(const alexnet_tuner *tuner, const char *path)
{
    AN_NEED(tuner);
    AN_NEED(path);
    return an_tuner_save(tuner, path);
}

void alexnet_tuner_free(alexnet_tuner *tuner)
{
    an_tuner_free(tuner);
}
