/*
 * Gradients of a convolution's weights in bfloat16 by tiles (AMX, tiles.h), for stride 1. Kernels
 * are serial; each computes blocks of 16 maps of one image.
 *
 * Rows of dy and of x with its padding are laid out `pitch` elements apart, so that tap (r, s)
 * meets pixel j of dy at pixel j + r pitch + s of x. Rows of x share their padding: the zeros to
 * the right of one are those to the left of the next, so there is room for the larger of the two.
 */
#ifndef AN_BACKEND_CPU_KERNELS_WGRAD_TILES_H
#define AN_BACKEND_CPU_KERNELS_WGRAD_TILES_H

#include <stdint.h>

#include "op/op.h"

enum { AN_WGRAD_TILES_MAPS = 16, AN_WGRAD_TILES_BOTH = 2 * AN_WGRAD_TILES_MAPS };

typedef struct an_wgrad_tiles {
    const an_op_desc *desc; /* borrowed */
    int taps, pitch;
    int runs;               /* runs of 32 pixels of dy; the last may be partial */
    int64_t row;            /* elements of a map of x as laid out */
    int c_blocks, k_blocks; /* of 16 maps of a group, of x and dy */
} an_wgrad_tiles;

/** Elements of a block of x, [16][row], and of dy, [runs][16 pairs of pixels][16][2]. */
static inline int64_t an_wgrad_tiles_of_x(const an_wgrad_tiles *w)
{
    return AN_WGRAD_TILES_MAPS * w->row;
}

static inline int64_t an_wgrad_tiles_of_dy(const an_wgrad_tiles *w)
{
    return (int64_t)w->runs * 32 * AN_WGRAD_TILES_MAPS;
}

/** Lay out a block of x, or of dy. */
typedef struct an_wgrad_tiles_layout_run {
    const an_wgrad_tiles *shape;
    const uint16_t *from; /* 16 maps of pixel j are at j * pixel */
    int64_t pixel;
    uint16_t *to;
} an_wgrad_tiles_layout_run;

/** Floats of the sums of two blocks of x with two of dy: [taps][2][2][16 of x][16 of dy]. */
static inline int64_t an_wgrad_tiles_sums(const an_wgrad_tiles *w)
{
    return (int64_t)w->taps * AN_WGRAD_TILES_BOTH * AN_WGRAD_TILES_BOTH;
}

typedef struct an_wgrad_tiles_run {
    const an_wgrad_tiles *shape;
    const uint16_t *x[2], *dy[2]; /* blocks as laid out; NULL: no second one */
    float *sums;                  /* added to */
    float *bias[2];               /* added to: sums of dy itself, [16] each. NULL: not wanted */
} an_wgrad_tiles_run;

#endif
