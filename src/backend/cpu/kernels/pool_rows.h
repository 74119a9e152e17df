/*
 * What the kernels of pooling share: windows, lanes, and the rows of sums in which gradients are
 * gathered. When no further window reaches a row of the input, its sums are written out and
 * cleared, so that as many rows of sums as a window has are enough.
 */
#ifndef AN_BACKEND_CPU_KERNELS_POOL_ROWS_H
#define AN_BACKEND_CPU_KERNELS_POOL_ROWS_H

#include <string.h>

#include "backend/cpu/kernels/kernels.h"

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

/* Up to eight lanes of a pixel; those beyond `width` are zero. */
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

/* The sums of a row of the input: one vector for each pixel, two where the run is 16 lanes wide. */
AN_INLINE an_float8 *sums_of_row(const an_pool_run *run, int row, int width)
{
    int vectors = width > 8 ? 2 : 1;
    return run->work + (int64_t)(row % run->desc->u.pool.size) * run->desc->in[0].w * vectors;
}

AN_INLINE void finish_rows(const an_pool_run *run, int first, int end, an_dtype t, int width)
{
    const an_float8 zero = {0};
    int columns = run->desc->in[0].w;
    for (int row = first; row < end; row++) {
        an_float8 *sum = sums_of_row(run, row, width);
        for (int c = 0; c < columns; c++) {
            int64_t pixel = (int64_t)row * columns + c;
            if (width > 8) {
                an_store8(run->dx, pixel * run->lanes, t, &sum[2 * c]);
                an_store8(run->dx, pixel * run->lanes + 8, t, &sum[2 * c + 1]);
                sum[2 * c + 1] = sum[2 * c] = zero;
            } else {
                store_lanes(run, run->dx, pixel, t, width, &sum[c]);
                sum[c] = zero;
            }
        }
    }
}

/* Divides the gradient of output `out` among the pixels of its window. */
typedef void (*share_out)(const an_pool_run *run, window w, int64_t out, an_dtype t, int width);

AN_INLINE void pool_backward(const an_pool_run *run, an_dtype t, int width, share_out share)
{
    an_chw in = run->desc->in[0], out = run->desc->out;
    int finished = 0, vectors = width > 8 ? 2 : 1;
    memset(run->work, 0,
           sizeof *run->work * (size_t)run->desc->u.pool.size * (size_t)in.w * (size_t)vectors);
    for (int p = 0; p < out.h; p++) {
        int top = window_at(run->desc, p, 0).top;
        finish_rows(run, finished, top, t, width);
        finished = top;
        for (int q = 0; q < out.w; q++)
            share(run, window_at(run->desc, p, q), (int64_t)p * out.w + q, t, width);
    }
    finish_rows(run, finished, in.h, t, width);
}

#endif
