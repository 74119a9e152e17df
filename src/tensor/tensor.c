#include "tensor/tensor.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
    unsigned char bytes;
    const char *name;
} types[] = {
    [AN_F32] = {4, "float32"},
    [AN_F64] = {8, "float64"},
    [AN_BF16] = {2, "bfloat16"},
    [AN_F16] = {2, "float16"},
    [AN_F8_E4M3] = {1, "float8_e4m3fn"},
    [AN_F8_E5M2] = {1, "float8_e5m2"},
    [AN_BOOL] = {1, "bool"},
    [AN_U8] = {1, "uint8"},
    [AN_I8] = {1, "int8"},
    [AN_I16] = {2, "int16"},
    [AN_I32] = {4, "int32"},
    [AN_I64] = {8, "int64"},
    [AN_OTHER] = {0, "another type"},
};

size_t an_dtype_bytes(an_dtype dtype)
{
    return types[dtype].bytes;
}

const char *an_dtype_name(an_dtype dtype)
{
    return types[dtype].name;
}

bool an_dtype_is_float(an_dtype dtype)
{
    return dtype <= AN_F8_E5M2;
}

an_shape an_shape_of(int rank, ...)
{
    an_shape shape = {.rank = rank};
    va_list args;
    assert(rank >= 0 && rank <= AN_MAX_RANK);
    va_start(args, rank);
    for (int i = 0; i < rank; i++)
        shape.dim[i] = va_arg(args, int);
    va_end(args);
    return shape;
}

bool an_shape_equal(an_shape a, an_shape b)
{
    if (a.rank != b.rank || a.rank > AN_MAX_RANK)
        return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

int64_t an_shape_count(an_shape shape)
{
    int64_t count = 1;
    if (shape.rank > AN_MAX_RANK)
        return -1;
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] < 0 || __builtin_mul_overflow(count, shape.dim[i], &count))
            return -1;
    return count;
}

const char *an_shape_text(an_shape shape, char text[96])
{
    if (shape.rank > AN_MAX_RANK) {
        snprintf(text, 96, "of %d dimensions", shape.rank);
        return text;
    }
    snprintf(text, 96, "[");
    for (int i = 0; i < shape.rank; i++)
        an_text_add(text, 96, "%s%lld", i ? ", " : "", (long long)shape.dim[i]);
    an_text_add(text, 96, "]");
    return text;
}

static float from_bits(uint32_t word)
{
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

/* IEEE 754 binary16: sign, 5 bits of exponent with a bias of 15, 10 of fraction. */
static float half_to_float(uint16_t bits)
{
    const uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31,
                   fraction = bits & 1023;
    if (exponent == 0) { /* zero, or subnormal: a multiple of 2^-24 */
        const float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    const uint32_t wider = exponent == 31 ? 255 : exponent - 15 + 127;
    return from_bits(sign | wider << 23 | fraction << 13);
}

/* E4M3 of "FP8 Formats for Deep Learning" (Micikevicius et al., 2022): sign, 4 bits of exponent
 * with a bias of 7, 3 of fraction; all ones are NaN, and there is no infinity. */
static float e4m3_to_float(uint8_t bits)
{
    const uint32_t sign = (bits & 0x80u) << 24, exponent = bits >> 3 & 15, fraction = bits & 7;
    if (exponent == 0) { /* zero, or subnormal: a multiple of 2^-9 */
        const float value = (float)fraction * 0x1p-9f;
        return sign ? -value : value;
    }
    const bool nan = (bits & 0x7f) == 0x7f;
    return from_bits(sign | (nan ? 255 : exponent - 7 + 127) << 23 | fraction << 20);
}

/* Element `i` of a type that is narrower than float32. */
static float widen(an_dtype type, const void *src, int64_t i)
{
    const uint16_t *wide = src;
    const uint8_t *narrow = src;
    switch (type) {
    case AN_BF16: return from_bits((uint32_t)wide[i] << 16); /* the upper half of a float32 */
    case AN_F8_E4M3: return e4m3_to_float(narrow[i]);
    case AN_F8_E5M2: return half_to_float((uint16_t)(narrow[i] << 8)); /* the upper half of one */
    default: return half_to_float(wide[i]);
    }
}

void an_convert(void *dst, an_dtype dst_type, const void *src, an_dtype src_type, int64_t count)
{
    assert(dst_type <= AN_F64 && an_dtype_is_float(src_type));
    float *f = dst;
    double *d = dst;
    if (dst_type == src_type)
        memcpy(dst, src, (size_t)count * an_dtype_bytes(src_type));
    else if (dst_type == AN_F32 && src_type == AN_F64)
        for (int64_t i = 0; i < count; i++)
            f[i] = (float)((const double *)src)[i];
    else if (dst_type == AN_F32)
        for (int64_t i = 0; i < count; i++)
            f[i] = widen(src_type, src, i);
    else if (src_type == AN_F32)
        for (int64_t i = 0; i < count; i++)
            d[i] = ((const float *)src)[i];
    else
        for (int64_t i = 0; i < count; i++)
            d[i] = widen(src_type, src, i);
}

/* Drop the lowest `drop` bits, 1 to 31, rounding to nearest even. */
static uint32_t round_off(uint32_t bits, int drop)
{
    const uint32_t odd = bits >> drop & 1, half = (uint32_t)1 << (drop - 1);
    return (bits + half - 1 + odd) >> drop;
}

static uint16_t to_bfloat(uint32_t bits)
{
    const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
    return (uint16_t)(nan ? bits >> 16 | 0x40 : round_off(bits, 16));
}

/* A carry out of the fraction correctly increments the exponent: to the next power of two, and from
 * the largest number to infinity. */
static uint16_t to_half(uint32_t bits)
{
    const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    const int exponent = (int)(magnitude >> 23) - 127;
    uint32_t half;
    if (magnitude > 0x7f800000u)
        half = 0x7e00; /* NaN */
    else if (exponent > 15)
        half = 0x7c00;
    else if (exponent >= -14)
        half = round_off(magnitude - ((uint32_t)(127 - 15) << 23), 13);
    else if (exponent >= -25) /* a multiple of 2^-24 */
        half = round_off((magnitude & 0x7fffffu) | 0x800000u, -1 - exponent);
    else
        half = 0;
    return (uint16_t)(sign | half);
}

/* By the bits of the exponents, which compilers turn into instructions for many values at once. */
static bool floats_finite(const float *values, int64_t count)
{
    uint32_t carried = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        carried |= (bits & 0x7FFFFFFF) + 0x00800000;
    }
    return carried >> 31 == 0;
}

bool an_all_finite(const void *block, int64_t count, an_dtype type)
{
    const double *doubles = block;
    bool finite = true;
    if (type == AN_F32)
        return floats_finite(block, count);
    for (int64_t i = 0; i < count; i++)
        finite &= isfinite(doubles[i]) != 0;
    return finite;
}

bool an_narrow(uint16_t *dst, an_dtype dst_type, const float *src, int64_t count)
{
    bool fits = true;
    assert(dst_type == AN_F16 || dst_type == AN_BF16);
    const uint16_t infinite = dst_type == AN_F16 ? 0x7c00 : 0x7f80;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &src[i], sizeof bits);
        dst[i] = dst_type == AN_F16 ? to_half(bits) : to_bfloat(bits);
        fits &= (dst[i] & 0x7fff) != infinite || (bits & 0x7fffffffu) == 0x7f800000u;
    }
    return fits;
}
