/*
 * Local response normalisation, across and within maps (op/lrn.h).
 *
 * Windows of 5 channels with beta = 3/4, if no eight channels straddle two towers: a thread
 * computes 8 channels of a pixel, and reads the neighbouring channels that it needs from the L1
 * cache. This takes one pass through memory, and nothing is kept between forward and backward.
 *
 * Other windows: a thread computes 8 channels or one, looping over the elements of the window.
 * Backward takes two launches, with intermediate results in scratch. (lrn_within.cu computes the
 * usual windows within maps.)
 */
#include "backend/cuda/kernels/lrn_eight.h"

typedef struct lrn_plan {
    an_cuda_lrn_run run;
    bool root;         /* lrn_root() applies */
    uint32_t items;    /* threads with work */
    int lanes;         /* channels of a thread */
    int group;         /* channels of a tower */
    int64_t step;      /* elements between a channel and the next */
    an_divisor towers; /* by `group` */
    lrn_place place;
    an_divisor eights;  /* in a row of channels, or in a plain image */
    an_divisor pixels;  /* of an image */
    an_divisor columns; /* of an image */
    float *own, *t;     /* in scratch */
} lrn_plan;

/** s^-beta, and *inverse = 1/s. */
AN_BODY float lrn_power(const lrn_plan *plan, float s, float *inverse)
{
    float beta = plan->run.beta;
    if (plan->root)
        return lrn_root(s, inverse);
    *inverse = 1 / s;
    return powf(s, -beta);
}

/* ---- Eights of channels, windows of 5 -------------------------------------------------------- */

/* The eight channels of an item. */
AN_BODY lrn_eight lrn_eight_of(const lrn_plan *plan, uint32_t item, bool nhwc, bool bf16)
{
    const an_cuda_form *form = &plan->run.form;
    int pixel = nhwc ? 0 : an_split(&item, plan->pixels);
    int c = 8 * an_split(&item, plan->eights);
    lrn_eight e = lrn_eight_at(c, plan->towers, nhwc, bf16);
    if (nhwc) {
        lrn_go_to(&e, &plan->place, item);
    } else {
        e.base = e.inner = (int64_t)item * form->c * plan->step + pixel;
        e.step = plan->step;
    }
    return e;
}

AN_BODY void lrn_forward_8(const lrn_plan *plan, an_thread t, bool nhwc, bool bf16)
{
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    lrn_eight e = lrn_eight_of(plan, item, nhwc, bf16);
    float y[8];
    lrn_values(&e, &plan->run, y);
    lrn_write(&e, plan->run.y, e.base, y);
}

AN_BODY void lrn_backward_8(const lrn_plan *plan, an_thread t, bool nhwc, bool bf16)
{
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    lrn_eight e = lrn_eight_of(plan, item, nhwc, bf16);
    float dx[8];
    lrn_gradients(&e, &plan->run, dx);
    lrn_write_gradients(&e, &plan->run, dx);
}

