#include "data/picture/resize.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/picture/resize_kernels.h"

/* One axis of a resize from `in` to `out` samples. Only `part` of the outputs are computed, from
 * `start` on. */
typedef struct axis {
    int in, out;
    int start, part;
} axis;

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

/* Weights of one output: a triangle whose half-width is the number of input samples per output, but
 * at least one, cut off at the ends of the axis and normalised. Rounding follows Pillow: sums in
 * double, bounds by adding a half and truncating. */
static void fill_taps(an_taps *t, int i, const axis *a, double *exact)
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
        weight[j] = (int32_t)(exact[j] * (1 << AN_WEIGHT_BITS) + 0.5);
        t->high[(size_t)i * t->stride + j] = (int16_t)(weight[j] >> AN_WEIGHT_LOW_BITS);
        t->low[(size_t)i * t->stride + j] = (int16_t)(weight[j] & ((1 << AN_WEIGHT_LOW_BITS) - 1));
    }
    t->first[i] = first;
    t->count[i] = end - first;
}

static void taps_free(an_taps *t)
{
    an_free(t->first);
    an_free(t->count);
    an_free(t->weight);
    an_free(t->high);
    an_free(t->low);
    *t = (an_taps){0};
}

static alexnet_status taps_make(an_taps *t, const axis *a)
{
    double scale = (double)a->in / a->out;
    size_t n = (size_t)a->part;
    int most = 2 * (int)ceil(scale < 1.0 ? 1.0 : scale) + 1;
    *t = (an_taps){.outputs = a->part, .stride = (most + 3) / 4 * 4};
    size_t weights = n * (size_t)t->stride;
    t->first = an_calloc(n, sizeof *t->first);
    t->count = an_calloc(n, sizeof *t->count);
    t->weight = an_calloc(weights, sizeof *t->weight);
    t->high = an_calloc(weights, sizeof *t->high);
    t->low = an_calloc(weights, sizeof *t->low);
    double *exact = an_calloc((size_t)t->stride, sizeof *exact);
    if (!t->first || !t->count || !t->weight || !t->high || !t->low || !exact) {
        taps_free(t);
        an_free(exact);
        return AN_FAIL_MEMORY(weights * 2 * sizeof *t->weight, "weights of a resize");
    }
    for (int i = 0; i < a->part; i++)
        fill_taps(t, i, a, exact);
    an_free(exact);
    return ALEXNET_OK;
}

/* Rows of pixels in memory, `row` bytes apart. */
typedef struct raster {
    const uint8_t *pixels;
    size_t row;
} raster;

/* Resize `rows` rows of pixels horizontally. */
static void columns_pass(uint8_t *dst, size_t dst_row, int rows, raster src, const axis *across,
                         const an_taps *t)
{
    for (int y = 0; y < rows; y++) {
        const size_t length = (size_t)(rows - 1 - y) * src.row + (size_t)across->in * 3;
        an_resize_row(dst + (size_t)y * dst_row, src.pixels + (size_t)y * src.row, length, t);
    }
}

/* Between equal sizes every weight is 1 or 0 and a pass only copies, so it is skipped, as in
 * Pillow. */
static bool changes(const axis *a)
{
    return a->in != a->out;
}

static void copy_rows(uint8_t *dst, size_t dst_row, raster src, const axis *across,
                      const axis *down)
{
    for (int y = 0; y < down->part; y++)
        memcpy(dst + (size_t)y * dst_row,
               src.pixels + (size_t)(down->start + y) * src.row + 3 * (size_t)across->start,
               (size_t)across->part * 3);
}

/* Resize horizontally if the width changes, then vertically. Intermediate pixels have 8 bits. */
static alexnet_status resize_both(uint8_t *dst, size_t dst_row, raster src, const axis *across,
                                  const axis *down)
{
    alexnet_status rc = ALEXNET_OK;
    an_taps columns = {0}, rows = {0};
    uint8_t *between = NULL;
    const size_t length = (size_t)across->part * 3;
    AN_TRY(taps_make(&rows, down));
    const int top = rows.first[0];
    const int needed = rows.first[down->part - 1] + rows.count[down->part - 1] - top;
    src.pixels += (size_t)top * src.row;
    for (int y = 0; y < down->part; y++)
        rows.first[y] -= top;
    if (changes(across)) {
        AN_TRY(taps_make(&columns, across));
        between = an_malloc(length * (size_t)needed);
        if (!between)
            AN_TRY(AN_FAIL_MEMORY(length * (size_t)needed, "a resized picture"));
        columns_pass(between, length, needed, src, across, &columns);
        src = (raster){between, length};
    } else {
        src.pixels += 3 * (size_t)across->start;
    }
    for (int y = 0; y < down->part; y++)
        an_blend_rows(dst + (size_t)y * dst_row, src.pixels, src.row, length, &rows, y);
cleanup:
    taps_free(&columns);
    taps_free(&rows);
    an_free(between);
    return rc;
}

