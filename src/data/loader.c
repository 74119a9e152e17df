#include "data/loader.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/threads.h"

/* One batch of the ring. Its pictures are written by the workers that took them, without the lock;
 * `done` is counted under the lock and hands them over. */
typedef struct frame {
    uint8_t *pixels;
    an_loaded *pictures;
    int done;
} frame;

/* Batch b of the pass lives in frame b % AN_LOADER_BATCHES. Workers take its pictures in order; one
 * may be taken when its batch is less than AN_LOADER_BATCHES ahead of the oldest one that the
 * consumer still needs. */
struct an_loader {
    alexnet_dataset *dataset;
    an_loader_memory memory;
    an_fit fit;
    int batch;
    size_t picture_bytes;
    frame ring[AN_LOADER_BATCHES];

    pthread_t *threads;
    int threads_wanted, threads_running;
    pid_t process; /* that has the threads: a child of fork() has not */

    pthread_mutex_t lock;
    pthread_cond_t work;  /* workers: a place may be taken, or all is over */
    pthread_cond_t ready; /* consumer: a worker has finished a picture */
    uint32_t *order;
    an_region_rule regions; /* which regions to load; side 0: pictures as `fit` has them */
    uint64_t epoch;         /* of the draws of regions */
    an_read_ahead *ahead;   /* NULL: pictures are read one by one */
    int64_t count;          /* places in the order */
    int64_t start;          /* place the pass began at */
    int rank, ranks;        /* of the loaders that share the pass */
    int64_t next;           /* first picture, from 0 at `start`, that no worker has taken */
    int64_t oldest;         /* first batch, from 0 at `start`, that is not consumed yet */
    bool lent;              /* the oldest is with the consumer */
    int busy;               /* workers that are loading a picture */
    bool over;
    alexnet_status failure; /* no memory in a worker */
    char *failure_text;
};

/* Batches of the pass, the same number for every rank. */
static int64_t batch_count(const an_loader *l)
{
    const int64_t round = (int64_t)l->batch * l->ranks;
    return (l->count - l->start + round - 1) / round;
}

/* The first place of a batch. @param size  out, its pictures */
static int64_t first_place(const an_loader *l, int64_t b, int *size)
{
    const int64_t round = (int64_t)l->batch * l->ranks, begin = l->start + b * round;
    const int64_t left = l->count - begin, shared = left < round ? left : round;
    const int64_t first = shared * l->rank / l->ranks;
    *size = (int)(shared * (l->rank + 1) / l->ranks - first);
    return begin + first;
}

static uint8_t *pixels_of(const an_loader *l, frame *f, int index)
{
    return f->pixels + l->picture_bytes * (size_t)index;
}

/* Keep a picture as it is. The batch takes over its pixels. */
static alexnet_status keep(an_loaded *loaded, int side, const char *name, an_picture *picture)
{
    if ((int64_t)picture->width * picture->height > (int64_t)side * side)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has %d x %d pixels; at most %lld (%d x %d) are taken", name,
                       picture->width, picture->height, (long long)side * side, side, side);
    loaded->picture = *picture;
    *picture = (an_picture){0};
    return ALEXNET_OK;
}

/* A picture that is being loaded. */
typedef struct job {
    const an_loader *loader;
    int64_t place;
    an_size size; /* of the whole picture; 0: not known yet */
    an_region region;
} job;

static void draw_region(job *j, an_size size)
{
    j->size = size;
    an_region_draw(&j->region, &j->loader->regions, size, j->loader->epoch, (uint64_t)j->place);
}

/* How much smaller a picture may be decoded: its region must keep the pixels that are needed. */
static int factor_of_region(void *user, an_size size)
{
    job *j = user;
    draw_region(j, size);
    const an_size box = {j->region.box.width, j->region.box.height};
    const an_fit fit = {AN_FIT_SHORT, j->region.square, j->loader->fit.smaller};
    return an_fit_factor(fit, box);
}

static int factor_of_fit(void *user, an_size size)
{
    job *j = user;
    j->size = size;
    return an_fit_factor(j->loader->fit, size);
}

/* Put the region of a picture into the middle of its place in the batch, where a picture without a
 * region has its centre crop. The border around it is not used. */
