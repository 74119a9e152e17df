/*
 * The stamps of a data set's samples, read one after the other, and what is computed from them.
 */
#ifndef TESTS_UNIT_STAMPS_H
#define TESTS_UNIT_STAMPS_H

#include "expect.h"

#include <stdlib.h>

#include "data/dataset.h"

/** The stamps of all samples, one after the other. Freed by the caller. */
static inline int64_t *stamps_of(const alexnet_dataset *d)
{
    int64_t *stamps = calloc((size_t)d->count + 1, sizeof *stamps);
    assert_non_null(stamps);
    for (int64_t i = 0; i < d->count; i++)
        stamps[i] = d->source->kind->stamp(d->source, d->samples[i].item, false);
    return stamps;
}

static inline uint64_t fingerprint(const alexnet_dataset *d)
{
    int64_t *stamps = stamps_of(d);
    const uint64_t value = an_dataset_fingerprint(d, stamps);
    free(stamps);
    return value;
}

static inline alexnet_status warn_shared(alexnet_ctx *ctx, const alexnet_dataset *train,
                                         const alexnet_dataset *val)
{
    int64_t *a = stamps_of(train), *b = stamps_of(val);
    const alexnet_status status = an_dataset_warn_shared(ctx, train, a, val, b);
    free(a);
    free(b);
    return status;
}

#endif
