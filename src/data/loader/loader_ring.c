#include "data/loader/loader_impl.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/threads.h"

static alexnet_status host_alloc(void *user, size_t bytes, void **out)
{
    (void)user;
    *out = an_alloc_big(bytes);
    return *out ? ALEXNET_OK
                : AN_FAIL_MEMORY((double)bytes * AN_LOADER_BATCHES, "batches of pictures");
}

static void host_free(void *user, void *block, size_t bytes)
{
    (void)user;
    an_free_big(block, bytes);
}

static alexnet_status make_ring(an_loader *l, size_t bytes)
{
    for (int i = 0; i < AN_LOADER_BATCHES; i++) {
        void *pixels;
        l->ring[i].pictures = an_calloc((size_t)l->batch, sizeof *l->ring[i].pictures);
        if (!l->ring[i].pictures)
            return AN_FAIL_MEMORY((size_t)l->batch * sizeof *l->ring[i].pictures,
                                  "batches of pictures");
        if (l->fit.rule == AN_FIT_KEEP)
            continue;
        AN_CHECK(l->memory.alloc(l->memory.user, bytes, &pixels));
        l->ring[i].pixels = pixels;
    }
    return ALEXNET_OK;
}

alexnet_status an_loader_new(an_loader **out, alexnet_dataset *dataset, an_fit fit, int batch,
                             int threads, const an_loader_memory *memory)
{
    *out = NULL;
    if (batch < 1 || threads < 1 || fit.side < 1)
        return AN_FAIL(
            ALEXNET_ERROR_INVALID_ARGUMENT,
            "a loader of batches of %d, side %d, with %d threads: each must be 1 or more", batch,
            fit.side, threads);
    size_t bytes;
    if (__builtin_mul_overflow((size_t)fit.side * (size_t)fit.side * 3, (size_t)batch, &bytes))
        bytes = SIZE_MAX;
    an_loader *l = an_calloc(1, sizeof *l);
    if (!l)
        return AN_FAIL_MEMORY(sizeof *l, "a loader");
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    an_threads_condition(&l->ready);
    l->dataset = an_dataset_retain(dataset);
    l->fit = fit;
    l->batch = batch;
    l->picture_bytes = fit.rule == AN_FIT_KEEP ? 0 : (size_t)fit.side * (size_t)fit.side * 3;
    l->threads_wanted = threads;
    l->ranks = 1;
    l->memory = memory ? *memory : (an_loader_memory){host_alloc, host_free, NULL};
    l->threads = an_calloc((size_t)threads, sizeof *l->threads);
    alexnet_status rc =
        l->threads ? make_ring(l, bytes)
                   : AN_FAIL_MEMORY((size_t)threads * sizeof *l->threads, "loading threads");
    if (rc != ALEXNET_OK)
        an_loader_free(l);
    else
        *out = l;
    return rc;
}

/* Return the consumer's batch to the workers. */
static void take_back(an_loader *l)
{
    if (!l->lent)
        return;
    an_frame_clear(&l->ring[l->oldest % AN_LOADER_BATCHES], l->batch);
    l->lent = false;
    l->oldest++;
    pthread_cond_broadcast(&l->work);
}

static void lend(an_loader *l, an_frame *f, an_batch *batch, int64_t first, int size)
{
    if (l->picture_bytes)
        memset(an_frame_pixels(l, f, size), 0, l->picture_bytes * (size_t)(l->batch - size));
    *batch =
        (an_batch){.position = first, .count = size, .pixels = f->pixels, .pictures = f->pictures};
    l->lent = true;
}

/* The first of a batch's pictures that could not be loaded for lack of memory; `size` if none. */
static int find_unloaded(const an_frame *f, int size)
{
    int i = 0;
    while (i < size && f->pictures[i].status != ALEXNET_ERROR_NO_MEMORY)
        i++;
    return i;
}

/* Load the pictures that the workers had no memory for, one at a time. If there is none for one of
 * them either, the next call begins with it. */
static alexnet_status load_rest(an_loader *l, an_frame *f, int64_t first, int size)
{
    for (int i = find_unloaded(f, size); i < size; i = find_unloaded(f, size)) {
        an_loaded *loaded = &f->pictures[i];
        an_free((char *)loaded->error);
        an_frame_load(l, f, i, first + i, true);
        if (loaded->status == ALEXNET_ERROR_NO_MEMORY)
            return AN_FAIL(loaded->status, "%s",
                           loaded->error ? loaded->error : "out of memory: loading pictures");
    }
    return ALEXNET_OK;
}

/* Wait until all pictures of a batch are loaded. @return false if cancelled before */
static bool wait_for(an_loader *l, const an_frame *f, int size, const alexnet_ctx *ctx)
{
    while (f->done < size)
        if (!an_threads_wait(&l->ready, &l->lock, ctx))
            return false;
    return true;
}

alexnet_status an_loader_next(an_loader *l, const alexnet_ctx *ctx, an_batch *batch, bool *more)
{
    *batch = (an_batch){0};
    *more = false;
    if (an_workers_lost(l))
        return an_threads_fail_lost();
    pthread_mutex_lock(&l->lock);
    take_back(l);
    const bool any = l->oldest < an_pass_batches(l);
    int size;
    const int64_t first = an_pass_place(l, l->oldest, &size);
    an_frame *f = &l->ring[l->oldest % AN_LOADER_BATCHES];
    const bool cancelled = any && !wait_for(l, f, size, ctx);
    pthread_mutex_unlock(&l->lock);
    if (cancelled)
        return an_ctx_fail_cancelled();
    if (!any)
        return ALEXNET_OK;
    AN_CHECK(load_rest(l, f, first, size)); /* no worker has to do with this batch any more */
    lend(l, f, batch, first, size);
    *more = true;
    return ALEXNET_OK;
}

size_t an_loader_bytes(int side, int batch)
{
    size_t picture = (size_t)side * (size_t)side * 3 + sizeof(an_loaded);
    return AN_LOADER_BATCHES * picture * (size_t)batch;
}

void an_loader_free(an_loader *l)
{
    if (!l || an_workers_lost(l)) /* what the lost workers hold cannot be freed */
        return;
    pthread_mutex_lock(&l->lock);
    l->over = true;
    atomic_store(&l->stop, true);
    if (l->ahead)
        an_read_ahead_stop(l->ahead);
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->threads_running; i++)
        pthread_join(l->threads[i], NULL);
    an_read_ahead_free(l->ahead);
    for (int i = 0; i < AN_LOADER_BATCHES; i++) {
        if (l->ring[i].pictures)
            an_frame_clear(&l->ring[i], l->batch);
        an_free(l->ring[i].pictures);
        if (l->ring[i].pixels)
            l->memory.free(l->memory.user, l->ring[i].pixels, l->picture_bytes * (size_t)l->batch);
    }
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->ready);
    an_free(l->order);
    an_free(l->threads);
    an_dataset_release(l->dataset);
    an_free(l);
}
