/*
 * What the forward and backward kernels of pixels on AVX-512 BF16 share. Only they include it,
 * within defined(__x86_64__).
 */
#ifndef AN_BACKEND_CPU_KERNELS_PIXELS_BF16_H
#define AN_BACKEND_CPU_KERNELS_PIXELS_BF16_H

#include <string.h>

#include "backend/cpu/kernels/dpbf16.h"
#include "backend/cpu/kernels/padded_row.h"
#include "backend/cpu/kernels/pixels.h"

enum { LANES = AN_PIXELS_LANES, GROUP = AN_PIXELS_GROUP };

/* A row of the image with its padding: `count` elements. */
DPBF16_INLINE void copy_row(const an_pixels *p, const uint16_t *x, int c, int row, uint16_t *to,
                            int count)
{
    an_chw in = p->desc->in[0];
    an_padded_row(x + (int64_t)c * in.h * in.w, in, sizeof *x, row, p->desc->u.conv.left, to,
                  count);
}

/* Rows of the band that begins with row `first`. */
DPBF16_INLINE int rows_of_band(const an_pixels *p, int first)
{
    int left = p->desc->out.h - first;
    return left < AN_PIXELS_ROWS ? left : AN_PIXELS_ROWS;
}

#endif
