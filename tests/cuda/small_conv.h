/* A small convolution for tests of the choice of algorithms. */
#ifndef TESTS_CUDA_SMALL_CONV_H
#define TESTS_CUDA_SMALL_CONV_H

#include "backend/cuda/conv_plan.h"

/** 8 to 16 maps of 4 x 4 by 3 x 3, plain, in float32. */
static inline an_cuda_conv_shape small_conv(int n)
{
    return (an_cuda_conv_shape){.n = n,
                                .c = 8,
                                .h = 4,
                                .w = 4,
                                .k = 16,
                                .r = 3,
                                .s = 3,
                                .p = 4,
                                .q = 4,
                                .groups = 1,
                                .stride = 1,
                                .top = 1,
                                .left = 1,
                                .type = AN_F32};
}

#endif
