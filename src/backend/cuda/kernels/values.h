/*
 * What the kernels share: access to float32 or bfloat16 elements, up to 8 at a time; division by
 * constants of a launch; random words. `bf16` and element counts are constants after inlining.
 */
#ifndef AN_BACKEND_CUDA_KERNELS_VALUES_H
#define AN_BACKEND_CUDA_KERNELS_VALUES_H

#include "backend/cuda/kernels/body.h"

/* ---- Elements -------------------------------------------------------------------------------- */

/* 16 and 8 bytes, read or written in one access. */
#ifdef __CUDACC__
typedef struct __align__(16) an_word4
{
    uint32_t w[4];
}
an_word4;
typedef struct __align__(8) an_word2
{
    uint32_t w[2];
}
an_word2;
typedef uint32_t an_word1;
#else
typedef struct an_word4 {
    uint32_t w[4];
} __attribute__((aligned(16), may_alias)) an_word4;
typedef struct an_word2 {
    uint32_t w[2];
} __attribute__((aligned(8), may_alias)) an_word2;
typedef uint32_t an_word1 __attribute__((may_alias));
#endif

AN_BODY float an_bits_to_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

AN_BODY uint32_t an_float_to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/** Two floats rounded to bfloat16, `low` in the lower half: to nearest, ties to even; NaN stays
 * NaN. */
AN_BODY uint32_t an_pack_bf16(float low, float high)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
#else
    uint32_t half[2] = {an_float_to_bits(low), an_float_to_bits(high)};
    float value[2] = {low, high};
    for (int i = 0; i < 2; i++)
        half[i] = value[i] != value[i] ? half[i] >> 16 | 0x40u
                                       : (half[i] + 0x7fffu + (half[i] >> 16 & 1u)) >> 16;
    return half[0] | half[1] << 16;
#endif
}

AN_BODY float an_low_bf16(uint32_t pair)
{
    return an_bits_to_float(pair << 16);
}

AN_BODY float an_high_bf16(uint32_t pair)
{
    return an_bits_to_float(pair & 0xffff0000u);
}

AN_BODY float an_load(const void *data, int64_t i, bool bf16)
{
    return bf16 ? an_low_bf16(((const uint16_t *)data)[i]) : ((const float *)data)[i];
}

AN_BODY void an_store(void *data, int64_t i, bool bf16, float value)
{
    if (bf16)
        ((uint16_t *)data)[i] = (uint16_t)an_pack_bf16(value, 0);
    else
        ((float *)data)[i] = value;
}

/* A GPU faults on an unaligned access. The host would not notice it, so trap. */
AN_BODY void an_expect_aligned(const void *data, int words)
{
#ifdef __CUDACC__
    (void)data, (void)words;
#else
    if ((uintptr_t)data % (4 * (size_t)words) != 0)
        __builtin_trap();
#endif
}

/** Load words[0 .. count-1], aligned to their total size; count is 1, 2 or 4. */
AN_BODY void an_load_words(const void *data, int count, uint32_t *words)
{
    an_expect_aligned(data, count);
    if (count == 4) {
        an_word4 quad = *(const an_word4 *)data;
        for (int i = 0; i < 4; i++)
            words[i] = quad.w[i];
    } else if (count == 2) {
        an_word2 pair = *(const an_word2 *)data;
        words[0] = pair.w[0];
        words[1] = pair.w[1];
    } else {
        words[0] = *(const an_word1 *)data;
    }
}

AN_BODY void an_store_words(void *data, int count, const uint32_t *words)
{
    an_expect_aligned(data, count);
    if (count == 4) {
        an_word4 quad;
        for (int i = 0; i < 4; i++)
            quad.w[i] = words[i];
        *(an_word4 *)data = quad;
    } else if (count == 2) {
        an_word2 pair;
        pair.w[0] = words[0];
        pair.w[1] = words[1];
        *(an_word2 *)data = pair;
    } else {
        *(an_word1 *)data = words[0];
    }
}

