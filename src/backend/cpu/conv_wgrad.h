/*
 * The gradients of a convolution's weights by native kernels (wgrad.h), for cpu_conv.c: an
 * implementation of one direction.
 */
#ifndef AN_BACKEND_CPU_CONV_WGRAD_H
#define AN_BACKEND_CPU_CONV_WGRAD_H

#include "backend/cpu/onednn/reorder.h"

typedef struct an_conv_wgrad {
    an_wgrad shape;
    int pairs, together;     /* pairs of images: in the batch; laid out at a time */
    int x_blocks, dy_blocks; /* blocks of 16 maps of an image */
    an_reorder x_in, dy_in;
    size_t x, dy, sums; /* offsets in scratch */
} an_conv_wgrad;

/**
 * @param op     whose scratch grows
 * @param desc   borrowed
 * @param x, dy  the layouts that an_conv_wgrad_run() gets
 * @return ALEXNET_ERROR_UNSUPPORTED if the kernels do not compute it, the processor has no bf16, or
 *         there are fewer units of work than op->split
 */
alexnet_status an_conv_wgrad_new(an_conv_wgrad *w, an_cpu_op *op, const an_op_desc *desc,
                                 an_layout x, an_layout dy);
void an_conv_wgrad_free(an_conv_wgrad *w);

/** No sum is shared between threads. */
alexnet_status an_conv_wgrad_run(const an_conv_wgrad *w, const an_cpu_op *op,
                                 const an_op_args *args, const void *x, const void *dy,
                                 float *dweights, float *dbias);

#endif
