#include "data/check/near.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"

enum { QUARTERS = 4, QUARTER_BITS = 16, VALUES = 1 << QUARTER_BITS, SLICE = 1 << 13 };

/* Looks by the value of a quarter: those of value v are order[first[v]] to order[first[v + 1] - 1],
 * in ascending order. */
typedef struct table {
    uint32_t *first, *order;
} table;

struct an_near {
    alexnet_ctx *ctx;
    const an_dhash *hashes;
    uint32_t count, next;
    int distance;
    table tables[QUARTERS];
    an_neighbour *found;
};

static uint32_t quarter_of(uint64_t bits, int quarter)
{
    uint32_t value = 0;
    for (int i = 0; i < QUARTER_BITS; i++)
        value |= (uint32_t)(bits >> (QUARTERS * i + quarter) & 1) << i;
    return value;
}

static alexnet_status make_table(table *t, const an_near *near, int quarter)
{
    t->first = an_calloc(VALUES + 1, sizeof *t->first);
    t->order = an_calloc((size_t)near->count + 1, sizeof *t->order);
    if (!t->first || !t->order)
        return AN_FAIL_MEMORY((VALUES + (size_t)near->count) * sizeof *t->order,
                              "a search for similar pictures");
    for (uint32_t i = 0; i < near->count; i++)
        t->first[quarter_of(near->hashes[i].bits, quarter) + 1]++;
    for (uint32_t v = 0; v < VALUES; v++)
        t->first[v + 1] += t->first[v];
    for (uint32_t i = near->count; i-- > 0;) /* downwards: first[v + 1] becomes the first of v */
        t->order[--t->first[quarter_of(near->hashes[i].bits, quarter) + 1]] = i;
    for (uint32_t v = 0; v < VALUES; v++)
        t->first[v] = t->first[v + 1];
    t->first[VALUES] = near->count;
    return ALEXNET_OK;
}

alexnet_status an_near_new(an_near **out, alexnet_ctx *ctx, const an_dhash *hashes, uint32_t count,
                           int distance)
{
    *out = NULL;
    an_near *near = an_calloc(1, sizeof *near);
    if (!near)
        return AN_FAIL_MEMORY(sizeof *near, "a search for similar pictures");
    near->ctx = an_ctx_retain(ctx);
    near->hashes = hashes;
    near->count = count;
    near->distance = distance;
    near->found = an_calloc((size_t)count + 1, sizeof *near->found);
    alexnet_status rc = near->found ? ALEXNET_OK
                                    : AN_FAIL_MEMORY((size_t)count * sizeof *near->found,
                                                     "a search for similar pictures");
    for (int q = 0; q < QUARTERS && rc == ALEXNET_OK; q++)
        rc = make_table(&near->tables[q], near, q);
    if (rc == ALEXNET_OK)
        *out = near;
    else
        an_near_free(near);
    return rc;
}

/* A hash, or its mirror image, being compared with those before it. */
typedef struct query {
    const an_near *near;
    const table *table;
    uint64_t bits;
    uint32_t index;
    bool mirrored;
    int left; /* full comparisons that are left */
    an_neighbour best;
} query;

static bool is_better(const query *q, uint32_t other, int differ)
{
    const an_neighbour *best = &q->best;
    return differ < best->bits ||
           (differ == best->bits && q->mirrored == best->mirrored && other < best->index);
}

/* Compare with the hashes that have a value in the quarter of the table. */
static void probe(query *q, uint32_t value)
{
    const table *t = q->table;
    for (uint32_t at = t->first[value];
         q->left > 0 && at < t->first[value + 1] && t->order[at] < q->index; at++) {
        const uint32_t other = t->order[at];
        const int differ = __builtin_popcountll(q->near->hashes[other].bits ^ q->bits);
        if (differ > q->near->distance || !is_better(q, other, differ))
            continue;
        q->left--;
        if (an_dhash_alike(&q->near->hashes[q->index], &q->near->hashes[other], q->mirrored))
            q->best = (an_neighbour){other, (uint8_t)differ, q->mirrored};
    }
}

/* The same for all values that differ from `value` in at most `flips` bits, from bit `from` on. */
static void probe_around(query *q, uint32_t value, int flips, int from)
{
    probe(q, value);
    for (int b = from; flips > 0 && b < QUARTER_BITS; b++)
        probe_around(q, value ^ 1u << b, flips - 1, b + 1);
}

static void search(an_near *near, uint32_t index)
{
    const an_dhash *hash = &near->hashes[index];
    query q = {.near = near,
               .index = index,
               .left = AN_NEAR_COMPARED,
               .best = {AN_NEAR_NONE, UINT8_MAX, false}};
    for (int m = 0; m < 2; m++) {
        q.mirrored = m == 1;
        q.bits = m ? hash->mirrored : hash->bits;
        for (int i = 0; i < QUARTERS; i++) {
            q.table = &near->tables[i];
            probe_around(&q, quarter_of(q.bits, i), near->distance / QUARTERS, 0);
        }
    }
    near->found[index] = q.best;
}

alexnet_status an_near_step(an_near *near, int64_t *done, bool *more)
{
    const uint32_t first = near->next;
    const uint32_t end = near->count - first < SLICE ? near->count : first + SLICE;
    an_threads saved;
    AN_CHECK(an_ctx_check(near->ctx));
    AN_CHECK(an_threads_begin(&saved, near->ctx->threads));
#pragma omp parallel for schedule(dynamic, 64)
    for (uint32_t i = first; i < end; i++)
        search(near, i);
    an_threads_restore(saved);
    near->next = end;
    *done = end;
    *more = end < near->count;
    return ALEXNET_OK;
}

const an_neighbour *an_near_result(const an_near *near)
{
    return near->found;
}

void an_near_free(an_near *near)
{
    if (!near)
        return;
    for (int q = 0; q < QUARTERS; q++) {
        an_free(near->tables[q].first);
        an_free(near->tables[q].order);
    }
    an_free(near->found);
    an_ctx_release(near->ctx);
    an_free(near);
}
