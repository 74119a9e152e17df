#include <math.h>

#include "backend/ref/ref.h"

/* SUM of value(x[i]) over the window of pixel (row, column), clipped to the h x w plane at x. */
static double window_sum(const an_op_desc *desc, const double *x, int row, int column,
                         double (*value)(double))
{
    int h = desc->in[0].h, w = desc->in[0].w, reach = desc->u.lrn.size / 2;
    int top = row - reach > 0 ? row - reach : 0, left = column - reach > 0 ? column - reach : 0;
    double sum = 0;
    for (int i = top; i <= row + reach && i < h; i++)
        for (int j = left; j <= column + reach && j < w; j++)
            sum += value(x[i * w + j]);
    return sum;
}

static double square(double a)
{
    return a * a;
}

static double itself(double a)
{
    return a;
}

static double divisor(const an_op_desc *desc, const double *x, int row, int column)
{
    return desc->u.lrn.k + desc->u.lrn.alpha * window_sum(desc, x, row, column, square);
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    int h = desc->in[0].h, w = desc->in[0].w;
    const double *x = args->x[0];
    double *y = args->y;
    for (int64_t plane = 0; plane < (int64_t)desc->n * desc->in[0].c; plane++, x += h * w)
        for (int row = 0; row < h; row++)
            for (int column = 0; column < w; column++)
                *y++ = x[row * w + column] * pow(divisor(desc, x, row, column), -desc->u.lrn.beta);
}

/* As in ref_lrn.c: the own term and t = dy x s^(-beta-1), then the neighbours' term. */
static void backward_plane(const an_op_desc *desc, const double *x, const double *dy, double *dx,
                           double *t)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    int h = desc->in[0].h, w = desc->in[0].w;
    for (int row = 0; row < h; row++)
        for (int column = 0; column < w; column++) {
            int at = row * w + column;
            double s = divisor(desc, x, row, column);
            dx[at] = dy[at] * pow(s, -lrn->beta);
            t[at] = dy[at] * x[at] * pow(s, -lrn->beta - 1);
        }
    for (int row = 0; row < h; row++)
        for (int column = 0; column < w; column++)
            dx[row * w + column] -= 2 * lrn->alpha * lrn->beta * x[row * w + column] *
                                    window_sum(desc, t, row, column, itself);
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    int64_t pixels = (int64_t)desc->in[0].h * desc->in[0].w;
    if (!args->dx[0])
        return;
    for (int64_t plane = 0; plane < (int64_t)desc->n * desc->in[0].c; plane++)
        backward_plane(desc, (const double *)args->x[0] + plane * pixels,
                       (const double *)args->dy + plane * pixels,
                       (double *)args->dx[0] + plane * pixels, args->scratch);
}

static int64_t scratch(const an_op_desc *desc)
{
    return (int64_t)desc->in[0].h * desc->in[0].w;
}

const an_ref_op an_ref_lrn_within = {forward, backward, scratch};
