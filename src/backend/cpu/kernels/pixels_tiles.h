/*
 * The gradients of the weights of a convolution of pixels by tiles (AMX, tiles.h): a few plain maps
 * x and many maps dy, in bfloat16. One product adds up 32 neighbours in a row of dy. A kernel is
 * serial and computes one image. As in pixels.h, a line is a row (c, r) of taps:
 *
 *     sums[line][s][k] += x[c][p stride + r - top][q stride + s - left] dy[k][p][q]
 */
#ifndef AN_BACKEND_CPU_KERNELS_PIXELS_TILES_H
#define AN_BACKEND_CPU_KERNELS_PIXELS_TILES_H

#include <stdint.h>

#include "op/op.h"

enum {
    AN_PIXELS_TILES_K = 16,   /* maps of dy in a block */
    AN_PIXELS_TILES_ROWS = 7, /* rows of dy computed together: a band */
};

typedef struct an_pixels_tiles {
    const an_op_desc *desc; /* borrowed */
    int lines;              /* C * R */
    int blocks;             /* blocks of 16 maps of dy; the last may be partial */
    int runs;               /* runs of 32 neighbours in a row of dy; the last may be partial */
    int inputs;             /* rows of a map of x that a band sees */
    int columns; /* of x, at each phase of the stride, that a row of dy sees; a multiple of 16 */
} an_pixels_tiles;

typedef struct an_pixels_tiles_run {
    const an_pixels_tiles *shape;
    const uint16_t *x;    /* [C][H][W] */
    const uint16_t *dy;   /* map 16 b + i of pixel j is at b * block + j * pixel + i */
    int64_t block, pixel; /* strides, in elements */
    uint16_t *work;       /* aligned to 64 bytes; its elements are counted below */
    float *sums;          /* added to: [lines][blocks][S][16], then [blocks][16] of the bias */
} an_pixels_tiles_run;

/** Elements of the work memory: tiles of dy, those of x, and rows of x by phase and whole. */
static inline int64_t an_pixels_tiles_of_dy(const an_pixels_tiles *p)
{
    return (int64_t)AN_PIXELS_TILES_ROWS * p->runs * p->blocks * 16 * 32;
}

static inline int64_t an_pixels_tiles_of_x(const an_pixels_tiles *p)
{
    return (int64_t)p->desc->in[0].c * p->inputs * p->runs * p->desc->u.conv.s * 32;
}

static inline int64_t an_pixels_tiles_work(const an_pixels_tiles *p)
{
    return an_pixels_tiles_of_dy(p) + an_pixels_tiles_of_x(p) +
           2 * (int64_t)p->columns * p->desc->u.conv.stride;
}

#endif
