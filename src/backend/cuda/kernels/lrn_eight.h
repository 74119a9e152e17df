/*
 * Local response normalisation across maps with windows of 5 channels and beta = 3/4, of 8 channels
 * of a pixel in one tower (op/lrn.h). Each thread reads the neighbouring channels that it needs
 * again, from the L1 cache.
 */
#ifndef AN_BACKEND_CUDA_KERNELS_LRN_EIGHT_H
#define AN_BACKEND_CUDA_KERNELS_LRN_EIGHT_H

#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/values.h"

enum {
    LRN_HALF = 2,                 /* channels of a window on each side */
    LRN_TERMS = 8 + 2 * LRN_HALF, /* channels whose windows contain one of the eight */
    LRN_WIDE = 8 + 4 * LRN_HALF,  /* all channels in the windows of those */
};

/* Whether lrn_root() applies: beta is 3/4, and s is a normal number. */
static inline bool lrn_is_root(const an_cuda_lrn_run *run)
{
    return run->beta == 0.75f && run->k > 1e-30f;
}

/** Whether an LRN can be computed on eights of channels. */
static inline bool lrn_is_narrow(const an_cuda_lrn_run *run)
{
    return !run->within && run->size == 2 * LRN_HALF + 1 && run->form.c / run->groups % 8 == 0 &&
           lrn_is_root(run);
}

/** The largest map, in pixels, of which a block can compute eight. */
enum { LRN_WITHIN_PIXELS = 768 };
/** Whether lrn_within.cu can compute an LRN. */
static inline bool lrn_is_within_block(const an_cuda_lrn_run *run)
{
    const an_cuda_form *form = &run->form;
    return run->within && run->size == 2 * LRN_HALF + 1 && form->c % 8 == 0 && lrn_is_root(run) &&
           (int64_t)form->h * form->w <= LRN_WITHIN_PIXELS && (form->nhwc || !form->bf16);
}

/* For lrn.cu: the LRN of lrn_within.cu, if lrn_is_within_block(). */
#ifdef __cplusplus
extern "C" {
#endif
int an_cuda_lrn_within_forward(const an_cuda_lrn_run *run, an_cuda_stream *stream);
int an_cuda_lrn_within_backward(const an_cuda_lrn_run *run, an_cuda_stream *stream);
#ifdef __cplusplus
}
#endif

/**
 * s^(-3/4), and *inverse = 1/s. With r = s^(-1/2) it is r^2 r^(-1/2), from two approximate roots
 * with errors of at most 2.2 units of 2^-24 each: the error is 3.3 + 2.2 units and two roundings.
 */
AN_BODY float lrn_root(float s, float *inverse)
{
    float r = an_inverse_root(s), q = an_inverse_root(r);
    *inverse = r * r;
    return *inverse * q;
}

/* The work of a thread: channels c .. c + 7 of a pixel. */
typedef struct lrn_eight {
    int64_t base;     /* of the pixel's channel 0, in y and dy */
    int64_t inner;    /* the same in x and dx, which may be in parts or have a pitch */
    int64_t step;     /* from channel to channel */
    int c;            /* first channel */
    int gap;          /* pixels of dx after it to clear */
    bool left, right; /* the tower continues there */
    bool nhwc, bf16;  /* constants of the kernel */
} lrn_eight;

/* Channels c .. c + 7, in towers of `towers` channels; the caller sets base and inner, and step if
 * it is not 1. */
AN_BODY lrn_eight lrn_eight_at(int c, an_divisor towers, bool nhwc, bool bf16)
{
    lrn_eight e;
    uint32_t tower = (uint32_t)c;
    int within = an_split(&tower, towers);
    e.base = e.inner = 0;
    e.step = 1;
    e.c = c;
    e.gap = 0;
    e.left = within > 0;
    e.right = within + 8 < (int)towers.by;
    e.nhwc = nhwc;
    e.bf16 = bf16;
    return e;
}

/* Where an N H W C tensor and its inner one hold a pixel. */
typedef struct lrn_place {
    an_divisor part_channels, columns;
    int64_t pixels; /* of y and dy */
    int channels;   /* of y and dy */
    int parts, gap; /* of x and dx; gap: pixels that follow a row */
} lrn_place;

static inline lrn_place lrn_place_of(const an_cuda_lrn_run *run)
{
    const an_cuda_form *form = &run->form;
    lrn_place place;
    place.parts = run->parts > 1 ? run->parts : 1;
    place.part_channels = an_divisor_of(form->c / place.parts);
    place.columns = an_divisor_of(form->w);
    place.pixels = (int64_t)form->n * form->h * form->w;
    place.channels = form->c;
    place.gap = run->pitch > form->w ? run->pitch - form->w : 0;
    return place;
}

