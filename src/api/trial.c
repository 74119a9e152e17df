#include "train/trial.h"

#include "api/options.h"
#include "base/status.h"

static alexnet_status check(alexnet_trial_options *how)
{
    const int64_t standard =
        how->kind == ALEXNET_TRIAL_RATES ? AN_TRIAL_RATES_UPDATES : AN_TRIAL_OVERFIT_UPDATES;
    if (how->kind != ALEXNET_TRIAL_OVERFIT && how->kind != ALEXNET_TRIAL_RATES)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "kind = %d is not a kind of trial",
                       (int)how->kind);
    if (how->updates < 0 || how->updates == 1 || how->updates > AN_TRIAL_UPDATES_MAX)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "updates = %lld: expected 2 to %d, or 0",
                       (long long)how->updates, AN_TRIAL_UPDATES_MAX);
    if (!(how->lowest > 0 && how->lowest < how->highest && how->highest <= 1000))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "rates from %g to %g: expected two numbers above 0 up to 1000, the smaller "
                       "first",
                       how->lowest, how->highest);
    if (how->updates == 0)
        how->updates = standard;
    return ALEXNET_OK;
}

alexnet_status alexnet_trial_new(alexnet_trial **out, alexnet_ctx *ctx,
                                 const alexnet_dataset *train,
                                 const alexnet_trainer_options *options,
                                 const alexnet_trial_options *how)
{
    AN_NEED(out);
    alexnet_trainer_options o = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_trial_options h = ALEXNET_TRIAL_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(train);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    AN_CHECK(an_options_take(&h, sizeof h, how));
    AN_CHECK(check(&h));
    AN_CHECK(an_check_number("split", o.split, 0, AN_SPLIT_MAX));
    return an_trial_new(out, ctx, train, &o, &h);
}

alexnet_status alexnet_trial_step(alexnet_trial *trial, alexnet_trial_point *point, bool *more)
{
    AN_NEED(trial);
    AN_NEED(point);
    AN_NEED(more);
    return an_trial_step(trial, point, more);
}

int64_t alexnet_trial_count(const alexnet_trial *trial)
{
    return trial ? trial->count : 0;
}

bool alexnet_trial_get(const alexnet_trial *trial, int64_t index, alexnet_trial_point *point)
{
    if (point)
        *point = (alexnet_trial_point){0};
    if (!trial || !point || index < 0 || index >= trial->count)
        return false;
    *point = trial->points[index];
    point->smooth = an_trial_smooth(trial, index);
    return true;
}

void alexnet_trial_judge(const alexnet_trial *trial, alexnet_trial_verdict *verdict)
{
    if (verdict)
        *verdict = (alexnet_trial_verdict){0};
    if (trial && verdict)
        an_trial_verdict(trial, verdict);
}

void alexnet_trial_free(alexnet_trial *trial)
{
    an_trial_free(trial);
}
