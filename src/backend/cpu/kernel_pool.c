/*
 * Pooling (op/pool.h) of `width` neighbouring lanes of a plane.
 *
 * Max needs nothing saved: backward finds the place that forward chose by comparing x with y. A NaN
 * wins over every number, the first one in row order, so that it reaches the loss; oneDNN's pooling
 * drops it.
 */
#include <string.h>

#include "backend/cpu/kernels.h"

/* A window clipped to the image: rows top .. bottom-1, columns left .. right-1. */
typedef struct window {
    int top, bottom, left, right;
} window;

AN_INLINE window window_at(const an_op_desc *desc, int p, int q)
{
    const an_pool_desc *pool = &desc->u.pool;
    int top = p * pool->stride - pool->pad, left = q * pool->stride - pool->pad;
    int bottom = top + pool->size, right = left + pool->size;
    return (window){top > 0 ? top : 0, bottom < desc->in[0].h ? bottom : desc->in[0].h,
                    left > 0 ? left : 0, right < desc->in[0].w ? right : desc->in[0].w};
}

/* The lanes of a pixel; those beyond `width` are zero. */
AN_INLINE void load_lanes(const an_pool_run *run, const void *tensor, int64_t pixel, an_dtype t,
                          int width, an_float8 *v)
{
    if (width == 8) {
        an_load8(tensor, pixel * run->lanes, t, v);
        return;
    }
    *v = (an_float8){0};
    for (int l = 0; l < width; l++)
        (*v)[l] = an_load(tensor, pixel * run->lanes + l, t);
}

AN_INLINE void store_lanes(const an_pool_run *run, void *tensor, int64_t pixel, an_dtype t,
                           int width, const an_float8 *v)
{
    if (width == 8)
        an_store8(tensor, pixel * run->lanes, t, v);
    else
        for (int l = 0; l < width; l++)
            an_store(tensor, pixel * run->lanes + l, t, (*v)[l]);
}

AN_INLINE float area(window w)
{
    return (float)((w.bottom - w.top) * (w.right - w.left));
}

AN_INLINE void forward_window(const an_pool_run *run, window w, an_dtype t, int width, an_float8 *y)
{
    bool max = run->desc->u.pool.kind == AN_POOL_MAX;
    int columns = run->desc->in[0].w;
    an_float8 x;
    if (max)
        load_lanes(run, run->x, (int64_t)w.top * columns + w.left, t, width, y);
    else
        *y = (an_float8){0};
    for (int r = w.top; r < w.bottom; r++)
        for (int c = w.left; c < w.right; c++) {
            load_lanes(run, run->x, (int64_t)r * columns + c, t, width, &x);
            an_int8 larger = (x > *y) | (x != x);
            if (max)
                an_choose8(y, &larger, &x, y);
            else
                *y += x;
        }
    if (!max)
        *y /= area(w);
}

AN_INLINE void forward_width(const an_pool_run *run, an_dtype t, int width)
{
    an_float8 y;
    an_chw out = run->desc->out;
    for (int p = 0; p < out.h; p++)
        for (int q = 0; q < out.w; q++) {
            forward_window(run, window_at(run->desc, p, q), t, width, &y);
            store_lanes(run, run->y, (int64_t)p * out.w + q, t, width, &y);
        }
}

/* Adds dy to the first place of the window that holds y. */
AN_INLINE void max_backward(const an_pool_run *run, window w, int64_t out, an_dtype t, int width)
{
    const an_float8 zero = {0};
    an_float8 x, y, dy, here_dy, *sum = run->work;
    load_lanes(run, run->y, out, t, width, &y);
    load_lanes(run, run->dy, out, t, width, &dy);
    int columns = run->desc->in[0].w;
    for (int r = w.top; r < w.bottom; r++)
        for (int c = w.left; c < w.right; c++) {
            int64_t pixel = (int64_t)r * columns + c;
            load_lanes(run, run->x, pixel, t, width, &x);
            an_int8 here = (x == y) | ((x != x) & (y != y));
            an_choose8(&here_dy, &here, &dy, &zero);
            an_choose8(&dy, &here, &zero, &dy); /* given away: what is left of it is zero */
            sum[pixel] += here_dy;
        }
}

AN_INLINE void avg_backward(const an_pool_run *run, window w, int64_t out, an_dtype t, int width)
{
    an_float8 dy, *sum = run->work;
    load_lanes(run, run->dy, out, t, width, &dy);
    dy /= area(w);
    for (int r = w.top; r < w.bottom; r++)
        for (int c = w.left; c < w.right; c++)
            sum[(int64_t)r * run->desc->in[0].w + c] += dy;
}

AN_INLINE void backward_width(const an_pool_run *run, an_dtype t, int width)
{
    an_chw in = run->desc->in[0], out = run->desc->out;
    int64_t pixels = (int64_t)in.h * in.w;
    const an_float8 *sum = run->work;
    memset(run->work, 0, sizeof *sum * (size_t)pixels);
    for (int p = 0; p < out.h; p++)
        for (int q = 0; q < out.w; q++) {
            window w = window_at(run->desc, p, q);
            if (run->desc->u.pool.kind == AN_POOL_MAX)
                max_backward(run, w, (int64_t)p * out.w + q, t, width);
            else
                avg_backward(run, w, (int64_t)p * out.w + q, t, width);
        }
    for (int64_t i = 0; i < pixels; i++)
        store_lanes(run, run->dx, i, t, width, &sum[i]);
}

/* The usual widths as constants, for the inner loops' sake. */
AN_INLINE void forward(const an_pool_run *run, an_dtype t)
{
    if (run->width == 8)
        forward_width(run, t, 8);
    else if (run->width == 1)
        forward_width(run, t, 1);
    else
        forward_width(run, t, run->width);
}

AN_INLINE void backward(const an_pool_run *run, an_dtype t)
{
    if (run->width == 8)
        backward_width(run, t, 8);
    else if (run->width == 1)
        backward_width(run, t, 1);
    else
        backward_width(run, t, run->width);
}

AN_KERNEL_INSTANCES(pool_forward, an_pool_run, forward)
AN_KERNEL_INSTANCES(pool_backward, an_pool_run, backward)
