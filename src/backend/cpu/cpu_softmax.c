/* Softmax with cross-entropy: logits of every image in a row of float32, sums in double. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "backend/cpu/native.h"
#include "base/status.h"

/* Probabilities of one slot; returns log SUM exp(x). The largest logit is taken out first, so that
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

static void forward(an_native *native, const an_op_args *args)
{
    int classes = native->y.shape.c;
#pragma omp parallel for schedule(static)
    for (int n = 0; n < native->y.n; n++) {
        const float *x = (const float *)args->x[0] + (int64_t)n * classes;
        float *y = (float *)args->y + (int64_t)n * classes;
        double log_sum = probabilities(x, classes, y);
        if (!args->scores)
            continue;
        int label = args->slots[n].label;
        assert(label < classes);
        args->scores[n] =
            label < 0 ? (an_score){0} : an_score_of(y, classes, label, (float)(log_sum - x[label]));
    }
    if (args->scores)
        an_results_sum(args->results, args->scores, native->y.n);
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
        int label = args->slots[n].label;
        if (label < 0) {
            memset(dx, 0, sizeof(float) * (size_t)classes);
            continue;
        }
        float labelled = (float)args->state->labelled;
        for (int c = 0; c < classes; c++)
            dx[c] = (y[c] - (c == label ? 1.0f : 0.0f)) / labelled;
    }
}

static const an_native_kind kind = {NULL, false, true, forward, backward};

alexnet_status an_cpu_softmax_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_layout rows = {AN_LAYOUT_PLAIN, AN_F32, p->ops[0]->n, p->ops[0]->out};
    an_native *native;
    AN_CHECK(an_native_new(&native, cpu, p, &kind, &rows, rows));
    *out = &native->op;
    return ALEXNET_OK;
}
