/*
 * What the kernels of pool.cu and pool_pairs.cu share: the plan of a launch, and where a thread
 * works.
 */
#ifndef AN_BACKEND_CUDA_KERNELS_POOL_PLAN_H
#define AN_BACKEND_CUDA_KERNELS_POOL_PLAN_H

#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/pool_places.h"

typedef struct pool_plan {
    an_cuda_pool_run run;
    uint32_t items_in, items_out, items_square; /* threads with work */
    int h, w, c;                                /* of the images as the kernels see them */
    int overlap;                                /* most windows that share a row */
    an_divisor vecs;                            /* threads of a pixel */
    an_divisor in_w, in_h;                      /* of the input */
    an_divisor out_w, out_h, stride;
    an_divisor square_w, square_h; /* squares of two by two, from -pad on */
    an_divisor part_channels;      /* of the input */
} pool_plan;

/* Where a thread works: a pixel of an image, from a channel on. */
typedef struct pool_spot {
    int64_t image;
    int row, column, c;
    int64_t in_image; /* in the input, whose images are those of all parts */
    int in_c;
} pool_spot;

AN_BODY pool_spot pool_spot_of(const pool_plan *plan, uint32_t item, an_divisor rows,
                               an_divisor columns, int lanes)
{
    pool_spot s;
    s.c = lanes * an_split(&item, plan->vecs);
    s.column = an_split(&item, columns);
    s.row = an_split(&item, rows);
    s.image = s.in_image = item;
    s.in_c = s.c;
    if (plan->run.parts > 1) {
        uint32_t part = (uint32_t)s.c;
        s.in_c = an_split(&part, plan->part_channels);
        s.in_image += (int64_t)part * plan->run.in.n;
    }
    return s;
}

AN_BODY int64_t pool_in_at(const pool_plan *plan, const pool_spot *s, int row, int column)
{
    return ((s->in_image * plan->h + row) * plan->w + column) * plan->part_channels.by + s->in_c;
}

AN_BODY int64_t pool_out_at(const pool_plan *plan, const pool_spot *s, int p, int q)
{
    return ((s->image * plan->run.out_h + p) * plan->run.out_w + q) * plan->c + s->c;
}

AN_BODY int pool_clamp(int a, int end)
{
    return a < 0 ? 0 : a < end ? a : end - 1;
}

/* A window of a square, which is two rows and two columns of the input (pool_square_window()). */
typedef struct pool_window {
    bool there;
    int64_t at; /* of the output; an address to read from even if it is not there */
} pool_window;

AN_BODY pool_window pool_window_of(const pool_plan *plan, const pool_spot *s, int up, int left)
{
    const an_cuda_pool_run *run = &plan->run;
    int p = s->row - up, q = s->column - left;
    pool_window w;
    w.there = p >= 0 && p < run->out_h && q >= 0 && q < run->out_w;
    w.at = pool_out_at(plan, s, pool_clamp(p, run->out_h), pool_clamp(q, run->out_w));
    return w;
}

/* Whether the channels of a pixel are adjacent. */
static inline bool pool_in_rows(const an_cuda_pool_run *run)
{
    return run->in.nhwc || run->in.h * run->in.w == 1;
}

static inline int pool_lanes_of(const an_cuda_pool_run *run)
{
    return pool_in_rows(run) && run->in.c % 8 == 0 ? 8 : 1;
}

static inline pool_plan pool_plan_of(const an_cuda_pool_run *run)
{
    pool_plan plan;
    int64_t images = pool_in_rows(run) ? run->in.n : (int64_t)run->in.n * run->in.c;
    int64_t vecs;
    plan.run = *run;
    plan.h = run->in.h;
    plan.w = run->in.w;
    plan.c = pool_in_rows(run) ? run->in.c : 1;
    plan.part_channels = an_divisor_of(run->parts > 1 ? plan.c / run->parts : plan.c);
    vecs = plan.c / pool_lanes_of(run);
    plan.items_in = (uint32_t)(images * plan.h * plan.w * vecs);
    plan.items_out = (uint32_t)(images * run->out_h * run->out_w * vecs);
    plan.overlap = (run->size + run->stride - 1) / run->stride;
    plan.vecs = an_divisor_of(vecs);
    plan.in_h = an_divisor_of(plan.h);
    plan.in_w = an_divisor_of(plan.w);
    plan.out_h = an_divisor_of(run->out_h);
    plan.out_w = an_divisor_of(run->out_w);
    plan.stride = an_divisor_of(run->stride);
    plan.square_h = an_divisor_of((plan.h + run->pad + 1) / 2);
    plan.square_w = an_divisor_of((plan.w + run->pad + 1) / 2);
    plan.items_square = (uint32_t)(images * plan.square_h.by * plan.square_w.by * vecs);
    return plan;
}

/* ---- pool_pairs.cu --------------------------------------------------------------------------- */

#ifdef __cplusplus
extern "C" {
#endif

/** Max pooling of windows of 3x3 in bf16, in eight channels; the backward one, of a stride of 2. */
int an_cuda_pool_pairs_forward(const pool_plan *plan, an_cuda_stream *stream);
int an_cuda_pool_pairs_backward(const pool_plan *plan, an_cuda_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
