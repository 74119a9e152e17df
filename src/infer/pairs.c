/*
 * The nearest pairs of rows. Every row is compared with all later ones, a tile of rows with a tile
 * of rows, so that both stay in the cache.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/nearest.h"
#include "infer/nearest_kept.h"
#include "infer/nearest_measure.h"

enum { TILE = 32 };

struct alexnet_pairs {
    alexnet_ctx *ctx;
    an_rows rows;
    alexnet_metric metric;
    double *squares; /* of each row; for cosine */
    int64_t next;    /* the first row of the next tile */
    an_kept kept;
    bool sorted; /* whether `kept` is */
    int threads;
    an_kept *seen; /* one for each thread */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool make_kept(an_kept *kept, int64_t limit, double most)
{
    *kept = (an_kept){.limit = limit, .most = most};
    kept->pairs = an_calloc((size_t)limit, sizeof *kept->pairs);
    return kept->pairs != NULL;
}

/* No more are kept than there can be: of all rows, and of the tiles that a thread compares in a
 * step. */
static alexnet_status prepare(an_pairs *p, int64_t limit, double most)
{
    const int64_t count = p->rows.count, tiles = (count + TILE - 1) / TILE;
    const int64_t all = least(limit, count > 1 ? count * (count - 1) / 2 : 1);
    const int64_t of_step = least(all, (tiles / p->threads + 1) * TILE * TILE);
    p->seen = an_calloc((size_t)p->threads, sizeof *p->seen);
    p->squares = an_calloc((size_t)count + 1, sizeof *p->squares);
    bool full = make_kept(&p->kept, all, most) && p->seen && p->squares;
    for (int t = 0; full && t < p->threads; t++)
        full = make_kept(&p->seen[t], of_step, most);
    if (!full)
        return AN_FAIL_MEMORY((size_t)(all + p->threads * of_step) * sizeof *p->kept.pairs,
                              "the nearest pairs");
    return ALEXNET_OK;
}

alexnet_status an_pairs_new(an_pairs **out, alexnet_ctx *ctx, const an_rows *rows,
                            alexnet_metric metric, int64_t limit, double most)
{
    *out = NULL;
    an_pairs *p = an_calloc(1, sizeof *p);
    if (!p)
        return AN_FAIL_MEMORY(sizeof *p, "the nearest pairs");
    p->ctx = an_ctx_retain(ctx);
    p->rows = *rows;
    p->metric = metric;
    p->threads = ctx->threads;
    alexnet_status rc = prepare(p, limit, most);
    if (rc == ALEXNET_OK)
        *out = p;
    else
        an_pairs_free(p);
    return rc;
}

/* Rows of a tile that are there, and where. */
typedef struct tile {
    an_row rows[TILE];
    int64_t places[TILE];
    int count;
} tile;

static void take_tile(tile *t, const an_pairs *p, int64_t first)
{
    const int64_t end = first + TILE < p->rows.count ? first + TILE : p->rows.count;
    t->count = 0;
    for (int64_t row = first; row < end; row++)
        if (p->rows.row[row]) {
            t->rows[t->count] = (an_row){p->rows.row[row], p->squares[row]};
            t->places[t->count++] = row;
        }
}

/* A tile with a later one, or with itself: then each pair once. */
static void compare_tiles(const an_pairs *p, an_kept *seen, const tile *a, int64_t second)
{
    tile b;
    double distances[TILE * TILE];
    take_tile(&b, p, second);
    an_row_distances(a->rows, a->count, b.rows, b.count, p->rows.dims, p->metric, distances);
    for (int i = 0; i < a->count; i++)
        for (int k = 0; k < b.count; k++)
            if (a->places[i] < b.places[k])
                an_kept_add(seen,
                            (alexnet_pair){a->places[i], b.places[k], distances[i * b.count + k]});
}

/* Look at each row before it is compared with any other. */
static alexnet_status measure_rows(an_pairs *p)
{
    bool stopped = false;
    int64_t damaged = INT64_MAX; /* the first row that is */
#pragma omp parallel for reduction(|| : stopped) reduction(min : damaged)
    for (int64_t row = 0; row < p->rows.count; row++) {
        stopped = stopped || an_ctx_cancelled(p->ctx);
        if (stopped || !p->rows.row[row])
            continue;
        if (!an_rows_is_whole(&p->rows, row))
            damaged = row < damaged ? row : damaged;
        else if (p->metric == ALEXNET_METRIC_COSINE)
            p->squares[row] = an_row_squares(p->rows.row[row], p->rows.dims);
    }
    if (stopped)
        return an_ctx_fail_cancelled();
    return damaged < INT64_MAX ? p->rows.fail(p->rows.of, damaged) : ALEXNET_OK;
}

/* The tile of rows from `first` on with all later ones. */
static alexnet_status compare_rows(an_pairs *p, int64_t first)
{
    const int64_t tiles = (p->rows.count - first + TILE - 1) / TILE;
    bool stopped = false;
    tile it;
    take_tile(&it, p, first);
    for (int t = 0; t < p->threads; t++) { /* a pair farther than all kept ones is of no interest */
        p->seen[t].count = 0;
        if (p->kept.count == p->kept.limit)
            p->seen[t].most = p->kept.pairs[0].distance;
    }
#pragma omp parallel for schedule(static, 1) reduction(|| : stopped)
    for (int t = 0; t < p->threads; t++)
        for (int64_t other = t; other < tiles && !stopped; other += p->threads) {
            stopped = an_ctx_cancelled(p->ctx);
            if (!stopped)
                compare_tiles(p, &p->seen[t], &it, first + other * TILE);
        }
    return stopped ? an_ctx_fail_cancelled() : ALEXNET_OK;
}

alexnet_status an_pairs_step(an_pairs *p, double *fraction, bool *more)
{
    const int64_t count = p->rows.count, first = p->next;
    const int64_t end = first + TILE < count ? first + TILE : count;
    an_threads saved;
    AN_CHECK(an_ctx_check(p->ctx));
    AN_CHECK(an_threads_begin(&saved, p->threads));
    alexnet_status rc = first == 0 ? measure_rows(p) : ALEXNET_OK;
    if (rc == ALEXNET_OK)
        rc = compare_rows(p, first);
    an_threads_restore(saved);
    AN_CHECK(rc);
    for (int t = 0; t < p->threads; t++)
        an_kept_join(&p->kept, &p->seen[t]);
    p->sorted = false;
    p->next = end;
    *more = end < count;
    const double left = count ? (double)(count - end) / (double)count : 0;
    *fraction = 1 - left * left;
    return ALEXNET_OK;
}

static int compare_back(const void *a, const void *b)
{
    return an_kept_compare(b, a);
}

bool an_pairs_get(an_pairs *p, int64_t index, alexnet_pair *out)
{
    if (index < 0 || index >= p->kept.count)
        return false;
    if (!p->sorted) /* the farthest first, which is a heap too */
        qsort(p->kept.pairs, (size_t)p->kept.count, sizeof *p->kept.pairs, compare_back);
    p->sorted = true;
    *out = p->kept.pairs[p->kept.count - 1 - index];
    return true;
}

void an_pairs_free(an_pairs *p)
{
    if (!p)
        return;
    for (int t = 0; p->seen && t < p->threads; t++)
        an_free(p->seen[t].pairs);
    an_free(p->seen);
    an_free(p->squares);
    an_free(p->kept.pairs);
    an_ctx_release(p->ctx);
    an_free(p);
}