/** Elements i .. i + count - 1; count is 1, 2, 4 or 8, and i a multiple of it. */
AN_BODY void an_load_run(const void *data, int64_t i, int count, bool bf16, float *v)
{
    uint32_t words[8];
    if (count == 1) {
        v[0] = an_load(data, i, bf16);
    } else if (bf16) {
        an_load_words((const uint16_t *)data + i, count / 2, words);
        for (int j = 0; j < count / 2; j++) {
            v[2 * j] = an_low_bf16(words[j]);
            v[2 * j + 1] = an_high_bf16(words[j]);
        }
    } else {
        int at_once = count < 4 ? count : 4;
        for (int j = 0; j < count; j += at_once)
            an_load_words((const float *)data + i + j, at_once, words + j);
        for (int j = 0; j < count; j++)
            v[j] = an_bits_to_float(words[j]);
    }
}

AN_BODY void an_store_run(void *data, int64_t i, int count, bool bf16, const float *v)
{
    uint32_t words[8];
    if (count == 1) {
        an_store(data, i, bf16, v[0]);
    } else if (bf16) {
        for (int j = 0; j < count / 2; j++)
            words[j] = an_pack_bf16(v[2 * j], v[2 * j + 1]);
        an_store_words((uint16_t *)data + i, count / 2, words);
    } else {
        int at_once = count < 4 ? count : 4;
        for (int j = 0; j < count; j++)
            words[j] = an_float_to_bits(v[j]);
        for (int j = 0; j < count; j += at_once)
            an_store_words((float *)data + i + j, at_once, words + j);
    }
}

/** Elements i .. i + 7 of `count`, zeros beyond the end; i is a multiple of 8. */
AN_BODY void an_load_up_to_8(const void *data, int64_t i, int64_t count, bool bf16, float v[8])
{
    if (i + 8 <= count) {
        an_load_run(data, i, 8, bf16, v);
        return;
    }
    for (int l = 0; l < 8; l++)
        v[l] = i + l < count ? an_load(data, i + l, bf16) : 0;
}

AN_BODY void an_store_up_to_8(void *data, int64_t i, int64_t count, bool bf16, const float v[8])
{
    if (i + 8 <= count) {
        an_store_run(data, i, 8, bf16, v);
        return;
    }
    for (int l = 0; l < 8; l++)
        if (i + l < count)
            an_store(data, i + l, bf16, v[l]);
}

/* ---- Arithmetic ------------------------------------------------------------------------------ */

/** x^(-1/2) of a normal number, with an error of at most 2.2 units of 2^-24. */
AN_BODY float an_inverse_root(float x)
{
#ifdef __CUDA_ARCH__
    float y;
    asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#else
    return 1 / sqrtf(x);
#endif
}

/* ---- Division by a constant of the launch ---------------------------------------------------- */

/** x / by for 0 <= x < 2^31 and 1 <= by < 2^31 is (x * factor / 2^32 + x) >> shift. */
typedef struct an_divisor {
    uint32_t by, factor, shift;
} an_divisor;

static inline an_divisor an_divisor_of(int64_t by)
{
    an_divisor d = {(uint32_t)by, 0, 0};
    while (((uint64_t)1 << d.shift) < d.by)
        d.shift++;
    d.factor = (uint32_t)(((((uint64_t)1 << d.shift) - d.by) << 32) / d.by + 1);
    return d;
}

AN_BODY uint32_t an_divide(uint32_t x, an_divisor d)
{
#ifdef __CUDA_ARCH__
    uint32_t high = __umulhi(x, d.factor);
#else
    uint32_t high = (uint32_t)((uint64_t)x * d.factor >> 32);
#endif
    return (high + x) >> d.shift;
}

/** The remainder; *x becomes the quotient. */
AN_BODY int an_split(uint32_t *x, an_divisor d)
{
    uint32_t quotient = an_divide(*x, d), rest = *x - quotient * d.by;
    *x = quotient;
    return (int)rest;
}

/* ---- Random words ---------------------------------------------------------------------------- */

/** The words of an_random() (base/random.h) for dropout, whose purpose is 4. */
AN_BODY void an_dropout_words(uint64_t seed, uint64_t step, uint64_t position, uint32_t layer,
                              uint32_t words[4])
{
    uint32_t c0 = (uint32_t)position, c1 = (uint32_t)step;
    uint32_t c2 = (layer & 0xffffu) << 16 | 4u << 8 | (uint32_t)(position >> 32 & 0xffu);
    uint32_t c3 = (uint32_t)(step >> 32), k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    AN_UNROLL
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

#endif
