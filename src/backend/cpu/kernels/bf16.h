/*
 * Activations in memory: float32, or bfloat16 (the upper half of a float32). Arithmetic is float32.
 *
 * After inlining, the element type is a constant at every call, so that the branches cost nothing.
 */
#ifndef AN_BACKEND_CPU_KERNELS_BF16_H
#define AN_BACKEND_CPU_KERNELS_BF16_H

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

/* ---- Eight neighbours at once ---------------------------------------------------------------- */

/* The compiler's vector types, which work with registers of any size. The upper half of a word is
 * the second in memory (little-endian). */

typedef float an_float8 __attribute__((vector_size(32)));
typedef int32_t an_int8 __attribute__((vector_size(32)));
typedef uint32_t an_word8 __attribute__((vector_size(32)));
typedef uint16_t an_half8 __attribute__((vector_size(16)));
typedef uint16_t an_half16 __attribute__((vector_size(32)));

/* Vectors are passed by pointer: those wider than the registers have no fixed ABI as arguments. */
AN_INLINE void an_load8(const void *tensor, int64_t i, an_dtype dtype, an_float8 *v)
{
    if (dtype == AN_BF16) {
        const an_half8 zero = {0};
        an_half8 halves;
        memcpy(&halves, (const uint16_t *)tensor + i, sizeof halves);
        an_half16 words = __builtin_shufflevector(zero, halves, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5,
                                                  13, 6, 14, 7, 15);
        memcpy(v, &words, sizeof words);
    } else {
        memcpy(v, (const float *)tensor + i, sizeof *v);
    }
}

AN_INLINE void an_store8(void *tensor, int64_t i, an_dtype dtype, const an_float8 *v)
{
    if (dtype == AN_BF16) {
        an_word8 bits, nan = (an_word8)(*v != *v);
        an_half16 words;
        memcpy(&bits, v, sizeof bits);
        an_word8 rounded = bits + 0x7fffu + (bits >> 16 & 1u);
        bits = (nan & (bits | 0x400000u)) | (~nan & rounded);
        memcpy(&words, &bits, sizeof words);
        an_half8 halves = __builtin_shufflevector(words, words, 1, 3, 5, 7, 9, 11, 13, 15);
        memcpy((uint16_t *)tensor + i, &halves, sizeof halves);
    } else {
        memcpy((float *)tensor + i, v, sizeof *v);
    }
}

/** v = a where the mask is all ones, b where it is zero. */
AN_INLINE void an_choose8(an_float8 *v, const an_int8 *mask, const an_float8 *a, const an_float8 *b)
{
    an_int8 bits = (*mask & (an_int8)*a) | (~*mask & (an_int8)*b);
    memcpy(v, &bits, sizeof bits);
}

/** The address of element i. */
AN_INLINE void *an_at(const void *tensor, int64_t i, an_dtype dtype)
{
    return (char *)tensor + i * (dtype == AN_BF16 ? 2 : 4);
}

#endif