#define LRN_KERNELS(name, nhwc, bf16)                                                              \
    AN_KERNEL(lrn_forward_##name, lrn_plan, lrn_forward_8(run, t, nhwc, bf16))                     \
    AN_KERNEL(lrn_backward_##name, lrn_plan, lrn_backward_8(run, t, nhwc, bf16))

LRN_KERNELS(plain, false, false)
LRN_KERNELS(nhwc, true, false)
LRN_KERNELS(nhwc_bf16, true, true)

/* ---- Any window ------------------------------------------------------------------------------ */

/* Elements of a window: at + i * outer + j * inner, i < rows, j < columns. */
typedef struct lrn_window {
    int64_t at, outer, inner;
    int rows, columns;
} lrn_window;

/* The window of `size` positions around `centre`, clipped to 0 .. end - 1: sets *first, and returns
 * its length. */
AN_BODY int lrn_clip(int centre, int size, int end, int *first)
{
    int last = centre + size / 2 < end ? centre + size / 2 : end - 1;
    *first = centre - size / 2 > 0 ? centre - size / 2 : 0;
    return last - *first + 1;
}

/* The index of an item's first element, and its window. Plain memory is treated as images of one
 * map. */
AN_BODY int64_t lrn_window_of(const lrn_plan *plan, uint32_t item, lrn_window *w)
{
    const an_cuda_lrn_run *run = &plan->run;
    const an_cuda_form *form = &run->form;
    int64_t at = (int64_t)item * plan->lanes;
    int vec = 0, c, column, row, first;
    if (form->nhwc)
        vec = an_split(&item, plan->eights);
    column = an_split(&item, plan->columns);
    row = an_split(&item, plan->pixels);
    if (run->within) {
        int stride = form->nhwc ? form->c : 1;
        w->outer = (int64_t)form->w * stride;
        w->inner = stride;
        w->rows = lrn_clip(row, run->size, form->h, &first);
        w->at = at + (first - row) * w->outer;
        w->columns = lrn_clip(column, run->size, form->w, &first);
        w->at += (first - column) * w->inner;
        return at;
    }
    c = form->nhwc ? vec : an_split(&item, plan->eights);
    w->outer = 0;
    w->rows = 1;
    w->inner = plan->step;
    w->columns = lrn_clip(c % plan->group, run->size, plan->group, &first);
    w->at = at + (first - c % plan->group) * w->inner;
    return at;
}

/* The sum over the window in every lane, of the squares or of the values. */
AN_BODY void lrn_window_sum(const lrn_window *w, const void *data, int lanes, bool bf16,
                            bool squares, float sum[8])
{
    float v[8];
    for (int l = 0; l < lanes; l++)
        sum[l] = 0;
    for (int i = 0; i < w->rows; i++)
        for (int j = 0; j < w->columns; j++) {
            an_load_run(data, w->at + i * w->outer + j * w->inner, lanes, bf16, v);
            for (int l = 0; l < lanes; l++)
                sum[l] += squares ? v[l] * v[l] : v[l];
        }
}

AN_BODY void lrn_forward_any(const lrn_plan *plan, an_thread t, int lanes, bool bf16)
{
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    const an_cuda_lrn_run *run = &plan->run;
    lrn_window w;
    int64_t at = lrn_window_of(plan, item, &w);
    float x[8], sum[8], inverse;
    lrn_window_sum(&w, run->x, lanes, bf16, true, sum);
    an_load_run(run->x, at, lanes, bf16, x);
    for (int l = 0; l < lanes; l++)
        x[l] *= lrn_power(plan, run->k + run->alpha * sum[l], &inverse);
    an_store_run(run->y, at, lanes, bf16, x);
}

/* First launch: the term of an output's own input, and t, which its neighbours need. */
AN_BODY void lrn_terms_any(const lrn_plan *plan, an_thread t, int lanes, bool bf16)
{
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    const an_cuda_lrn_run *run = &plan->run;
    lrn_window w;
    int64_t at = lrn_window_of(plan, item, &w);
    float x[8], dy[8], sum[8], inverse;
    lrn_window_sum(&w, run->x, lanes, bf16, true, sum);
    an_load_run(run->x, at, lanes, bf16, x);
    an_load_run(run->dy, at, lanes, bf16, dy);
    for (int l = 0; l < lanes; l++) {
        dy[l] *= lrn_power(plan, run->k + run->alpha * sum[l], &inverse);
        x[l] *= dy[l] * inverse;
    }
    an_store_run(plan->own, at, lanes, false, dy);
    an_store_run(plan->t, at, lanes, false, x);
}

/* Second launch: the term of the neighbours. */
AN_BODY void lrn_backward_any(const lrn_plan *plan, an_thread t, int lanes, bool bf16)
{
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    const an_cuda_lrn_run *run = &plan->run;
    lrn_window w;
    int64_t at = lrn_window_of(plan, item, &w);
    float x[8], dx[8], sum[8], factor = 2 * run->alpha * run->beta;
    lrn_window_sum(&w, plan->t, lanes, false, false, sum);
    an_load_run(run->x, at, lanes, bf16, x);
    an_load_run(plan->own, at, lanes, false, dx);
    for (int l = 0; l < lanes; l++)
        dx[l] = run->relu && !(x[l] > 0) ? 0 : dx[l] - factor * x[l] * sum[l];
    an_store_run(run->dx, at, lanes, bf16, dx);
}

#define LRN_KERNELS_ANY(name, lanes, bf16)                                                         \
    AN_KERNEL(lrn_forward_##name, lrn_plan, lrn_forward_any(run, t, lanes, bf16))                  \
    AN_KERNEL(lrn_terms_##name, lrn_plan, lrn_terms_any(run, t, lanes, bf16))                      \
    AN_KERNEL(lrn_backward_##name, lrn_plan, lrn_backward_any(run, t, lanes, bf16))

LRN_KERNELS_ANY(eights, 8, false)
LRN_KERNELS_ANY(eights_bf16, 8, true)
LRN_KERNELS_ANY(single, 1, false)
LRN_KERNELS_ANY(single_bf16, 1, true)

/* ---- Launches -------------------------------------------------------------------------------- */

static int64_t elements(const an_cuda_form *form)
{
    return (int64_t)form->n * form->c * form->h * form->w;
}

static lrn_plan plan_of(const an_cuda_lrn_run *run)
{
    const an_cuda_form *form = &run->form;
    lrn_plan plan;
    bool by_map = run->within && form->nhwc && form->c % 8 == 0;
    int64_t pixels = (int64_t)form->h * form->w;
    plan.run = *run;
    plan.run.form.nhwc = form->nhwc || pixels == 1;
    plan.root = lrn_is_root(run);
    plan.lanes = lrn_is_narrow(run) || by_map ? 8 : 1;
    plan.items = (uint32_t)(elements(form) / plan.lanes);
    plan.group = run->within ? form->c : form->c / run->groups;
    plan.towers = an_divisor_of(plan.group);
    plan.place = lrn_place_of(run);
    plan.step = form->nhwc ? 1 : pixels;
    plan.eights = an_divisor_of(form->c / plan.lanes);
    plan.columns = an_divisor_of(form->w);
    plan.pixels = an_divisor_of(lrn_is_narrow(run) ? pixels : form->h); /* then of columns */
    plan.own = (float *)run->scratch;
    plan.t = plan.own ? plan.own + elements(form) : NULL;
    return plan;
}

size_t an_cuda_lrn_scratch(const an_cuda_lrn_run *run)
{
    return lrn_is_narrow(run) || lrn_is_within_block(run)
               ? 0
               : 2 * sizeof(float) * (size_t)elements(&run->form);
}

bool an_cuda_lrn_takes_pitch(const an_cuda_lrn_run *run)
{
    return run->form.nhwc && lrn_is_narrow(run);
}

bool an_cuda_lrn_takes_parts(const an_cuda_lrn_run *run, int parts)
{
    return an_cuda_lrn_takes_pitch(run) && run->groups % parts == 0;
}

/* The kernel of a family for the form, where a single pixel counts as N H W C. */
#define LRN_LAUNCH(family)                                                                         \
    (!plan.run.form.nhwc ? AN_LAUNCH(family##_plain, lrn_plan, &plan, blocks, stream)              \
     : run->form.bf16    ? AN_LAUNCH(family##_nhwc_bf16, lrn_plan, &plan, blocks, stream)          \
                         : AN_LAUNCH(family##_nhwc, lrn_plan, &plan, blocks, stream))
#define LRN_LAUNCH_ANY(family)                                                                     \
    (plan.lanes == 8  ? run->form.bf16                                                             \
                            ? AN_LAUNCH(family##_eights_bf16, lrn_plan, &plan, blocks, stream)     \
                            : AN_LAUNCH(family##_eights, lrn_plan, &plan, blocks, stream)          \
      : run->form.bf16 ? AN_LAUNCH(family##_single_bf16, lrn_plan, &plan, blocks, stream)          \
                      : AN_LAUNCH(family##_single, lrn_plan, &plan, blocks, stream))

int an_cuda_lrn_forward(const an_cuda_lrn_run *run, an_cuda_stream *stream)
{
    lrn_plan plan = plan_of(run);
    int64_t blocks = an_blocks_for(plan.items);
    if (lrn_is_within_block(run))
        return an_cuda_lrn_within_forward(run, stream);
    return lrn_is_narrow(run) ? LRN_LAUNCH(lrn_forward) : LRN_LAUNCH_ANY(lrn_forward);
}

int an_cuda_lrn_backward(const an_cuda_lrn_run *run, an_cuda_stream *stream)
{
    lrn_plan plan = plan_of(run);
    int64_t blocks = an_blocks_for(plan.items);
    if (lrn_is_within_block(run))
        return an_cuda_lrn_within_backward(run, stream);
    if (lrn_is_narrow(run))
        return LRN_LAUNCH(lrn_backward);
    int rc = LRN_LAUNCH_ANY(lrn_terms);
    return rc ? rc : LRN_LAUNCH_ANY(lrn_backward);
}
