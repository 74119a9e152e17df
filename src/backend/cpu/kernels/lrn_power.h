#ifndef AN_BACKEND_CPU_KERNELS_LRN_POWER_H
#define AN_BACKEND_CPU_KERNELS_LRN_POWER_H

#include <math.h>

#include "backend/cpu/kernels/bf16.h"

/*
 * s^(-3/4) for s > 0, from additions and multiplications alone: faster than two square roots and a
 * division, and works on vectors too. The first guess y uses the bits of a float as an
 * approximation of its logarithm (good to 4.4%); then h = 1 - s^3 y^4 measures the error left:
 *
 *     s^(-3/4) = y (1 - h)^(-1/4) = y (1 + h/4 + 5/32 h^2 + 15/128 h^3 ...)
 *
 * After two such steps only rounding errors are left, less than 2 units of 2^-24 for every normal
 * s. s^3 y^4 is computed as (s y)(s y)(s y y), which stays in range. An infinite s gives infinity,
 * so that an overflow is seen.
 */
#define AN_LRN_ROOT(type, words, s, y)                                                             \
    do {                                                                                           \
        words bits_;                                                                               \
        memcpy(&bits_, &(s), sizeof bits_);                                                        \
        bits_ = 0x6f14f000u - (bits_ - (bits_ >> 2));                                              \
        memcpy(&(y), &bits_, sizeof bits_);                                                        \
        for (int step_ = 0; step_ < 2; step_++) {                                                  \
            type a_ = (s) * (y), h_ = 1.0f - a_ * a_ * (a_ * (y));                                 \
            (y) += (y) * (h_ * (0.25f + h_ * 0.15625f));                                           \
        }                                                                                          \
    } while (0)

/** s^(-beta) for s > 0; `root`, a constant after inlining, says that beta is 0.75. */
AN_INLINE float an_lrn_power(float s, float beta, bool root)
{
    float y;
    if (!root)
        return powf(s, -beta);
    AN_LRN_ROOT(float, uint32_t, s, y);
    return y;
}

/** The same for eight values, with the same bits. */
AN_INLINE void an_lrn_power8(const an_float8 *s, float beta, bool root, an_float8 *y)
{
    if (root)
        AN_LRN_ROOT(an_float8, an_word8, *s, *y);
    else
        for (int l = 0; l < 8; l++)
            (*y)[l] = powf((*s)[l], -beta);
}

#endif
