/*
 * The gradients of the weights of a convolution of pixels by tiles (kernels/pixels_tiles.h), for
 * cpu_conv.c: an implementation of one direction, in bf16.
 */
#ifndef AN_BACKEND_CPU_CONV_PIXELS_GRAD_H
#define AN_BACKEND_CPU_CONV_PIXELS_GRAD_H

#include "backend/cpu/onednn/reorder.h"

typedef struct an_conv_pixels_grad {
    an_pixels_tiles shape;
    an_reorder x_in, dy_in;
    int64_t block, pixel;                    /* distances in dy, as an_pixels_tiles_run has them */
    size_t work, work_each, sums, sums_each; /* scratch: offsets, bytes for each thread and part */
} an_conv_pixels_grad;

/**
 * @param op     whose scratch grows
 * @param desc   borrowed
 * @param x, dy  the layouts that an_conv_pixels_grad_run() gets
 * @return ALEXNET_ERROR_UNSUPPORTED if the kernel does not compute it, or the processor has no
 * tiles
 */
alexnet_status an_conv_pixels_grad_new(an_conv_pixels_grad *g, an_cpu_op *op,
                                       const an_op_desc *desc, an_layout x, an_layout dy);
void an_conv_pixels_grad_free(an_conv_pixels_grad *g);

/** Each of `split` parts of the batch has sums of its own, so that no sum depends on the number of
 * threads. */
alexnet_status an_conv_pixels_grad_run(const an_conv_pixels_grad *g, const an_cpu_op *op,
                                       const an_op_args *args, const void *x, const void *dy,
                                       float *dweights, float *dbias);

#endif
