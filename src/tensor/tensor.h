/*
 * Shapes, element types and views. Tensors are row-major and contiguous; the last index is fastest.
 *
 * Letters, everywhere: N images, C channels, H W rows and columns, K output channels,
 * R S filter rows and columns, G groups.
 */
#ifndef AN_TENSOR_TENSOR_H
#define AN_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** Element types. The first two are computed in; the others are found in files. */
typedef enum an_dtype {
    AN_F32,
    AN_F64,
    AN_BF16,
    AN_F16,
    AN_BOOL, /* a byte */
    AN_U8,
    AN_I8,
    AN_I16,
    AN_I32,
    AN_I64,
    AN_OTHER, /* any other: of unknown size, not read */
} an_dtype;

size_t an_dtype_bytes(an_dtype dtype); /* 0 for AN_OTHER */
bool an_dtype_is_float(an_dtype dtype);
const char *an_dtype_name(an_dtype dtype); /* "float32", ... */

#define AN_MAX_RANK 4

/** A file may hold tensors of a higher rank: their `dim` is not kept, and they are equal to none.
 */
typedef struct an_shape {
    int rank;
    int64_t dim[AN_MAX_RANK];
} an_shape;

an_shape an_shape_of(int rank, ...); /* rank int64_t or int arguments, given as int */
bool an_shape_equal(an_shape a, an_shape b);
/** Elements; -1 if a dimension is negative, the product does not fit or the rank is too high. */
int64_t an_shape_count(an_shape shape);
/** "[96, 3, 11, 11]" into `text`. Returns `text`. */
const char *an_shape_text(an_shape shape, char text[96]);

/** One picture's extent at a point of the network. */
typedef struct an_chw {
    int c, h, w;
} an_chw;

static inline int64_t an_chw_count(an_chw s)
{
    return (int64_t)s.c * s.h * s.w;
}

static inline bool an_chw_equal(an_chw a, an_chw b)
{
    return a.c == b.c && a.h == b.h && a.w == b.w;
}

/**
 * Convert to AN_F32 or AN_F64 from a floating type; other pairs are a broken invariant. float64 to
 * float32 rounds to nearest, all else is exact. NaN stays NaN.
 * Blocks do not overlap and are aligned to their elements.
 */
void an_convert(void *dst, an_dtype dst_type, const void *src, an_dtype src_type, int64_t count);
/**
 * Round float32 to AN_F16 or AN_BF16, to the nearest, of two equally near to the even one.
 * @return whether all values that are finite stayed so
 */
bool an_narrow(uint16_t *dst, an_dtype dst_type, const float *src, int64_t count);

#endif
