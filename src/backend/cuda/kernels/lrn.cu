/*
 * Both norms (op/lrn.h).
 *
 * Windows of 5 channels with beta = 3/4, where eights of channels do not cross the edge of a tower:
 * a thread computes 8 channels of a pixel and reads what it needs of its neighbours', which the
 * first level cache has. Memory is gone through once, and nothing is kept between forward and
 * backward.
 *
 * All else, among it windows within a map: a thread computes its channels, 8 or one, over the
 * window element by element; backward goes through scratch memory in two launches.
 */
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/values.h"

enum { HALF = 2 }; /* a window of 5 channels reaches so far */

typedef struct lrn_plan {
    an_cuda_lrn_run run;
    bool root;          /* beta is 3/4, and s a normal number */
    uint32_t items;     /* threads with work */
    int lanes;          /* channels of a thread */
    int group;          /* channels of a tower */
    int64_t step;       /* elements between a channel and the next */
    an_divisor towers;  /* by `group` */
    an_divisor eights;  /* in a row of channels, or in a plain image */
    an_divisor pixels;  /* of an image */
    an_divisor columns; /* of an image */
    float *own, *t;     /* parts of scratch */
} lrn_plan;

/**
 * s^(-3/4), and *inverse = 1/s. With r = s^(-1/2) it is r^2 r^(-1/2), of two approximate roots with
 * an error of at most 2.2 units of 2^-24 each: 3.3 + 2.2 units, and two roundings.
 */
AN_BODY float lrn_root(float s, float *inverse)
{
    float r = an_inverse_root(s), q = an_inverse_root(r);
    *inverse = r * r;
    return *inverse * q;
}

/** s^-beta, and *inverse = 1/s. */
AN_BODY float lrn_power(const lrn_plan *plan, float s, float *inverse)
{
    float beta = plan->run.beta;
    if (plan->root)
        return lrn_root(s, inverse);
    *inverse = 1 / s;
    return powf(s, -beta);
}

/* ---- Eights of channels, windows of 5 ---------------------------------------------------------
 */

/* What a thread of the fast kernels works on: channels c .. c + 7 of a pixel. */
typedef struct lrn_eight {
    int64_t base;     /* of the pixel's channel 0 */
    int64_t step;     /* to its next channel */
    int c;            /* first channel */
    bool left, right; /* whether the tower goes on there */
    bool nhwc, bf16;  /* constants of the kernel */
} lrn_eight;

AN_BODY lrn_eight lrn_eight_of(const lrn_plan *plan, uint32_t item, bool nhwc, bool bf16)
{
    const an_cuda_form *form = &plan->run.form;
    lrn_eight e;
    e.nhwc = nhwc;
    e.bf16 = bf16;
    e.step = plan->step;
    if (nhwc) {
        e.c = 8 * an_split(&item, plan->eights);
        e.base = (int64_t)item * form->c;
    } else {
        int pixel = an_split(&item, plan->pixels);
        e.c = 8 * an_split(&item, plan->eights);
        e.base = (int64_t)item * form->c * plan->step + pixel;
    }
    uint32_t tower = (uint32_t)e.c;
    int within = an_split(&tower, plan->towers);
    e.left = within > 0;
    e.right = within + 8 < plan->group;
    return e;
}

/* `count` channels from `first` on; zeros if the tower does not reach there. */
AN_BODY void lrn_read(const lrn_eight *e, const void *data, int first, int count, bool there,
                      float *v)
{
    for (int i = 0; i < count; i++)
        v[i] = 0;
    if (!there)
        return;
    if (e->nhwc)
        an_load_run(data, e->base + first, count, e->bf16, v);
    else
        for (int i = 0; i < count; i++)
            v[i] = an_load(data, e->base + (first + i) * e->step, e->bf16);
}

AN_BODY void lrn_write(const lrn_eight *e, void *data, const float v[8])
{
    if (e->nhwc)
        an_store_run(data, e->base + e->c, 8, e->bf16, v);
    else
        for (int i = 0; i < 8; i++)
            an_store(data, e->base + (e->c + i) * e->step, e->bf16, v[i]);
}

/* Channels c - reach .. c + 7 + reach of a tensor, zeros outside the tower. */
AN_BODY void lrn_read_around(const lrn_eight *e, const void *data, int reach, float *v)
{
    lrn_read(e, data, e->c - reach, reach, e->left, v);
    lrn_read(e, data, e->c, 8, true, v + reach);
    lrn_read(e, data, e->c + 8, reach, e->right, v + reach + 8);
}

/* Sums of five neighbours, from the sums of two: sum[i] = v[i] + .. + v[i + 4]. */
AN_BODY void lrn_sums(const float *v, int count, float *sum)
{
    float pair[8 + 4 * HALF];
    AN_UNROLL
    for (int i = 0; i < count + 2; i++)
        pair[i] = v[i] + v[i + 1];
    AN_UNROLL
    for (int i = 0; i < count; i++)
        sum[i] = pair[i] + pair[i + 2] + v[i + 4];
}

AN_BODY void lrn_squares(const float *x, int count, float *square)
{
    AN_UNROLL
    for (int i = 0; i < count; i++)
        square[i] = x[i] * x[i];
}

