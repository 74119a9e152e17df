/*
 * The update rule (backend.h), in one pass through memory. The instances for bfloat16 write a copy
 * of the weights in the same pass.
 */
#include "backend/cpu/kernels/kernels.h"

AN_INLINE void update(const an_update_run *run, an_dtype copy, bool decays, bool nesterov)
{
    float *restrict w = run->w, *restrict v = run->v;
    const float *restrict dw = run->dw;
    uint16_t *restrict half = run->copy;
    float momentum = run->momentum, rate = run->rate, shrink = run->shrink;
#pragma omp simd
    for (int64_t i = 0; i < run->count; i++) {
        float step = momentum * v[i] - rate * dw[i], last = momentum * v[i];
        if (decays)
            step -= shrink * w[i];
        v[i] = step;
        w[i] += nesterov ? momentum * step + (step - last) : step;
        if (copy == AN_BF16)
            half[i] = an_float_to_bf16(w[i]);
    }
}

AN_INLINE void update_decay(const an_update_run *run, an_dtype copy)
{
    if (run->nesterov && run->shrink > 0)
        update(run, copy, true, true);
    else if (run->nesterov)
        update(run, copy, false, true);
    else if (run->shrink > 0)
        update(run, copy, true, false);
    else
        update(run, copy, false, false);
}

AN_KERNEL_INSTANCES(update, an_update_run, update_decay)
