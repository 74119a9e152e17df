/*
 * Convolution of pixels: a few plain maps of bfloat16 to many maps in blocks of 16 (AN_LAYOUT_C16),
 * on a processor that multiplies pairs of bfloat16 (AVX-512 BF16). oneDNN pairs maps, and so the
 * third with zeros; here two neighbours in a row are a pair. A kernel is serial.
 *
 * Accumulators are AN_PIXELS_VECTORS vectors of maps times some pixels, or times the taps of a row
 * of the filter. A tap is an element of a filter, (c, r, s); a line is a row (c, r) of taps.
 */
#ifndef AN_BACKEND_CPU_KERNELS_PIXELS_H
#define AN_BACKEND_CPU_KERNELS_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "op/op.h"

enum {
    AN_PIXELS_LANES = 16,  /* maps of a vector */
    AN_PIXELS_VECTORS = 2, /* vectors of maps computed together: a group */
    AN_PIXELS_GROUP = AN_PIXELS_LANES * AN_PIXELS_VECTORS,
    AN_PIXELS_ROWS = 5, /* rows of the output computed together: a band */
};

typedef struct an_pixels {
    const an_op_desc *desc; /* borrowed */
    int lines, pairs;       /* lines of taps: C * R; pairs of taps, forward */
    int groups;             /* of AN_PIXELS_VECTORS vectors of maps */
    int64_t inputs;         /* rows of a map of the input that a band sees */
    int64_t row; /* forward: elements of a row of the input in work memory, a multiple of 32 */
    int steps;   /* backward: pairs of outputs in a row */
    int columns; /* backward: pairs of inputs in a row of work memory, a multiple of 16 */
} an_pixels;

/** A run on one image: forward for a band of its output, or backward, which adds to sums. */
typedef struct an_pixels_run {
    const an_pixels *shape;
    const uint16_t *x; /* [C][H][W] */
    uint16_t *y;       /* [K/16][P][Q][16]. forward: out. backward: in; dy counts only where y
                          is above 0. NULL: all of dy counts */
    uint16_t *work;    /* an_pixels_forward_work() or an_pixels_backward_work() elements */
    /* forward */
    const void *packed;
    bool relu;
    int first; /* row of the band */
    /* backward */
    const uint16_t *dy; /* as y */
    float *sums;        /* an_pixels_sums() floats */
} an_pixels_run;

/** @return false if the kernels do not compute this convolution */
bool an_pixels_describe(an_pixels *p, const an_op_desc *desc);

/** Bytes of bias and weights in the form that forward reads: floats [groups][vectors][16], then
 *  [groups][pairs][vectors][16][2]. */
size_t an_pixels_packed(const an_pixels *p);
/** @param weights, bias  canonical, [K][C][R][S] and [K] */
void an_pixels_pack(const an_pixels *p, const float *weights, const float *bias, void *packed);

/** Elements of work memory. */
size_t an_pixels_forward_work(const an_pixels *p);
/** Floats of the sums that backward adds to: [groups][lines][S][vectors][16], then [groups]
 *  [vectors][16] of the bias. */
size_t an_pixels_sums(const an_pixels *p);
/** Elements of work memory. */
size_t an_pixels_backward_work(const an_pixels *p);
/** Gradients in canonical order from `parts` consecutive sums, which are added up in order.
 * @param dweights, dbias  NULL: not wanted */
void an_pixels_gradients(const an_pixels *p, const float *sums, int parts, float *dweights,
                         float *dbias);

#endif
