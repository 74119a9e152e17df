#include "data/loader/moments.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_moments_new(an_moments *m, int side)
{
    const size_t row = (size_t)side * 3, count = row * (size_t)side;
    *m = (an_moments){.side = side, .sums = an_calloc(count, sizeof *m->sums)};
    m->planes = an_calloc(row, sizeof *m->planes);
    if (m->sums && m->planes)
        return ALEXNET_OK;
    an_moments_free(m);
    return AN_FAIL_MEMORY(count * sizeof *m->sums, "the mean image");
}

void an_moments_axes(double axes[3][3], const an_moments *moments)
{
    an_colour_stats colours;
    an_moments_colours(&colours, moments);
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++)
            axes[i][c] = sqrt(fmax(colours.eigenvalues[i], 0)) * colours.eigenvectors[i][c];
}

void an_moments_free(an_moments *m)
{
    an_free(m->sums);
    an_free(m->planes);
    *m = (an_moments){0};
}

/* The sum of products of a row. It fits 32 bits, because a side is at most 8192. */
static uint64_t dot(const int16_t *a, const int16_t *b, int count)
{
    int32_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += a[i] * b[i];
    return (uint64_t)sum;
}

static void add_products(an_moments *m, const uint8_t *row)
{
    const int n = m->side;
    int16_t *r = m->planes, *g = r + n, *b = g + n;
    for (int x = 0; x < n; x++) {
        r[x] = row[3 * x];
        g[x] = row[3 * x + 1];
        b[x] = row[3 * x + 2];
    }
    m->products[0] += dot(r, r, n);
    m->products[1] += dot(r, g, n);
    m->products[2] += dot(r, b, n);
    m->products[3] += dot(g, g, n);
    m->products[4] += dot(g, b, n);
    m->products[5] += dot(b, b, n);
}

static void add_picture(an_moments *m, const uint8_t *pixels)
{
    const size_t row = (size_t)m->side * 3, count = row * (size_t)m->side;
    for (size_t i = 0; i < count; i++)
        m->sums[i] += pixels[i];
    for (int y = 0; y < m->side; y++)
        add_products(m, pixels + (size_t)y * row);
    m->pictures++;
}

void an_moments_add(an_moments *m, const an_batch *batch)
{
    const size_t bytes = (size_t)m->side * (size_t)m->side * 3;
    for (int i = 0; i < batch->count; i++)
        if (batch->pictures[i].status == ALEXNET_OK)
            add_picture(m, batch->pixels + (size_t)i * bytes);
}

void an_moments_colours(an_colour_stats *out, const an_moments *m)
{
    static const int at[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};
    const size_t area = (size_t)m->side * (size_t)m->side;
    const double n = (double)m->pictures * (double)area;
    uint64_t sums[3] = {0};
    *out = (an_colour_stats){.mean = {0}};
    if (m->pictures == 0)
        return;
    for (size_t i = 0; i < area * 3; i++)
        sums[i % 3] += m->sums[i];
    for (int c = 0; c < 3; c++)
        out->mean[c] = (double)sums[c] / n;
    for (int c = 0; c < 3; c++)
        for (int d = 0; d < 3; d++)
            out->covariance[c][d] = (double)m->products[at[c][d]] / n - out->mean[c] * out->mean[d];
    an_eigen3(out->eigenvalues, out->eigenvectors, out->covariance);
}

/* ---- Eigenvectors ---- */

/* Rotate the plane of p and q so that a[p][q] becomes 0; the columns of v turn with it. */
static void rotate(double a[3][3], double v[3][3], int p, int q)
{
    if (a[p][q] == 0)
        return;
    const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < 3; k++) {
        const double x = a[k][p], y = a[k][q];
        a[k][p] = c * x - s * y;
        a[k][q] = s * x + c * y;
    }
    for (int k = 0; k < 3; k++) {
        const double x = a[p][k], y = a[q][k];
        a[p][k] = c * x - s * y;
        a[q][k] = s * x + c * y;
    }
    for (int k = 0; k < 3; k++) {
        const double x = v[k][p], y = v[k][q];
        v[k][p] = c * x - s * y;
        v[k][q] = s * x + c * y;
    }
}

/* Column `from` of v as row `to` of the result, its largest number positive. */
static void take_vector(double vectors[3][3], int to, double v[3][3], int from)
{
    int largest = 0;
    for (int k = 1; k < 3; k++)
        if (fabs(v[k][from]) > fabs(v[largest][from]))
            largest = k;
    for (int k = 0; k < 3; k++)
        vectors[to][k] = v[largest][from] < 0 ? -v[k][from] : v[k][from];
}

void an_eigen3(double values[3], double vectors[3][3], const double matrix[3][3])
{
    enum { SWEEPS = 50 }; /* each squares what is left off the diagonal, so six would do */
    double a[3][3], v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    int order[3] = {0, 1, 2};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            a[i][j] = i <= j ? matrix[i][j] : matrix[j][i];
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        rotate(a, v, 0, 1);
        rotate(a, v, 0, 2);
        rotate(a, v, 1, 2);
    }
    for (int i = 0; i < 3; i++)
        for (int j = 2; j > i; j--)
            if (a[order[j]][order[j]] > a[order[j - 1]][order[j - 1]]) {
                const int kept = order[j];
                order[j] = order[j - 1];
                order[j - 1] = kept;
            }
    for (int i = 0; i < 3; i++) {
        values[i] = a[order[i]][order[i]];
        take_vector(vectors, i, v, order[i]);
    }
}
