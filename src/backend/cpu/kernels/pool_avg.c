/* Average pooling (op/pool.h) of neighbouring lanes of a plane. */
#include "backend/cpu/kernels/pool_rows.h"

AN_INLINE float area(window w)
{
    return (float)((w.bottom - w.top) * (w.right - w.left));
}

AN_INLINE void forward_width(const an_pool_run *run, an_dtype t, int width)
{
    an_chw out = run->desc->out;
    for (int p = 0; p < out.h; p++)
        for (int q = 0; q < out.w; q++) {
            window w = window_at(run->desc, p, q);
            an_float8 x, sum = {0};
            for (int r = w.top; r < w.bottom; r++)
                for (int c = w.left; c < w.right; c++) {
                    load_lanes(run, run->x, (int64_t)r * run->desc->in[0].w + c, t, width, &x);
                    sum += x;
                }
            sum /= area(w);
            store_lanes(run, run->y, (int64_t)p * out.w + q, t, width, &sum);
        }
}

AN_INLINE void share_equally(const an_pool_run *run, window w, int64_t out, an_dtype t, int width)
{
    an_float8 dy;
    load_lanes(run, run->dy, out, t, width, &dy);
    dy /= area(w);
    for (int r = w.top; r < w.bottom; r++) {
        an_float8 *sum = sums_of_row(run, r, width);
        for (int c = w.left; c < w.right; c++)
            sum[c] += dy;
    }
}

/* The usual widths are constants, so that the inner loops are compiled for them. */
AN_INLINE void forward(const an_pool_run *run, an_dtype t)
{
    switch (run->width) {
    case 8: forward_width(run, t, 8); break;
    case 1: forward_width(run, t, 1); break;
    default: forward_width(run, t, run->width);
    }
}

AN_INLINE void backward(const an_pool_run *run, an_dtype t)
{
    switch (run->width) {
    case 8: pool_backward(run, t, 8, share_equally); break;
    case 1: pool_backward(run, t, 1, share_equally); break;
    default: pool_backward(run, t, run->width, share_equally);
    }
}

AN_KERNEL_INSTANCES(pool_avg_forward, an_pool_run, forward)
AN_KERNEL_INSTANCES(pool_avg_backward, an_pool_run, backward)
