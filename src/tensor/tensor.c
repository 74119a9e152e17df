#include "tensor/tensor.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t an_dtype_bytes(an_dtype dtype)
{
    static const unsigned char bytes[] = {
        [AN_F32] = 4, [AN_F64] = 8, [AN_BF16] = 2, [AN_U8] = 1, [AN_I32] = 4};
    return bytes[dtype];
}

const char *an_dtype_name(an_dtype dtype)
{
    static const char *const names[] = {[AN_F32] = "float32",
                                        [AN_F64] = "float64",
                                        [AN_BF16] = "bfloat16",
                                        [AN_U8] = "uint8",
                                        [AN_I32] = "int32"};
    return names[dtype];
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
    if (a.rank != b.rank)
        return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

int64_t an_shape_count(an_shape shape)
{
    int64_t count = 1;
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] < 0 || __builtin_mul_overflow(count, shape.dim[i], &count))
            return -1;
    return count;
}

const char *an_shape_text(an_shape shape, char text[96])
{
    int length = snprintf(text, 96, "[");
    for (int i = 0; i < shape.rank; i++)
        length += snprintf(text + length, 96 - (size_t)length, "%s%lld", i ? ", " : "",
                           (long long)shape.dim[i]);
    snprintf(text + length, 96 - (size_t)length, "]");
    return text;
}

/* bfloat16 is the upper half of a float32. */
static float widen(uint16_t bits)
{
    uint32_t word = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

void an_convert(void *dst, an_dtype dst_type, const void *src, an_dtype src_type, int64_t count)
{
    assert(dst_type <= AN_F64 && src_type <= AN_BF16);
    float *f = dst;
    double *d = dst;
    if (dst_type == src_type)
        memcpy(dst, src, (size_t)count * an_dtype_bytes(src_type));
    else if (dst_type == AN_F32 && src_type == AN_F64)
        for (int64_t i = 0; i < count; i++)
            f[i] = (float)((const double *)src)[i];
    else if (dst_type == AN_F32)
        for (int64_t i = 0; i < count; i++)
            f[i] = widen(((const uint16_t *)src)[i]);
    else if (src_type == AN_F32)
        for (int64_t i = 0; i < count; i++)
            d[i] = ((const float *)src)[i];
    else
        for (int64_t i = 0; i < count; i++)
            d[i] = widen(((const uint16_t *)src)[i]);
}
