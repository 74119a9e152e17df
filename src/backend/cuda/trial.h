/*
 * Choosing among algorithms by their times, while an operator is prepared: for single images and
 * for batches of AN_CUDA_TRIAL_BATCH and more, unless the context wants the same bits every time.
 * Otherwise the library's first proposal is used.
 *
 * A choice is remembered for the life of the backend, so that programs of one shape agree. It is
 * also the operator's variant: a run records which proposal it took, a tuning names one, and then
 * nothing is tried out.
 */
#ifndef AN_BACKEND_CUDA_TRIAL_H
#define AN_BACKEND_CUDA_TRIAL_H

#include "backend/cuda/cuda.h"

enum { AN_CUDA_TRIAL_BATCH = 32, AN_CUDA_TRIAL_BLOCKS = 5, AN_CUDA_TRIALS = 12 };

/** Variants: AUTO chooses as described above; 1 and more are those proposals of the library that
 * are available, best first. They depend on the library's version, the chip and the batch. */
enum {
    AN_CUDA_AUTO = 0,
    AN_CUDA_PROPOSAL = 1,
    AN_CUDA_VARIANTS = AN_CUDA_PROPOSAL + AN_CUDA_TRIALS
};
/** Their names, as an_backend_api.variants. */
extern const char *const an_cuda_variant_names[AN_CUDA_VARIANTS + 1];

/** Memory for trials. */
typedef struct an_cuda_trial {
    an_cuda *cuda;
    void *block[AN_CUDA_TRIAL_BLOCKS];
    size_t bytes[AN_CUDA_TRIAL_BLOCKS];
} an_cuda_trial;

bool an_cuda_trial_wanted(const an_cuda *cuda, int64_t batch);
/** Make a block at least this large; its contents are lost. */
alexnet_status an_cuda_trial_block(an_cuda_trial *trial, int index, size_t bytes);
/** The least time of several runs of `work`. */
alexnet_status an_cuda_trial_time(an_cuda_trial *trial, alexnet_status (*work)(void *arg),
                                  void *arg, double *seconds);
void an_cuda_trial_end(an_cuda_trial *trial);

/** The proposal that was kept for a key; AUTO: none. */
an_variant an_cuda_choice_find(const an_cuda *cuda, const char *key);
/** Keep a proposal for a key that has none; AUTO is not kept. */
void an_cuda_choice_keep(an_cuda *cuda, const char *key, an_variant choice);

#endif
