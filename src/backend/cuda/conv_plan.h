/*
 * A convolution in one direction as cuDNN computes it: a graph of operations, and the engine chosen
 * for it. A plan makes no further choices when it runs, and its workspace is known.
 *
 *     forward    y = conv(x, w) [+ bias [, ReLU]]      bias [K] has the operands' type
 *     data       x = gradient of x from y and w
 *     weights    w = gradient of w from x and y
 */
#ifndef AN_BACKEND_CUDA_CONV_PLAN_H
#define AN_BACKEND_CUDA_CONV_PLAN_H

#include "backend/cuda/cuda.h"

typedef struct an_cuda_conv_shape {
    int n, c, h, w, k, r, s, p, q, groups;
    int stride, top, left; /* the padding below and on the right is the same */
    bool nhwc;             /* x and y N H W C, weights K R S C; else N C H W and K C R S */
    an_dtype type;         /* of all tensors */
    bool tensor_cores;     /* float32 is computed as tf32 */
} an_cuda_conv_shape;

typedef enum an_cuda_conv_tail {
    AN_CUDA_TAIL_NONE,
    AN_CUDA_TAIL_BIAS,
    AN_CUDA_TAIL_RELU, /* bias, then ReLU */
} an_cuda_conv_tail;

/** What each direction computes, in error texts and the log. */
extern const char *const an_cuda_direction_texts[AN_DIRECTIONS];

typedef struct an_cuda_conv_plan an_cuda_conv_plan;

/**
 * Choose an engine.
 * @param tail     forward: what follows the convolution
 * @param variant  in and out: which of cuDNN's proposals (trial.h); one that is not available
 *                 becomes the first
 * @return ALEXNET_ERROR_UNSUPPORTED if there is no engine, ALEXNET_ERROR_NO_MEMORY if cuDNN lacked
 *         memory to prepare one
 */
alexnet_status an_cuda_conv_plan_new(an_cuda_conv_plan **out, an_cuda *cuda,
                                     const an_cuda_conv_shape *shape, an_direction direction,
                                     an_cuda_conv_tail tail, an_variant *variant);
void an_cuda_conv_plan_free(an_cuda_conv_plan *plan); /* NULL allowed */

size_t an_cuda_conv_plan_workspace(const an_cuda_conv_plan *plan);
/** cuDNN's index of the engine among those for such a graph. */
int an_cuda_conv_plan_engine(const an_cuda_conv_plan *plan);
/** How long a run takes, in seconds, if the engine was chosen by trial; else 0. */
double an_cuda_conv_plan_seconds(const an_cuda_conv_plan *plan);

/** Which of x, w and y is written depends on the direction. @param bias  NULL without a tail */
alexnet_status an_cuda_conv_plan_run(const an_cuda_conv_plan *plan, const void *x, const void *w,
                                     const void *y, const void *bias, void *workspace);

#endif