/* Set base, inner and gap for a pixel. */
AN_BODY void lrn_go_to(lrn_eight *e, const lrn_place *place, int64_t pixel)
{
    uint32_t row = (uint32_t)pixel;
    bool last = an_split(&row, place->columns) + 1 == (int)place->columns.by;
    int64_t inner = pixel + (int64_t)row * place->gap;
    e->base = pixel * place->channels;
    e->gap = last ? place->gap : 0;
    if (place->parts > 1)
        inner += (int64_t)an_divide((uint32_t)e->c, place->part_channels) * (place->pixels - 1);
    e->inner = inner * place->part_channels.by;
}

/* `count` channels from `first` on; zeros unless `there`. */
AN_BODY void lrn_read(const lrn_eight *e, const void *data, int64_t base, int first, int count,
                      bool there, float *v)
{
    for (int i = 0; i < count; i++)
        v[i] = 0;
    if (!there)
        return;
    if (e->nhwc)
        an_load_run(data, base + first, count, e->bf16, v);
    else
        for (int i = 0; i < count; i++)
            v[i] = an_load(data, base + (first + i) * e->step, e->bf16);
}

AN_BODY void lrn_write(const lrn_eight *e, void *data, int64_t base, const float v[8])
{
    if (e->nhwc)
        an_store_run(data, base + e->c, 8, e->bf16, v);
    else
        for (int i = 0; i < 8; i++)
            an_store(data, base + (e->c + i) * e->step, e->bf16, v[i]);
}

/* Channels c - reach .. c + 7 + reach of a tensor, zeros outside the tower. */
AN_BODY void lrn_read_around(const lrn_eight *e, const void *data, int64_t base, int reach,
                             float *v)
{
    lrn_read(e, data, base, e->c - reach, reach, e->left, v);
    lrn_read(e, data, base, e->c, 8, true, v + reach);
    lrn_read(e, data, base, e->c + 8, reach, e->right, v + reach + 8);
}

/* Write dx of the eight, and zeros to the gap after it. */
AN_BODY void lrn_write_gradients(const lrn_eight *e, const an_cuda_lrn_run *run, const float dx[8])
{
    const float none[8] = {0};
    lrn_write(e, run->dx, e->inner, dx);
    for (int i = 1; i <= e->gap; i++)
        lrn_write(e, run->dx, e->inner + (int64_t)i * run->form.c, none);
}

/* Sums of five neighbours, from sums of two: sum[i] = v[i] + .. + v[i + 4]. */
AN_BODY void lrn_sums(const float *v, int count, float *sum)
{
    float pair[LRN_WIDE];
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

/** y of the eight. */
AN_BODY void lrn_values(const lrn_eight *e, const an_cuda_lrn_run *run, float y[8])
{
    float x[LRN_TERMS], square[LRN_TERMS], sum[8], inverse;
    lrn_read_around(e, run->x, e->inner, LRN_HALF, x);
    lrn_squares(x, LRN_TERMS, square);
    lrn_sums(square, 8, sum);
    AN_UNROLL
    for (int i = 0; i < 8; i++)
        y[i] = x[i + LRN_HALF] * lrn_root(run->k + run->alpha * sum[i], &inverse);
}

/** dx of the eight. The terms t = dy x s^(-beta-1) of channels c - 2 .. c + 9 need x of two more on
 * each side. */
AN_BODY void lrn_gradients(const lrn_eight *e, const an_cuda_lrn_run *run, float dx[8])
{
    float dy[LRN_TERMS];
    float x[LRN_WIDE], square[LRN_WIDE], sum[LRN_TERMS], term[LRN_TERMS], inverse;
    float factor = 2 * run->alpha * run->beta;
    lrn_read_around(e, run->x, e->inner, 2 * LRN_HALF, x);
    lrn_read_around(e, run->dy, e->base, LRN_HALF, dy);
    lrn_squares(x, LRN_WIDE, square);
    lrn_sums(square, LRN_TERMS, sum);
    AN_UNROLL
    for (int i = 0; i < LRN_TERMS; i++) {
        float own = dy[i] * lrn_root(run->k + run->alpha * sum[i], &inverse);
        term[i] = own * x[i + LRN_HALF] * inverse;
        if (i >= LRN_HALF && i < LRN_HALF + 8)
            dx[i - LRN_HALF] = own;
    }
    lrn_sums(term, 8, sum);
    AN_UNROLL
    for (int i = 0; i < 8; i++) {
        dx[i] -= factor * x[i + 2 * LRN_HALF] * sum[i];
        if (run->relu && !(x[i + 2 * LRN_HALF] > 0))
            dx[i] = 0;
    }
}

#endif
