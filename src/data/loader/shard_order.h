/*
 * An order for archives on storage with slow random access: archives are read in stretches of some
 * megabytes, the stretches in random order, and pictures are shuffled within a window of stretches
 * that is held in memory. Every picture occurs once per epoch, in a different order each time.
 */
#ifndef AN_DATA_LOADER_SHARD_ORDER_H
#define AN_DATA_LOADER_SHARD_ORDER_H

#include "data/dataset.h"

/** The most bytes of a stretch, unless a single picture has more; and of a window, two of which are
 *  in memory. */
#define AN_STRETCH_BYTES ((uint64_t)16 << 20)
#define AN_WINDOW_BYTES ((uint64_t)128 << 20)

/** Neighbouring pictures of an archive. */
typedef struct an_stretch {
    int32_t archive;
    uint64_t offset, length; /* what is read */
    uint32_t first, count;   /* pictures, in the order of archives and places in them */
} an_stretch;

/** Stretches that follow each other in an epoch and are held in memory together. */
typedef struct an_window {
    uint32_t first_stretch, stretches; /* in `shuffled` */
    int64_t first, count;              /* places in the epoch's order */
} an_window;

typedef struct an_shard_order {
    alexnet_dataset *dataset;
    uint32_t *sorted; /* samples by archive and place; [count] */
    an_stretch *stretches;
    uint32_t n_stretches;
    uint32_t *shuffled; /* stretches in the epoch's order */
    an_window *windows; /* room for n_stretches */
    int64_t n_windows;
    uint32_t *stretch_of; /* of each sample */
    uint64_t window_bytes;
} an_shard_order;

/**
 * @param stretch, window  bytes; 0: those above
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a data set that is not in archives
 */
alexnet_status an_shard_order_new(an_shard_order **out, alexnet_dataset *dataset, uint64_t stretch,
                                  uint64_t window);
/** Order an epoch. @param order  out, [count] samples */
void an_shard_order_make(an_shard_order *shards, uint32_t *order, uint64_t seed, uint64_t epoch);
/** A number that changes when the order does, seed and epoch being the same: that of the samples'
 *  places. 0: they are not in archives. */
uint64_t an_shard_order_places(const alexnet_dataset *dataset);
/** The index of the window that contains a place. */
int64_t an_window_of(const an_window *windows, int64_t count, int64_t place);
void an_shard_order_free(an_shard_order *shards); /* NULL allowed */

#endif
