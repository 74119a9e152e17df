/*
 * Where the channels of a normalisation across maps are in memory, for both ways through a tensor
 * (lrn_across.c).
 */
#ifndef AN_BACKEND_CPU_KERNELS_LRN_PLACE_H
#define AN_BACKEND_CPU_KERNELS_LRN_PLACE_H

#include "backend/cpu/kernels/kernels.h"

/* Channels of a tower. A single tower includes the padding channels in memory, which are zero. */
AN_INLINE int tower_size(const an_lrn_shape *p)
{
    return p->groups == 1 ? p->planes * p->lanes : p->channels / p->groups;
}

/* The position of channel c of a pixel. If there are several planes, the number of lanes is a power
 * of two, so that no division is needed. */
AN_INLINE int64_t place(const an_lrn_shape *p, int c, int64_t pixel)
{
    if (p->planes == 1)
        return pixel * p->lanes + c;
    int shift = __builtin_ctz((unsigned)p->lanes);
    return ((((int64_t)(c >> shift) * p->h * p->w) + pixel) << shift) + (c & (p->lanes - 1));
}

#endif
