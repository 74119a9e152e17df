#include <assert.h>
#include <math.h>
#include <string.h>

#include "backend/ref/ref.h"

/* Probabilities of one slot; returns log SUM exp(x). The largest logit is taken out first, so that
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

static void forward(const an_ref_run *run, const an_op_args *args)
{
    int classes = run->desc.out.c;
    for (int n = 0; n < run->desc.n; n++) {
        const double *x = (const double *)args->x[0] + (int64_t)n * classes;
        double *y = (double *)args->y + (int64_t)n * classes;
        double log_sum = probabilities(x, classes, y);
        if (!args->scores)
            continue;
        int label = args->slots[n].label;
        assert(label < classes);
        args->scores[n] =
            label < 0 ? (an_score){0} : score_of(y, classes, label, log_sum - x[label]);
    }
    if (args->scores)
        an_results_sum(args->results, args->scores, run->desc.n);
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    int classes = run->desc.out.c;
    if (!args->dx[0])
        return;
    int labelled = args->state->labelled > 0 ? args->state->labelled : 1;
    for (int n = 0; n < run->desc.n; n++) {
        const double *y = (const double *)args->y + (int64_t)n * classes;
        double *dx = (double *)args->dx[0] + (int64_t)n * classes;
        int label = args->slots[n].label;
        if (label < 0) {
            memset(dx, 0, (size_t)classes * sizeof(double));
            continue;
        }
        for (int c = 0; c < classes; c++)
            dx[c] = (y[c] - (c == label)) / labelled;
    }
}

const an_ref_op an_ref_softmax = {forward, backward, NULL};
