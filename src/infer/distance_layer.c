#include <math.h>
#include <stddef.h>

#include "infer/distance_impl.h"

/* Positions that are computed together, so that memory is read in order. */
enum { BLOCK = 64 };

static const double EPSILON = 1e-10; /* of the published implementation */

/* 1 / (norm + epsilon) of `count` positions from `first`. */
static void invert_norms(const an_distance_layer *l, const float *features, int64_t first,
                         int count, double *norm, double *inverse)
{
    for (int i = 0; i < count; i++)
        norm[i] = 0;
    for (int c = 0; c < l->channels; c++) {
        const float *row = features + c * l->positions + first;
        for (int i = 0; i < count; i++)
            norm[i] += (double)row[i] * row[i];
    }
    for (int i = 0; i < count; i++) {
        norm[i] = sqrt(norm[i]);
        inverse[i] = 1 / (norm[i] + EPSILON);
    }
}

static int block_at(const an_distance_layer *l, int64_t first)
{
    return l->positions - first < BLOCK ? (int)(l->positions - first) : BLOCK;
}

double an_distance_sum(const an_distance_layer *l)
{
    double norm[BLOCK], of_a[BLOCK], of_b[BLOCK], total = 0;
    for (int64_t first = 0; first < l->positions; first += BLOCK) {
        const int count = block_at(l, first);
        double sums[BLOCK] = {0};
        invert_norms(l, l->a, first, count, norm, of_a);
        invert_norms(l, l->b, first, count, norm, of_b);
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
    double norm_a[BLOCK], norm_b[BLOCK], of_a[BLOCK], of_b[BLOCK];
    for (int64_t first = 0; first < l->positions; first += BLOCK) {
        const int count = block_at(l, first);
        double along[BLOCK] = {0}; /* sum of g[k] a[k], then what multiplies a[c] */
        invert_norms(l, l->b, first, count, norm_b, of_b);
        invert_norms(l, l->a, first, count, norm_a, of_a);
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
