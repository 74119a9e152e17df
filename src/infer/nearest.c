#include "infer/nearest.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/nearest_kept.h"
#include "infer/nearest_measure.h"

/* Rows that a thread compares with all queries at once. */
enum { ROWS_AT_ONCE = 4 };

/* The arguments of a search, shared by its threads. */
typedef struct search {
    const an_rows *rows;
    const an_row *queries;
    int n;
    alexnet_metric metric;
} search;

/* What a thread finds: pairs of a query and a row. */
typedef struct finder {
    double *distances; /* [ROWS_AT_ONCE][n] of the latest rows */
    an_kept *kept;     /* [n] */
} finder;

/* Compare rows [first, end), at most ROWS_AT_ONCE, with all queries. */
static void look_at(const search *s, int64_t first, int64_t end, const finder *f)
{
    an_row rows[ROWS_AT_ONCE];
    int64_t places[ROWS_AT_ONCE];
    int m = 0;
    for (int64_t row = first; row < end; row++) {
        const float *values = s->rows->row[row];
        if (!values)
            continue;
        const bool cosine = s->metric == ALEXNET_METRIC_COSINE;
        rows[m] = (an_row){values, cosine ? an_row_squares(values, s->rows->dims) : 0};
        places[m++] = row;
    }
    an_row_distances(rows, m, s->queries, s->n, s->rows->dims, s->metric, f->distances);
    for (int r = 0; r < m; r++)
        for (int q = 0; q < s->n; q++)
            an_kept_add(&f->kept[q],
                        (alexnet_pair){q, places[r], f->distances[(size_t)r * (size_t)s->n + q]});
}

/* The first row of [first, end) that is not whole; INT64_MAX: none. */
static int64_t find_damaged(const an_rows *rows, int64_t first, int64_t end)
{
    for (int64_t row = first; row < end; row++)
        if (!an_rows_is_whole(rows, row))
            return row;
    return INT64_MAX;
}

/* Each thread has a run of rows, and finds of its own. */
static alexnet_status search_all(alexnet_ctx *ctx, const search *s, const finder *finders)
{
    const int threads = ctx->threads;
    an_threads saved;
    bool stopped = false;
    int64_t damaged = INT64_MAX; /* the first row that is */
    AN_CHECK(an_threads_begin(&saved, threads));
#pragma omp parallel for schedule(static, 1) reduction(|| : stopped) reduction(min : damaged)
    for (int t = 0; t < threads; t++) {
        const int64_t last = s->rows->count * (t + 1) / threads;
        int64_t row = s->rows->count * t / threads;
        while (row < last && !stopped && damaged == INT64_MAX) {
            const int64_t end = last - row < ROWS_AT_ONCE ? last : row + ROWS_AT_ONCE;
            stopped = an_ctx_cancelled(ctx);
            damaged = find_damaged(s->rows, row, end);
            if (!stopped && damaged == INT64_MAX)
                look_at(s, row, end, &finders[t]);
            row = end;
        }
    }
    an_threads_restore(saved);
    if (stopped)
        return an_ctx_fail_cancelled();
    return damaged < INT64_MAX ? s->rows->fail(s->rows->of, damaged) : ALEXNET_OK;
}

/* The memory of a search, in one piece each. */
typedef struct workspace {
    double *distances;
    an_row *queries;
    an_kept *kept;
    alexnet_pair *pairs;
    finder *finders; /* [threads] */
} workspace;

static alexnet_status make_workspace(workspace *w, int threads, int n, int64_t top)
{
    const size_t lists = (size_t)threads * (size_t)n;
    w->distances = an_calloc(lists, ROWS_AT_ONCE * sizeof *w->distances);
    w->queries = an_calloc((size_t)n, sizeof *w->queries);
    w->kept = an_calloc(lists, sizeof *w->kept);
    w->pairs = an_calloc(lists, (size_t)top * sizeof *w->pairs);
    w->finders = an_calloc((size_t)threads, sizeof *w->finders);
    if (!w->distances || !w->queries || !w->kept || !w->pairs || !w->finders)
        return AN_FAIL_MEMORY(lists * (size_t)top * sizeof *w->pairs, "the nearest neighbours");
    for (size_t i = 0; i < lists; i++)
        w->kept[i] = (an_kept){.pairs = w->pairs + i * (size_t)top, .limit = top, .most = DBL_MAX};
    for (int t = 0; t < threads; t++)
        w->finders[t] = (finder){w->distances + (size_t)t * ROWS_AT_ONCE * (size_t)n,
                                 w->kept + (size_t)t * (size_t)n};
    return ALEXNET_OK;
}

static void free_workspace(workspace *w)
{
    an_free(w->distances);
    an_free(w->queries);
    an_free(w->kept);
    an_free(w->pairs);
    an_free(w->finders);
}

/* What all threads have found for a query, nearest first. */
static void write_found(const workspace *w, int threads, int q, int top, alexnet_neighbour *out)
{
    an_kept *all = &w->finders[0].kept[q];
    for (int t = 1; t < threads; t++)
        an_kept_join(all, &w->finders[t].kept[q]);
    qsort(all->pairs, (size_t)all->count, sizeof *all->pairs, an_kept_compare);
    for (int i = 0; i < top; i++)
        out[i] = i < all->count ? (alexnet_neighbour){all->pairs[i].second, all->pairs[i].distance}
                                : (alexnet_neighbour){-1, INFINITY};
}

alexnet_status an_nearest(alexnet_ctx *ctx, const an_rows *rows, const float *queries, int n,
                          alexnet_metric metric, int top, alexnet_neighbour *out)
{
    const int64_t kept = top < rows->count ? top : rows->count;
    alexnet_status rc;
    workspace w = {0};
    AN_CHECK(an_ctx_check(ctx));
    AN_TRY(make_workspace(&w, ctx->threads, n, kept));
    for (int q = 0; q < n; q++) {
        w.queries[q].values = queries + (size_t)q * (size_t)rows->dims;
        w.queries[q].squares = an_row_squares(w.queries[q].values, rows->dims);
    }
    const search s = {rows, w.queries, n, metric};
    AN_TRY(search_all(ctx, &s, w.finders));
    for (int q = 0; q < n; q++)
        write_found(&w, ctx->threads, q, top, out + (size_t)q * (size_t)top);
cleanup:
    free_workspace(&w);
    return rc;
}
