#ifndef AN_BACKEND_CPU_LRN_POWER_H
#define AN_BACKEND_CPU_LRN_POWER_H

#include <math.h>

#include "backend/cpu/bf16.h"

/** s^(-beta) for s > 0; `root` says that beta is 0.75, and is a constant after inlining. */
AN_INLINE float an_lrn_power(float s, float beta, bool root)
{
    float half = sqrtf(s);
    return root ? 1.0f / (half * sqrtf(half)) : powf(s, -beta);
}

#endif
