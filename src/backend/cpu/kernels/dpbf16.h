/*
 * Products of pairs of bfloat16 on AVX-512 BF16: vdpbf16ps adds two products to each of 16 floats.
 * Include it only within defined(__x86_64__); callers are marked AN_TARGET_PAIRS.
 */
#ifndef AN_BACKEND_CPU_KERNELS_DPBF16_H
#define AN_BACKEND_CPU_KERNELS_DPBF16_H

#include <immintrin.h>
#include <string.h>

#include "backend/cpu/kernels/kernels.h"

#define DPBF16_INLINE static inline AN_TARGET_PAIRS __attribute__((always_inline))

/** The same pair in all lanes. */
DPBF16_INLINE __m512bh dpbf16_broadcast(const uint16_t *pair)
{
    int both;
    memcpy(&both, pair, sizeof both);
    return (__m512bh)_mm512_set1_epi32(both);
}

/** Pairs of ones, for sums. */
DPBF16_INLINE __m512bh dpbf16_ones(void)
{
    return (__m512bh)_mm512_set1_epi32(0x3f803f80);
}

/** 16 pairs. */
DPBF16_INLINE __m512bh dpbf16_load(const uint16_t *pairs)
{
    return (__m512bh)_mm512_loadu_si512(pairs);
}

/** acc0[j] += v0 times pair j, acc1[j] += v1 times pair j, for `count` pairs that begin `distance`
 *  elements apart. @param count  a constant of at most 14 */
DPBF16_INLINE void dpbf16_add(__m512bh v0, __m512bh v1, const uint16_t *pairs, int distance,
                              int count, __m512 *acc0, __m512 *acc1)
{
#pragma GCC unroll 14
    for (int j = 0; j < count; j++) {
        __m512bh pair = dpbf16_broadcast(pairs + j * distance);
        acc0[j] = _mm512_dpbf16_ps(acc0[j], v0, pair);
        acc1[j] = _mm512_dpbf16_ps(acc1[j], v1, pair);
    }
}

/** Sets 16 pairs: to[2 i] = a[i], to[2 i + 1] = b[i]. @param b  NULL: zeros */
DPBF16_INLINE void dpbf16_pair_up(const uint16_t *a, const uint16_t *b, uint16_t *to)
{
    __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)a));
    __m512i high = _mm512_setzero_si512();
    if (b)
        high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)b));
    _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}

#endif
