/*
 * The inside of a plan (conv_plan.h), and the choice of its engine.
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
};

/** What an engine is chosen for. */
typedef struct an_cuda_engine_choice {
    an_cuda_conv_plan *plan;
    const an_cuda_conv_shape *shape;
    an_direction direction;
    an_cuda_conv_tail tail;
    cudnnStatus_t failed; /* out: the first failure among the engines, but a lack of memory goes
                             before others; SUCCESS: none failed */
} an_cuda_engine_choice;

extern const char *const an_cuda_direction_texts[AN_DIRECTIONS];

bool an_cuda_is_lack_of_memory(cudnnStatus_t status);
/** The most bytes of workspace that an engine may take. */
int64_t an_cuda_most_workspace(const an_cuda_conv_shape *shape);
/**
 * Ask for engines, best first, and make the plan of one of them.
 * @param variant  as an_cuda_conv_plan_new()
 * @return false if there is none
 */
bool an_cuda_choose_engine(an_cuda_engine_choice *choice, cudnnBackendDescriptor_t graph,
                           cudnnBackendHeurMode_t mode, an_variant *variant);

#endif
