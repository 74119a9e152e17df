/*
 * Background loading: worker threads read, decode and fit pictures into batches ahead of the
 * consumer. What a batch holds does not depend on which thread loads what.
 */
#ifndef AN_DATA_LOADER_LOADER_H
#define AN_DATA_LOADER_LOADER_H

#include "data/dataset.h"
#include "data/loader/read_ahead.h"
#include "data/loader/region.h"

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
    an_picture picture;    /* AN_FIT_KEEP: as it was read, borrowed like its batch; else empty */
} an_loaded;

typedef struct an_batch {
    int64_t position;      /* place of its first picture in the order */
    int count;             /* pictures, <= batch size; less only at the end of the pass */
    const uint8_t *pixels; /* [batch size][side][side][3]; zero past count. NULL for AN_FIT_KEEP */
    const an_loaded *pictures;
} an_batch;

/** Allocator for batches, so that a device that copies them can choose their memory. alloc() is
 * called by an_loader_new(), free() by an_loader_free(). */
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
 * the batch size). The order is copied. Ends any pass that is under way.
 * @param order  NULL: all samples in the data set's order; `count` is then ignored
 */
alexnet_status an_loader_start(an_loader *loader, const uint32_t *order, int64_t count,
                               int64_t position);
/** A pass. Everything is copied, except what `shards` points to. */
typedef struct an_pass {
    const uint32_t *order; /* samples; NULL: all in the data set's order, `count` is then ignored */
    int64_t count, position;
    /* Load a random region of each picture, drawn from its place in the order and the epoch. It is
     * resized to regions->side, which is at most that of the fit, and put in the middle of the
     * fit's pixels, where evaluation takes its centre crop. NULL: pictures as `fit` has them. */
    const an_region_rule *regions;
    uint64_t epoch;
    /* The shard order that made `order`, so that archives are read from front to back. It must
     * outlive the pass, but may order another epoch meanwhile. NULL: pictures are read one by
     * one. */
    const an_shard_order *shards;
    /* This loader is number `rank` of `ranks` loaders that share a pass, all with the same batch
     * size. Of every ranks * batch places each loads a contiguous share, so that together they load
     * what one loader would in batches `ranks` times as large. All have the same number of batches;
     * the places of the last are divided evenly, so that it may be empty. `position` is a multiple
     * of ranks * batch; `shards` is NULL. 0 ranks: this loader alone. */
    int rank, ranks;
} an_pass;
/** As an_loader_start(), with all parameters of a pass. */
alexnet_status an_loader_start_pass(an_loader *loader, const an_pass *pass);
/**
 * The next batch of the pass, borrowed until the next call; *more is false past the last. Bad
 * pictures are results, not failures: it fails only in a child of fork(), and if out of memory or
 * cancelled, when the next call tries the same batch again.
 * @param ctx  whose cancellation ends the wait for the batch; NULL: none
 */
alexnet_status an_loader_next(an_loader *loader, const alexnet_ctx *ctx, an_batch *batch,
                              bool *more);
/** Bytes of all batches in flight of a loader of this side and batch size; for AN_FIT_KEEP, an
 * upper bound. */
size_t an_loader_bytes(int side, int batch);
void an_loader_free(an_loader *loader); /* NULL allowed; stops the threads */

#endif
