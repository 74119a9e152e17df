/*
 * An order in which each class comes equally often: of a class with few pictures all come several
 * times in an epoch, of one with many some, and others in the next.
 */
#ifndef AN_DATA_BALANCED_H
#define AN_DATA_BALANCED_H

#include "data/dataset.h"

typedef struct an_balanced {
    uint32_t count;   /* of the pictures, and of the places of an epoch */
    uint32_t classes; /* with pictures */
    uint32_t *sorted; /* pictures by class; [count] */
    uint32_t *begin;  /* of each class in `sorted`; [classes + 1] */
    uint32_t *chosen; /* the pictures of an epoch by class, ... */
    uint32_t
        *shuffled; /* ... and an order of them, of classes, or of a class's pictures; [count] */
} an_balanced;

/** @return ALEXNET_ERROR_UNSUPPORTED for pictures without labels, or more than 2^32 - 1 */
alexnet_status an_balanced_new(an_balanced **out, const alexnet_dataset *dataset);
/**
 * Order an epoch, by its number and the seed alone. With n places and C classes each class has n /
 * C of them, rounded down or up as chance decides, and its pictures differ by one place at most.
 * @param order  out, [count] samples
 */
void an_balanced_make(an_balanced *balanced, uint32_t *order, uint64_t seed, uint64_t epoch);
void an_balanced_free(an_balanced *balanced); /* NULL allowed */

#endif
