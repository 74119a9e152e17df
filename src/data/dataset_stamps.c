/*
 * The stamps of samples. Those of files take a round trip each where the disk is across a network,
 * so several threads ask for them at once.
 */
#include "base/alloc.h"
#include "base/status.h"
#include "base/work.h"
#include "data/dataset.h"
#include "data/ordered.h"

enum { BLOCK = 64 }; /* samples in a piece of work */

typedef struct reading {
    alexnet_ctx *ctx;
    const alexnet_dataset *dataset;
    int64_t *stamps;
    bool timed;
} reading;

/* The result is how many samples the block has. */
static void read_block(void *user, int64_t block, void *result, const atomic_bool *stop)
{
    const reading *r = user;
    const alexnet_dataset *d = r->dataset;
    const int64_t first = block * BLOCK, left = d->count - first;
    const int64_t count = left < BLOCK ? left : BLOCK;
    for (int64_t i = first; i < first + count && !atomic_load(stop); i++)
        r->stamps[i] = d->source->kind->stamp(d->source, d->samples[i].item, r->timed);
    *(int64_t *)result = count;
}

static void keep(void *result)
{
    (void)result;
}

static alexnet_status read_all(reading *r, an_work *work)
{
    const an_ordered_job job = {read_block, keep, r, sizeof(int64_t)};
    const int64_t blocks = (r->dataset->count + BLOCK - 1) / BLOCK;
    const int threads = r->ctx->threads;
    an_ordered *blocks_read;
    void *count;
    AN_CHECK(an_work_add(work, 0));
    AN_CHECK(an_ordered_new(&blocks_read, &job, 0, blocks, threads, 4 * threads));
    alexnet_status rc = an_ordered_next(blocks_read, r->ctx, &count);
    while (rc == ALEXNET_OK && count) {
        rc = an_work_add(work, *(int64_t *)count);
        if (rc == ALEXNET_OK)
            rc = an_ordered_next(blocks_read, r->ctx, &count);
    }
    an_ordered_free(blocks_read);
    return rc;
}

alexnet_status an_dataset_stamps(int64_t **out, alexnet_ctx *ctx, const alexnet_dataset *dataset,
                                 bool timed)
{
    const size_t count = (size_t)dataset->count;
    reading r = {ctx, dataset, an_calloc(count + 1, sizeof *r.stamps), timed};
    *out = r.stamps;
    if (!r.stamps)
        return AN_FAIL_MEMORY(count * sizeof *r.stamps, "the sizes of images");
    an_work work = an_work_begin(ctx, "checked", "images", dataset->count);
    const alexnet_status rc = read_all(&r, &work);
    an_work_end(&work);
    if (rc != ALEXNET_OK) {
        an_free(r.stamps);
        *out = NULL;
    }
    return rc;
}
