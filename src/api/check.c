#include "data/check/check.h"

#include "api/options.h"
#include "base/status.h"

bool alexnet_problem_get(int index, alexnet_problem_info *info)
{
    if (!info || index < 0 || index >= AN_PROBLEMS)
        return false;
    *info = an_problems[index];
    return true;
}

alexnet_status alexnet_check_new(alexnet_check **out, alexnet_ctx *ctx,
                                 const alexnet_dataset *train, const alexnet_dataset *val,
                                 const alexnet_check_options *options)
{
    AN_NEED(out);
    alexnet_check_options o = ALEXNET_CHECK_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(train);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    AN_CHECK(an_check_number("side", o.side, 0, AN_PICTURE_SIDE_MAX));
    AN_CHECK(an_check_number("distance", o.distance, 0, AN_NEAR_MAX));
    return an_check_new(out, ctx, train, val, &o);
}

alexnet_status alexnet_check_step(alexnet_check *check, alexnet_check_progress *progress,
                                  bool *more)
{
    AN_NEED(check);
    AN_NEED(more);
    return an_check_step(check, progress, more);
}

int64_t alexnet_check_findings(const alexnet_check *check)
{
    return check && check->stage == AN_CHECK_DONE ? check->found_count : 0;
}

bool alexnet_check_get(alexnet_check *check, int64_t index, alexnet_finding *finding)
{
    return check && finding && an_check_get(check, index, finding);
}

int64_t alexnet_check_count(const alexnet_check *check, alexnet_problem problem, int64_t *first,
                            int64_t *files)
{
    int64_t findings = 0, begin = 0, sum = 0;
    for (int64_t i = 0; i < alexnet_check_findings(check); i++) {
        begin += check->found[i].problem < problem;
        findings += check->found[i].problem == problem;
        sum += check->found[i].problem == problem ? check->found[i].count : 0;
    }
    if (first)
        *first = begin;
    if (files)
        *files = sum;
    return findings;
}

bool alexnet_check_ready(const alexnet_check *check)
{
    return check && check->ready;
}

void alexnet_check_free(alexnet_check *check)
{
    an_check_free(check);
}

alexnet_status alexnet_dataset_thumbnail(const alexnet_dataset *dataset, int64_t index, int side,
                                         void *out, size_t room, size_t *length)
{
    enum { SIDE_MAX = 1024 };
    AN_NEED(dataset);
    AN_NEED(out);
    AN_NEED(length);
    if (index < 0 || index >= dataset->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "picture %lld of a data set with %lld",
                       (long long)index, (long long)dataset->count);
    AN_CHECK(an_check_number("side", side, 1, SIDE_MAX));
    return an_thumbnail(dataset, index, side, out, room, length);
}
