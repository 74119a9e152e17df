#include <math.h>

#include "backend/ref/ref.h"

/* Channels from .. to-1. */
typedef struct span {
    int from, to;
} span;

/* The window of channel c: size channels around it, clipped to c's group. */
static span window_of(const an_op_desc *desc, int c)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    int per_group = desc->in[0].c / lrn->groups;
    int first = c / per_group * per_group, end = first + per_group;
    span w = {c - lrn->size / 2, c + lrn->size / 2 + 1};
    return (span){w.from > first ? w.from : first, w.to < end ? w.to : end};
}

/* s at channel c of the pixel that x points to; `plane` is the distance between channels. */
static double divisor(const an_op_desc *desc, const double *x, int64_t plane, int c)
{
    span w = window_of(desc, c);
    double sum = 0;
    for (int j = w.from; j < w.to; j++)
        sum += x[j * plane] * x[j * plane];
    return desc->u.lrn.k + desc->u.lrn.alpha * sum;
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    int channels = desc->in[0].c;
    int64_t plane = (int64_t)desc->in[0].h * desc->in[0].w;
    for (int n = 0; n < desc->n; n++) {
        const double *x = (const double *)args->x[0] + n * channels * plane;
        double *y = (double *)args->y + n * channels * plane;
        for (int c = 0; c < channels; c++)
            for (int64_t i = 0; i < plane; i++)
                y[c * plane + i] =
                    x[c * plane + i] * pow(divisor(desc, x + i, plane, c), -desc->u.lrn.beta);
    }
}

/*
 * First the term of an output's own input, dx = dy s^-beta, keeping t = dy x s^(-beta-1); then the
 * term of its neighbours. j is in window(i) exactly if i is in window(j), because size is odd.
 */
static void backward_image(const an_op_desc *desc, const double *x, const double *dy, double *dx,
                           double *t)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    int channels = desc->in[0].c;
    int64_t plane = (int64_t)desc->in[0].h * desc->in[0].w;
    for (int c = 0; c < channels; c++)
        for (int64_t i = 0; i < plane; i++) {
            int64_t at = c * plane + i;
            double s = divisor(desc, x + i, plane, c);
            dx[at] = dy[at] * pow(s, -lrn->beta);
            t[at] = dy[at] * x[at] * pow(s, -lrn->beta - 1);
        }
    for (int c = 0; c < channels; c++)
        for (int64_t i = 0; i < plane; i++) {
            span w = window_of(desc, c);
            double sum = 0;
            for (int j = w.from; j < w.to; j++)
                sum += t[j * plane + i];
            dx[c * plane + i] -= 2 * lrn->alpha * lrn->beta * x[c * plane + i] * sum;
        }
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    int64_t image = an_chw_count(run->desc.in[0]);
    if (!args->dx[0])
        return;
    for (int n = 0; n < run->desc.n; n++)
        backward_image(&run->desc, (const double *)args->x[0] + n * image,
                       (const double *)args->dy + n * image, (double *)args->dx[0] + n * image,
                       args->scratch);
}

static int64_t scratch(const an_op_desc *desc)
{
    return an_chw_count(desc->in[0]);
}

const an_ref_op an_ref_lrn = {forward, backward, scratch};
