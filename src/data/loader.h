/*
 * Background loading: threads of their own read, decode and fit pictures into batches ahead of the
 * consumer. Which thread does what never changes what a batch holds.
 */
#ifndef AN_DATA_LOADER_H
#define AN_DATA_LOADER_H

#include "data/dataset.h"
#include "data/read_ahead.h"
#include "data/region.h"

typedef struct an_loader an_loader;

/** Batches in flight: being filled, waiting, or lent to the consumer. */
enum { AN_LOADER_BATCHES = 3 };

/** A picture of a batch. */
typedef struct an_loaded {
    int64_t sample; /* index in the data set */
    int label;
    int width, height;     /* before it was fitted */
    alexnet_status status; /* of reading it; its pixels are zero unless OK */
    const char *error;     /* text if not OK */
    an_picture picture;    /* of AN_FIT_KEEP, as it was read, borrowed like its batch; else empty */
} an_loaded;

typedef struct an_batch {
    int64_t position;      /* place in the order of its first picture */
    int count;             /* pictures, <= batch size; less only at the end of the pass */
    const uint8_t *pixels; /* [batch size][side][side][3]; zero past count. NULL for AN_FIT_KEEP */
    const an_loaded *pictures;
} an_batch;

/** Where batches lie, so that a device that copies them can choose their memory. alloc() is called
 * by an_loader_new(), free() by an_loader_free(). */
typedef struct an_loader_memory {
    alexnet_status (*alloc)(void *user, size_t bytes, void **out);
    void (*free)(void *user, void *block, size_t bytes);
    void *user;
} an_loader_memory;

/**
 * @param batch    pictures per batch, >= 1
 * @param threads  decoding threads, >= 1; three batches are in flight at most
 * @param memory   NULL: the host's
 * Starts no thread before an_loader_start().
 */
alexnet_status an_loader_new(an_loader **out, alexnet_dataset *dataset, an_fit fit, int batch,
                             int threads, const an_loader_memory *memory);
/**
 * Begin a pass over `count` samples in the given order, from place `position` of it (a multiple of
 * the batch size). The order is copied. Ends a pass that is under way.
 * @param order  NULL: all samples in the data set's order; `count` is then ignored
 */
alexnet_status an_loader_start(an_loader *loader, const uint32_t *order, int64_t count,
                               int64_t position);
/** A pass. All is copied but what `shards` points to. */
typedef struct an_pass {
    const uint32_t *order; /* samples; NULL: all in the data set's order, `count` is then ignored */
    int64_t count, position;
    /* Of each picture the part that its place in the order and the epoch draw. It lies in the
     * middle of side x side pixels, where a crop of that size has its place in evaluation; its side
     * is at most that of the fit. NULL: pictures as `fit` has them. */
    const an_region_rule *regions;
    uint64_t epoch;
    /* What `order` was made by, so that archives are read from front to back; it must outlive the
     * pass, whatever it is made to order next. NULL: each picture is read by itself. */
    const an_shard_order *shards;
    /* This loader is one of several, 0 .. ranks - 1, that share a pass, each in batches of the same
     * size: of the next ranks * batch places each takes its stretch, so that together they show
     * what one loader would in batches that are `ranks` times as large. All make the same number of
     * batches; what the last has is shared out evenly, and may be nothing. `position` is a multiple
     * of ranks * batch; `shards` is NULL. 0 ranks: this loader alone. */
    int rank, ranks;
} an_pass;
/** The same as an_loader_start(), with more to say. */
alexnet_status an_loader_start_pass(an_loader *loader, const an_pass *pass);
/**
 * The next batch of the pass, borrowed until the next call; *more is false past the last.
 * Bad pictures are results, not failures. Fails only for memory, and in a child of fork().
 */
alexnet_status an_loader_next(an_loader *loader, an_batch *batch, bool *more);
/** Bytes of the batches in flight of a loader of this side and batch size; for AN_FIT_KEEP, the
 * most that they come to. */
size_t an_loader_bytes(int side, int batch);
void an_loader_free(an_loader *loader); /* NULL allowed; stops the threads */

#endif
