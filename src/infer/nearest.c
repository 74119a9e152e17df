#include "infer/nearest.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/nearest_measure.h"

/* The arguments of a search, shared by its threads. */
typedef struct search {
    const an_rows *rows;
    const an_row *queries;
    int n, top;
    alexnet_metric metric;
} search;

/* Insert a row into a sorted list. Rows come in rising order, so equally near ones keep it. */
static void insert(alexnet_neighbour *list, int top, int64_t row, double distance)
{
    int at = top - 1;
    if (!(distance < list[at].distance)) /* a NaN is not near anything */
        return;
    for (; at > 0 && distance < list[at - 1].distance; at--)
        list[at] = list[at - 1];
    list[at] = (alexnet_neighbour){row, distance};
}

static void look_at(const search *s, int64_t row, double *distances, alexnet_neighbour *best)
{
    an_row it = {.values = s->rows->row[row]};
    if (!it.values)
        return;
    if (s->metric == ALEXNET_METRIC_COSINE)
        it.squares = an_row_squares(it.values, s->rows->dims);
    an_row_distances(&it, s->queries, s->n, s->rows->dims, s->metric, distances);
    for (int q = 0; q < s->n; q++)
        insert(best + (size_t)q * (size_t)s->top, s->top, row, distances[q]);
}

static void clear(alexnet_neighbour *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        list[i] = (alexnet_neighbour){-1, INFINITY};
}

/* Merge the lists of a thread into those of the threads before it. */
static void merge(const search *s, alexnet_neighbour *into, const alexnet_neighbour *from)
{
    for (int q = 0; q < s->n; q++)
        for (int i = 0; i < s->top && from[(size_t)q * (size_t)s->top + (size_t)i].row >= 0; i++) {
            const alexnet_neighbour *f = &from[(size_t)q * (size_t)s->top + (size_t)i];
            insert(into + (size_t)q * (size_t)s->top, s->top, f->row, f->distance);
        }
}

/* Each thread has a run of rows, in their order, and lists of its own. */
static alexnet_status search_all(alexnet_ctx *ctx, const search *s, int threads, double *distances,
                                 alexnet_neighbour *lists)
{
    const size_t each = (size_t)s->n * (size_t)s->top;
    an_threads saved;
    bool stopped = false;
    int64_t damaged = INT64_MAX; /* the first row that is */
    AN_CHECK(an_threads_begin(&saved, threads));
#pragma omp parallel for schedule(static, 1) reduction(|| : stopped) reduction(min : damaged)
    for (int t = 0; t < threads; t++) {
        const int64_t first = s->rows->count * t / threads;
        const int64_t end = s->rows->count * (t + 1) / threads;
        for (int64_t row = first; row < end && !stopped && damaged == INT64_MAX; row++) {
            if (an_ctx_cancelled(ctx))
                stopped = true;
            else if (!an_rows_is_whole(s->rows, row))
                damaged = row;
            else
                look_at(s, row, distances + (size_t)t * (size_t)s->n, lists + (size_t)t * each);
        }
    }
    an_threads_restore(saved);
    if (stopped)
        return an_ctx_fail_cancelled();
    return damaged < INT64_MAX ? s->rows->fail(s->rows->of, damaged) : ALEXNET_OK;
}

alexnet_status an_nearest(alexnet_ctx *ctx, const an_rows *rows, const float *queries, int n,
                          alexnet_metric metric, int top, alexnet_neighbour *out)
{
    const int threads = ctx->threads;
    const size_t each = (size_t)n * (size_t)top;
    clear(out, each);
    AN_CHECK(an_ctx_check(ctx));
    double *distances = an_calloc((size_t)threads * (size_t)n, sizeof *distances);
    an_row *query = an_calloc((size_t)n, sizeof *query);
    alexnet_neighbour *lists = an_calloc((size_t)threads, each * sizeof *lists);
    alexnet_status rc = ALEXNET_OK;
    if (!distances || !query || !lists) {
        rc = AN_FAIL_MEMORY((size_t)threads * each * sizeof *lists, "the nearest neighbours");
        goto cleanup;
    }
    for (int q = 0; q < n; q++) {
        query[q].values = queries + (size_t)q * (size_t)rows->dims;
        query[q].squares = an_row_squares(query[q].values, rows->dims);
    }
    const search s = {rows, query, n, top, metric};
    clear(lists, (size_t)threads * each);
    AN_TRY(search_all(ctx, &s, threads, distances, lists));
    for (int t = 0; t < threads; t++)
        merge(&s, out, lists + (size_t)t * each);
cleanup:
    an_free(distances);
    an_free(query);
    an_free(lists);
    return rc;
}
