/*
 * Max pooling (op/pool.h) of neighbouring lanes of a plane. With a fused ReLU, the maximum
 * starts at zero.
 *
 * For backward, forward records the place of each maximum, the first of equal ones. A NaN wins over
 * every number, so that it reaches the loss (which of several NaNs wins is not defined); oneDNN's
 * pooling drops it. A NaN gets the gradient of its window, even where a ReLU alone would give it
 * none.
 *
 * Sixteen lanes of bfloat16 are compared as integers, in an order that agrees with that of the
 * values: NaNs of both signs are above all, and 0 is above -0, so that the two do not tie here.
 */
#include "backend/cpu/kernels/pool_rows.h"

enum { NOWHERE = 0xffff }; /* the ReLU's zero won; windows have fewer places */

/* The number of a pixel among those of its clipped window. */
AN_INLINE int place_at(const an_pool_run *run, window w, int r, int c)
{
    return (r - w.top) * run->desc->u.pool.size + (c - w.left);
}

/* Of up to eight lanes. */
AN_INLINE void load_places(const an_pool_run *run, int64_t i, int width, an_int8 *places)
{
    an_half8 halves = {0};
    if (width == 8)
        memcpy(&halves, run->places + i, sizeof halves);
    else
        for (int l = 0; l < width; l++)
            halves[l] = run->places[i + l];
    *places = __builtin_convertvector(halves, an_int8);
}

AN_INLINE void store_places(const an_pool_run *run, int64_t i, int width, const an_int8 *places)
{
    an_half8 halves = __builtin_convertvector(*places, an_half8);
    if (width == 8)
        memcpy(run->places + i, &halves, sizeof halves);
    else
        for (int l = 0; l < width; l++)
            run->places[i + l] = halves[l];
}

/* ---- Forward, up to eight lanes -------------------------------------------------------------- */

AN_INLINE void largest(const an_pool_run *run, window w, int64_t out, an_dtype t, int width,
                       bool relu)
{
    int columns = run->desc->in[0].w;
    an_float8 x, y = {0};
    an_int8 place = {0};
    if (relu)
        place += NOWHERE;
    else
        load_lanes(run, run->x, (int64_t)w.top * columns + w.left, t, width, &y);
    for (int r = w.top; r < w.bottom; r++)
        for (int c = w.left; c < w.right; c++) {
            load_lanes(run, run->x, (int64_t)r * columns + c, t, width, &x);
            an_int8 larger = (x > y) | (x != x);
            an_choose8(&y, &larger, &x, &y);
            place = (larger & place_at(run, w, r, c)) | (~larger & place);
        }
    store_lanes(run, run->y, out, t, width, &y);
    if (run->places)
        store_places(run, out * run->lanes, width, &place);
}

/* ---- Forward, sixteen lanes of bfloat16 ------------------------------------------------------ */

typedef int16_t an_short16 __attribute__((vector_size(32)));

/* Reverse the order of negative values, so that they ascend; then subtract the number of negative
 * NaNs from everything, so that these wrap around to the upper end. */
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

AN_INLINE void load16(const an_pool_run *run, int64_t pixel, an_short16 *v)
{
    memcpy(v, (const uint16_t *)run->x + pixel * run->lanes, sizeof *v);
    to_order(v);
}

AN_INLINE void largest16(const an_pool_run *run, window w, int64_t out, bool relu)
{
    int columns = run->desc->in[0].w;
    an_short16 x, y = {0}, place = {0};
    if (relu) {
        to_order(&y);
        place += (int16_t)NOWHERE;
    } else {
        load16(run, (int64_t)w.top * columns + w.left, &y);
    }
    for (int r = w.top; r < w.bottom; r++)
        for (int c = w.left; c < w.right; c++) {
            load16(run, (int64_t)r * columns + c, &x);
            an_short16 larger = x > y;
            y = (larger & x) | (~larger & y);
            place = (larger & (int16_t)place_at(run, w, r, c)) | (~larger & place);
        }
    from_order(&y);
    memcpy((uint16_t *)run->y + out * run->lanes, &y, sizeof y);
    if (run->places)
        memcpy(run->places + out * run->lanes, &place, sizeof place);
}

/* ---- Backward -------------------------------------------------------------------------------- */

/* Adds dy to the place in the window that forward recorded. */
AN_INLINE void give_to_place(const an_pool_run *run, window w, int64_t out, an_dtype t, int width)
{
    int vectors = width > 8 ? 2 : 1, lanes = width > 8 ? 8 : width;
    an_float8 dy[2];
    an_int8 place[2];
    for (int v = 0; v < vectors; v++) {
        load_lanes(run, an_at(run->dy, 8 * v, t), out, t, lanes, &dy[v]);
        load_places(run, out * run->lanes + 8 * v, lanes, &place[v]);
    }
    for (int r = w.top; r < w.bottom; r++) {
        an_float8 *sum = sums_of_row(run, r, width);
        for (int c = w.left; c < w.right; c++)
            for (int v = 0; v < vectors; v++) {
                an_int8 here = place[v] == place_at(run, w, r, c);
                sum[vectors * c + v] += (an_float8)(here & (an_int8)dy[v]);
            }
    }
}

/* ---- Both ------------------------------------------------------------------------------------ */

AN_INLINE void forward_width(const an_pool_run *run, an_dtype t, int width, bool relu)
{
    an_chw out = run->desc->out;
    for (int p = 0; p < out.h; p++)
        for (int q = 0; q < out.w; q++) {
            window w = window_at(run->desc, p, q);
            if (width == 16)
                largest16(run, w, (int64_t)p * out.w + q, relu);
            else
                largest(run, w, (int64_t)p * out.w + q, t, width, relu);
        }
}

/* The usual widths are constants, so that the inner loops are compiled for them. */
AN_INLINE void forward_relu(const an_pool_run *run, an_dtype t, bool relu)
{
    if (t == AN_BF16 && run->width == 16) {
        forward_width(run, t, 16, relu);
        return;
    }
    switch (run->width) {
    case 8: forward_width(run, t, 8, relu); break;
    case 1: forward_width(run, t, 1, relu); break;
    default: forward_width(run, t, run->width, relu);
    }
}

AN_INLINE void forward(const an_pool_run *run, an_dtype t)
{
    if (run->relu)
        forward_relu(run, t, true);
    else
        forward_relu(run, t, false);
}

AN_INLINE void backward(const an_pool_run *run, an_dtype t)
{
    if (t == AN_BF16 && run->width == 16) {
        pool_backward(run, t, 16, give_to_place);
        return;
    }
    switch (run->width) {
    case 8: pool_backward(run, t, 8, give_to_place); break;
    case 1: pool_backward(run, t, 1, give_to_place); break;
    default: pool_backward(run, t, run->width, give_to_place);
    }
}

AN_KERNEL_INSTANCES(pool_max_forward, an_pool_run, forward)
AN_KERNEL_INSTANCES(pool_max_backward, an_pool_run, backward)
