#include <assert.h>
#include <math.h>

#include "backend/ref/ref.h"

/* Probabilities of one slot; returns log SUM exp(x). The largest logit is subtracted first, so that
 * no exponential overflows. */
static double probabilities(const double *x, int classes, double *y)
{
    double top = x[0], sum = 0;
    for (int c = 1; c < classes; c++)
        if (x[c] > top)
            top = x[c];
    for (int c = 0; c < classes; c++) {
        y[c] = exp(x[c] - top);
        sum += y[c];
    }
    for (int c = 0; c < classes; c++)
        y[c] /= sum;
    return top + log(sum);
}

static an_score score_of(const double *y, int classes, int label, double loss)
{
    an_score score = {.loss = loss};
    for (int c = 0; c < classes; c++) {
        score.above += !(y[c] <= y[label]);
        score.level += y[c] == y[label];
    }
    return score;
}

/* t of class c. */
static double target(const an_ref_run *run, const an_op_args *args, const an_slot *slot, int c)
{
    double share = slot->second_share, smoothing = args->state->smoothing;
    double hard = (1 - share) * (c == slot->label) + share * (c == slot->second);
    return (1 - smoothing) * hard + smoothing / run->desc.out.c;
}

/* A class without a share in the target does not count, even if its logit is infinite. */
static double loss_of(const an_ref_run *run, const an_op_args *args, const an_slot *slot,
                      const double *x, double log_sum)
{
    double loss = log_sum;
    for (int c = 0; c < run->desc.out.c; c++) {
        double t = target(run, args, slot, c);
        if (t != 0)
            loss -= t * x[c];
    }
    return loss;
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    int classes = run->desc.out.c;
    for (int n = 0; n < run->desc.n; n++) {
        const double *x = (const double *)args->x[0] + (int64_t)n * classes;
        double *y = (double *)args->y + (int64_t)n * classes;
        double log_sum = probabilities(x, classes, y);
        if (!args->scores)
            continue;
        const an_slot *slot = &args->slots[n];
        assert(slot->label < classes && slot->second < classes);
        args->scores[n] = slot->label < 0 ? (an_score){0}
                                          : score_of(y, classes, an_slot_main_label(slot),
                                                     loss_of(run, args, slot, x, log_sum));
    }
    if (args->scores)
        an_results_sum(args->results, args->scores, run->desc.n);
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    int classes = run->desc.out.c;
    if (!args->dx[0])
        return;
    const double all = args->state->weight > 0 ? args->state->weight : 1;
    for (int n = 0; n < run->desc.n; n++) {
        const double *y = (const double *)args->y + (int64_t)n * classes;
        double *dx = (double *)args->dx[0] + (int64_t)n * classes;
        const an_slot *slot = &args->slots[n];
        for (int c = 0; c < classes; c++)
            dx[c] = slot->label < 0
                        ? 0
                        : (double)slot->weight * (y[c] - target(run, args, slot, c)) / all;
    }
}

const an_ref_op an_ref_softmax = {forward, backward, NULL};
