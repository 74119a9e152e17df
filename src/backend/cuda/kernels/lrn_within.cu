/*
 * Local response normalisation within a map (op/lrn.h) in one pass through memory: windows of 5 x 5
 * with beta = 3/4, in maps that fit into shared memory. A block computes eight maps of an image.
 *
 * Windows are summed along rows, then down columns, both in place: a thread walks along a row or
 * down a column of one map, and remembers the values that it has overwritten.
 */
#include "backend/cuda/kernels/lrn_eight.h"

typedef struct within_plan {
    an_cuda_lrn_run run;
    int pixels;
    an_divisor eights; /* blocks of an image */
} within_plan;

/* [pixel][map] */
typedef struct within_one {
    float sum[LRN_WITHIN_PIXELS][8];
} within_one;

typedef struct within_two {
    within_one one;
    float own[LRN_WITHIN_PIXELS][8]; /* the term of an output's own input */
} within_two;

/* The eight maps of a block at a pixel. */
AN_BODY lrn_eight within_eight(const within_plan *plan, an_thread t, int pixel, bool nhwc,
                               bool bf16)
{
    const an_cuda_form *form = &plan->run.form;
    uint32_t image = (uint32_t)t.block;
    lrn_eight e;
    e.c = 8 * an_split(&image, plan->eights);
    e.nhwc = nhwc;
    e.bf16 = bf16;
    e.left = e.right = false;
    e.step = nhwc ? 1 : plan->pixels;
    e.base = (int64_t)image * form->c * plan->pixels + (nhwc ? (int64_t)pixel * form->c : pixel);
    return e;
}

/* Replace the values of a row or column by sums of five neighbours, in one thread. */
AN_BODY void within_line(float *v, int count, int step)
{
    float a = 0, b = 0, c = v[0], d = count > 1 ? v[step] : 0;
    for (int i = 0; i < count; i++) {
        float e = i + 2 < count ? v[(i + 2) * step] : 0;
        v[i * step] = (a + b) + (d + e) + c;
        a = b;
        b = c;
        c = d;
        d = e;
    }
}

AN_BODY void within_rows(const within_plan *plan, an_thread t, within_one *shared)
{
    int w = plan->run.form.w;
    for (int row = t.index / 8; row < plan->run.form.h; row += AN_THREADS / 8)
        within_line(&shared->sum[row * w][t.index % 8], w, 8);
}

AN_BODY void within_columns(const within_plan *plan, an_thread t, within_one *shared)
{
    int w = plan->run.form.w;
    for (int column = t.index / 8; column < w; column += AN_THREADS / 8)
        within_line(&shared->sum[column][t.index % 8], plan->run.form.h, 8 * w);
}

AN_BODY void within_squares(const within_plan *plan, an_thread t, within_one *shared, bool nhwc,
                            bool bf16)
{
    for (int p = t.index; p < plan->pixels; p += AN_THREADS) {
        lrn_eight e = within_eight(plan, t, p, nhwc, bf16);
        float x[8];
        lrn_read(&e, plan->run.x, e.base, e.c, 8, true, x);
        lrn_squares(x, 8, shared->sum[p]);
    }
}

AN_BODY void within_values(const within_plan *plan, an_thread t, within_one *shared, bool nhwc,
                           bool bf16)
{
    for (int p = t.index; p < plan->pixels; p += AN_THREADS) {
        lrn_eight e = within_eight(plan, t, p, nhwc, bf16);
        float x[8], inverse;
        lrn_read(&e, plan->run.x, e.base, e.c, 8, true, x);
        for (int l = 0; l < 8; l++)
            x[l] *= lrn_root(plan->run.k + plan->run.alpha * shared->sum[p][l], &inverse);
        lrn_write(&e, plan->run.y, e.base, x);
    }
}

/* From the sums of squares to the terms t = dy x s^(-beta-1). */
AN_BODY void within_terms(const within_plan *plan, an_thread t, within_two *shared, bool nhwc,
                          bool bf16)
{
    for (int p = t.index; p < plan->pixels; p += AN_THREADS) {
        lrn_eight e = within_eight(plan, t, p, nhwc, bf16);
        float x[8], dy[8], inverse;
        lrn_read(&e, plan->run.x, e.base, e.c, 8, true, x);
        lrn_read(&e, plan->run.dy, e.base, e.c, 8, true, dy);
        for (int l = 0; l < 8; l++) {
            float s = plan->run.k + plan->run.alpha * shared->one.sum[p][l];
            dy[l] *= lrn_root(s, &inverse);
            shared->own[p][l] = dy[l];
            shared->one.sum[p][l] = dy[l] * x[l] * inverse;
        }
    }
}

