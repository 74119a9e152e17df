/*
 * Numbers that kernels read and write in a backend's memory. C++ understands this header too.
 */
#ifndef AN_BACKEND_STATE_H
#define AN_BACKEND_STATE_H

#include <stdint.h>

/** What changes from step to step. It lives in a small buffer of the backend that the host writes
 * once a step; the rates of the segments of the update follow it there. */
/** Update rules (backend.h). */
enum { AN_RULE_2012, AN_RULE_NESTEROV, AN_RULE_ADAM, AN_RULE_ADAMW };

/** What all segments of an update have in common. All zero is the rule of 2012, of gradients as
 * they are. */
typedef struct an_rule {
    int32_t kind;           /* AN_RULE_* */
    int32_t held;           /* 1: nothing is updated: further batches add to the gradients first, or
                               the losses are not finite */
    double divisor;         /* gradients are divided by it, if > 0, */
    double clip;            /* and then multiplied so that their norm is at most this, if > 0 */
    double norm;            /* that of all gradients before this, written by gradient_norm() */
    double beta2, epsilon;  /* of Adam: its second moment's momentum; what is added to its root */
    double bias_correction; /* of Adam: 1 - beta2^t in update t = 1, 2, ... */
    double average;         /* share of the new weights in the average */
} an_rule;

typedef struct an_step_state {
    uint64_t seed;
    uint64_t step;    /* updates made before this step; epoch argument of dropout's draws */
    uint64_t before;  /* slots of the same update in batches before this one: dropout's draws go on
                         behind theirs */
    int32_t filled;   /* slots with a picture */
    double weight;    /* of the slots with a label, together: losses' gradients are divided by it,
                         if > 0; 1 where they are to be sums */
    double smoothing; /* of labels (op/softmax.c), 0 to 1 */
    an_rule rule;
} an_step_state;

/** Of a segment in a step. */
typedef struct an_rates {
    double rate, decay, momentum; /* epsilon, weight decay, momentum factor (Adam's beta1) */
    double bias_correction;       /* of Adam: 1 - momentum^t */
    double spread; /* the norm of all gradients counts this one divided by it, if > 0 */
} an_rates;

/** Measured by norms(). */
typedef struct an_norm {
    double sum_squares; /* of the finite values */
    int64_t not_finite;
} an_norm;

#endif
