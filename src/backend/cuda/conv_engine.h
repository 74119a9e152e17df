/*
 * The contents of a plan (conv_plan.h), and the choice of its engine.
 */
#ifndef AN_BACKEND_CUDA_CONV_ENGINE_H
#define AN_BACKEND_CUDA_CONV_ENGINE_H

#include "backend/cuda/conv_graph.h"

struct an_cuda_conv_plan {
    an_cuda *cuda; /* borrowed */
    bool bias;
    an_cuda_descriptors made;
    cudnnBackendDescriptor_t plan;
    int64_t workspace, engine;
    double seconds; /* by trial; 0: none */
};

/** The choice of an engine: for what, and why it failed. */
typedef struct an_cuda_engine_choice {
    an_cuda_conv_plan *plan;
    const an_cuda_conv_shape *shape;
    an_direction direction;
    an_cuda_conv_tail tail;
    cudnnBackendHeurMode_t mode; /* which engines cuDNN is asked for */
    cudnnStatus_t failed; /* out: the first failure among the engines, but a lack of memory takes
                             precedence; SUCCESS: none failed */
    int64_t offered;      /* out: how many configurations cuDNN offered */
} an_cuda_engine_choice;

/** Whether it is float32 without tensor cores. */
static inline bool an_cuda_conv_is_exact(const an_cuda_conv_shape *shape)
{
    return shape->type == AN_F32 && !shape->tensor_cores;
}

bool an_cuda_is_lack_of_memory(cudnnStatus_t status);
/** The largest workspace that an engine may use, in bytes. */
int64_t an_cuda_most_workspace(const an_cuda_conv_shape *shape);
/**
 * Ask cuDNN for engines, best first, and make a plan for one of them. Those that cuDNN falls back
 * to are not timed.
 * @param variant  as an_cuda_conv_plan_new()
 * @return false if none can be used
 */
bool an_cuda_choose_engine(an_cuda_engine_choice *choice, cudnnBackendDescriptor_t graph,
                           an_variant *variant);

#endif
