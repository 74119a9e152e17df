#include "backend/cuda/conv_graph.h"

/* The name of a virtual tensor, one that is never in memory. */
enum { BETWEEN = 'v' };

static cudnnDataType_t type_of(an_dtype dtype)
{
    return dtype == AN_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

/* A tensor of dimensions d. BETWEEN and BETWEEN - 1 are virtual, and float32. */
static cudnnBackendDescriptor_t tensor(an_cuda_descriptors *all, const an_cuda_conv_shape *shape,
                                       int64_t name, const int64_t d[4])
{
    bool within = name == BETWEEN || name == BETWEEN - 1;
    int64_t plain[4] = {d[1] * d[2] * d[3], d[2] * d[3], d[3], 1};
    int64_t last[4] = {d[1] * d[2] * d[3], 1, d[3] * d[1], d[1]};
    int64_t alignment = 16;
    cudnnDataType_t type = within ? CUDNN_DATA_FLOAT : type_of(shape->type);
    cudnnBackendDescriptor_t t = an_cuda_describe_new(all, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    an_cuda_describe_set(all, t, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    an_cuda_describe_set(all, t, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, d);
    an_cuda_describe_set(all, t, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4,
                         shape->nhwc ? last : plain);
    an_cuda_describe_set(all, t, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &name);
    an_cuda_describe_set(all, t, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
    an_cuda_describe_set(all, t, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &within);
    an_cuda_describe_finish(all, t);
    return t;
}

static cudnnBackendDescriptor_t convolution(an_cuda_descriptors *all, const an_cuda_conv_shape *s)
{
    const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    const int64_t two = 2, one[2] = {1, 1};
    const int64_t strides[2] = {s->stride, s->stride}, padding[2] = {s->top, s->left};
    cudnnBackendDescriptor_t c = an_cuda_describe_new(all, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    an_cuda_describe_set(all, c, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums);
    an_cuda_describe_set(all, c, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1,
                         &mode);
    an_cuda_describe_set(all, c, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &two);
    an_cuda_describe_set(all, c, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, one);
    an_cuda_describe_set(all, c, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2,
                         strides);
    an_cuda_describe_set(all, c, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, padding);
    an_cuda_describe_set(all, c, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2,
                         padding);
    an_cuda_describe_finish(all, c);
    return c;
}

/* cuDNN's names for the parts of the operation in each direction. */
static const struct {
    cudnnBackendDescriptorType_t type;
    cudnnBackendAttributeName_t conv, x, w, y, alpha, beta;
} parts[AN_DIRECTIONS] = {
    [AN_FORWARD] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
    [AN_BACKWARD_DATA] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
    [AN_BACKWARD_WEIGHTS] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA},
};

/* x + b, or without b the ReLU of x, in which a NaN remains a NaN. */
static cudnnBackendDescriptor_t pointwise(an_cuda_descriptors *all,
                                          const cudnnBackendDescriptor_t *x,
                                          const cudnnBackendDescriptor_t *b,
                                          const cudnnBackendDescriptor_t *y)
{
    const cudnnPointwiseMode_t mode = b ? CUDNN_POINTWISE_ADD : CUDNN_POINTWISE_RELU_FWD;
    const cudnnDataType_t type = CUDNN_DATA_FLOAT;
    const cudnnNanPropagation_t nan = CUDNN_PROPAGATE_NAN;
    cudnnBackendDescriptor_t what = an_cuda_describe_new(all, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    an_cuda_describe_set(all, what, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
    an_cuda_describe_set(all, what, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &type);
    if (!b)
        an_cuda_describe_set(all, what, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION,
                             CUDNN_TYPE_NAN_PROPOGATION, 1, &nan);
    an_cuda_describe_finish(all, what);
    cudnnBackendDescriptor_t op =
        an_cuda_describe_new(all, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    an_cuda_describe_link(all, op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, &what);
    an_cuda_describe_link(all, op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b)
        an_cuda_describe_link(all, op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
    an_cuda_describe_link(all, op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    an_cuda_describe_finish(all, op);
    return op;
}

cudnnBackendDescriptor_t an_cuda_conv_graph(an_cuda_descriptors *all, const an_cuda_conv_shape *s,
                                            an_direction direction, an_cuda_conv_tail tail)
{
    const int64_t x_dims[] = {s->n, s->c, s->h, s->w}, bias_dims[] = {1, s->k, 1, 1};
    const int64_t w_dims[] = {s->k, s->c / s->groups, s->r, s->s};
    const int64_t y_dims[] = {s->n, s->k, s->p, s->q};
    const float alpha = 1, beta = 0;
    cudnnBackendDescriptor_t x = tensor(all, s, AN_CUDA_X, x_dims),
                             w = tensor(all, s, AN_CUDA_W, w_dims), ops[3];
    cudnnBackendDescriptor_t conv = convolution(all, s);
    cudnnBackendDescriptor_t y = tensor(all, s, tail ? BETWEEN : AN_CUDA_Y, y_dims);
    int n = 0;
    ops[n] = an_cuda_describe_new(all, parts[direction].type);
    an_cuda_describe_link(all, ops[n], parts[direction].conv, &conv);
    an_cuda_describe_link(all, ops[n], parts[direction].x, &x);
    an_cuda_describe_link(all, ops[n], parts[direction].w, &w);
    an_cuda_describe_link(all, ops[n], parts[direction].y, &y);
    an_cuda_describe_set(all, ops[n], parts[direction].alpha, CUDNN_TYPE_FLOAT, 1, &alpha);
    an_cuda_describe_set(all, ops[n], parts[direction].beta, CUDNN_TYPE_FLOAT, 1, &beta);
    an_cuda_describe_finish(all, ops[n++]);
    if (tail) {
        cudnnBackendDescriptor_t b = tensor(all, s, AN_CUDA_BIAS, bias_dims);
        cudnnBackendDescriptor_t sum =
            tensor(all, s, tail == AN_CUDA_TAIL_RELU ? BETWEEN - 1 : AN_CUDA_Y, y_dims);
        ops[n++] = pointwise(all, &y, &b, &sum);
        y = sum;
    }
    if (tail == AN_CUDA_TAIL_RELU) {
        cudnnBackendDescriptor_t out = tensor(all, s, AN_CUDA_Y, y_dims);
        ops[n++] = pointwise(all, &y, NULL, &out);
    }
    cudnnBackendDescriptor_t graph =
        an_cuda_describe_new(all, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    an_cuda_describe_set(all, graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                         n, ops);
    an_cuda_describe_set(all, graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1,
                         &all->cuda->dnn);
    an_cuda_describe_finish(all, graph);
    return graph;
}
