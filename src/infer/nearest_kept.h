/*
 * The nearest of many pairs, for nearest.c and pairs.c: a heap with the farthest on top, so that a
 * pair costs the logarithm of how many are kept, and most pairs one comparison. Of equal distances
 * the lower rows are nearer, so what is kept does not depend on the order of adding.
 */
#ifndef AN_INFER_NEAREST_KEPT_H
#define AN_INFER_NEAREST_KEPT_H

#include "alexnet/alexnet.h"

typedef struct an_kept {
    alexnet_pair *pairs; /* [limit], `count` of them in use. Borrowed */
    int64_t count, limit;
    double most; /* the largest distance of any pair */
} an_kept;

/** The order: by distance, then by `first`, then by `second`; for qsort(). */
int an_kept_compare(const void *a, const void *b);
/** Keep a pair, if it is among the nearest so far. One with a NaN is not. */
void an_kept_add(an_kept *kept, alexnet_pair pair);
/** Keep the pairs of another, whose order does not matter. */
void an_kept_join(an_kept *kept, const an_kept *other);

#endif
