/*
 * Trials: while an operator is prepared, the library's algorithms run on random operands. One whose
 * results are not what the host computes for some of their elements (backend/element.h), or differ
 * elsewhere from those of the first that were, is left out, with a line in the log.
 *
 * For single images and for batches of AN_CUDA_TRIAL_BATCH or more, unless the context must be
 * deterministic, the others are timed the way programs run them: recorded, several times in a row.
 * The fastest is chosen. Otherwise the trial ends with the first whose results are right.
 *
 * A choice is remembered for the life of the backend, so that programs of the same shape agree. It
 * is also the operator's variant: a run records which proposal it used, and if a tuning names one,
 * there is no trial, because there was one when it was found.
 */
#ifndef AN_BACKEND_CUDA_TRIAL_H
#define AN_BACKEND_CUDA_TRIAL_H

#include "backend/cuda/cuda.h"
#include "backend/element.h"

/* Twenty trials: the best configuration of each of cuDNN's engines, of which 9.19 proposes up to
 * eight for a convolution of AlexNet, and twelve others in its order. */
enum { AN_CUDA_TRIAL_BATCH = 32, AN_CUDA_TRIALS = 20 };

/* Blocks of memory: up to four operands, and the candidate's workspace. */
enum { AN_CUDA_TRIAL_WORK = 4, AN_CUDA_TRIAL_BLOCKS };

/** Variants: AUTO chooses as described above; 1 and up are the library's proposals that can be
 * used, best first; of convolutions, the best of each engine before the others. They depend on the
 * library's version, the chip and the batch. FIRST asks for the first of them without a trial; if
 * there was one, for the first that was right. */
enum {
    AN_CUDA_FIRST = -1,
    AN_CUDA_AUTO = 0,
    AN_CUDA_PROPOSAL = 1,
    AN_CUDA_VARIANTS = AN_CUDA_PROPOSAL + AN_CUDA_TRIALS
};
/** Their names, as an_backend_api.variants. */
extern const char *const an_cuda_variant_names[AN_CUDA_VARIANTS + 1];

/** What a trial's candidates compute. */
typedef struct an_cuda_outcome {
    int block;
    an_dtype dtype;
    bool tensor_cores;
    an_direction direction;
    an_element_conv sums; /* with the operands' numbers */
} an_cuda_outcome;

/** A trial; its blocks are in device memory. */
typedef struct an_cuda_trial {
    an_cuda *cuda;                     /* borrowed */
    alexnet_status (*work)(void *arg); /* queue the candidate's computation */
    void *arg;
    bool timed;     /* else the first candidate that is right is the best */
    char what[128]; /* for the log: what the candidates compute */
    char how[32];   /* and how this one does; "" if its number says it */
    int wrong;      /* candidates whose results deviated */
    an_cuda_outcome out;
    void *block[AN_CUDA_TRIAL_BLOCKS];
    size_t bytes[AN_CUDA_TRIAL_BLOCKS];
    double *noise[AN_CUDA_TRIAL_BLOCKS]; /* of operands: the numbers that repeat in them */
    int n_known;
    an_element *known;  /* elements of the results; NULL before the first comparison */
    double *accepted;   /* more of them, from the first candidate that agrees with these; or NULL */
    an_cuda_pick best;  /* the fastest so far; AUTO: none */
    an_cuda_pick first; /* the first that was right */
} an_cuda_trial;

/** Whether algorithms are timed. */
bool an_cuda_trial_times(const an_cuda *cuda, int64_t batch);
/** Make a block at least this large. Its contents may be lost. */
alexnet_status an_cuda_trial_block(an_cuda_trial *trial, int index, size_t bytes);
/** Make a block of `count` random numbers.
 * @param tf32     as for an_cuda_noise()
 * @param numbers  out: its values and mask */
alexnet_status an_cuda_trial_operand(an_cuda_trial *trial, int index, int64_t count, an_dtype dtype,
                                     bool tf32, an_element_tensor *numbers);
/** Run a candidate and compare its results; if trials are timed, time it. One that fails, or whose
 * workspace does not fit, is left out, with a line in the log.
 * @param workspace  its bytes */
void an_cuda_trial_enter(an_cuda_trial *trial, an_cuda_pick candidate, size_t workspace);
/** Whether no further candidates are needed. */
static inline bool an_cuda_trial_decided(const an_cuda_trial *trial)
{
    return !trial->timed && trial->best.number != AN_CUDA_AUTO;
}
/** Log that there is no trial, for the reason of the latest error. */
void an_cuda_trial_cancel(const an_cuda_trial *trial);
void an_cuda_trial_end(an_cuda_trial *trial);

/** Compare a candidate's results with what they must be.
 * @param deviation  out: the largest one, as a fraction of the rounding allowed; infinity if
 * results are not finite */
alexnet_status an_cuda_trial_compare(an_cuda_trial *trial, double *deviation);
/**
 * The seconds of one run of `work` on the device, without the host's part: recorded as a graph, as
 * programs are, with enough runs for the resolution of time stamps.
 */
alexnet_status an_cuda_trial_time(an_cuda_trial *trial, double *seconds);

/** Numbers after which a tensor repeats. */
enum { AN_CUDA_NOISE = 1 << 18 };
/**
 * The random numbers of a tensor, at most AN_CUDA_NOISE. They are in [-0.5, 0.5), with no more bits
 * than a type holds, so that only sums of their products are rounded; owned. NULL if memory is
 * short.
 * @param tf32  use only float32 numbers that tf32 holds too
 * @param unit  selects the numbers
 */
double *an_cuda_noise(int64_t count, an_dtype dtype, bool tf32, uint32_t unit);
/** Fill device memory with these numbers: a chip multiplies zeros faster. */
alexnet_status an_cuda_fill(an_cuda *cuda, void *dst, size_t bytes, an_dtype dtype,
                            const double *noise);

/** What a trial chose for a key; with `first`, the first that was right. AUTO: there was none. */
an_cuda_pick an_cuda_choice_find(const an_cuda *cuda, const char *key, bool first);
/** Keep what a trial chose for a key that has none, unless memory is lacking. AUTO is not kept. */
void an_cuda_choice_keep(an_cuda *cuda, const char *key, const an_cuda_trial *trial);

#endif
