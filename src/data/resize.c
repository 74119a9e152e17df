#include "data/resize.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

/* Weights are rounded to 22 fractional bits: 32 less 8 of a pixel less 2 to spare, which is what
 * keeps a sum of weighted pixels inside an int32. */
enum { WEIGHT_BITS = 32 - 8 - 2 };

/* The input samples that make each output sample of an axis: output i of the part is the sum of
 * weight[i * stride + j] * input[first[i] + j] over j < count[i]. */
typedef struct taps {
    int outputs, stride;
    int *first, *count;
    int32_t *weight;
} taps;

/* One axis of a resize of `in` samples to `out`, of which only the `part` ones from `start` on are
 * computed. */
typedef struct axis {
    int in, out;
    int start, part;
} axis;

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

/* Weights of one output: a triangle as wide as the input samples that fall on it, but at least as
 * wide as two, cut off at the ends of the axis and normalised. Rounding follows Pillow: sums in
 * double, bounds by adding a half and truncating. */
static void fill_taps(taps *t, int i, const axis *a, double *exact)
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
    int32_t *weight = t->weight + (size_t)i * t->stride;
    for (int j = 0; j < end - first; j++) {
        exact[j] /= sum; /* positive: the sample nearest to the centre weighs at least a half */
        weight[j] = (int32_t)(exact[j] * (1 << WEIGHT_BITS) + 0.5);
    }
    t->first[i] = first;
    t->count[i] = end - first;
}

static void taps_free(taps *t)
{
    an_free(t->first);
    an_free(t->count);
    an_free(t->weight);
    *t = (taps){0};
}

static alexnet_status taps_make(taps *t, const axis *a)
{
    double scale = (double)a->in / a->out;
    size_t n = (size_t)a->part;
    *t = (taps){.outputs = a->part, .stride = 2 * (int)ceil(scale < 1.0 ? 1.0 : scale) + 1};
    t->first = an_calloc(n, sizeof *t->first);
    t->count = an_calloc(n, sizeof *t->count);
    t->weight = an_calloc(n * (size_t)t->stride, sizeof *t->weight);
    double *exact = an_calloc((size_t)t->stride, sizeof *exact);
    if (!t->first || !t->count || !t->weight || !exact) {
        taps_free(t);
        an_free(exact);
        return AN_FAIL_MEMORY(n * (size_t)t->stride * sizeof *t->weight, "weights of a resize");
    }
    for (int i = 0; i < a->part; i++)
        fill_taps(t, i, a, exact);
    an_free(exact);
    return ALEXNET_OK;
}

static uint8_t round_sum(int32_t sum)
{
    int32_t value = sum >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void resize_row(uint8_t *dst, const uint8_t *src, const taps *t)
{
    for (int x = 0; x < t->outputs; x++, dst += 3) {
        const uint8_t *from = src + 3 * (size_t)t->first[x];
        const int32_t *weight = t->weight + (size_t)x * t->stride;
        int32_t r = 1 << (WEIGHT_BITS - 1), g = r, b = r;
        for (int j = 0; j < t->count[x]; j++, from += 3) {
            r += weight[j] * from[0];
            g += weight[j] * from[1];
            b += weight[j] * from[2];
        }
        dst[0] = round_sum(r);
        dst[1] = round_sum(g);
        dst[2] = round_sum(b);
    }
}

/* One output row as a weighted sum of input rows, all columns at once. @param sums [row] scratch */
static void blend_rows(uint8_t *dst, const uint8_t *src, size_t row, const taps *t, int y,
                       int32_t *sums)
{
    const int32_t *weight = t->weight + (size_t)y * t->stride;
    for (size_t i = 0; i < row; i++)
        sums[i] = 1 << (WEIGHT_BITS - 1);
    for (int j = 0; j < t->count[y]; j++) {
        const uint8_t *from = src + ((size_t)t->first[y] + (size_t)j) * row;
        int32_t w = weight[j];
        for (size_t i = 0; i < row; i++)
            sums[i] += w * from[i];
    }
    for (size_t i = 0; i < row; i++)
        dst[i] = round_sum(sums[i]);
}

/* Between equal sizes every weight is 1 or 0: the identity, which Pillow leaves out. */
static void columns_pass(uint8_t *dst, int rows, const uint8_t *src, size_t src_row, const taps *t)
{
    for (int y = 0; y < rows; y++)
        resize_row(dst + (size_t)y * t->outputs * 3, src + (size_t)y * src_row, t);
}

/* The part of a resized picture that two axes name: columns first, then rows, 8 bits between. */
static alexnet_status resize_part(uint8_t *dst, const uint8_t *src, const axis *across,
                                  const axis *down)
{
    alexnet_status rc = ALEXNET_OK;
    taps columns = {0}, rows = {0};
    uint8_t *between = NULL;
    int32_t *sums = NULL;
    AN_TRY(taps_make(&columns, across));
    AN_TRY(taps_make(&rows, down));
    int top = rows.first[0];
    int needed = rows.first[down->part - 1] + rows.count[down->part - 1] - top;
    size_t row = (size_t)across->part * 3, src_row = (size_t)across->in * 3;
    between = an_malloc(row * (size_t)needed);
    sums = an_malloc(row * sizeof *sums);
    if (!between || !sums) {
        rc = AN_FAIL_MEMORY(row * (size_t)needed, "a resized picture");
        goto cleanup;
    }
    columns_pass(between, needed, src + (size_t)top * src_row, src_row, &columns);
    for (int y = 0; y < down->part; y++)
        rows.first[y] -= top;
    for (int y = 0; y < down->part; y++)
        blend_rows(dst + (size_t)y * row, between, row, &rows, y, sums);
cleanup:
    taps_free(&columns);
    taps_free(&rows);
    an_free(between);
    an_free(sums);
    return rc;
}

alexnet_status an_resize(uint8_t *dst, int dst_width, int dst_height, const uint8_t *src,
                         int src_width, int src_height)
{
    if (dst_width < 1 || dst_height < 1 || src_width < 1 || src_height < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "cannot resize %d x %d to %d x %d",
                       src_width, src_height, dst_width, dst_height);
    axis across = {src_width, dst_width, 0, dst_width};
    axis down = {src_height, dst_height, 0, dst_height};
    return resize_part(dst, src, &across, &down);
}

/* The centre of an axis whose `in` samples would become `out`. */
static axis centre_of(int in, int out, int part)
{
    return (axis){in, out, (out - part) / 2, part};
}

alexnet_status an_fit_picture(uint8_t *dst, an_fit fit, const an_picture *picture)
{
    int width = picture->width, height = picture->height, side = fit.side;
    if (side < 1 || width < 1 || height < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "cannot fit %d x %d into %d x %d", width,
                       height, side, side);
    if (fit.rule == AN_FIT_WARP)
        return an_resize(dst, side, side, picture->rgb, width, height);
    int shorter = width < height ? width : height;
    int64_t longer = (int64_t)side * (width < height ? height : width) / shorter;
    if (longer > INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "cannot fit %d x %d into %d x %d", width, height,
                       side, side);
    axis across = centre_of(width, width <= height ? side : (int)longer, side);
    axis down = centre_of(height, height <= width ? side : (int)longer, side);
    return resize_part(dst, picture->rgb, &across, &down);
}
