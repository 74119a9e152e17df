/*
 * The gradients of a convolution's weights by tiles (kernels/wgrad_tiles.h), for cpu_conv.c: an
 * implementation of one direction, in bf16.
 */
#ifndef AN_BACKEND_CPU_CONV_WGRAD_TILES_H
#define AN_BACKEND_CPU_CONV_WGRAD_TILES_H

#include "backend/cpu/onednn/reorder.h"

typedef struct an_conv_wgrad_tiles {
    an_wgrad_tiles shape;
    int together;         /* images that are laid out at a time */
    int c_pairs, k_pairs; /* of blocks, the last perhaps of one; c in a group, k in all groups */
    an_reorder x_in, dy_in;
    an_layout x, dy;          /* as they are read */
    size_t x_at, dy_at, sums; /* offsets in scratch */
} an_conv_wgrad_tiles;

/**
 * @param op     whose scratch grows
 * @param desc   borrowed
 * @param x, dy  the layouts that an_conv_wgrad_tiles_run() gets
 * @return ALEXNET_ERROR_UNSUPPORTED if the kernels do not compute it, the processor has no tiles,
 *         or there are fewer units of work than op->split
 */
alexnet_status an_conv_wgrad_tiles_new(an_conv_wgrad_tiles *w, an_cpu_op *op,
                                       const an_op_desc *desc, an_layout x, an_layout dy);
void an_conv_wgrad_tiles_free(an_conv_wgrad_tiles *w);

/** No sum is shared between threads. */
alexnet_status an_conv_wgrad_tiles_run(const an_conv_wgrad_tiles *w, const an_cpu_op *op,
                                       const an_op_args *args, const void *x, const void *dy,
                                       float *dweights, float *dbias);

#endif