static alexnet_status cut_region(uint8_t *pixels, job *j, const an_picture *picture)
{
    const an_loader *l = j->loader;
    const size_t row = (size_t)l->fit.side * 3;
    const int border = (l->fit.side - l->regions.side) / 2;
    if (j->size.width == 0)
        draw_region(j, (an_size){picture->width, picture->height});
    if (border > 0)
        memset(pixels, 0, l->picture_bytes);
    return an_region_cut(pixels + (size_t)border * (row + 3), row, l->regions.side, &j->region,
                         j->size, picture);
}

/* Decode the bytes of a picture, which were read ahead or else come from the source. */
static alexnet_status decode(const an_loader *l, int64_t place, const an_shrink *shrink,
                             an_picture *out)
{
    const uint32_t sample = l->order[place];
    const an_data_source *source = l->dataset->source;
    const int64_t item = l->dataset->samples[sample].item;
    const unsigned char *bytes = NULL;
    size_t length;
    if (l->ahead)
        an_read_ahead_take(l->ahead, place, sample, &bytes, &length);
    alexnet_status rc =
        bytes ? an_picture_decode_smaller(out, bytes, length, source->items[item].name, shrink)
              : an_data_source_smaller(source, item, shrink, out);
    if (l->ahead)
        an_read_ahead_done(l->ahead, place);
    return rc;
}

static alexnet_status read_picture(const an_loader *l, an_loaded *loaded, uint8_t *pixels,
                                   int64_t place)
{
    const an_sample *sample = &l->dataset->samples[loaded->sample];
    job j = {.loader = l, .place = place};
    an_picture picture;
    const bool drawn = l->regions.side > 0;
    const an_shrink shrink = {drawn ? factor_of_region : factor_of_fit, &j};
    AN_CHECK(decode(l, place, &shrink, &picture));
    loaded->width = j.size.width ? j.size.width : picture.width;
    loaded->height = j.size.width ? j.size.height : picture.height;
    alexnet_status rc;
    if (l->fit.rule == AN_FIT_KEEP)
        rc = keep(loaded, l->fit.side, sample->name, &picture);
    else if (drawn)
        rc = cut_region(pixels, &j, &picture);
    else
        rc = an_fit_picture(pixels, l->fit, &picture);
    an_picture_free(&picture);
    return rc;
}

/* Read one picture into its place. Runs without the lock. */
static void load(const an_loader *l, frame *f, int index, int64_t place)
{
    an_loaded *loaded = &f->pictures[index];
    const int64_t sample = l->order[place];
    *loaded = (an_loaded){.sample = sample, .label = l->dataset->samples[sample].label};
    loaded->status = read_picture(l, loaded, pixels_of(l, f, index), place);
    if (loaded->status == ALEXNET_OK)
        return;
    if (l->picture_bytes)
        memset(pixels_of(l, f, index), 0, l->picture_bytes);
    loaded->error = an_strdup(an_error_text());
    if (!loaded->error)
        loaded->status = ALEXNET_ERROR_NO_MEMORY;
}

/* Whether the next picture may be taken. All batches but the last are full. */
static bool may_take(const an_loader *l)
{
    int size;
    const int64_t b = l->next / l->batch;
    if (b >= batch_count(l) || b >= l->oldest + AN_LOADER_BATCHES || l->failure != ALEXNET_OK)
        return false;
    first_place(l, b, &size);
    return l->next % l->batch < size;
}

/* Keep the first failure of a worker for the consumer. */
static void note_failure(an_loader *l, const an_loaded *loaded)
{
    if (loaded->status != ALEXNET_ERROR_NO_MEMORY || l->failure != ALEXNET_OK)
        return;
    l->failure = ALEXNET_ERROR_NO_MEMORY;
    l->failure_text = loaded->error ? an_strdup(loaded->error) : NULL;
}

/* Called and left with the lock held. */
static void take_and_load(an_loader *l)
{
    const int64_t b = l->next / l->batch;
    int size, index = (int)(l->next++ % l->batch);
    const int64_t place = first_place(l, b, &size) + index;
    frame *f = &l->ring[b % AN_LOADER_BATCHES];
    l->busy++;
    pthread_mutex_unlock(&l->lock);
    load(l, f, index, place);
    pthread_mutex_lock(&l->lock);
    l->busy--;
    f->done++;
    note_failure(l, &f->pictures[index]);
    pthread_cond_signal(&l->ready);
}

