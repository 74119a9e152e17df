/*
 * A row of an image with its padding.
 */
#ifndef AN_BACKEND_CPU_KERNELS_PADDED_ROW_H
#define AN_BACKEND_CPU_KERNELS_PADDED_ROW_H

#include <string.h>

#include "backend/cpu/kernels/bf16.h"
#include "op/op.h"

/**
 * Copy row `row` of a map, which may be outside the map, with zeros before and after it.
 * @param map    [in.h][in.w] elements of `each` bytes
 * @param left   zeros before the row
 * @param to     `count` elements
 */
AN_INLINE void an_padded_row(const void *map, an_chw in, size_t each, int row, int left, void *to,
                             int count)
{
    int before = left < count ? left : count;
    int there = in.w < count - before ? in.w : count - before;
    char *bytes = to;
    if (row < 0 || row >= in.h) {
        memset(bytes, 0, each * (size_t)count);
        return;
    }
    memset(bytes, 0, each * (size_t)before);
    memcpy(bytes + each * (size_t)before, (const char *)map + each * (size_t)((int64_t)row * in.w),
           each * (size_t)there);
    memset(bytes + each * (size_t)(before + there), 0, each * (size_t)(count - before - there));
}

#endif
