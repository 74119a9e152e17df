/*
 * An order in which every class occurs equally often. In an epoch the pictures of a small class
 * occur several times each; of a large class only some occur, and others in the next epoch.
 */
#ifndef AN_DATA_LOADER_BALANCED_H
#define AN_DATA_LOADER_BALANCED_H

#include "data/dataset.h"

typedef struct an_balanced {
    uint32_t count;     /* pictures of the data set, and places of an epoch */
    uint32_t classes;   /* with pictures */
    uint32_t *sorted;   /* pictures by class; [count] */
    uint32_t *begin;    /* where each class begins in `sorted`; [classes + 1] */
    uint32_t *chosen;   /* the pictures of an epoch, by class; [count] */
    uint32_t *shuffled; /* scratch: an order of `chosen` or of a class's pictures; [count] */
} an_balanced;

/** @return ALEXNET_ERROR_UNSUPPORTED for pictures without labels */
alexnet_status an_balanced_new(an_balanced **out, const alexnet_dataset *dataset);
/**
 * Make the order of an epoch, which depends only on its number and the seed. With n places and C
 * classes, each class gets n / C places, rounded down or up at random. Within a class, no picture
 * occurs more than once more often than another.
 * @param order  out, [count] samples
 */
void an_balanced_make(an_balanced *balanced, uint32_t *order, uint64_t seed, uint64_t epoch);
void an_balanced_free(an_balanced *balanced); /* NULL allowed */

#endif
