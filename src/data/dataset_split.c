#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/status.h"
#include "data/dataset.h"

uint64_t an_dataset_fingerprint(const alexnet_dataset *dataset, const int64_t *stamps)
{
    const an_data_source *source = dataset->source;
    uint64_t hash = an_hash_number(AN_HASH_START, dataset->classes);
    for (int c = 0; c < dataset->classes; c++)
        hash = an_hash_text(hash, dataset->class_ids[c]);
    for (int64_t i = 0; i < dataset->count; i++) {
        const an_sample *sample = &dataset->samples[i];
        hash = an_hash_text(hash, source->items[sample->item].key);
        hash = an_hash_number(hash, sample->label);
        hash = an_hash_number(hash, stamps[i]);
    }
    return hash;
}

/* A picture's random number, from the seed and its key. */
static uint64_t draw(const alexnet_dataset *dataset, int64_t sample, an_part part)
{
    const an_data_source *source = dataset->source;
    const int64_t item = dataset->samples[sample].item;
    const char *key = part.rule == AN_SPLIT_BY_PATH ? an_data_source_split_key(source, item)
                                                    : source->items[item].key;
    uint64_t hash = an_hash_text(AN_HASH_START, key);
    an_random4 r = an_random(part.seed, AN_PURPOSE_SPLIT, hash >> 32, hash & 0xffffffffu, 0);
    return (uint64_t)r.v[0] << 32 | r.v[1];
}

/* Mark the pictures whose numbers are below the share. If that would leave a part empty, mark the
 * lowest, or all but the highest. @return how many */
static int64_t mark_by_hash(bool *for_val, const uint64_t *numbers, int64_t count, double share)
{
    uint64_t limit = (uint64_t)ldexp(share, 64), low = UINT64_MAX, high = 0; /* share < 1 */
    int64_t marked = 0;
    for (int64_t i = 0; i < count; i++) {
        low = numbers[i] < low ? numbers[i] : low;
        high = numbers[i] > high ? numbers[i] : high;
    }
    limit = limit <= low ? low + 1 : limit > high ? high : limit;
    for (int64_t i = 0; i < count && low < high; i++)
        marked += for_val[i] = numbers[i] < limit;
    return marked;
}

/* ---- The rule of early versions ---- */

typedef struct sort_key {
    int label;
    uint64_t number;
    const char *key;
    int64_t sample;
} sort_key;

static int compare_keys(const void *a, const void *b)
{
    const sort_key *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    const int order = strcmp(x->key, y->key); /* archives may hold two pictures of the same name */
    return order ? order : x->sample < y->sample ? -1 : x->sample > y->sample;
}

/* How many of a class's n pictures go to validation. */
static int64_t val_count(int64_t n, double share)
{
    int64_t wanted = (int64_t)round(share * (double)n);
    if (wanted > n - 1)
        wanted = n - 1;
    return wanted < 1 && n >= 2 ? 1 : wanted;
}

/* Mark the pictures with the lowest numbers in each class. @return how many */
static int64_t mark_lowest(bool *for_val, sort_key *keys, int64_t count, double share)
{
    int64_t begin = 0, marked = 0;
    qsort(keys, (size_t)count, sizeof *keys, compare_keys);
    while (begin < count) {
        int64_t end = begin;
        while (end < count && keys[end].label == keys[begin].label)
            end++;
        int64_t wanted = val_count(end - begin, share);
        for (int64_t i = begin; i < begin + wanted; i++)
            for_val[keys[i].sample] = true;
        marked += wanted;
        begin = end;
    }
    return marked;
}

static alexnet_status mark_by_count(bool *for_val, const uint64_t *numbers,
                                    const alexnet_dataset *dataset, double share, int64_t *marked)
{
    sort_key *keys = an_calloc((size_t)dataset->count, sizeof *keys);
    if (!keys)
        return AN_FAIL_MEMORY((size_t)dataset->count * sizeof *keys, "splitting a data set");
    for (int64_t i = 0; i < dataset->count; i++) {
        const an_sample *s = &dataset->samples[i];
        keys[i] = (sort_key){s->label, numbers[i], dataset->source->items[s->item].key, i};
    }
    *marked = mark_lowest(for_val, keys, dataset->count, share);
    an_free(keys);
    return ALEXNET_OK;
}

