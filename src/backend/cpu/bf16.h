/*
 * Activations in memory: float32, or bfloat16 (the upper half of a float32). Arithmetic is float32.
 *
 * The element type is a constant at every call after inlining, so that the branches cost nothing.
 */
#ifndef AN_BACKEND_CPU_BF16_H
#define AN_BACKEND_CPU_BF16_H

#include <stdint.h>
#include <string.h>

#include "tensor/tensor.h"

#define AN_INLINE static inline __attribute__((always_inline))

AN_INLINE float an_bf16_to_float(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/** Rounded to nearest, ties to even; NaN stays NaN. */
AN_INLINE uint16_t an_float_to_bf16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    uint32_t quiet = bits >> 16 | 0x40u;
    return (uint16_t)(value != value ? quiet : rounded);
}

AN_INLINE float an_load(const void *tensor, int64_t i, an_dtype dtype)
{
    if (dtype == AN_BF16)
        return an_bf16_to_float(((const uint16_t *)tensor)[i]);
    return ((const float *)tensor)[i];
}

AN_INLINE void an_store(void *tensor, int64_t i, an_dtype dtype, float value)
{
    if (dtype == AN_BF16)
        ((uint16_t *)tensor)[i] = an_float_to_bf16(value);
    else
        ((float *)tensor)[i] = value;
}

/** The address of element i. */
AN_INLINE void *an_at(const void *tensor, int64_t i, an_dtype dtype)
{
    return (char *)tensor + i * (dtype == AN_BF16 ? 2 : 4);
}

#endif
