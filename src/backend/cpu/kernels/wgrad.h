/*
 * Gradients of a convolution's weights in bfloat16, on a processor that multiplies pairs of them
 * (AVX-512 BF16). A pair is two images, so that no product is wasted, whatever the size of the
 * maps and the padding. Tensors are in blocks of 16 maps (AN_LAYOUT_C16). A kernel is serial, and
 * sums in the order of images and pixels.
 *
 * A unit of work is 32 maps of the output and 16 of the input of one group, with all taps (elements
 * of a filter): its accumulators are two vectors of the former times eight of the latter.
 */
#ifndef AN_BACKEND_CPU_KERNELS_WGRAD_H
#define AN_BACKEND_CPU_KERNELS_WGRAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "op/op.h"

enum { AN_WGRAD_K = 32, AN_WGRAD_C = 16 };

typedef struct an_wgrad {
    const an_op_desc *desc; /* borrowed */
    int taps;
    int k_units, c_units; /* units along the output's maps in all groups; the input's in one */
} an_wgrad;

/** @return false if the kernels do not compute this convolution */
bool an_wgrad_describe(an_wgrad *w, const an_op_desc *desc);

/** Floats of the sums of a unit: [16 maps of the input][taps][32]. */
static inline int64_t an_wgrad_sums(const an_wgrad *w)
{
    return (int64_t)AN_WGRAD_C * w->taps * AN_WGRAD_K;
}

/** Interleaves two images: to[2 i] = a[i], to[2 i + 1] = b[i]. */
typedef struct an_wgrad_pair_run {
    const uint16_t *a, *b; /* b: NULL: zeros */
    int64_t count;         /* a multiple of 16 */
    uint16_t *to;
} an_wgrad_pair_run;

/** Adds a pair of images to the sums of unit (k, c). */
typedef struct an_wgrad_run {
    const an_wgrad *shape;
    int k, c;
    const uint16_t *x, *dy; /* the pairs of all maps */
    float *sums;
    float *bias; /* sums of dy itself, [32], or NULL */
} an_wgrad_run;

/** Write the sums of unit k * c_units + c to dweights, [K][C][R][S]. */
void an_wgrad_write(const an_wgrad *w, int unit, const float *sums, float *dweights);

#endif
