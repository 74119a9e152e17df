/*
 * Which of many looks are nearly the same: of each, the nearest before it.
 *
 * Two looks that differ in at most d of 64 bits agree up to d/4 bits in one of four quarters of 16
 * bits. A table for each quarter has the looks by its value, so that a look is compared only with
 * those that a quarter leads to (multi-index hashing: Norouzi, Punjani, Fleet 2012). A quarter
 * takes every fourth bit, so that a plain sky does not make the quarters of all pictures equal.
 * What is found so is compared as a whole (an_look_alike()).
 */
#ifndef AN_DATA_NEAR_H
#define AN_DATA_NEAR_H

#include <stdbool.h>

#include "base/context.h"
#include "data/look.h"

enum {
    AN_NEAR_MAX = 11, /* bits that may differ */
    AN_NEAR_COMPARED =
        4096 /* looks that a look is compared with as a whole, at most: many that have
                its bits and are not alike must not take the time of all pairs */
};

typedef struct an_near an_near;

/** Of a look: the nearest one before it. */
typedef struct an_neighbour {
    uint32_t index; /* AN_NEAR_NONE: there is none within the distance */
    uint8_t bits;   /* that differ */
    bool mirrored;  /* one is the mirror image of the other */
} an_neighbour;
#define AN_NEAR_NONE UINT32_MAX

/**
 * @param looks     borrowed
 * @param distance  0 to AN_NEAR_MAX
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_near_new(an_near **out, alexnet_ctx *ctx, const an_look *looks, uint32_t count,
                           int distance);
/**
 * Search for some more of them. The result does not depend on the number of threads.
 * @param done  out, looks so far
 * @return ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_near_step(an_near *near, int64_t *done, bool *more);
/** The neighbours of all looks; borrowed. */
const an_neighbour *an_near_result(const an_near *near);
void an_near_free(an_near *near); /* NULL allowed */

#endif
