#include "infer/rdm.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"

/* Pairs are computed TILE x TILE at a time, over CHUNK elements at a time, so that the data
 * stay in the nearest cache. Sums are in double: over a chunk, then over chunks, which keeps
 * the rounding of sums of 100,000 terms near that of a few hundred. */
enum { TILE = 8, CHUNK = 256 };

typedef double tile[TILE][TILE];

/* What a thread works with; of the stack it needs little, which OMP_STACKSIZE may make small. */
typedef struct scratch {
    double x[TILE][CHUNK], y[TILE][CHUNK], turned[CHUNK][TILE];
    tile sums;
} scratch;

typedef struct job {
    const float *features;
    int64_t count, length;
    alexnet_dissimilarity measure;
    double *means, *scales; /* per row: subtracted, then multiplied by */
    double *rdm;
    scratch *scratch; /* one for each thread */
} job;

/*
 * Rows less their mean (correlation) are divided by their norm (correlation, cosine): 1 - r is half
 * the squared distance of two rows of norm 1. Copies of a picture are then exactly 0 apart, and no
 * rounding makes a dissimilarity negative, which 1 less a sum of products would.
 */

/* ---- Rows ---- */

static double sum_of(const float *x, int64_t length)
{
    double sum = 0;
    for (int64_t at = 0; at < length; at += CHUNK) {
        double part = 0;
        for (int64_t i = at; i < length && i < at + CHUNK; i++)
            part += x[i];
        sum += part;
    }
    return sum;
}

static double norm_of(const float *x, int64_t length, double mean)
{
    double sum = 0;
    for (int64_t at = 0; at < length; at += CHUNK) {
        double part = 0;
        for (int64_t i = at; i < length && i < at + CHUNK; i++)
            part += (x[i] - mean) * (x[i] - mean);
        sum += part;
    }
    return sqrt(sum);
}

static void measure_row(job *j, int64_t row)
{
    const float *x = j->features + row * j->length;
    if (j->measure == ALEXNET_DISSIMILARITY_CORRELATION)
        j->means[row] = sum_of(x, j->length) / (double)j->length;
    j->scales[row] = j->measure == ALEXNET_DISSIMILARITY_EUCLIDEAN
                         ? 1
                         : 1 / norm_of(x, j->length, j->means[row]);
}

/* ---- Tiles ---- */

#define INLINE static inline __attribute__((always_inline))

/* A chunk of some rows, prepared; rows past the last are zero. */
INLINE void take_rows(const job *j, int64_t row, int64_t at, int n, double out[TILE][CHUNK])
{
    for (int i = 0; i < TILE; i++) {
        const bool there = row + i < j->count;
        const float *x = j->features + (there ? (row + i) * j->length + at : 0);
        const double mean = there ? j->means[row + i] : 0, scale = there ? j->scales[row + i] : 0;
        for (int k = 0; k < n; k++)
            out[i][k] = there ? (x[k] - mean) * scale : 0;
    }
}

INLINE void transpose(double from[TILE][CHUNK], double to[CHUNK][TILE], int n)
{
    for (int i = 0; i < TILE; i++)
        for (int k = 0; k < n; k++)
            to[k][i] = from[i][k];
}

/* Differences are squared one by one: sums of products would cancel out for similar rows. Two rows
 * of x at a time against TILE of y: compilers keep these sums in registers. */
INLINE void add_squares(tile sums, double x[TILE][CHUNK], double y[CHUNK][TILE], int n)
{
    for (int i = 0; i < TILE; i += 2) {
        double a[TILE] = {0}, b[TILE] = {0};
        for (int k = 0; k < n; k++) {
            const double f = x[i][k], g = x[i + 1][k];
#pragma omp simd
            for (int c = 0; c < TILE; c++) {
                const double d = f - y[k][c], e = g - y[k][c];
                a[c] += d * d;
                b[c] += e * e;
            }
        }
        for (int c = 0; c < TILE; c++) {
            sums[i][c] += a[c];
            sums[i + 1][c] += b[c];
        }
    }
}

static double dissimilarity(alexnet_dissimilarity measure, double sum)
{
    return measure == ALEXNET_DISSIMILARITY_EUCLIDEAN ? sqrt(sum) : sum / 2;
}

/* The sums of a tile's squares. */
INLINE void sum_tile(const job *j, scratch *s, int64_t row, int64_t column)
{
    memset(s->sums, 0, sizeof s->sums);
    for (int64_t at = 0; at < j->length; at += CHUNK) {
        const int n = j->length - at < CHUNK ? (int)(j->length - at) : CHUNK;
        take_rows(j, row, at, n, s->x);
        take_rows(j, column, at, n, s->y);
        transpose(s->y, s->turned, n);
        add_squares(s->sums, s->x, s->turned, n);
    }
}

/* Each instruction set adds up in the same order, so all give the same bits. */
#ifdef __x86_64__
__attribute__((target("avx2"))) static void sum_tile_avx2(const job *j, scratch *s, int64_t row,
                                                          int64_t column)
{
    sum_tile(j, s, row, column);
}
#endif

static void sum_squares(const job *j, scratch *s, int64_t row, int64_t column)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
        sum_tile_avx2(j, s, row, column);
        return;
    }
#endif
    sum_tile(j, s, row, column);
}

static void compute_tile(const job *j, int64_t row, int64_t column)
{
    scratch *s = &j->scratch[omp_get_thread_num()];
    sum_squares(j, s, row, column);
    for (int64_t r = row; r < row + TILE && r < j->count; r++)
        for (int64_t c = column; c < column + TILE && c < j->count; c++)
            if (r < c)
                j->rdm[r * j->count + c] = j->rdm[c * j->count + r] =
                    dissimilarity(j->measure, s->sums[r - row][c - column]);
}

/* ---- The matrix ---- */

static alexnet_status compute(job *j, alexnet_ctx *ctx)
{
    bool stopped = false;
#pragma omp parallel for schedule(static) reduction(|| : stopped)
    for (int64_t i = 0; i < j->count; i++) {
        stopped = stopped || an_ctx_cancelled(ctx);
        if (!stopped)
            measure_row(j, i);
    }
    for (int64_t row = 0; row < j->count && !stopped; row += TILE) {
#pragma omp parallel for schedule(dynamic) reduction(|| : stopped)
        for (int64_t column = row; column < j->count; column += TILE) {
            stopped = stopped || an_ctx_cancelled(ctx);
            if (!stopped)
                compute_tile(j, row, column);
        }
        for (int64_t i = row; i < row + TILE && i < j->count; i++)
            j->rdm[i * j->count + i] = 0;
    }
    return stopped ? an_ctx_fail_cancelled() : ALEXNET_OK;
}

alexnet_status an_rdm(double *rdm, alexnet_ctx *ctx, const float *features, int64_t count,
                      int64_t length, alexnet_dissimilarity measure)
{
    an_threads saved;
    alexnet_status rc = ALEXNET_OK;
    double *rows = an_calloc((size_t)count, 2 * sizeof *rows);
    scratch *scratches = an_calloc((size_t)ctx->threads, sizeof *scratches);
    job j = {features, count, length, measure, rows, rows ? rows + count : NULL, rdm, scratches};
    if (!rows || !scratches)
        rc = AN_FAIL_MEMORY((size_t)count * 2 * sizeof *rows, "dissimilarities");
    else
        rc = an_threads_begin(&saved, ctx->threads);
    if (rc == ALEXNET_OK) {
        rc = compute(&j, ctx);
        an_threads_restore(saved);
    }
    an_free(rows);
    an_free(scratches);
    return rc;
}
