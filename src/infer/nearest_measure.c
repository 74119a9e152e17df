#include "infer/nearest_measure.h"

#include <math.h>
#include <string.h>

/* LANES float sums are kept side by side. Each has at most RUN products before they are added up in
 * double. Every instruction set sums in this order, so all give the same bits. */
typedef float vector __attribute__((vector_size(32)));
enum { LANES = 8, RUN = 64, BLOCK = LANES * RUN };
/* Rows and others that are measured together: their sums stay in registers, and each value that is
 * loaded is used several times. */
enum { TILE_ROWS = 4, TILE_OTHERS = 2 };

/* The same elements of some rows and some others, and where their sums are added:
 * sums[r * step + o]. */
typedef struct tile {
    const float *rows[TILE_ROWS], *others[TILE_OTHERS];
    int n_rows, n_others;
    int count; /* elements of each */
    double *sums;
    int step;
} tile;

/* Add SUM (x - y)^2, or SUM x y, of each row x with each other y. All callers pass constants, so
 * the loops over rows and others are unrolled. */
static inline __attribute__((always_inline)) void add_sums(const tile *t, int first, int rows,
                                                           int other, int others, bool squares)
{
    vector lanes[TILE_ROWS][TILE_OTHERS] = {{{0}}}, x[TILE_ROWS], y;
    float rest[TILE_ROWS][TILE_OTHERS] = {{0}};
    int i = 0;
    for (; i + LANES <= t->count; i += LANES) {
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            memcpy(&x[r], t->rows[first + r] + i, sizeof x[r]);
#pragma GCC unroll 4
        for (int o = 0; o < others; o++) {
            memcpy(&y, t->others[other + o] + i, sizeof y);
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++)
                lanes[r][o] += squares ? (x[r] - y) * (x[r] - y) : x[r] * y;
        }
    }
    for (; i < t->count; i++)
        for (int r = 0; r < rows; r++)
            for (int o = 0; o < others; o++) {
                const float a = t->rows[first + r][i], b = t->others[other + o][i];
                rest[r][o] += squares ? (a - b) * (a - b) : a * b;
            }
    for (int r = 0; r < rows; r++)
        for (int o = 0; o < others; o++) {
            double sum = (double)rest[r][o];
            for (int l = 0; l < LANES; l++)
                sum += (double)lanes[r][o][l];
            t->sums[(first + r) * t->step + other + o] += sum;
        }
}

/* All rows of a full tile at once, or one pair at a time. */
static inline __attribute__((always_inline)) void add_tile(const tile *t, bool squares)
{
    if (t->n_rows == TILE_ROWS && t->n_others == TILE_OTHERS) {
        add_sums(t, 0, TILE_ROWS, 0, TILE_OTHERS, squares);
        return;
    }
    for (int o = 0; o < t->n_others; o++)
        if (t->n_rows == TILE_ROWS)
            add_sums(t, 0, TILE_ROWS, o, 1, squares);
        else
            for (int r = 0; r < t->n_rows; r++)
                add_sums(t, r, 1, o, 1, squares);
}

static inline __attribute__((always_inline)) void add_by(const tile *t, alexnet_metric metric)
{
    if (metric == ALEXNET_METRIC_EUCLIDEAN)
        add_tile(t, true);
    else
        add_tile(t, false);
}

#ifdef __x86_64__

__attribute__((target("avx2"))) static void add_avx2(const tile *t, alexnet_metric metric)
{
    add_by(t, metric);
}

static void add(const tile *t, alexnet_metric metric)
{
    if (__builtin_cpu_supports("avx2"))
        add_avx2(t, metric);
    else
        add_by(t, metric);
}

#else

static void add(const tile *t, alexnet_metric metric)
{
    add_by(t, metric);
}

#endif

double an_row_squares(const float *row, int dims)
{
    double sum = 0;
    for (int at = 0; at < dims; at += BLOCK)
        add(&(tile){.rows = {row + at},
                    .others = {row + at},
                    .n_rows = 1,
                    .n_others = 1,
                    .count = dims - at < BLOCK ? dims - at : BLOCK,
                    .sums = &sum},
            ALEXNET_METRIC_COSINE);
    return sum;
}

typedef struct span {
    int at, count; /* elements of each row */
} span;

/* Add the sums over a span to [m][n] others. */
static void add_span(const an_row *rows, int m, const an_row *others, int n, span s,
                     alexnet_metric metric, double *sums)
{
    for (int r = 0; r < m; r += TILE_ROWS)
        for (int o = 0; o < n; o += TILE_OTHERS) {
            tile t = {.n_rows = m - r < TILE_ROWS ? m - r : TILE_ROWS,
                      .n_others = n - o < TILE_OTHERS ? n - o : TILE_OTHERS,
                      .count = s.count,
                      .sums = sums + (size_t)r * (size_t)n + o,
                      .step = n};
            for (int i = 0; i < t.n_rows; i++)
                t.rows[i] = rows[r + i].values + s.at;
            for (int i = 0; i < t.n_others; i++)
                t.others[i] = others[o + i].values + s.at;
            add(&t, metric);
        }
}

static double cosine(double product, double a, double b)
{
    if (a == 0 || b == 0)
        return 1;
    const double distance = 1 - product / sqrt(a * b);
    return distance < 0 ? 0 : distance; /* a NaN stays one */
}

/* Block by block, so that a block of all rows and others stays in the cache. */
void an_row_distances(const an_row *rows, int m, const an_row *others, int n, int dims,
                      alexnet_metric metric, double *out)
{
    memset(out, 0, (size_t)m * (size_t)n * sizeof *out);
    for (int at = 0; at < dims; at += BLOCK)
        add_span(rows, m, others, n, (span){at, dims - at < BLOCK ? dims - at : BLOCK}, metric,
                 out);
    for (int r = 0; r < m; r++)
        for (int o = 0; o < n; o++, out++)
            *out = metric == ALEXNET_METRIC_COSINE
                       ? cosine(*out, rows[r].squares, others[o].squares)
                       : sqrt(*out);
}
