/*
 * Kernels that work on many tensors in one launch: each block takes a stretch of one tensor, and
 * finds the tensor by its first block.
 */
#ifndef AN_BACKEND_CUDA_KERNELS_STRETCHES_H
#define AN_BACKEND_CUDA_KERNELS_STRETCHES_H

#include "backend/cuda/kernels/body.h"

/**
 * The tensor of a block: the last one that begins at it or before, and is not empty.
 * @param first_block  of the first tensor; that of the next is `step` bytes further
 */
AN_BODY int an_stretch_tensor(const int64_t *first_block, size_t step, int count, int64_t block)
{
    int low = 0, high = count;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (*(const int64_t *)((const char *)first_block + (size_t)middle * step) <= block)
            low = middle;
        else
            high = middle;
    }
    return low;
}

#endif
