#include "infer/nearest_measure.h"

#include <math.h>
#include <string.h>

/* Vectors of 16 bytes, which every processor of the architecture has, suffice: one query is bound
 * by memory, not by arithmetic. LANES float sums are kept side by side. Each has at most RUN
 * products before they are added up in double. */
typedef float vector __attribute__((vector_size(16)));
enum { WIDTH = 4, SUMS = 2, LANES = WIDTH * SUMS, RUN = 64, BLOCK = LANES * RUN, GROUP = 4 };

static inline vector load(const float *from)
{
    vector v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline double add_up(const vector sums[SUMS], float rest)
{
    double sum = (double)rest;
    for (int s = 0; s < SUMS; s++)
        for (int l = 0; l < WIDTH; l++)
            sum += (double)sums[s][l];
    return sum;
}

/* SUM (x - y)^2 of x with each of `n` rows, over `count` elements. All callers pass a constant `n`,
 * so the sums stay in registers. */
static inline __attribute__((always_inline)) void
squares_between(const float *x, const float *const *y, int n, int count, double *sums)
{
    vector lanes[GROUP][SUMS] = {{{0}}};
    float rest[GROUP] = {0};
    int i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int s = 0; s < SUMS; s++) {
            const vector v = load(x + i + s * WIDTH);
            for (int g = 0; g < n; g++) {
                const vector d = v - load(y[g] + i + s * WIDTH);
                lanes[g][s] += d * d;
            }
        }
    for (; i < count; i++)
        for (int g = 0; g < n; g++)
            rest[g] += (x[i] - y[g][i]) * (x[i] - y[g][i]);
    for (int g = 0; g < n; g++)
        sums[g] += add_up(lanes[g], rest[g]);
}

/* SUM x y likewise. */
static inline __attribute__((always_inline)) void products(const float *x, const float *const *y,
                                                           int n, int count, double *sums)
{
    vector lanes[GROUP][SUMS] = {{{0}}};
    float rest[GROUP] = {0};
    int i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int s = 0; s < SUMS; s++) {
            const vector v = load(x + i + s * WIDTH);
            for (int g = 0; g < n; g++)
                lanes[g][s] += v * load(y[g] + i + s * WIDTH);
        }
    for (; i < count; i++)
        for (int g = 0; g < n; g++)
            rest[g] += x[i] * y[g][i];
    for (int g = 0; g < n; g++)
        sums[g] += add_up(lanes[g], rest[g]);
}

double an_row_squares(const float *row, int dims)
{
    double sum = 0;
    for (int at = 0; at < dims; at += BLOCK) {
        const float *self = row + at;
        products(self, &self, 1, dims - at < BLOCK ? dims - at : BLOCK, &sum);
    }
    return sum;
}

/* A whole group, or one row. */
static void sum_over(const float *row, const an_row *others, int n, int dims, alexnet_metric metric,
                     double *sums)
{
    const float *y[GROUP];
    for (int at = 0; at < dims; at += BLOCK) {
        const int count = dims - at < BLOCK ? dims - at : BLOCK;
        for (int g = 0; g < n; g++)
            y[g] = others[g].values + at;
        if (metric == ALEXNET_METRIC_COSINE && n == GROUP)
            products(row + at, y, GROUP, count, sums);
        else if (metric == ALEXNET_METRIC_COSINE)
            products(row + at, y, 1, count, sums);
        else if (n == GROUP)
            squares_between(row + at, y, GROUP, count, sums);
        else
            squares_between(row + at, y, 1, count, sums);
    }
}

static double cosine(double product, double a, double b)
{
    if (a == 0 || b == 0)
        return 1;
    const double distance = 1 - product / sqrt(a * b);
    return distance < 0 ? 0 : distance; /* a NaN stays one */
}

void an_row_distances(const an_row *row, const an_row *others, int n, int dims,
                      alexnet_metric metric, double *out)
{
    for (int first = 0; first < n;) {
        const int held = n - first >= GROUP ? GROUP : 1;
        double sums[GROUP] = {0};
        sum_over(row->values, others + first, held, dims, metric, sums);
        for (int g = 0; g < held; g++)
            out[first + g] = metric == ALEXNET_METRIC_COSINE
                                 ? cosine(sums[g], row->squares, others[first + g].squares)
                                 : sqrt(sums[g]);
        first += held;
    }
}