/* Compute the part of a resized picture that the two axes select. */
static alexnet_status resize_part(uint8_t *dst, size_t dst_row, raster src, const axis *across,
                                  const axis *down)
{
    if (changes(down))
        return resize_both(dst, dst_row, src, across, down);
    if (!changes(across)) {
        copy_rows(dst, dst_row, src, across, down);
        return ALEXNET_OK;
    }
    an_taps columns;
    AN_CHECK(taps_make(&columns, across));
    src.pixels += (size_t)down->start * src.row;
    columns_pass(dst, dst_row, down->part, src, across, &columns);
    taps_free(&columns);
    return ALEXNET_OK;
}

alexnet_status an_resize(uint8_t *dst, int dst_width, int dst_height, const uint8_t *src,
                         int src_width, int src_height)
{
    if (dst_width < 1 || dst_height < 1 || src_width < 1 || src_height < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "cannot resize %d x %d to %d x %d",
                       src_width, src_height, dst_width, dst_height);
    axis across = {src_width, dst_width, 0, dst_width};
    axis down = {src_height, dst_height, 0, dst_height};
    return resize_part(dst, (size_t)dst_width * 3, (raster){src, (size_t)src_width * 3}, &across,
                       &down);
}

alexnet_status an_resize_box(uint8_t *dst, size_t dst_row, int side, const an_picture *picture,
                             an_rect box)
{
    if (side < 1 || box.x < 0 || box.y < 0 || box.width < 1 || box.height < 1 ||
        box.width > picture->width - box.x || box.height > picture->height - box.y)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "cannot resize %d x %d at (%d, %d) of %d x %d to %d x %d", box.width,
                       box.height, box.x, box.y, picture->width, picture->height, side, side);
    const axis across = {box.width, side, 0, side}, down = {box.height, side, 0, side};
    const size_t row = (size_t)picture->width * 3;
    const raster src = {picture->rgb + (size_t)box.y * row + 3 * (size_t)box.x, row};
    return resize_part(dst, dst_row, src, &across, &down);
}

int an_fit_factor(an_fit fit, an_size size)
{
    const int shorter = size.width < size.height ? size.width : size.height;
    return fit.smaller ? shorter / fit.side : 1;
}

static int factor_of_fit(void *fit, an_size size)
{
    return an_fit_factor(*(const an_fit *)fit, size);
}

an_shrink an_fit_shrink(const an_fit *fit)
{
    return (an_shrink){factor_of_fit, (void *)fit};
}

alexnet_status an_fit_read(an_picture *out, an_fit fit, const char *path)
{
    const an_shrink shrink = an_fit_shrink(&fit);
    return an_picture_read_smaller(out, path, &shrink);
}

alexnet_status an_fit_decode(an_picture *out, an_fit fit, const void *bytes, size_t length,
                             const char *name)
{
    const an_shrink shrink = an_fit_shrink(&fit);
    return an_picture_decode_smaller(out, bytes, length, name, &shrink);
}

/* The middle `part` samples of an axis that is resized from `in` to `out`. If an odd number is left
 * over, there are two middles. The one that begins at an even sample is used, as in torchvision's
 * CenterCrop: features of crops one pixel apart differ by a tenth of their size. */
static axis centre_of(int in, int out, int part)
{
    const int rest = out - part, half = rest / 2;
    return (axis){in, out, half + (rest & half & 1), part};
}

/* What WHOLE keeps of a long side. It drops a multiple of four samples, half at each end, so that
 * the centre of the rest is the centre of all. */
static int kept_of(int64_t longer, int side)
{
    const int64_t most = (int64_t)AN_FIT_LONGEST * side;
    return (int)(longer <= most ? longer : most + (longer - most) % 4);
}

/* How both axes are brought to a fit's size. @return false if the long side would exceed an int */
static bool find_axes(axis *across, axis *down, an_fit fit, const an_picture *picture)
{
    const int width = picture->width, height = picture->height, side = fit.side;
    if (fit.rule == AN_FIT_WARP) {
        *across = centre_of(width, side, side);
        *down = centre_of(height, side, side);
        return true;
    }
    const int shorter = width < height ? width : height;
    const int64_t longer = (int64_t)side * (width < height ? height : width) / shorter;
    if (longer > INT32_MAX)
        return false;
    const int part = fit.rule == AN_FIT_WHOLE ? kept_of(longer, side) : side;
    *across = width <= height ? centre_of(width, side, side) : centre_of(width, (int)longer, part);
    *down = height <= width ? centre_of(height, side, side) : centre_of(height, (int)longer, part);
    return true;
}

void an_fit_size(int *width, int *height, an_fit fit, const an_picture *picture)
{
    axis across, down;
    *width = *height = 0;
    if (find_axes(&across, &down, fit, picture)) {
        *width = across.part;
        *height = down.part;
    }
}

alexnet_status an_fit_picture(uint8_t *dst, an_fit fit, const an_picture *picture)
{
    axis across, down;
    const bool sound = fit.side >= 1 && picture->width >= 1 && picture->height >= 1;
    if (!sound || !find_axes(&across, &down, fit, picture))
        return AN_FAIL(sound ? ALEXNET_ERROR_UNSUPPORTED : ALEXNET_ERROR_INVALID_ARGUMENT,
                       "cannot fit %d x %d into %d x %d", picture->width, picture->height, fit.side,
                       fit.side);
    return resize_part(dst, (size_t)across.part * 3,
                       (raster){picture->rgb, (size_t)picture->width * 3}, &across, &down);
}
