#include "data/picture/taps.h"

#include <math.h>

#include "base/alloc.h"
#include "base/status.h"

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static void set_weight(an_taps *t, size_t at, int32_t weight)
{
    t->weight[at] = weight;
    t->high[at] = (int16_t)(weight >> AN_WEIGHT_LOW_BITS);
    t->low[at] = (int16_t)(weight & ((1 << AN_WEIGHT_LOW_BITS) - 1));
}

/* Weights of one output: a triangle whose half-width is the number of input samples per output, but
 * at least one, cut off at the ends of the axis and normalised. Rounding follows Pillow: sums in
 * double, bounds by adding a half and truncating. */
static void fill(an_taps *t, int i, const an_axis *a, bool backwards, double *exact)
{
    double scale = (double)a->in / a->out;
    double width = scale < 1.0 ? 1.0 : scale;
    double centre = (a->start + i + 0.5) * scale;
    int first = (int)(centre - width + 0.5);
    int end = (int)(centre + width + 0.5);
    first = first < 0 ? 0 : first;
    end = end > a->in ? a->in : end;
    double sum = 0.0, per_sample = 1.0 / width;
    for (int j = 0; j < end - first; j++) {
        exact[j] = triangle((j + first - centre + 0.5) * per_sample);
        sum += exact[j];
    }
    if (exact[end - first - 1] == 0.0) /* the corner of the triangle */
        end--;
    const int count = end - first, place = backwards ? a->part - 1 - i : i;
    for (int j = 0; j < count; j++) {
        exact[j] /= sum; /* positive: the sample nearest to the centre weighs at least a half */
        set_weight(t, (size_t)place * (size_t)t->stride + (size_t)(backwards ? count - 1 - j : j),
                   (int32_t)(exact[j] * (1 << AN_WEIGHT_BITS) + 0.5));
    }
    t->first[place] = backwards ? a->in - end : first;
    t->count[place] = count;
}

void an_taps_free(an_taps *t)
{
    an_free(t->first);
    an_free(t->count);
    an_free(t->weight);
    an_free(t->high);
    an_free(t->low);
    *t = (an_taps){0};
}

alexnet_status an_taps_make(an_taps *t, const an_axis *a, bool backwards)
{
    double scale = (double)a->in / a->out;
    size_t n = (size_t)a->part;
    int most = 2 * (int)ceil(scale < 1.0 ? 1.0 : scale) + 1;
    *t = (an_taps){.outputs = a->part, .stride = (most + 3) / 4 * 4, .copies = a->in == a->out};
    size_t weights = n * (size_t)t->stride;
    t->first = an_calloc(n, sizeof *t->first);
    t->count = an_calloc(n, sizeof *t->count);
    t->weight = an_calloc(weights, sizeof *t->weight);
    t->high = an_calloc(weights, sizeof *t->high);
    t->low = an_calloc(weights, sizeof *t->low);
    double *exact = an_calloc((size_t)t->stride, sizeof *exact);
    if (!t->first || !t->count || !t->weight || !t->high || !t->low || !exact) {
        an_taps_free(t);
        an_free(exact);
        return AN_FAIL_MEMORY(weights * 2 * sizeof *t->weight, "weights of a resize");
    }
    for (int i = 0; i < a->part; i++)
        fill(t, i, a, backwards, exact);
    an_free(exact);
    return ALEXNET_OK;
}
