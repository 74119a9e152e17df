/*
 * ReLU and its gradient. Both only choose between zero and an unchanged element, so bfloat16 is
 * never converted: as integers, its values above 0 are 0x0001 (the smallest) to
 * 0x7f80 (infinity), those below 0x8001 to 0xff80; the rest are zeros and NaNs.
 */
#include "backend/cpu/kernels/kernels.h"

/* max(0, x), but NaN stays NaN. In place, or out of place. */
AN_INLINE void forward(const an_relu_run *run, an_dtype t)
{
    if (t == AN_BF16) {
        const uint16_t *x = run->x;
        uint16_t *out = run->out;
#pragma omp simd
        for (int64_t i = 0; i < run->count; i++)
            out[i] = (uint16_t)(x[i] - 0x8001u) <= 0xff80u - 0x8001u ? 0 : x[i];
    } else {
        const float *x = run->x;
        float *out = run->out;
#pragma omp simd
        for (int64_t i = 0; i < run->count; i++)
            out[i] = x[i] < 0 ? 0 : x[i]; /* in this order NaN stays NaN */
    }
}

/* dy where x > 0, else 0. */
AN_INLINE void backward(const an_relu_run *run, an_dtype t)
{
    if (t == AN_BF16) {
        const uint16_t *x = run->x, *dy = run->dy;
        uint16_t *out = run->out;
#pragma omp simd
        for (int64_t i = 0; i < run->count; i++)
            out[i] = (uint16_t)(x[i] - 0x0001u) <= 0x7f80u - 0x0001u ? dy[i] : 0;
    } else {
        const float *x = run->x, *dy = run->dy;
        float *out = run->out;
#pragma omp simd
        for (int64_t i = 0; i < run->count; i++)
            out[i] = x[i] > 0 ? dy[i] : 0;
    }
}

AN_KERNEL_INSTANCES(relu, an_relu_run, forward)
AN_KERNEL_INSTANCES(relu_mask, an_relu_run, backward)
