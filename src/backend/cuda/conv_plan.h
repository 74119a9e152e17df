/*
 * A convolution in one direction as cuDNN computes it: a graph of operations, and the engine that
 * was chosen for it. Once it is made, everything is chosen and its workspace is known.
 *
 *     forward    y = conv(x, w) [+ bias [, ReLU]]      bias [K] is of the operands' type
 *     data       x = gradient of x from y and w
 *     weights    w = gradient of w from x and y
 */
#ifndef AN_BACKEND_CUDA_CONV_PLAN_H
#define AN_BACKEND_CUDA_CONV_PLAN_H

#include "backend/cuda/cuda.h"

typedef struct an_cuda_conv_shape {
    int n, c, h, w, k, r, s, p, q, groups;
    int stride, top, left; /* the same padding below and to the right */
    bool nhwc;             /* x and y N H W C, weights K R S C; else N C H W and K C R S */
    an_dtype type;         /* of all tensors */
    bool tensor_cores;     /* float32 is computed as tf32 */
} an_cuda_conv_shape;

typedef enum an_cuda_conv_tail {
    AN_CUDA_TAIL_NONE,
    AN_CUDA_TAIL_BIAS,
    AN_CUDA_TAIL_RELU, /* bias, then ReLU */
} an_cuda_conv_tail;

typedef struct an_cuda_conv_plan an_cuda_conv_plan;

/**
 * Choose an engine.
 * @param tail     forward: what follows the convolution
 * @param variant  in and out, which of cuDNN's proposals (trial.h); one that is not available
 *                 becomes the first
 * @return ALEXNET_ERROR_UNSUPPORTED if there is none, ALEXNET_ERROR_NO_MEMORY if cuDNN lacked
 * memory to prepare one
 */
alexnet_status an_cuda_conv_plan_new(an_cuda_conv_plan **out, an_cuda *cuda,
                                     const an_cuda_conv_shape *shape, an_direction direction,
                                     an_cuda_conv_tail tail, an_variant *variant);
void an_cuda_conv_plan_free(an_cuda_conv_plan *plan); /* NULL allowed */

size_t an_cuda_conv_plan_workspace(const an_cuda_conv_plan *plan);
/** cuDNN's index of the engine among those for such a graph. */
int an_cuda_conv_plan_engine(const an_cuda_conv_plan *plan);

/** The direction says which of x, w and y is written. @param bias  with a tail; else NULL */
alexnet_status an_cuda_conv_plan_run(const an_cuda_conv_plan *plan, const void *x, const void *w,
                                     const void *y, const void *bias, void *workspace);

#endif
