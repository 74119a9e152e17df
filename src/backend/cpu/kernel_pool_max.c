/*
 * Max pooling (op/pool.h) of neighbouring lanes of a plane.
 *
 * Nothing is saved: backward takes the first place of the window that holds y. A NaN wins over every
 * number, so that it reaches the loss (which one of several is open); oneDNN's pooling drops it.
 *
 * Sixteen lanes of bfloat16 are compared as whole numbers, in an order that agrees with that of the
 * values: NaNs of both signs above all, and 0 above -0, which are no ties here.
 */
#include "backend/cpu/kernel_pool.h"

/* ---- Up to eight lanes ------------------------------------------------------------------------ */

AN_INLINE void forward_width(const an_pool_run *run, an_dtype t, int width)
{
    an_chw out = run->desc->out;
    int columns = run->desc->in[0].w;
    for (int p = 0; p < out.h; p++)
        for (int q = 0; q < out.w; q++) {
            window w = window_at(run->desc, p, q);
            an_float8 x, y;
            load_lanes(run, run->x, (int64_t)w.top * columns + w.left, t, width, &y);
            for (int r = w.top; r < w.bottom; r++)
                for (int c = w.left; c < w.right; c++) {
                    load_lanes(run, run->x, (int64_t)r * columns + c, t, width, &x);
                    an_int8 larger = (x > y) | (x != x);
                    an_choose8(&y, &larger, &x, &y);
                }
            store_lanes(run, run->y, (int64_t)p * out.w + q, t, width, &y);
        }
}

/* Adds dy to the first place of the window that holds y. */
AN_INLINE void give_first(const an_pool_run *run, window w, int64_t out, an_dtype t, int width)
{
    const an_float8 zero = {0};
    an_float8 x, y, dy, here_dy;
    load_lanes(run, run->y, out, t, width, &y);
    load_lanes(run, run->dy, out, t, width, &dy);
    for (int r = w.top; r < w.bottom; r++) {
        an_float8 *sum = sums_of_row(run, r, width);
        for (int c = w.left; c < w.right; c++) {
            load_lanes(run, run->x, (int64_t)r * run->desc->in[0].w + c, t, width, &x);
            an_int8 here = (x == y) | ((x != x) & (y != y));
            an_choose8(&here_dy, &here, &dy, &zero);
            an_choose8(&dy, &here, &zero, &dy); /* given away: what is left of it is zero */
            sum[c] += here_dy;
        }
    }
}

/* ---- Sixteen lanes of bfloat16 ---------------------------------------------------------------- */

typedef int16_t an_short16 __attribute__((vector_size(32)));

AN_INLINE void load16(const void *tensor, int64_t i, an_short16 *v)
{
    memcpy(v, (const uint16_t *)tensor + i, sizeof *v);
}

/* Negative values in ascending order; then everything down by as many as there are negative NaNs, so
 * that these come round to the upper end. */
enum { NEGATIVE_NANS = 127 };

AN_INLINE void to_order(an_short16 *v)
{
    an_half16 key = (an_half16)(*v ^ (*v >> 15 & 0x7fff)) - NEGATIVE_NANS;
    memcpy(v, &key, sizeof key);
}

AN_INLINE void from_order(an_short16 *v)
{
    an_half16 key;
    memcpy(&key, v, sizeof key);
    an_short16 bits = (an_short16)(key + NEGATIVE_NANS);
    *v = bits ^ (bits >> 15 & 0x7fff);
}

AN_INLINE void forward16(const an_pool_run *run)
{
    an_chw out = run->desc->out;
    int columns = run->desc->in[0].w;
    for (int p = 0; p < out.h; p++)
        for (int q = 0; q < out.w; q++) {
            window w = window_at(run->desc, p, q);
            an_short16 x, y;
            load16(run->x, ((int64_t)w.top * columns + w.left) * run->lanes, &y);
            to_order(&y);
            for (int r = w.top; r < w.bottom; r++)
                for (int c = w.left; c < w.right; c++) {
                    load16(run->x, ((int64_t)r * columns + c) * run->lanes, &x);
                    to_order(&x);
                    an_short16 larger = x > y;
                    y = (larger & x) | (~larger & y);
                }
            from_order(&y);
            memcpy((uint16_t *)run->y + ((int64_t)p * out.w + q) * run->lanes, &y, sizeof y);
        }
}

/* Adds dy to the first place of the window that has the bits of y. */
AN_INLINE void give_first16(const an_pool_run *run, window w, int64_t out, an_dtype t, int width)
{
    an_short16 x, y, dy;
    an_float8 low, high;
    (void)t;
    load16(run->y, out * run->lanes, &y);
    load16(run->dy, out * run->lanes, &dy);
    for (int r = w.top; r < w.bottom; r++) {
        an_float8 *sum = sums_of_row(run, r, width);
        for (int c = w.left; c < w.right; c++) {
            load16(run->x, ((int64_t)r * run->desc->in[0].w + c) * run->lanes, &x);
            an_short16 here = x == y, here_dy = here & dy;
            dy &= ~here; /* given away: what is left of it is zero */
            an_load8(&here_dy, 0, AN_BF16, &low);
            an_load8(&here_dy, 8, AN_BF16, &high);
            sum[2 * c] += low;
            sum[2 * c + 1] += high;
        }
    }
}

/* ---- Both ------------------------------------------------------------------------------------- */

/* The usual widths as constants, for the inner loops' sake. */
AN_INLINE void forward(const an_pool_run *run, an_dtype t)
{
    if (t == AN_BF16 && run->width == 16) {
        forward16(run);
        return;
    }
    switch (run->width) {
    case 8: forward_width(run, t, 8); break;
    case 1: forward_width(run, t, 1); break;
    default: forward_width(run, t, run->width);
    }
}

AN_INLINE void backward(const an_pool_run *run, an_dtype t)
{
    if (t == AN_BF16 && run->width == 16) {
        pool_backward(run, t, 16, give_first16);
        return;
    }
    switch (run->width) {
    case 8: pool_backward(run, t, 8, give_first); break;
    case 1: pool_backward(run, t, 1, give_first); break;
    default: pool_backward(run, t, run->width, give_first);
    }
}

AN_KERNEL_INSTANCES(pool_max_forward, an_pool_run, forward)
AN_KERNEL_INSTANCES(pool_max_backward, an_pool_run, backward)