static void *worker(void *argument)
{
    an_loader *l = argument;
    pthread_mutex_lock(&l->lock);
    while (!l->over) {
        if (may_take(l))
            take_and_load(l);
        else
            pthread_cond_wait(&l->work, &l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static void frame_clear(frame *f, int batch)
{
    for (int i = 0; i < batch; i++) {
        an_free((char *)f->pictures[i].error);
        an_picture_free(&f->pictures[i].picture);
        f->pictures[i] = (an_loaded){0};
    }
    f->done = 0;
}

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
    pthread_cond_init(&l->ready, NULL);
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

/* A child of fork() has no such threads, and one of them may have held the lock. */
static bool lost_threads(const an_loader *l)
{
    return l->threads_running > 0 && l->process != getpid();
}

static alexnet_status fail_lost(void)
{
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "this process was forked while pictures were being loaded, and the threads that "
                   "do it are not here");
}

static alexnet_status start_threads(an_loader *l)
{
    l->process = getpid();
    const int error =
        an_threads_start(l->threads, &l->threads_running, l->threads_wanted, worker, l);
    if (error != 0)
        return AN_FAIL(ALEXNET_ERROR_IO, "cannot start loading thread %d of %d: %s",
                       l->threads_running + 1, l->threads_wanted, strerror(error));
    return ALEXNET_OK;
}

/* End the pass: let no worker take a place, wait for pictures being loaded, discard the results.
 * Called and left with the lock held. */
static void end_pass(an_loader *l)
{
    l->count = l->next = l->start = 0;
    if (l->ahead)
        an_read_ahead_stop(l->ahead); /* so that no worker waits for it */
    while (l->busy > 0)
        pthread_cond_wait(&l->ready, &l->lock);
    for (int i = 0; i < AN_LOADER_BATCHES; i++)
        frame_clear(&l->ring[i], l->batch);
    l->oldest = 0;
    l->lent = false;
    l->failure = ALEXNET_OK;
    an_free(l->failure_text);
    l->failure_text = NULL;
    an_free(l->order);
    l->order = NULL;
    an_read_ahead_free(l->ahead);
    l->ahead = NULL;
}

static alexnet_status check_order(const an_loader *l, const uint32_t *order, int64_t count,
                                  int64_t position, int ranks)
{
    const int64_t round = (int64_t)l->batch * ranks;
    if (position < 0 || position > count || position % round != 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "a pass over %lld pictures cannot begin at %lld in batches of %lld",
                       (long long)count, (long long)position, (long long)round);
    if (!order && count > UINT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "a pass over %lld pictures", (long long)count);
    for (int64_t i = 0; order && i < count; i++)
        if (order[i] >= l->dataset->count)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "place %lld of the order is picture %u of %lld", (long long)i, order[i],
                           (long long)l->dataset->count);
    return ALEXNET_OK;
}

static alexnet_status check_regions(const an_loader *l, const an_region_rule *rule)
{
    if (!rule || (rule->side >= 1 && rule->side <= l->fit.side))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "parts of side %d for pictures of side %d",
                   rule->side, l->fit.side);
}

static alexnet_status check_ranks(const an_pass *pass, int ranks)
{
    if (pass->ranks < 0 || pass->rank < 0 || pass->rank >= ranks)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "rank %d of %d", pass->rank, pass->ranks);
    if (ranks > 1 && pass->shards)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "archives that are read from front to back are not shared between ranks");
    return ALEXNET_OK;
}

