/*
 * The internals of a loader.
 *
 *     loader_ring.c     the ring of batches, and what the consumer gets
 *     loader_pass.c     which pictures a pass shows, and in which batches
 *     loader_threads.c  the workers: who takes which picture
 *     loader_picture.c  a picture, from its bytes to its place in a batch
 */
#ifndef AN_DATA_LOADER_LOADER_IMPL_H
#define AN_DATA_LOADER_LOADER_IMPL_H

#include <pthread.h>
#include <unistd.h>

#include "data/loader/loader.h"

/* One batch of the ring. Its pictures are written by the workers that took them, without the lock;
 * `done` is counted under the lock and hands them over. */
typedef struct an_frame {
    uint8_t *pixels;
    an_loaded *pictures;
    int done;
} an_frame;

/* Batch b of the pass lives in frame b % AN_LOADER_BATCHES. Workers take its pictures in order; one
 * may be taken when its batch is less than AN_LOADER_BATCHES ahead of the oldest one that the
 * consumer still needs. */
struct an_loader {
    alexnet_dataset *dataset;
    an_loader_memory memory;
    an_fit fit;
    int batch;
    size_t picture_bytes;
    an_frame ring[AN_LOADER_BATCHES];

    pthread_t *threads;
    int threads_wanted, threads_running;
    pid_t process; /* that has the threads; a child of fork() does not */

    pthread_mutex_t lock;
    pthread_cond_t work;  /* workers: a place may be taken, or the loader is ending */
    pthread_cond_t ready; /* consumer: a worker has finished a picture */
    uint32_t *order;
    an_region_rule regions; /* which regions to load; side 0: pictures as `fit` has them */
    uint64_t epoch;         /* from which regions are drawn */
    an_read_ahead *ahead;   /* NULL: pictures are read one by one */
    int64_t count;          /* places in the order */
    int64_t start;          /* place the pass began at */
    int rank, ranks;        /* of the loaders that share the pass */
    int64_t next;           /* first picture, from 0 at `start`, not yet taken by a worker */
    int64_t oldest;         /* first batch, from 0 at `start`, not yet consumed */
    bool lent;              /* the consumer has the oldest */
    int busy;               /* workers that are loading a picture */
    bool over;              /* the loader is ending */
    atomic_bool stop;       /* the pass or the loader is: decode pictures no further */
};

/** A picture's place in a batch; NULL if pictures are kept as they are. */
static inline uint8_t *an_frame_pixels(const an_loader *l, an_frame *f, int index)
{
    return f->pixels ? f->pixels + l->picture_bytes * (size_t)index : NULL;
}

/** Batches of the pass, the same number for every rank. */
static inline int64_t an_pass_batches(const an_loader *l)
{
    const int64_t round = (int64_t)l->batch * l->ranks;
    return (l->count - l->start + round - 1) / round;
}

/** The first place of a batch. @param size  out, its pictures */
static inline int64_t an_pass_place(const an_loader *l, int64_t b, int *size)
{
    const int64_t round = (int64_t)l->batch * l->ranks, begin = l->start + b * round;
    const int64_t left = l->count - begin, shared = left < round ? left : round;
    const int64_t first = shared * l->rank / l->ranks;
    *size = (int)(shared * (l->rank + 1) / l->ranks - first);
    return begin + first;
}

/** Whether the threads are in the process that this one was forked from. */
bool an_workers_lost(const an_loader *l);
alexnet_status an_workers_start(an_loader *l);

/**
 * Read the picture at a place of the pass into a batch. Runs without the lock; its failure is in
 * the batch.
 * @param again  an earlier attempt has taken what was read ahead
 */
void an_frame_load(const an_loader *l, an_frame *frame, int index, int64_t place, bool again);
/** Forget the pictures of a batch. */
void an_frame_clear(an_frame *frame, int batch);

#endif
