/*
 * Numbers that kernels read and write in a backend's memory. C++ understands this header too.
 */
#ifndef AN_BACKEND_STATE_H
#define AN_BACKEND_STATE_H

#include <stdint.h>

/** Update rules (backend.h). */
enum { AN_RULE_2012, AN_RULE_NESTEROV, AN_RULE_ADAM, AN_RULE_ADAMW };

/** What all segments of an update have in common. All zero: the rule of 2012 on unmodified
 * gradients. */
typedef struct an_rule {
    int32_t kind;   /* AN_RULE_* */
    int32_t held;   /* 1: nothing is updated, because more batches are to add to the gradients first
                       or because losses are not finite */
    double divisor; /* if > 0: gradients are divided by it */
    double clip;    /* if > 0: gradients are then scaled to at most this norm */
    double norm;    /* of all gradients before division and clipping, set by gradient_norm() */
    double beta2, epsilon; /* of Adam: decay of its second moment; added to its square root */
    double average;        /* share of the new weights in the average */
} an_rule;

/** What changes from step to step. The host writes it once a step to a small buffer of the backend,
 * followed by the rates of the update's segments. */
typedef struct an_step_state {
    uint64_t seed;
    uint64_t step;   /* updates made before this step; the epoch of dropout's draws */
    uint64_t before; /* slots in earlier batches of the same update, after which dropout's draws
                        continue */
    double weight; /* sum over the slots with a label; if > 0, the gradient of the losses is divided
                      by it. 1 gives a sum instead of a mean */
    double smoothing; /* of labels (op/softmax.c), 0 to 1 */
    an_rule rule;
} an_step_state;

/** The rates of one segment in one step. */
typedef struct an_rates {
    double rate, decay, momentum; /* learning rate, weight decay, momentum factor (Adam's beta1) */
    double momentum_correction, square_correction; /* of Adam: 1 - momentum^t, 1 - beta2^t, in
                                                      update t = 1, 2, ... of the segment */
    double spread; /* if > 0: the norm of all gradients includes this one divided by it */
} an_rates;

/** Measured by norms(). */
typedef struct an_norm {
    double sum_squares; /* of the finite values */
    int64_t not_finite;
} an_norm;

#endif
