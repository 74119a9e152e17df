/*
 * Adam and AdamW (backend.h), in one pass through memory, and averages of weights. The instances
 * for bfloat16 write a copy of the weights in the same pass.
 */
#include <math.h>

#include "backend/cpu/kernels/kernels.h"

AN_INLINE void adam(const an_adam_run *run, an_dtype copy)
{
    float *restrict w = run->w, *restrict v = run->v, *restrict q = run->q;
    const float *restrict dw = run->dw;
    uint16_t *restrict half = run->copy;
    const float factor = run->factor, decay = run->decay, keep = run->keep, rate = run->rate;
    const float root = run->root, epsilon = run->epsilon, b1 = run->beta[0], b2 = run->beta[1];
    const float a1 = run->rest[0], a2 = run->rest[1];
#pragma omp simd
    for (int64_t i = 0; i < run->count; i++) {
        float g = factor * dw[i] + decay * w[i];
        v[i] = b1 * v[i] + a1 * g;
        q[i] = b2 * q[i] + a2 * (g * g);
        w[i] = keep * w[i] - rate * v[i] / (sqrtf(q[i]) * root + epsilon);
        if (copy == AN_BF16)
            half[i] = an_float_to_bf16(w[i]);
    }
}

AN_KERNEL_INSTANCES(adam, an_adam_run, adam)

AN_INLINE void average(const an_average_run *run, an_dtype type)
{
    float *restrict average = run->average;
    const float *restrict w = run->w;
    const float share = run->share;
    (void)type;
#pragma omp simd
    for (int64_t i = 0; i < run->count; i++)
        average[i] += share * (w[i] - average[i]);
}

AN_KERNEL_INSTANCES(average, an_average_run, average)