static alexnet_status copy_order(uint32_t **out, const uint32_t *order, int64_t count)
{
    *out = an_calloc((size_t)count, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY((size_t)count * sizeof **out, "the order of a pass");
    for (int64_t i = 0; i < count; i++)
        (*out)[i] = order ? order[i] : (uint32_t)i;
    return ALEXNET_OK;
}

alexnet_status an_loader_start_pass(an_loader *l, const an_pass *pass)
{
    const int64_t count = pass->order ? pass->count : l->dataset->count;
    const int ranks = pass->ranks ? pass->ranks : 1;
    uint32_t *order;
    an_read_ahead *ahead = NULL;
    AN_CHECK(check_regions(l, pass->regions));
    AN_CHECK(check_ranks(pass, ranks));
    AN_CHECK(check_order(l, pass->order, count, pass->position, ranks));
    if (lost_threads(l))
        return fail_lost();
    AN_CHECK(copy_order(&order, pass->order, count));
    if (pass->shards) {
        alexnet_status rc = an_read_ahead_start(&ahead, pass->shards, pass->position);
        if (rc != ALEXNET_OK) {
            an_free(order);
            return rc;
        }
    }
    pthread_mutex_lock(&l->lock);
    end_pass(l);
    l->order = order;
    l->regions = pass->regions ? *pass->regions : (an_region_rule){0};
    l->epoch = pass->epoch;
    l->ahead = ahead;
    l->count = count;
    l->start = pass->position;
    l->rank = pass->rank;
    l->ranks = ranks;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    return start_threads(l);
}

alexnet_status an_loader_start(an_loader *l, const uint32_t *order, int64_t count, int64_t position)
{
    return an_loader_start_pass(l,
                                &(an_pass){.order = order, .count = count, .position = position});
}

/* Give the batch that the consumer had back to the workers. */
static void take_back(an_loader *l)
{
    if (!l->lent)
        return;
    frame_clear(&l->ring[l->oldest % AN_LOADER_BATCHES], l->batch);
    l->lent = false;
    l->oldest++;
    pthread_cond_broadcast(&l->work);
}

static void lend(an_loader *l, frame *f, an_batch *batch, int64_t first, int size)
{
    if (l->picture_bytes)
        memset(pixels_of(l, f, size), 0, l->picture_bytes * (size_t)(l->batch - size));
    *batch =
        (an_batch){.position = first, .count = size, .pixels = f->pixels, .pictures = f->pictures};
    l->lent = true;
}

alexnet_status an_loader_next(an_loader *l, an_batch *batch, bool *more)
{
    *batch = (an_batch){0};
    *more = false;
    if (lost_threads(l))
        return fail_lost();
    pthread_mutex_lock(&l->lock);
    take_back(l);
    if (l->oldest < batch_count(l)) {
        int size;
        const int64_t first = first_place(l, l->oldest, &size);
        frame *f = &l->ring[l->oldest % AN_LOADER_BATCHES];
        while (f->done < size && l->failure == ALEXNET_OK)
            pthread_cond_wait(&l->ready, &l->lock);
        *more = l->failure == ALEXNET_OK;
        if (*more)
            lend(l, f, batch, first, size);
    }
    alexnet_status rc = l->failure;
    if (rc != ALEXNET_OK)
        rc = AN_FAIL(rc, "%s",
                     l->failure_text ? l->failure_text : "out of memory: loading pictures");
    pthread_mutex_unlock(&l->lock);
    return rc;
}

size_t an_loader_bytes(int side, int batch)
{
    size_t picture = (size_t)side * (size_t)side * 3 + sizeof(an_loaded);
    return AN_LOADER_BATCHES * picture * (size_t)batch;
}

void an_loader_free(an_loader *l)
{
    if (!l || lost_threads(l)) /* what they hold cannot be freed */
        return;
    pthread_mutex_lock(&l->lock);
    l->over = true;
    if (l->ahead)
        an_read_ahead_stop(l->ahead);
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->threads_running; i++)
        pthread_join(l->threads[i], NULL);
    an_read_ahead_free(l->ahead);
    for (int i = 0; i < AN_LOADER_BATCHES; i++) {
        if (l->ring[i].pictures)
            frame_clear(&l->ring[i], l->batch);
        an_free(l->ring[i].pictures);
        if (l->ring[i].pixels)
            l->memory.free(l->memory.user, l->ring[i].pixels, l->picture_bytes * (size_t)l->batch);
    }
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->ready);
    an_free(l->failure_text);
    an_free(l->order);
    an_free(l->threads);
    an_dataset_release(l->dataset);
    an_free(l);
}
