/*
 * Trials of a convolution's engines (trial.h): their operands, and what they must compute.
 */
#ifndef AN_BACKEND_CUDA_CONV_TRIAL_H
#define AN_BACKEND_CUDA_CONV_TRIAL_H

#include "backend/cuda/conv_engine.h"
#include "backend/cuda/trial.h"

typedef struct an_cuda_conv_trial {
    an_cuda_trial base;
    const an_cuda_conv_plan *plan; /* borrowed */
} an_cuda_conv_trial;

/** Make the operands. To be ended with an_cuda_trial_end(), also on failure. Points into itself. */
alexnet_status an_cuda_conv_trial_begin(an_cuda_conv_trial *trial,
                                        const an_cuda_engine_choice *choice);
/** Try the plan as it is now. */
void an_cuda_conv_trial_enter(an_cuda_conv_trial *trial, an_cuda_pick candidate);

#endif
