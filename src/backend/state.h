/*
 * Numbers that kernels read and write in a backend's memory. C++ understands this header too.
 */
#ifndef AN_BACKEND_STATE_H
#define AN_BACKEND_STATE_H

#include <stdint.h>

/** What changes from step to step. It lives in a small buffer of the backend that the host writes
 * once a step; the rates of the segments of the update follow it there. */
typedef struct an_step_state {
    uint64_t seed;
    uint64_t step;    /* updates made before this step; epoch argument of dropout's draws */
    int32_t labelled; /* slots with a label: losses' gradients are divided by it, if > 0 */
    int32_t filled;   /* slots with a picture */
    double smoothing; /* of labels (op/softmax.c), 0 to 1 */
} an_step_state;

/** Of a segment in a step. */
typedef struct an_rates {
    double rate, decay, momentum; /* epsilon, weight decay, momentum factor */
    double scale;                 /* of the gradient, beside the rate: 1, or less to clip it */
    double nesterov;              /* 1: Nesterov's momentum; 0: that of 2012 */
} an_rates;

/** Measured by norms(). */
typedef struct an_norm {
    double sum_squares; /* of the finite values */
    int64_t not_finite;
} an_norm;

#endif
