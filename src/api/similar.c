#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "infer/index_features.h"

enum { TOP_MAX = 100000, QUERIES_MAX = 100000, PAIRS_MAX = 10000000 };

/* "my/photos" has its index in "my/.photos.index", hidden so that it does not count as a class of
 * "my". */
static alexnet_status home_of(const char *folder, char **home)
{
    char *real = realpath(folder, NULL); /* for ".", and for slashes at the end */
    if (!real)
        return an_file_fail("open", folder);
    const char *slash = strrchr(real, '/');
    *home = an_format("%.*s/.%s.index", (int)(slash - real), real, slash + 1);
    free(real);
    return *home ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(folder), "a path");
}

alexnet_status alexnet_index_open(alexnet_index **out, alexnet_features *features,
                                  const char *folder, const char *home)
{
    an_feature_maker maker;
    AN_NEED(out);
    *out = NULL;
    AN_NEED(features);
    AN_NEED(folder);
    char *beside = NULL;
    AN_CHECK(an_index_features(&maker, features));
    if (!home)
        AN_CHECK(home_of(folder, &beside));
    alexnet_status rc =
        an_picture_index_open(out, features->model->ctx, folder, home ? home : beside, &maker);
    an_free(beside);
    return rc;
}

int64_t alexnet_index_missing(const alexnet_index *index, int64_t *done)
{
    if (done)
        *done = index ? index->done : 0;
    return index ? index->n_pending : 0;
}

alexnet_status alexnet_index_step(alexnet_index *index, bool *more)
{
    AN_NEED(index);
    AN_NEED(more);
    return an_picture_index_step(index, more);
}

alexnet_status alexnet_index_flush(alexnet_index *index)
{
    AN_NEED(index);
    return an_picture_index_flush(index);
}

int64_t alexnet_index_count(const alexnet_index *index)
{
    return index ? index->pictures->count : 0;
}

int64_t alexnet_index_unreadable(const alexnet_index *index)
{
    return index ? index->bad : 0;
}

static bool has_row(const alexnet_index *index, int64_t row)
{
    return index && row >= 0 && row < index->pictures->count;
}

const char *alexnet_index_path(const alexnet_index *index, int64_t row)
{
    return has_row(index, row) ? index->pictures->samples[row].name : NULL;
}

const float *alexnet_index_values(const alexnet_index *index, int64_t row)
{
    const float *values;
    if (!has_row(index, row) || an_picture_index_row(index, row, &values) != ALEXNET_OK)
        return NULL;
    return values;
}

static alexnet_status check_metric(alexnet_metric metric)
{
    return an_check_number("metric", (int)metric, ALEXNET_METRIC_EUCLIDEAN, ALEXNET_METRIC_COSINE);
}

static alexnet_status check_queries(const float *queries, int count, int dims)
{
    for (int q = 0; q < count; q++)
        for (int i = 0; i < dims; i++, queries++)
            if (!isfinite(*queries))
                return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "query %d: value %d is %g", q, i,
                               (double)*queries);
    return ALEXNET_OK;
}

alexnet_status alexnet_index_nearest(const alexnet_index *index, const float *queries, int count,
                                     alexnet_metric metric, int top, alexnet_neighbour *out)
{
    AN_NEED(index);
    AN_NEED(queries);
    AN_NEED(out);
    AN_CHECK(check_metric(metric));
    AN_CHECK(an_check_number("count", count, 1, QUERIES_MAX));
    AN_CHECK(an_check_number("top", top, 1, TOP_MAX));
    const an_rows rows = an_picture_index_rows(index);
    AN_CHECK(check_queries(queries, count, rows.dims));
    return an_nearest(index->ctx, &rows, queries, count, metric, top, out);
}

void alexnet_index_free(alexnet_index *index)
{
    an_picture_index_free(index);
}

alexnet_status alexnet_pairs_new(alexnet_pairs **out, const alexnet_index *index,
                                 alexnet_metric metric, int64_t limit, double most)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(index);
    AN_CHECK(check_metric(metric));
    AN_CHECK(an_check_number("limit", limit, 1, PAIRS_MAX));
    if (isnan(most) || most < 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "most = %g: expected 0 or more", most);
    if (index->done < index->n_pending)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the index is not complete: %lld of %lld missing pictures are computed",
                       (long long)index->done, (long long)index->n_pending);
    const an_rows rows = an_picture_index_rows(index);
    return an_pairs_new(out, index->ctx, &rows, metric, limit, most);
}

alexnet_status alexnet_pairs_step(alexnet_pairs *pairs, double *fraction, bool *more)
{
    AN_NEED(pairs);
    AN_NEED(fraction);
    AN_NEED(more);
    return an_pairs_step(pairs, fraction, more);
}

bool alexnet_pairs_get(alexnet_pairs *pairs, int64_t index, alexnet_pair *pair)
{
    return pairs && pair && an_pairs_get(pairs, index, pair);
}

void alexnet_pairs_free(alexnet_pairs *pairs)
{
    an_pairs_free(pairs);
}