AN_BODY void lrn_forward_8(const lrn_plan *plan, an_thread t, bool nhwc, bool bf16)
{
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    const an_cuda_lrn_run *run = &plan->run;
    lrn_eight e = lrn_eight_of(plan, item, nhwc, bf16);
    float x[8 + 2 * HALF], square[8 + 2 * HALF], sum[8], y[8], inverse;
    lrn_read_around(&e, run->x, HALF, x);
    lrn_squares(x, 8 + 2 * HALF, square);
    lrn_sums(square, 8, sum);
    AN_UNROLL
    for (int i = 0; i < 8; i++)
        y[i] = x[i + HALF] * lrn_root(run->k + run->alpha * sum[i], &inverse);
    lrn_write(&e, run->y, y);
}

/* The terms t = dy x s^(-beta-1) of channels c - 2 .. c + 9 need x of two more on each side. */
AN_BODY void lrn_backward_8(const lrn_plan *plan, an_thread t, bool nhwc, bool bf16)
{
    enum { WIDE = 8 + 4 * HALF, TERMS = 8 + 2 * HALF };
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    const an_cuda_lrn_run *run = &plan->run;
    lrn_eight e = lrn_eight_of(plan, item, nhwc, bf16);
    float x[WIDE], square[WIDE], sum[TERMS], dy[TERMS], term[TERMS], dx[8], inverse;
    lrn_read_around(&e, run->x, 2 * HALF, x);
    lrn_read_around(&e, run->dy, HALF, dy);
    lrn_squares(x, WIDE, square);
    lrn_sums(square, TERMS, sum);
    AN_UNROLL
    for (int i = 0; i < TERMS; i++) {
        float own = dy[i] * lrn_root(run->k + run->alpha * sum[i], &inverse);
        term[i] = own * x[i + HALF] * inverse;
        if (i >= HALF && i < HALF + 8)
            dx[i - HALF] = own;
    }
    lrn_sums(term, 8, sum);
    float factor = 2 * run->alpha * run->beta;
    AN_UNROLL
    for (int i = 0; i < 8; i++) {
        dx[i] -= factor * x[i + 2 * HALF] * sum[i];
        if (run->relu && !(x[i + 2 * HALF] > 0))
            dx[i] = 0;
    }
    lrn_write(&e, run->dx, dx);
}

#define LRN_KERNELS(name, nhwc, bf16)                                                              \
    AN_KERNEL(lrn_forward_##name, lrn_plan, lrn_forward_8(run, t, nhwc, bf16))                     \
    AN_KERNEL(lrn_backward_##name, lrn_plan, lrn_backward_8(run, t, nhwc, bf16))

LRN_KERNELS(plain, false, false)
LRN_KERNELS(nhwc, true, false)
LRN_KERNELS(nhwc_bf16, true, true)

/* ---- Any window -------------------------------------------------------------------------------
 */

/* Elements of a window: at + i * outer + j * inner, i < rows, j < columns. */
typedef struct lrn_window {
    int64_t at, outer, inner;
    int rows, columns;
} lrn_window;

/* size positions around `centre`, clipped to 0 .. end-1: sets *first, returns how many. */
AN_BODY int lrn_clip(int centre, int size, int end, int *first)
{
    int last = centre + size / 2 < end ? centre + size / 2 : end - 1;
    *first = centre - size / 2 > 0 ? centre - size / 2 : 0;
    return last - *first + 1;
}

/* The place of an item's first element, and its window. Plain memory is taken as images of one map.
 */
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

/* s of every lane, or with `terms` the sum of what was left there. */
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

/* First launch: the term of an output's own input, and t for its neighbours. */
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

/* ---- Launches ---------------------------------------------------------------------------------
 */

static bool is_root(const an_cuda_lrn_run *run)
{
    return run->beta == 0.75f && run->k > 1e-30f;
}

/* Whether the fast kernels take it. */
static bool is_narrow(const an_cuda_lrn_run *run)
{
    return !run->within && run->size == 2 * HALF + 1 && run->form.c / run->groups % 8 == 0 &&
           is_root(run);
}

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
    plan.root = is_root(run);
    plan.lanes = is_narrow(run) || by_map ? 8 : 1;
    plan.items = (uint32_t)(elements(form) / plan.lanes);
    plan.group = run->within ? form->c : form->c / run->groups;
    plan.towers = an_divisor_of(plan.group);
    plan.step = form->nhwc ? 1 : pixels;
    plan.eights = an_divisor_of(form->c / plan.lanes);
    plan.columns = an_divisor_of(form->w);
    plan.pixels = an_divisor_of(is_narrow(run) ? pixels : form->h); /* then of columns */
    plan.own = (float *)run->scratch;
    plan.t = plan.own ? plan.own + elements(form) : NULL;
    return plan;
}

size_t an_cuda_lrn_scratch(const an_cuda_lrn_run *run)
{
    return is_narrow(run) ? 0 : 2 * sizeof(float) * (size_t)elements(&run->form);
}

/* The kernel of a family that fits the memory's form. */
#define LRN_LAUNCH(family)                                                                         \
    (!run->form.nhwc  ? AN_LAUNCH(family##_plain, lrn_plan, &plan, blocks, stream)                 \
     : run->form.bf16 ? AN_LAUNCH(family##_nhwc_bf16, lrn_plan, &plan, blocks, stream)             \
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
    return is_narrow(run) ? LRN_LAUNCH(lrn_forward) : LRN_LAUNCH_ANY(lrn_forward);
}

int an_cuda_lrn_backward(const an_cuda_lrn_run *run, an_cuda_stream *stream)
{
    lrn_plan plan = plan_of(run);
    int64_t blocks = an_blocks_for(plan.items);
    if (is_narrow(run))
        return LRN_LAUNCH(lrn_backward);
    int rc = LRN_LAUNCH_ANY(lrn_terms);
    return rc ? rc : LRN_LAUNCH_ANY(lrn_backward);
}
