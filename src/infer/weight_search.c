#include "infer/weight_search.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

/* The sum of the other members' probabilities of a picture; *total is the sum of their weights. */
static void sum_others(alexnet_weight_search *s, int64_t picture, int member, double *total)
{
    const an_evaluation *e = s->evaluation;
    size_t classes = (size_t)e->classes;
    memset(s->base, 0, classes * sizeof *s->base);
    *total = 0;
    for (int m = 0; m < e->count; m++) {
        if (m == member)
            continue;
        const float *p = e->members[m].kept + (size_t)picture * classes;
        for (size_t c = 0; c < classes; c++)
            s->base[c] += s->weights[m] * (double)p[c];
        *total += s->weights[m];
    }
}

/* What a picture adds to the measure with `weight` for the member whose probabilities are p. */
static double error_of(const alexnet_weight_search *s, const float *p, double weight, double total,
                       int label)
{
    double own = s->base[label] + weight * (double)p[label];
    an_score score = {0};
    if (s->measure == ALEXNET_WEIGHT_LOSS)
        return -log(fmax(own / (total + weight), 1e-38));
    for (int c = 0; c < s->evaluation->classes; c++) {
        double other = s->base[c] + weight * (double)p[c];
        score.above += other > own;
        score.level += other == own;
    }
    return an_score_error(&score, s->measure == ALEXNET_WEIGHT_TOP1 ? 1 : 5);
}

/* The mean error for each value of a member's weight, at 0/steps .. steps/steps. */
static alexnet_status try_values(alexnet_weight_search *s, int member, int first, int count)
{
    const an_evaluation *e = s->evaluation;
    int64_t images = 0;
    memset(s->errors, 0, ((size_t)s->steps + 1) * sizeof *s->errors);
    for (int64_t i = 0; i < e->dataset->count; i++) {
        double total;
        if (e->statuses[i] != ALEXNET_OK)
            continue;
        if (i % 1024 == 0)
            AN_CHECK(an_ctx_check(e->ctx));
        images++;
        sum_others(s, i, member, &total);
        const float *p = e->members[member].kept + (size_t)i * (size_t)e->classes;
        for (int v = first; v < first + count; v++)
            s->errors[v] +=
                error_of(s, p, (double)v / s->steps, total, e->dataset->samples[i].label);
    }
    for (int v = first; v < first + count; v++)
        s->errors[v] /= images ? (double)images : 1;
    return ALEXNET_OK;
}

static double sum_without(const alexnet_weight_search *s, int member)
{
    double sum = 0;
    for (int m = 0; m < s->evaluation->count; m++)
        sum += m == member ? 0 : s->weights[m];
    return sum;
}

alexnet_status an_weight_search_new(alexnet_weight_search **out, const an_evaluation *evaluation,
                                    const alexnet_weight_search_options *options)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    alexnet_weight_search *s = an_calloc(1, sizeof *s);
    if (!s)
        return AN_FAIL_MEMORY(sizeof *s, "a search of weights");
    *s = (alexnet_weight_search){.evaluation = evaluation,
                                 .measure = options->measure,
                                 .steps = options->steps,
                                 .passes = options->passes};
    s->weights = an_calloc((size_t)evaluation->count, sizeof *s->weights);
    s->base = an_calloc((size_t)evaluation->classes, sizeof *s->base);
    s->errors = an_calloc((size_t)s->steps + 1, sizeof *s->errors);
    if (!s->weights || !s->base || !s->errors) {
        rc = AN_FAIL_MEMORY((size_t)evaluation->classes * sizeof *s->base, "a search of weights");
        goto cleanup;
    }
    for (int m = 0; m < evaluation->count; m++)
        s->weights[m] = (double)(s->steps / 2) / s->steps;
    AN_TRY(try_values(s, 0, s->steps / 2, 1));
    s->lowest = s->errors[s->steps / 2];
    *out = s;
    s = NULL;
cleanup:
    an_weight_search_free(s);
    return rc;
}

alexnet_status an_weight_search_step(alexnet_weight_search *s, bool *more)
{
    const int count = s->evaluation->count, member = s->tried % count;
    const int first = sum_without(s, member) > 0 ? 0 : 1; /* never all 0 */
    *more = s->tried < s->passes * count && s->unchanged < count;
    if (!*more)
        return ALEXNET_OK;
    AN_CHECK(try_values(s, member, first, s->steps + 1 - first));
    bool changed = false;
    for (int v = first; v <= s->steps; v++)
        if (s->errors[v] < s->lowest) {
            s->lowest = s->errors[v];
            s->weights[member] = (double)v / s->steps;
            changed = true;
        }
    s->tried++;
    s->unchanged = changed ? 1 : s->unchanged + 1; /* this weight is at its best */
    *more = s->tried < s->passes * count && s->unchanged < count;
    return ALEXNET_OK;
}

void an_weight_search_free(alexnet_weight_search *s)
{
    if (!s)
        return;
    an_free(s->weights);
    an_free(s->base);
    an_free(s->errors);
    an_free(s);
}