/* ---- The parts ---- */

/* The `count` samples whose mark is `wanted`. */
static alexnet_status take(alexnet_dataset **out, const alexnet_dataset *from, const bool *marks,
                           bool wanted, int64_t count)
{
    AN_CHECK(an_dataset_new_like(out, from, from->source, count));
    alexnet_dataset *d = *out;
    for (int64_t i = 0; i < from->count; i++)
        if (marks[i] == wanted)
            d->samples[d->count++] = from->samples[i];
    return ALEXNET_OK;
}

alexnet_status an_dataset_of_samples(alexnet_dataset **out, const alexnet_dataset *from,
                                     const uint32_t *samples, int64_t count)
{
    AN_CHECK(an_dataset_new_like(out, from, from->source, count));
    for (int64_t i = 0; i < count; i++)
        (*out)->samples[i] = from->samples[samples[i]];
    (*out)->count = count;
    return ALEXNET_OK;
}

static alexnet_status mark(bool *for_val, const alexnet_dataset *dataset, an_part part,
                           int64_t *marked)
{
    alexnet_status rc = ALEXNET_OK;
    uint64_t *numbers = an_calloc((size_t)dataset->count, sizeof *numbers);
    if (!numbers)
        return AN_FAIL_MEMORY((size_t)dataset->count * sizeof *numbers, "splitting a data set");
    for (int64_t i = 0; i < dataset->count; i++)
        numbers[i] = draw(dataset, i, part);
    if (part.rule == AN_SPLIT_BY_COUNT)
        rc = mark_by_count(for_val, numbers, dataset, part.share, marked);
    else
        *marked = mark_by_hash(for_val, numbers, dataset->count, part.share);
    an_free(numbers);
    return rc;
}

/* Make both parts; `part.val` is ignored. */
static alexnet_status split(const alexnet_dataset *dataset, an_part part, alexnet_dataset **train,
                            alexnet_dataset **val)
{
    alexnet_status rc;
    int64_t marked = 0;
    bool *for_val = an_calloc((size_t)dataset->count, sizeof *for_val);
    if (!for_val)
        return AN_FAIL_MEMORY((size_t)dataset->count, "splitting a data set");
    AN_TRY(mark(for_val, dataset, part, &marked));
    if (marked == 0) {
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                     "%s has too few pictures to set some aside for validation", dataset->root);
        goto cleanup;
    }
    AN_TRY(take(train, dataset, for_val, false, dataset->count - marked));
    AN_TRY(take(val, dataset, for_val, true, marked));
    (*train)->part = (*val)->part = part;
    (*train)->part.val = false;
    (*val)->part.val = true;
cleanup:
    an_free(for_val);
    if (rc != ALEXNET_OK) {
        an_dataset_release(*train);
        an_dataset_release(*val);
        *train = *val = NULL;
    }
    return rc;
}

alexnet_status an_dataset_split(const alexnet_dataset *dataset, double share, uint64_t seed,
                                alexnet_dataset **train, alexnet_dataset **val)
{
    *train = *val = NULL;
    if (!(share > 0.0 && share < 1.0))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the share for validation is %g; expected more than 0 and less than 1",
                       share);
    return split(dataset, (an_part){.share = share, .seed = seed}, train, val);
}

alexnet_status an_dataset_reopen(alexnet_dataset **out, alexnet_ctx *ctx, const char *kind,
                                 const char *root, an_part part, const an_class_list *classes)
{
    an_data_source *source;
    *out = NULL;
    AN_CHECK(an_data_source_reopen(&source, ctx, kind, root));
    return an_dataset_of_part(out, source, part, classes);
}

alexnet_status an_dataset_of_part(alexnet_dataset **out, an_data_source *source, an_part part,
                                  const an_class_list *classes)
{
    alexnet_dataset *whole, *train = NULL, *val = NULL;
    *out = NULL;
    AN_CHECK(an_dataset_new(&whole, NULL, source, NULL, classes));
    if (part.share == 0.0) {
        *out = whole;
        return ALEXNET_OK;
    }
    alexnet_status rc = split(whole, part, &train, &val);
    an_dataset_release(whole);
    if (rc != ALEXNET_OK)
        return rc;
    *out = part.val ? val : train;
    an_dataset_release(part.val ? train : val);
    return ALEXNET_OK;
}
