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

/** Element types. Computation uses the first two; the others occur in files. */
typedef enum an_dtype {
    AN_F32,
    AN_F64,
    AN_BF16,
    AN_F16,
    AN_F8_E4M3, /* of PyTorch's "fn" kind: without infinities */
    AN_F8_E5M2,
    AN_BOOL, /* a byte */
    AN_U8,
    AN_I8,
    AN_I16,
    AN_I32,
    AN_I64,
    AN_OTHER, /* any other: of unknown size, and not read */
} an_dtype;

size_t an_dtype_bytes(an_dtype dtype); /* 0 for AN_OTHER */
bool an_dtype_is_float(an_dtype dtype);
#define AN_DTYPES_FLOAT "float8, float16, bfloat16, float32 or float64" /* for messages */
const char *an_dtype_name(an_dtype dtype);                              /* "float32", ... */

#define AN_MAX_RANK 4

/** A file may hold tensors of a higher rank: their `dim` is incomplete, and they equal no shape. */
typedef struct an_shape {
    int rank;
    int64_t dim[AN_MAX_RANK];
} an_shape;

an_shape an_shape_of(int rank, ...); /* `rank` arguments of type int */
bool an_shape_equal(an_shape a, an_shape b);
/** Elements; -1 if a dimension is negative, the product does not fit or the rank is too high. */
int64_t an_shape_count(an_shape shape);
/** "[96, 3, 11, 11]" into `text`. Returns `text`. */
const char *an_shape_text(an_shape shape, char text[96]);

/** The shape of one picture's data at a point of the network. */
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
 * Convert from a floating-point type to AN_F32 or AN_F64; the caller rules out all other pairs.
 * float64 to float32 rounds to nearest, everything else is exact. NaN stays NaN.
 * Blocks do not overlap and are aligned to their elements.
 */
void an_convert(void *dst, an_dtype dst_type, const void *src, an_dtype src_type, int64_t count);
/** Whether all values of a block are finite. @param type  AN_F32 or AN_F64 */
bool an_all_finite(const void *block, int64_t count, an_dtype type);
/**
 * Round float32 to AN_F16 or AN_BF16: to nearest, ties to even.
 * @return whether all finite values stayed finite
 */
bool an_narrow(uint16_t *dst, an_dtype dst_type, const float *src, int64_t count);

#endif
