/*
 * Pictures that are in training and in validation.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/sort.h"
#include "base/status.h"
#include "base/work.h"
#include "data/dataset.h"

/* A sample with the stamp of its item. Samples with different stamps differ in content. */
typedef struct stamped {
    int64_t stamp, sample;
    bool tried;       /* it was read, or cannot be */
    uint64_t content; /* a hash of its bytes; 0: none */
} stamped;

static int compare_stamps(const void *a, const void *b)
{
    const stamped *x = a, *y = b;
    if (x->stamp != y->stamp)
        return x->stamp < y->stamp ? -1 : 1;
    return x->sample < y->sample ? -1 : x->sample > y->sample;
}

static stamped *list_samples(const int64_t *stamps, int64_t count)
{
    stamped *list = an_calloc((size_t)count, sizeof *list);
    for (int64_t i = 0; list && i < count; i++)
        list[i] = (stamped){.stamp = stamps[i], .sample = i};
    return list;
}

/* Read and hash a sample, once; *left: bytes that may still be read. */
static void read_content(stamped *s, const alexnet_dataset *d, int64_t *left)
{
    an_item_data data = {0};
    if (s->tried)
        return;
    s->tried = true;
    *left -= 4096; /* an attempt has a cost too */
    if (d->source->kind->read(d->source, d->samples[s->sample].item, &data))
        return;
    *left -= (int64_t)data.length + 3 * (int64_t)data.pixels.width * data.pixels.height;
    if (data.length > 0)
        s->content = an_hash_bytes(data.bytes, data.length);
    if (data.pixels.rgb)
        s->content = an_hash_bytes(data.pixels.rgb,
                                   3 * (size_t)data.pixels.width * (size_t)data.pixels.height);
    an_free(data.bytes);
    an_picture_free(&data.pixels);
}

/* The two parts while they are compared. */
typedef struct comparison {
    const alexnet_dataset *train, *val;
    stamped *training, *validation; /* the former sorted by stamps */
    uint32_t *order;                /* in which validation samples are looked at */
    int64_t left;                   /* bytes that may still be read */
    an_work work;
} comparison;

/* Find the first training sample with the content of a validation sample; NULL: none. */
static alexnet_status find_same(const stamped **out, comparison *c, stamped *v)
{
    const alexnet_dataset *train = c->train;
    stamped *training = c->training;
    *out = NULL;
    int64_t low = 0, high = train->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (training[middle].stamp < v->stamp)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < train->count && training[low].stamp == v->stamp && c->left > 0; low++) {
        AN_CHECK(an_work_add(&c->work, 0));
        read_content(v, c->val, &c->left);
        read_content(&training[low], train, &c->left);
        if (v->content && v->content == training[low].content) {
            *out = &training[low];
            break;
        }
    }
    return an_work_add(&c->work, 1);
}

/* How many validation pictures were looked for, and found among the training pictures. */
typedef struct shared {
    int64_t looked, count;
} shared;

/* Log a pair, unless too many have been logged. */
static void report_pair(alexnet_ctx *ctx, const shared *found, const char *val, const char *train)
{
    enum { NAMED = 5 };
    if (found->count <= NAMED)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "the validation picture %s is also the training picture %s", val, train);
}

static void report(alexnet_ctx *ctx, const shared *found, int64_t all)
{
    if (found->count > 0)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%lld of %lld validation pictures%s %s also among the training pictures: validation "
               "errors will look too low",
               (long long)found->count, (long long)found->looked,
               found->looked < all ? " that were looked at" : "", found->count == 1 ? "is" : "are");
}

static alexnet_status compare_all(comparison *c, alexnet_ctx *ctx)
{
    shared found = {0};
    while (found.looked < c->val->count && c->left > 0) {
        stamped *v = &c->validation[c->order[found.looked++]];
        const stamped *same;
        AN_CHECK(find_same(&same, c, v));
        if (!same)
            continue;
        found.count++;
        report_pair(ctx, &found, c->val->samples[v->sample].name,
                    c->train->samples[same->sample].name);
    }
    report(ctx, &found, c->val->count);
    return ALEXNET_OK;
}

alexnet_status an_dataset_warn_shared(alexnet_ctx *ctx, const alexnet_dataset *train,
                                      const int64_t *train_stamps, const alexnet_dataset *val,
                                      const int64_t *val_stamps)
{
    alexnet_status rc;
    comparison c = {.train = train,
                    .val = val,
                    .training = list_samples(train_stamps, train->count),
                    .validation = list_samples(val_stamps, val->count),
                    .order = an_calloc((size_t)val->count, sizeof *c.order),
                    .left = AN_COMPARE_BYTES};
    if (!c.training || !c.validation || !c.order) {
        rc = AN_FAIL_MEMORY((size_t)train->count * sizeof *c.training, "comparing pictures");
        goto cleanup;
    }
    /* in random order, because perhaps not all are looked at */
    an_shuffle(c.order, (uint32_t)val->count, 1, AN_PURPOSE_SPLIT, 0);
    c.work = an_work_begin(ctx, "compared", "images", val->count);
    rc = an_sort(c.training, (size_t)train->count, sizeof *c.training, compare_stamps, &c.work);
    if (rc == ALEXNET_OK)
        rc = compare_all(&c, ctx);
    an_work_end(&c.work);
cleanup:
    an_free(c.training);
    an_free(c.validation);
    an_free(c.order);
    return rc;
}
