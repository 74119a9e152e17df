#include <math.h>
#include <stddef.h>

#include "infer/distance_impl.h"

/* Positions that are computed together, so that memory is read in order. */
enum { BLOCK = 64 };

static const double EPSILON = 1e-10; /* of the published implementation */

static int block_at(int64_t positions, int64_t first)
{
    return positions - first < BLOCK ? (int)(positions - first) : BLOCK;
}

void an_distance_norms(double *norms, const float *features, int channels, int64_t positions)
{
    for (int64_t first = 0; first < positions; first += BLOCK) {
        const int count = block_at(positions, first);
        double squares[BLOCK] = {0};
        for (int c = 0; c < channels; c++) {
            const float *row = features + c * positions + first;
            for (int i = 0; i < count; i++)
                squares[i] += (double)row[i] * row[i];
        }
        for (int i = 0; i < count; i++)
            norms[first + i] = sqrt(squares[i]);
    }
}

static void invert(const double *norms, int count, double *inverse)
{
    for (int i = 0; i < count; i++)
        inverse[i] = 1 / (norms[i] + EPSILON);
}

double an_distance_sum(const an_distance_layer *l)
{
    double of_a[BLOCK], of_b[BLOCK], total = 0;
    for (int64_t first = 0; first < l->positions; first += BLOCK) {
        const int count = block_at(l->positions, first);
        double sums[BLOCK] = {0};
        invert(l->norms_a + first, count, of_a);
        invert(l->norms_b + first, count, of_b);
        for (int c = 0; c < l->channels; c++) {
            const float *a = l->a + c * l->positions + first;
            const float *b = l->b + c * l->positions + first;
            for (int i = 0; i < count; i++) {
                double difference = a[i] * of_a[i] - b[i] * of_b[i];
                sums[i] += l->weights[c] * difference * difference;
            }
        }
        for (int i = 0; i < count; i++)
            total += sums[i];
    }
    return total / (double)l->positions;
}

/*
 * With u = a / (n + e), n = |a|, and g the derivative by u:
 *     d/da[c] = g[c] / (n + e) - a[c] / (n (n + e)^2) * sum over k of g[k] a[k]
 */
void an_distance_gradient(const an_distance_layer *l, float *gradient)
{
    double of_a[BLOCK], of_b[BLOCK];
    for (int64_t first = 0; first < l->positions; first += BLOCK) {
        const int count = block_at(l->positions, first);
        const double *norm_a = l->norms_a + first;
        double along[BLOCK] = {0}; /* sum of g[k] a[k], then what multiplies a[c] */
        invert(norm_a, count, of_a);
        invert(l->norms_b + first, count, of_b);
        for (int c = 0; c < l->channels; c++) {
            const int64_t row = c * l->positions + first;
            for (int i = 0; i < count; i++) {
                double a = l->a[row + i], g = a * of_a[i] - l->b[row + i] * of_b[i];
                along[i] += l->weights[c] * g * a;
            }
        }
        for (int i = 0; i < count; i++)
            along[i] = norm_a[i] > 0 ? along[i] * of_a[i] * of_a[i] / norm_a[i] : 0;
        for (int c = 0; c < l->channels; c++) {
            const int64_t row = c * l->positions + first;
            for (int i = 0; i < count; i++) {
                double a = l->a[row + i], g = a * of_a[i] - l->b[row + i] * of_b[i];
                double d = l->weights[c] * g * of_a[i] - a * along[i];
                gradient[row + i] = norm_a[i] > 0 ? (float)(2 * d / (double)l->positions) : 0;
            }
        }
    }
}
