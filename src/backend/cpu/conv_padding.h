/*
 * A copy of the pixels that includes their padding, for cpu_conv.c: oneDNN has kernels for a first
 * layer without padding, but computes one with padding as a matrix product.
 */
#ifndef AN_BACKEND_CPU_CONV_PADDING_H
#define AN_BACKEND_CPU_CONV_PADDING_H

#include "backend/cpu/cpu.h"

typedef struct an_conv_padding {
    an_op_desc desc; /* the convolution of the copy, without padding; the copy is exactly what
                        windows cover */
    an_layout x;     /* of the copy */
    an_chw in;       /* of the input itself */
    int top, left;
    size_t at; /* offset of the copy in scratch */
} an_conv_padding;

/**
 * @param op  its scratch grows by the copy
 * @param in  the input's layout
 * @return ALEXNET_ERROR_UNSUPPORTED if there is no padding, or the input is not plain
 */
alexnet_status an_conv_padding_new(an_conv_padding *padding, an_cpu_op *op, const an_op_desc *desc,
                                   an_layout in);
/** Copy the batch x; returns the copy, in scratch. */
const void *an_conv_padding_copy(const an_conv_padding *padding, const void *x, void *scratch);

#endif
