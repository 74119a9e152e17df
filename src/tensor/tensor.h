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

typedef enum an_dtype { AN_F32, AN_F64, AN_BF16, AN_U8, AN_I32 } an_dtype;

size_t an_dtype_bytes(an_dtype dtype);
const char *an_dtype_name(an_dtype dtype); /* "float32", ... */

#define AN_MAX_RANK 4

typedef struct an_shape {
    int rank;
    int64_t dim[AN_MAX_RANK];
} an_shape;

an_shape an_shape_of(int rank, ...); /* rank int64_t or int arguments, given as int */
bool an_shape_equal(an_shape a, an_shape b);
/** Elements; -1 if a dimension is negative or the product does not fit. */
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
 * Convert to AN_F32 or AN_F64 from one of them or from AN_BF16; other pairs are a broken invariant.
 * Blocks do not overlap and are aligned to their elements.
 */
void an_convert(void *dst, an_dtype dst_type, const void *src, an_dtype src_type, int64_t count);

#endif
