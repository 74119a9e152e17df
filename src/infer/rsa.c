/*
 * Rank correlations of two matrices: of the elements above the diagonal, each pair once.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "infer/rdm.h"

typedef struct pair {
    double a, b;
} pair;

typedef bool (*before_fn)(const pair *, const pair *);

static bool by_both(const pair *p, const pair *q)
{
    return p->a < q->a || (p->a == q->a && p->b < q->b);
}

static bool by_second(const pair *p, const pair *q)
{
    return p->b < q->b;
}

/* Elements that are merged before the context is asked whether to go on. */
enum { BLOCK = 1 << 16 };

typedef struct sorting {
    alexnet_ctx *ctx; /* which may be cancelled */
    pair *pairs, *scratch;
    int64_t count;
    before_fn before;
    int64_t swaps; /* pairs of elements that were in the wrong order */
} sorting;

/* Merge two sorted runs, of n and m elements. */
static alexnet_status merge(sorting *s, pair *out, const pair *left, int64_t n, const pair *right,
                            int64_t m)
{
    int64_t i = 0, k = 0;
    while (i < n || k < m) {
        if ((i + k) % BLOCK == 0)
            AN_CHECK(an_ctx_check(s->ctx));
        if (k == m || (i < n && !s->before(&right[k], &left[i]))) {
            out[i + k] = left[i];
            i++;
        } else {
            out[i + k] = right[k];
            k++;
            s->swaps += n - i;
        }
    }
    return ALEXNET_OK;
}

/* Merge sort, stable. */
static alexnet_status sort(sorting *s, before_fn before)
{
    pair *from = s->pairs, *to = s->scratch;
    s->before = before;
    s->swaps = 0;
    for (int64_t width = 1; width < s->count; width *= 2) {
        for (int64_t at = 0; at < s->count; at += 2 * width) {
            const int64_t left = s->count - at < width ? s->count - at : width;
            const int64_t rest = s->count - at - left, right = rest < width ? rest : width;
            AN_CHECK(merge(s, to + at, from + at, left, from + at + left, right));
        }
        pair *swap = from;
        from = to;
        to = swap;
    }
    if (from != s->pairs)
        memcpy(s->pairs, from, (size_t)s->count * sizeof *from);
    return ALEXNET_OK;
}

/* ---- Spearman ---- */

/* Replace values by their ranks, from 1; equal values get the mean of their ranks. */
static alexnet_status rank(double *values, sorting *s)
{
    const int64_t count = s->count;
    pair *pairs = s->pairs;
    for (int64_t i = 0; i < count; i++)
        pairs[i] = (pair){values[i], (double)i};
    AN_CHECK(sort(s, by_both));
    for (int64_t i = 0, end; i < count; i = end) {
        AN_CHECK(an_ctx_check(s->ctx));
        for (end = i; end < count && pairs[end].a == pairs[i].a;)
            end++;
        for (int64_t k = i; k < end; k++)
            values[(int64_t)pairs[k].b] = (double)(i + 1 + end) / 2;
    }
    return ALEXNET_OK;
}

static alexnet_status spearman(double *out, double *a, double *b, sorting *s)
{
    const double mean = (double)(s->count + 1) / 2;
    double ab = 0, aa = 0, bb = 0;
    AN_CHECK(rank(a, s));
    AN_CHECK(rank(b, s));
    for (int64_t i = 0; i < s->count; i++) {
        ab += (a[i] - mean) * (b[i] - mean);
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
    }
    if (aa == 0 || bb == 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "all dissimilarities of the %s matrix are equal: they have no order",
                       aa == 0 ? "first" : "second");
    *out = ab / sqrt(aa) / sqrt(bb);
    return ALEXNET_OK;
}

/* ---- Kendall ---- */

/* Count the pairs of elements with equal `a`, `b` or both, as asked, in a list sorted by these. */
static int64_t ties(const pair *pairs, int64_t count, bool a, bool b)
{
    int64_t sum = 0, run = 1;
    for (int64_t i = 1; i <= count; i++) {
        if (i < count && (!a || pairs[i].a == pairs[i - 1].a) &&
            (!b || pairs[i].b == pairs[i - 1].b)) {
            run++;
            continue;
        }
        sum += run * (run - 1) / 2;
        run = 1;
    }
    return sum;
}

/* tau-a: concordant pairs less discordant ones, over all pairs, tied ones included. By the sort of
 * W. R. Knight (Journal of the American Statistical Association 61, 1966). */
static alexnet_status kendall(double *out, const double *a, const double *b, sorting *s)
{
    const int64_t count = s->count;
    pair *pairs = s->pairs;
    for (int64_t i = 0; i < count; i++)
        pairs[i] = (pair){a[i], b[i]};
    AN_CHECK(sort(s, by_both));
    const int64_t all = count * (count - 1) / 2;
    const int64_t in_a = ties(pairs, count, true, false), in_both = ties(pairs, count, true, true);
    AN_CHECK(sort(s, by_second));
    const int64_t in_b = ties(pairs, count, false, true), discordant = s->swaps;
    *out = (double)(all - in_a - in_b + in_both - 2 * discordant) / (double)all;
    return ALEXNET_OK;
}

/* ---- Both ---- */

/* Take the elements above the diagonal. Those below must be the same, up to rounding the largest to
 * float32; else a file with only the lower half filled would be read as a matrix of zeros. */
static alexnet_status take_upper(double *out, alexnet_ctx *ctx, const double *rdm, int64_t count,
                                 const char *which)
{
    double largest = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        AN_CHECK(an_ctx_check(ctx));
        for (int64_t j = i + 1; j < count; j++) {
            if (!isfinite(rdm[i * count + j]))
                return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                               "the %s matrix has no number at (%lld, %lld)", which, (long long)i,
                               (long long)j);
            largest = fmax(largest, fabs(rdm[i * count + j]));
            out[n++] = rdm[i * count + j];
        }
    }
    for (int64_t i = 0; i < count; i++) {
        AN_CHECK(an_ctx_check(ctx));
        for (int64_t j = i + 1; j < count; j++) {
            const double above = rdm[i * count + j], below = rdm[j * count + i];
            if (!(fabs(above - below) <= 0x1p-20 * largest))
                return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                               "the %s matrix is not symmetric: %g at (%lld, %lld), %g at (%lld, "
                               "%lld)",
                               which, above, (long long)i, (long long)j, below, (long long)j,
                               (long long)i);
        }
    }
    return ALEXNET_OK;
}

alexnet_status an_rsa(double *similarity, alexnet_ctx *ctx, const double *a, const double *b,
                      int64_t count, alexnet_rank rank)
{
    alexnet_status rc = ALEXNET_OK;
    const int64_t n = count * (count - 1) / 2;
    double *upper = an_calloc((size_t)n, 2 * sizeof *upper);
    pair *pairs = an_calloc((size_t)n, 2 * sizeof *pairs);
    if (!upper || !pairs) {
        rc = AN_FAIL_MEMORY((size_t)n * 2 * (sizeof *upper + sizeof *pairs), "a rank correlation");
        goto cleanup;
    }
    AN_TRY(take_upper(upper, ctx, a, count, "first"));
    AN_TRY(take_upper(upper + n, ctx, b, count, "second"));
    sorting s = {.ctx = ctx, .pairs = pairs, .scratch = pairs + n, .count = n};
    rc = rank == ALEXNET_RANK_SPEARMAN ? spearman(similarity, upper, upper + n, &s)
                                       : kendall(similarity, upper, upper + n, &s);
cleanup:
    an_free(upper);
    an_free(pairs);
    return rc;
}
