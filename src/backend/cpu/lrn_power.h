#ifndef AN_BACKEND_CPU_LRN_POWER_H
#define AN_BACKEND_CPU_LRN_POWER_H

#include <math.h>

#include "backend/cpu/bf16.h"

/** s^(-beta) for s > 0; `root` says that beta is 0.75, and is a constant after inlining. */
AN_INLINE float an_lrn_power(float s, float beta, bool root)
{
    float r = 1.0f / sqrtf(s);
    return root ? r * sqrtf(r) : powf(s, -beta);
}

/** 1/s, of what an_lrn_power() computes beside it: a division less. */
AN_INLINE float an_lrn_reciprocal(float s, bool root)
{
    float r = 1.0f / sqrtf(s);
    return root ? r * r : 1.0f / s;
}

#endif
