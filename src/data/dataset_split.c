#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/status.h"
#include "data/dataset.h"

uint64_t an_dataset_fingerprint(const alexnet_dataset *dataset)
{
    const an_data_source *source = dataset->source;
    uint64_t hash = an_hash_number(AN_HASH_START, dataset->classes);
    for (int c = 0; c < dataset->classes; c++)
        hash = an_hash_text(hash, dataset->class_ids[c]);
    for (int64_t i = 0; i < dataset->count; i++) {
        const an_sample *sample = &dataset->samples[i];
        hash = an_hash_text(hash, source->items[sample->item].key);
        hash = an_hash_number(hash, sample->label);
        hash = an_hash_number(hash, source->kind->stamp(source, sample->item));
    }
    return hash;
}

/* A sample's random key: those of a class with the lowest go to validation. It depends on the seed
 * and the picture's own key, so a picture that is added or removed moves at most one other. */
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
    const int order = strcmp(x->key, y->key); /* archives may hold two pictures of one name */
    return order ? order : x->sample < y->sample ? -1 : x->sample > y->sample;
}

static sort_key draw_key(const alexnet_dataset *dataset, int64_t sample, uint64_t seed)
{
    const an_sample *s = &dataset->samples[sample];
    const char *key = dataset->source->items[s->item].key;
    uint64_t hash = an_hash_text(AN_HASH_START, key);
    an_random4 r = an_random(seed, AN_PURPOSE_SPLIT, hash >> 32, hash & 0xffffffffu, 0);
    return (sort_key){s->label, (uint64_t)r.v[0] << 32 | r.v[1], key, sample};
}

/* How many of a class's n pictures go to validation. */
static int64_t val_count(int64_t n, double share)
{
    int64_t wanted = (int64_t)round(share * (double)n);
    if (wanted > n - 1)
        wanted = n - 1;
    return wanted < 1 && n >= 2 ? 1 : wanted;
}

/* Mark the pictures for validation. @return how many */
static int64_t mark(bool *for_val, sort_key *keys, const alexnet_dataset *dataset, double share,
                    uint64_t seed)
{
    int64_t begin = 0, marked = 0, count = dataset->count;
    for (int64_t i = 0; i < count; i++)
        keys[i] = draw_key(dataset, i, seed);
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

/* The `count` samples whose mark is `wanted`, with all classes. */
static alexnet_status take(alexnet_dataset **out, const alexnet_dataset *from, const bool *marks,
                           bool wanted, int64_t count)
{
    AN_CHECK(an_dataset_alloc(out, from->source, from->classes));
    alexnet_dataset *d = *out;
    for (int c = 0; c < from->classes; c++)
        AN_CHECK(an_dataset_set_class(d, c, from->class_ids[c], from->class_names[c]));
    d->samples = an_calloc((size_t)count, sizeof *d->samples);
    if (!d->samples)
        return AN_FAIL_MEMORY((size_t)count * sizeof *d->samples, "a list of pictures");
    for (int64_t i = 0; i < from->count; i++)
        if (marks[i] == wanted)
            d->samples[d->count++] = from->samples[i];
    return ALEXNET_OK;
}

alexnet_status an_dataset_split(const alexnet_dataset *dataset, double share, uint64_t seed,
                                alexnet_dataset **train, alexnet_dataset **val)
{
    *train = *val = NULL;
    if (!(share > 0.0 && share < 1.0))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the share for validation is %g; expected more than 0 and less than 1",
                       share);
    alexnet_status rc;
    bool *for_val = an_calloc((size_t)dataset->count, sizeof *for_val);
    sort_key *keys = an_calloc((size_t)dataset->count, sizeof *keys);
    if (!for_val || !keys) {
        rc = AN_FAIL_MEMORY((size_t)dataset->count * sizeof *keys, "sharing out a data set");
        goto cleanup;
    }
    int64_t marked = mark(for_val, keys, dataset, share, seed);
    if (marked == 0) {
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                     "%s has no class with two pictures, so none can be set aside for validation",
                     dataset->root);
        goto cleanup;
    }
    AN_TRY(take(train, dataset, for_val, false, dataset->count - marked));
    AN_TRY(take(val, dataset, for_val, true, marked));
    (*train)->part = (an_part){share, seed, false};
    (*val)->part = (an_part){share, seed, true};
cleanup:
    an_free(for_val);
    an_free(keys);
    if (rc != ALEXNET_OK) {
        an_dataset_release(*train);
        an_dataset_release(*val);
        *train = *val = NULL;
    }
    return rc;
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
    alexnet_dataset *whole, *train, *val;
    *out = NULL;
    AN_CHECK(an_dataset_new(&whole, NULL, source, NULL, classes));
    if (part.share == 0.0) {
        *out = whole;
        return ALEXNET_OK;
    }
    alexnet_status rc = an_dataset_split(whole, part.share, part.seed, &train, &val);
    an_dataset_release(whole);
    if (rc != ALEXNET_OK)
        return rc;
    *out = part.val ? val : train;
    an_dataset_release(part.val ? train : val);
    return ALEXNET_OK;
}
