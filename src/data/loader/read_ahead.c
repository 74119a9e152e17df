#include "data/loader/read_ahead.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/threads.h"

enum { HELD = 2 };

/* A window in memory: window w is in slot w % HELD. */
typedef struct held {
    int64_t window;         /* which; -1: none */
    unsigned char **blocks; /* of its stretches; NULL where one could not be read */
    bool read;              /* all of it */
    int64_t left;           /* places that are not done */
} held;

struct an_read_ahead {
    const an_shard_order *shards;
    uint32_t *shuffled; /* copied for this pass, as `windows` is */
    uint32_t *turn;     /* of each stretch: where it is in `shuffled` */
    an_window *windows;
    int64_t n_windows, position;
    held slots[HELD];
    pthread_t thread;
    int running; /* 1 once the thread is started */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a window was read or freed, or `over` was set */
    bool over;
};

static void drop(const an_read_ahead *a, held *h)
{
    for (uint32_t i = 0; h->blocks && i < a->windows[h->window].stretches; i++)
        an_free(h->blocks[i]);
    an_free(h->blocks);
    *h = (held){.window = -1};
}

static bool is_over(an_read_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    const bool over = a->over;
    pthread_mutex_unlock(&a->lock);
    return over;
}

/* Read a whole stretch. @return NULL if that fails; its pictures are then read one by one */
static unsigned char *read_stretch(const an_shard_order *o, const an_stretch *s)
{
    const an_data_source *source = o->dataset->source;
    if (s->length > AN_PICTURE_FILE_MAX)
        return NULL;
    unsigned char *block = an_malloc((size_t)s->length + 1);
    if (block &&
        source->kind->read_place(source, &(an_item_place){s->offset, s->length, s->archive},
                                 block) == ALEXNET_OK)
        return block;
    an_free(block);
    return NULL;
}

/* Read a window without the lock: no other thread looks at its blocks before `read` is set. */
static void read_window(an_read_ahead *a, held *h)
{
    const an_shard_order *o = a->shards;
    const an_window *w = &a->windows[h->window];
    h->blocks = an_calloc(w->stretches, sizeof *h->blocks);
    for (uint32_t i = 0; h->blocks && i < w->stretches && !is_over(a); i++)
        h->blocks[i] = read_stretch(o, &o->stretches[a->shuffled[w->first_stretch + i]]);
}

/* How many places of a window are part of the pass: those from `position` on. */
static int64_t places_of(const an_read_ahead *a, int64_t window)
{
    const an_window *w = &a->windows[window];
    const int64_t before = a->position - w->first;
    return before > 0 ? w->count - before : w->count;
}

static void *work(void *argument)
{
    an_read_ahead *a = argument;
    const int64_t first = an_window_of(a->windows, a->n_windows, a->position);
    pthread_mutex_lock(&a->lock);
    for (int64_t window = first; window < a->n_windows && !a->over; window++) {
        held *h = &a->slots[window % HELD];
        while (h->window >= 0 && !a->over)
            pthread_cond_wait(&a->changed, &a->lock);
        if (a->over)
            break;
        *h = (held){.window = window, .left = places_of(a, window)};
        pthread_mutex_unlock(&a->lock);
        read_window(a, h);
        pthread_mutex_lock(&a->lock);
        h->read = true;
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

static alexnet_status start_thread(an_read_ahead *a)
{
    const int error = an_threads_start(&a->thread, &a->running, 1, work, a);
    return error ? an_threads_fail("reading", 1, 1, error) : ALEXNET_OK;
}

alexnet_status an_read_ahead_start(an_read_ahead **out, const an_shard_order *shards,
                                   int64_t position)
{
    *out = NULL;
    an_read_ahead *a = an_calloc(1, sizeof *a);
    if (!a)
        return AN_FAIL_MEMORY(sizeof *a, "reading ahead");
    a->shards = shards;
    a->position = position;
    for (int i = 0; i < HELD; i++)
        a->slots[i].window = -1;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    a->n_windows = shards->n_windows;
    a->windows = an_calloc((size_t)a->n_windows, sizeof *a->windows);
    a->shuffled = an_calloc(shards->n_stretches, sizeof *a->shuffled);
    a->turn = an_calloc(shards->n_stretches, sizeof *a->turn);
    alexnet_status rc =
        a->windows && a->shuffled && a->turn
            ? ALEXNET_OK
            : AN_FAIL_MEMORY(shards->n_stretches * sizeof *a->windows, "reading ahead");
    if (rc == ALEXNET_OK) {
        memcpy(a->windows, shards->windows, (size_t)a->n_windows * sizeof *a->windows);
        memcpy(a->shuffled, shards->shuffled, shards->n_stretches * sizeof *a->shuffled);
        for (uint32_t i = 0; i < shards->n_stretches; i++)
            a->turn[a->shuffled[i]] = i;
    }
    if (rc == ALEXNET_OK && position < shards->dataset->count)
        rc = start_thread(a);
    if (rc != ALEXNET_OK)
        an_read_ahead_free(a);
    else
        *out = a;
    return rc;
}

/* A sample's bytes in a window that has been read; NULL if its stretch could not be read. */
static const unsigned char *find(const an_read_ahead *a, const held *h, uint32_t sample,
                                 size_t *length)
{
    const an_shard_order *o = a->shards;
    const an_window *w = &a->windows[h->window];
    const an_data_source *source = o->dataset->source;
    an_item_place place;
    const uint32_t stretch = o->stretch_of[sample], i = a->turn[stretch] - w->first_stretch;
    assert(i < w->stretches);
    if (!h->blocks || !h->blocks[i])
        return NULL;
    source->kind->place(source, o->dataset->samples[sample].item, &place);
    *length = (size_t)place.length;
    return h->blocks[i] + (place.offset - o->stretches[stretch].offset);
}

void an_read_ahead_take(an_read_ahead *a, int64_t place, uint32_t sample,
                        const unsigned char **bytes, size_t *length)
{
    const int64_t window = an_window_of(a->windows, a->n_windows, place);
    const held *h = &a->slots[window % HELD];
    *bytes = NULL;
    *length = 0;
    pthread_mutex_lock(&a->lock);
    while (!a->over && (h->window != window || !h->read))
        pthread_cond_wait(&a->changed, &a->lock);
    if (!a->over)
        *bytes = find(a, h, sample, length);
    pthread_mutex_unlock(&a->lock);
}

void an_read_ahead_done(an_read_ahead *a, int64_t place)
{
    const int64_t window = an_window_of(a->windows, a->n_windows, place);
    held *h = &a->slots[window % HELD];
    pthread_mutex_lock(&a->lock);
    if (h->window == window && h->read && --h->left == 0) {
        drop(a, h);
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
}

void an_read_ahead_stop(an_read_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->over = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

void an_read_ahead_free(an_read_ahead *a)
{
    if (!a)
        return;
    an_read_ahead_stop(a);
    if (a->running)
        pthread_join(a->thread, NULL);
    for (int i = 0; i < HELD; i++)
        if (a->slots[i].window >= 0)
            drop(a, &a->slots[i]);
    an_free(a->shuffled);
    an_free(a->turn);
    an_free(a->windows);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    an_free(a);
}
