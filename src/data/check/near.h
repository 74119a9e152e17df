/*
 * Find hashes that are nearly the same: for each of many, the nearest one before it.
 *
 * If two hashes differ in at most d of 64 bits, at least one of their four quarters of 16 bits
 * differs in at most d/4. A table for each quarter lists the hashes by the quarter's value, so that
 * a hash is compared only with those near it in some table (multi-index hashing: Norouzi, Punjani,
 * Fleet 2012). A quarter takes every fourth bit, so that a plain sky does not make the quarters of
 * all pictures equal. Candidates are then compared in full (an_dhash_alike()).
 */
#ifndef AN_DATA_CHECK_NEAR_H
#define AN_DATA_CHECK_NEAR_H

#include <stdbool.h>

#include "base/context.h"
#include "data/check/dhash.h"

enum {
    AN_NEAR_MAX = 11, /* bits that may differ */
    /* At most this many full comparisons per hash: if many hashes have the same bits and are not
     * alike, not all pairs of them are compared. */
    AN_NEAR_COMPARED = 4096
};

typedef struct an_near an_near;

/** The nearest hash before a hash. */
typedef struct an_neighbour {
    uint32_t index; /* AN_NEAR_NONE: there is none within the distance */
    uint8_t bits;   /* that differ */
    bool mirrored;  /* one is the mirror image of the other */
} an_neighbour;
#define AN_NEAR_NONE UINT32_MAX

/**
 * @param hashes    borrowed
 * @param distance  0 to AN_NEAR_MAX
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_near_new(an_near **out, alexnet_ctx *ctx, const an_dhash *hashes, uint32_t count,
                           int distance);
/**
 * Search for the neighbours of some more hashes. The result does not depend on the number of
 * threads.
 * @param done  out, hashes searched so far
 * @return ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_near_step(an_near *near, int64_t *done, bool *more);
/** The neighbours of all hashes; borrowed. */
const an_neighbour *an_near_result(const an_near *near);
void an_near_free(an_near *near); /* NULL allowed */

#endif
