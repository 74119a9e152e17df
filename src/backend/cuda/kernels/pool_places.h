/*
 * The places of maxima in their windows, as max pooling records them (pool.cu): row * size + column
 * in the window, in one byte, or in four if windows have more than 255 places.
 */
#ifndef AN_BACKEND_CUDA_KERNELS_POOL_PLACES_H
#define AN_BACKEND_CUDA_KERNELS_POOL_PLACES_H

#include "backend/cuda/kernels/values.h"

enum { POOL_BYTE_SIDE = 15 }; /* the largest size of windows whose places fit a byte */
enum { POOL_NOWHERE = 0xff, POOL_NOWHERE_WIDE = 0x7fffffff };

/** The place if the zero of a ReLU is the maximum. */
AN_BODY int pool_nowhere(bool bytes)
{
    return bytes ? POOL_NOWHERE : POOL_NOWHERE_WIDE;
}

AN_BODY void pool_store_places(void *places, int64_t at, int lanes, bool bytes, const int *place)
{
    if (!bytes) {
        for (int l = 0; l < lanes; l++)
            ((int32_t *)places)[at + l] = place[l];
    } else if (lanes == 8) {
        uint32_t words[2] = {0, 0};
        AN_UNROLL
        for (int l = 0; l < 8; l++)
            words[l / 4] |= (uint32_t)place[l] << 8 * (l % 4);
        an_store_words((uint8_t *)places + at, 2, words);
    } else {
        ((uint8_t *)places)[at] = (uint8_t)place[0];
    }
}

/* Gives pool_nowhere() unless the window is `there`. */
AN_BODY void pool_load_places(const void *places, int64_t at, int lanes, bool bytes, bool there,
                              int *place)
{
    if (!bytes) {
        for (int l = 0; l < lanes; l++)
            place[l] = there ? ((const int32_t *)places)[at + l] : POOL_NOWHERE_WIDE;
    } else if (lanes == 8) {
        uint32_t words[2];
        an_load_words((const uint8_t *)places + at, 2, words);
        AN_UNROLL
        for (int l = 0; l < 8; l++)
            place[l] = (int)((there ? words[l / 4] : 0xffffffffu) >> 8 * (l % 4) & 0xff);
    } else {
        place[0] = there ? ((const uint8_t *)places)[at] : POOL_NOWHERE;
    }
}

#endif
