#include <math.h>
#include <string.h>

#include "backend/ref/ref.h"

/* A window clipped to the image: rows top .. bottom-1, columns left .. right-1. */
typedef struct window {
    int top, bottom, left, right;
} window;

static int at_least_0(int a)
{
    return a > 0 ? a : 0;
}

static int at_most(int a, int limit)
{
    return a < limit ? a : limit;
}

static window window_at(const an_op_desc *desc, int p, int q)
{
    const an_pool_desc *pool = &desc->u.pool;
    int row = p * pool->stride - pool->pad, column = q * pool->stride - pool->pad;
    return (window){at_least_0(row), at_most(row + pool->size, desc->in[0].h), at_least_0(column),
                    at_most(column + pool->size, desc->in[0].w)};
}

/* Offset in plane x of the first NaN of the window in row order, else of its first maximum. */
static int first_maximum(const double *x, int width, window w)
{
    int best = w.top * width + w.left;
    for (int row = w.top; row < w.bottom; row++)
        for (int column = w.left; column < w.right; column++) {
            int i = row * width + column;
            if (isnan(x[i]))
                return i;
            if (x[i] > x[best])
                best = i;
        }
    return best;
}

static double mean(const double *x, int width, window w)
{
    double sum = 0;
    for (int row = w.top; row < w.bottom; row++)
        for (int column = w.left; column < w.right; column++)
            sum += x[row * width + column];
    return sum / ((w.bottom - w.top) * (w.right - w.left));
}

static void add_share(double *dx, int width, window w, double dy)
{
    double share = dy / ((w.bottom - w.top) * (w.right - w.left));
    for (int row = w.top; row < w.bottom; row++)
        for (int column = w.left; column < w.right; column++)
            dx[row * width + column] += share;
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    int width = desc->in[0].w;
    const double *x = args->x[0];
    double *y = args->y;
    for (int64_t plane = 0; plane < (int64_t)desc->n * desc->out.c; plane++) {
        for (int p = 0; p < desc->out.h; p++)
            for (int q = 0; q < desc->out.w; q++) {
                window w = window_at(desc, p, q);
                *y++ = desc->u.pool.kind == AN_POOL_MAX ? x[first_maximum(x, width, w)]
                                                        : mean(x, width, w);
            }
        x += desc->in[0].h * width;
    }
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    int width = desc->in[0].w;
    const double *x = args->x[0], *dy = args->dy;
    double *dx = args->dx[0];
    if (!dx)
        return;
    memset(dx, 0, (size_t)an_ref_count(desc, desc->in[0]) * sizeof(double));
    for (int64_t plane = 0; plane < (int64_t)desc->n * desc->out.c; plane++) {
        for (int p = 0; p < desc->out.h; p++)
            for (int q = 0; q < desc->out.w; q++, dy++) {
                window w = window_at(desc, p, q);
                if (desc->u.pool.kind == AN_POOL_MAX)
                    dx[first_maximum(x, width, w)] += *dy;
                else
                    add_share(dx, width, w, *dy);
            }
        x += desc->in[0].h * width;
        dx += desc->in[0].h * width;
    }
}

const an_ref_op an_ref_pool = {forward, backward, NULL};
