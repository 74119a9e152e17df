#include "data/loader/shard_order.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/status.h"

/* A sample and its place, by which samples are sorted. */
typedef struct entry {
    an_item_place place;
    uint32_t sample;
} entry;

static int compare(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->place.archive != y->place.archive)
        return x->place.archive < y->place.archive ? -1 : 1;
    if (x->place.offset != y->place.offset)
        return x->place.offset < y->place.offset ? -1 : 1;
    return x->sample < y->sample ? -1 : x->sample > y->sample;
}

static alexnet_status list_entries(entry **out, const alexnet_dataset *d)
{
    const size_t count = (size_t)d->count;
    *out = an_calloc(count, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(count * sizeof **out, "an order of archives");
    for (int64_t i = 0; i < d->count; i++) {
        (*out)[i].sample = (uint32_t)i;
        d->source->kind->place(d->source, d->samples[i].item, &(*out)[i].place);
    }
    qsort(*out, count, sizeof **out, compare);
    return ALEXNET_OK;
}

/* Whether an item continues a stretch, which may have up to `most` bytes. */
static bool goes_on(const an_stretch *s, const an_item_place *place, uint64_t most)
{
    return s->archive == place->archive && place->offset + place->length - s->offset <= most;
}

static void divide(an_shard_order *o, const entry *entries, uint64_t most)
{
    for (int64_t i = 0; i < o->dataset->count; i++) {
        const an_item_place *place = &entries[i].place;
        an_stretch *s = o->n_stretches ? &o->stretches[o->n_stretches - 1] : NULL;
        if (!s || !goes_on(s, place, most)) {
            s = &o->stretches[o->n_stretches++];
            *s = (an_stretch){place->archive, place->offset, 0, (uint32_t)i, 0};
        }
        const uint64_t length = place->offset + place->length - s->offset;
        s->length = length > s->length ? length : s->length;
        s->count++;
        o->sorted[i] = entries[i].sample;
        o->stretch_of[entries[i].sample] = o->n_stretches - 1;
    }
}

static alexnet_status make(an_shard_order *o, uint64_t stretch)
{
    const size_t count = (size_t)o->dataset->count;
    entry *entries;
    AN_CHECK(list_entries(&entries, o->dataset));
    o->sorted = an_calloc(count, sizeof *o->sorted);
    o->stretch_of = an_calloc(count, sizeof *o->stretch_of);
    o->stretches = an_calloc(count, sizeof *o->stretches);
    const bool divided = o->sorted && o->stretch_of && o->stretches;
    if (divided)
        divide(o, entries, stretch);
    an_free(entries);
    const size_t stretches = o->n_stretches;
    an_stretch *fitting =
        o->stretches ? an_realloc(o->stretches, stretches + 1, sizeof *fitting) : NULL;
    o->stretches = fitting ? fitting : o->stretches;
    o->shuffled = an_calloc(stretches, sizeof *o->shuffled);
    o->windows = an_calloc(stretches, sizeof *o->windows);
    if (!divided || !fitting || !o->shuffled || !o->windows)
        return AN_FAIL_MEMORY(count * sizeof *o->stretches, "an order of archives");
    return ALEXNET_OK;
}

alexnet_status an_shard_order_new(an_shard_order **out, alexnet_dataset *dataset, uint64_t stretch,
                                  uint64_t window)
{
    *out = NULL;
    if (!dataset->source->kind->place)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "order = shards is for archives, and %s is not one; `alexnet_pack_new()` "
                       "makes archives of it",
                       dataset->root);
    an_shard_order *o = an_calloc(1, sizeof *o);
    if (!o)
        return AN_FAIL_MEMORY(sizeof *o, "an order of archives");
    o->dataset = an_dataset_retain(dataset);
    o->window_bytes = window ? window : AN_WINDOW_BYTES;
    alexnet_status rc = make(o, stretch ? stretch : AN_STRETCH_BYTES);
    if (rc != ALEXNET_OK)
        an_shard_order_free(o);
    else
        *out = o;
    return rc;
}

void an_shard_order_free(an_shard_order *o)
{
    if (!o)
        return;
    an_free(o->sorted);
    an_free(o->stretch_of);
    an_free(o->stretches);
    an_free(o->shuffled);
    an_free(o->windows);
    an_dataset_release(o->dataset);
    an_free(o);
}

/* Add the next stretches to a window until it is full, but at least one. */
static void open_window(an_shard_order *o, an_window *w)
{
    uint64_t bytes = 0;
    while (w->first_stretch + w->stretches < o->n_stretches) {
        const an_stretch *s = &o->stretches[o->shuffled[w->first_stretch + w->stretches]];
        if (w->stretches > 0 && bytes + s->length > o->window_bytes)
            return;
        bytes += s->length;
        w->stretches++;
        w->count += s->count;
    }
}

/* List a window's pictures and shuffle them (Fisher and Yates). */
static void fill_window(const an_shard_order *o, const an_window *w, uint32_t *order, uint64_t seed,
                        uint64_t epoch)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < w->stretches; i++) {
        const an_stretch *s = &o->stretches[o->shuffled[w->first_stretch + i]];
        for (uint32_t k = 0; k < s->count; k++)
            order[n++] = o->sorted[s->first + k];
    }
    for (; n > 1; n--) {
        const uint64_t place = (uint64_t)(w->first + n);
        const an_random4 r = an_random(seed, AN_PURPOSE_WINDOW, epoch, place, 0);
        const uint32_t j = an_below(r.v[0], (uint32_t)n), kept = order[n - 1];
        order[n - 1] = order[j];
        order[j] = kept;
    }
}

void an_shard_order_make(an_shard_order *o, uint32_t *order, uint64_t seed, uint64_t epoch)
{
    an_shuffle(o->shuffled, o->n_stretches, seed, AN_PURPOSE_SHUFFLE, epoch);
    an_window next = {0};
    for (o->n_windows = 0; next.first_stretch < o->n_stretches; o->n_windows++) {
        open_window(o, &next);
        fill_window(o, &next, order + next.first, seed, epoch);
        o->windows[o->n_windows] = next;
        next = (an_window){.first_stretch = next.first_stretch + next.stretches,
                           .first = next.first + next.count};
    }
}

uint64_t an_shard_order_places(const alexnet_dataset *dataset)
{
    const an_data_source *source = dataset->source;
    uint64_t hash = AN_HASH_START;
    if (!source->kind->place)
        return 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        an_item_place place;
        source->kind->place(source, dataset->samples[i].item, &place);
        hash = an_hash_number(hash, place.archive);
        hash = an_hash_number(hash, (int64_t)place.offset);
        hash = an_hash_number(hash, (int64_t)place.length);
    }
    return hash;
}

int64_t an_window_of(const an_window *windows, int64_t count, int64_t place)
{
    int64_t low = 0, high = count;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (windows[middle].first <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}