AN_BODY void within_gradients(const within_plan *plan, an_thread t, within_two *shared, bool nhwc,
                              bool bf16)
{
    float factor = 2 * plan->run.alpha * plan->run.beta;
    for (int p = t.index; p < plan->pixels; p += AN_THREADS) {
        lrn_eight e = within_eight(plan, t, p, nhwc, bf16);
        float x[8], dx[8];
        lrn_read(&e, plan->run.x, e.base, e.c, 8, true, x);
        for (int l = 0; l < 8; l++) {
            dx[l] = shared->own[p][l] - factor * x[l] * shared->one.sum[p][l];
            if (plan->run.relu && !(x[l] > 0))
                dx[l] = 0;
        }
        lrn_write(&e, plan->run.dx, e.base, dx);
    }
}

/* ---- Kernels --------------------------------------------------------------------------------- */

#define WITHIN_PHASE(name, shared_type, call)                                                      \
    AN_BODY void name(const within_plan *plan, an_thread t, shared_type *shared, an_nothing *own)  \
    {                                                                                              \
        (void)own;                                                                                 \
        call;                                                                                      \
    }

WITHIN_PHASE(within_rows_1, within_one, within_rows(plan, t, shared))
WITHIN_PHASE(within_columns_1, within_one, within_columns(plan, t, shared))
WITHIN_PHASE(within_rows_2, within_two, within_rows(plan, t, &shared->one))
WITHIN_PHASE(within_columns_2, within_two, within_columns(plan, t, &shared->one))

#define WITHIN_KERNELS(form, nhwc, bf16)                                                           \
    WITHIN_PHASE(within_squares_1_##form, within_one, within_squares(plan, t, shared, nhwc, bf16)) \
    WITHIN_PHASE(within_squares_2_##form, within_two,                                              \
                 within_squares(plan, t, &shared->one, nhwc, bf16))                                \
    WITHIN_PHASE(within_values_##form, within_one, within_values(plan, t, shared, nhwc, bf16))     \
    WITHIN_PHASE(within_terms_##form, within_two, within_terms(plan, t, shared, nhwc, bf16))       \
    WITHIN_PHASE(within_gradients_##form, within_two,                                              \
                 within_gradients(plan, t, shared, nhwc, bf16))                                    \
    AN_PHASES(within_forward_##form, within_plan, within_one, an_nothing, within_squares_1_##form, \
              within_rows_1, within_columns_1, within_values_##form)                               \
    AN_PHASES(within_backward_##form, within_plan, within_two, an_nothing,                         \
              within_squares_2_##form, within_rows_2, within_columns_2, within_terms_##form,       \
              within_rows_2, within_columns_2, within_gradients_##form)

WITHIN_KERNELS(plain, false, false)
WITHIN_KERNELS(nhwc, true, false)
WITHIN_KERNELS(nhwc_bf16, true, true)

#define WITHIN_LAUNCH(family)                                                                      \
    (!run->form.nhwc  ? AN_LAUNCH(family##_plain, within_plan, &plan, blocks, stream)              \
     : run->form.bf16 ? AN_LAUNCH(family##_nhwc_bf16, within_plan, &plan, blocks, stream)          \
                      : AN_LAUNCH(family##_nhwc, within_plan, &plan, blocks, stream))

static within_plan plan_of(const an_cuda_lrn_run *run)
{
    within_plan plan;
    plan.run = *run;
    plan.pixels = run->form.h * run->form.w;
    plan.eights = an_divisor_of(run->form.c / 8);
    return plan;
}

int an_cuda_lrn_within_forward(const an_cuda_lrn_run *run, an_cuda_stream *stream)
{
    within_plan plan = plan_of(run);
    int64_t blocks = (int64_t)run->form.n * plan.eights.by;
    return WITHIN_LAUNCH(within_forward);
}

int an_cuda_lrn_within_backward(const an_cuda_lrn_run *run, an_cuda_stream *stream)
{
    within_plan plan = plan_of(run);
    int64_t blocks = (int64_t)run->form.n * plan.eights.by;
    return WITHIN_LAUNCH(within_backward);
}
