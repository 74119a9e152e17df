/*
 * A convolution in one direction, with its tail, as a graph of cuDNN's operations.
 */
#ifndef AN_BACKEND_CUDA_CONV_GRAPH_H
#define AN_BACKEND_CUDA_CONV_GRAPH_H

#include "backend/cuda/conv_plan.h"
#include "backend/cuda/descriptors.h"

/** Names of the tensors of a graph that are in memory. */
enum { AN_CUDA_X = 'x', AN_CUDA_W = 'w', AN_CUDA_Y = 'y', AN_CUDA_BIAS = 'b' };

/** The graph, owned by `all`; NULL after a failure, which all->status gives. */
cudnnBackendDescriptor_t an_cuda_conv_graph(an_cuda_descriptors *all,
                                            const an_cuda_conv_shape *shape, an_direction direction,
                                            an_cuda_conv_tail tail);

#endif
