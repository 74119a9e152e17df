/* A convolution in one direction, as plain loops. */
#ifndef TESTS_CUDA_FAKE_CONV_H
#define TESTS_CUDA_FAKE_CONV_H

#include "cuda/fake.h"

typedef struct fake_tensor {
    cudnnDataType_t type; /* float or bfloat16 */
    int64_t dims[4], strides[4], id;
    void *data;
} fake_tensor;

typedef struct fake_conv {
    an_direction direction;
    fake_tensor x, w, y, bias; /* bias.data NULL: without it and the ReLU */
    int64_t pad[2], stride[2];
    bool relu, keeps_nan;
    void *workspace;
    size_t workspace_bytes;
} fake_conv;

/** Queue it; the operation is copied. */
void fake_conv_queue(const fake_conv *conv, cudaStream_t stream);

#endif
