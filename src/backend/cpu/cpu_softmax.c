/* Softmax with cross-entropy: logits of every image in a row of float32, sums in double. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "backend/cpu/native.h"

/* Probabilities of one slot; returns log SUM exp(x). The largest logit is subtracted first, so that
 * no exponential overflows. */
static double probabilities(const float *x, int classes, float *y)
{
    double top = x[0], sum = 0;
    for (int c = 1; c < classes; c++)
        if (x[c] > top)
            top = x[c];
    for (int c = 0; c < classes; c++)
        sum += exp(x[c] - top);
    double log_sum = top + log(sum);
    for (int c = 0; c < classes; c++)
        y[c] = (float)exp(x[c] - log_sum);
    return log_sum;
}

/* SUM t x over the classes. A class without a share in the target does not count. */
static double target_logit(const an_op_args *args, const an_slot *slot, const float *x, int classes)
{
    double share = slot->second_share, smoothing = args->state->smoothing, all = 0;
    double hard =
        share > 0 ? (1 - share) * x[slot->label] + share * x[slot->second] : x[slot->label];
    if (smoothing == 0)
        return hard;
    for (int c = 0; c < classes; c++)
        all += x[c];
    return (1 - smoothing) * hard + smoothing * (all / classes);
}

static an_score score(const an_op_args *args, const an_slot *slot, const float *x, const float *y,
                      int classes, double log_sum)
{
    if (slot->label < 0)
        return (an_score){0};
    assert(slot->label < classes && slot->second < classes);
    return an_score_of(y, classes, an_slot_main_label(slot),
                       (float)(log_sum - target_logit(args, slot, x, classes)));
}

static void forward(an_native *native, const an_op_args *args)
{
    int classes = native->y.shape.c;
#pragma omp parallel for schedule(static)
    for (int n = 0; n < native->y.n; n++) {
        const float *x = (const float *)args->x[0] + (int64_t)n * classes;
        float *y = (float *)args->y + (int64_t)n * classes;
        double log_sum = probabilities(x, classes, y);
        if (args->scores)
            args->scores[n] = score(args, &args->slots[n], x, y, classes, log_sum);
    }
    if (args->scores)
        an_results_sum(args->results, args->scores, native->y.n);
}

static void gradient(const an_op_args *args, const an_slot *slot, const float *y, float *dx,
                     int classes)
{
    float all = args->state->weight > 0 ? (float)args->state->weight : 1;
    float smoothing = (float)args->state->smoothing;
    float second = (1 - smoothing) * slot->second_share, spread = smoothing / (float)classes;
    float first = (1 - smoothing) * (1 - slot->second_share);
    for (int c = 0; c < classes; c++) {
        float target = (c == slot->label ? first : 0) + (c == slot->second ? second : 0) + spread;
        dx[c] = slot->weight * (y[c] - target) / all;
    }
}

static void backward(an_native *native, const an_op_args *args)
{
    int classes = native->y.shape.c;
    if (!args->dx[0])
        return;
#pragma omp parallel for schedule(static)
    for (int n = 0; n < native->y.n; n++) {
        const float *y = (const float *)args->y + (int64_t)n * classes;
        float *dx = (float *)args->dx[0] + (int64_t)n * classes;
        if (args->slots[n].label < 0)
            memset(dx, 0, sizeof(float) * (size_t)classes);
        else
            gradient(args, &args->slots[n], y, dx, classes);
    }
}

static const an_native_kind kind = {NULL, false, true, forward, backward};

alexnet_status an_cpu_softmax_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_layout rows = {AN_LAYOUT_PLAIN, AN_F32, p->ops[0]->n, p->ops[0]->out};
    return an_native_new(out, cpu, p, &kind, &rows, rows);
}
