/*
 * Local response normalisation across maps (op/lrn.h).
 *
 * Two ways through the tensor. With one lane (PLAIN) a run is a tile of pixels, and the inner loops
 * go over the tile, channel by channel. With several (NHWC, C8, C16) channels are neighbours: the
 * channels of some pixels are laid out in a row, with zeros where windows end, and the inner loops
 * go over that row. Sums are taken in channel order in both, so that all layouts give the same
 * bits.
 */
#include <math.h>
#include <string.h>

#include "backend/cpu/kernels.h"
#include "backend/cpu/lrn_power.h"

/* Several lanes: floats of a row of ROW_PIXELS pixels, with a gap of `half` before every group of
 * channels; and of a line of work memory that holds a row and what vectors read beyond. */
enum { ROW_PIXELS = 8 };

AN_INLINE int pixel_size(const an_lrn_shape *p)
{
    return p->channels + p->half * p->groups;
}

AN_INLINE int row_size(const an_lrn_shape *p)
{
    return (ROW_PIXELS * pixel_size(p) + 7) / 8 * 8;
}

AN_INLINE int line_size(const an_lrn_shape *p)
{
    return row_size(p) + 2 * p->half + 8;
}

int64_t an_lrn_work(const an_lrn_shape *p)
{
    if (p->lanes == 1)
        return 2 * (int64_t)p->channels * AN_LRN_TILE;
    return 5 * (int64_t)line_size(p);
}

AN_INLINE int first_of_window(const an_lrn_shape *p, int c)
{
    int size = p->channels / p->groups, start = c / size * size;
    return c - p->half > start ? c - p->half : start;
}

AN_INLINE int last_of_window(const an_lrn_shape *p, int c)
{
    int size = p->channels / p->groups, last = c / size * size + size - 1;
    return c + p->half < last ? c + p->half : last;
}

/* ---- One lane -------------------------------------------------------------------------------- */

/* s of channel c, for the pixels of the tile. */
AN_INLINE void tile_sums(const an_lrn_run *run, int c, an_dtype t, float s[AN_LRN_TILE])
{
    const an_lrn_shape *p = run->shape;
    int64_t pixels = (int64_t)p->h * p->w;
    memset(s, 0, sizeof *s * AN_LRN_TILE);
    for (int i = first_of_window(p, c); i <= last_of_window(p, c); i++)
        for (int j = 0; j < run->count; j++) {
            float x = an_load(run->x, i * pixels + run->first + j, t);
            s[j] += x * x;
        }
    for (int j = 0; j < run->count; j++)
        s[j] = p->k + p->alpha * s[j];
}

AN_INLINE void tile_forward(const an_lrn_run *run, an_dtype t, bool root)
{
    const an_lrn_shape *p = run->shape;
    int64_t pixels = (int64_t)p->h * p->w;
    float s[AN_LRN_TILE];
    for (int c = 0; c < p->channels; c++) {
        int64_t at = c * pixels + run->first;
        tile_sums(run, c, t, s);
        for (int j = 0; j < run->count; j++)
            an_store(run->y, at + j, t,
                     an_load(run->x, at + j, t) * an_lrn_power(s[j], p->beta, root));
    }
}

AN_INLINE void tile_backward(const an_lrn_run *run, an_dtype t, bool root)
{
    const an_lrn_shape *p = run->shape;
    int64_t pixels = (int64_t)p->h * p->w;
    float *restrict term = run->work; /* dy x s^(-beta-1), and dy s^(-beta) */
    float *restrict direct = run->work + (int64_t)p->channels * AN_LRN_TILE;
    float factor = 2 * p->alpha * p->beta, s[AN_LRN_TILE], sum[AN_LRN_TILE];
    for (int c = 0; c < p->channels; c++) {
        int64_t at = c * pixels + run->first, to = (int64_t)c * AN_LRN_TILE;
        tile_sums(run, c, t, s);
        for (int j = 0; j < run->count; j++) {
            direct[to + j] = an_load(run->dy, at + j, t) * an_lrn_power(s[j], p->beta, root);
            term[to + j] =
                direct[to + j] * an_load(run->x, at + j, t) * an_lrn_reciprocal(s[j], root);
        }
    }
    for (int c = 0; c < p->channels; c++) {
        int64_t at = c * pixels + run->first;
        memset(sum, 0, sizeof sum);
        for (int i = first_of_window(p, c); i <= last_of_window(p, c); i++)
            for (int j = 0; j < run->count; j++)
                sum[j] += term[i * AN_LRN_TILE + j];
        for (int j = 0; j < run->count; j++)
            an_store(run->dx, at + j, t,
                     direct[c * AN_LRN_TILE + j] - factor * an_load(run->x, at + j, t) * sum[j]);
    }
}

/* ---- Several lanes --------------------------------------------------------------------------- */

/* Where channel c of a pixel stands in its part of the row. */
AN_INLINE int place_of(const an_lrn_shape *p, int c)
{
    return c + (c / (p->channels / p->groups) + 1) * p->half;
}

/* Channels c .. c + 7 are neighbours in the row too. */
AN_INLINE bool in_one_group(const an_lrn_shape *p, int c)
{
    int size = p->channels / p->groups;
    return c / size == (c + 7) / size;
}

/* Copies `count` pixels between the tensor and a row, whose gaps stay as they are; padding channels
 * of the tensor become zero. */
AN_INLINE void copy_pixels(const an_lrn_run *run, void *tensor, int64_t pixel, int count,
                           an_dtype t, float *restrict row, bool to_row)
{
    const an_lrn_shape *p = run->shape;
    an_float8 v;
    for (int c = 0, step; c < p->planes * p->lanes; c += step) {
        int64_t plane = c / p->lanes * (int64_t)p->h * p->w;
        int64_t at = (plane + pixel) * p->lanes + c % p->lanes;
        bool vector = p->lanes % 8 == 0 && c % 8 == 0 && c + 8 <= p->channels && in_one_group(p, c);
        float *place = row + (c < p->channels ? place_of(p, c) : 0);
        step = vector ? 8 : 1;
        for (int i = 0; i < count; i++, at += p->lanes, place += pixel_size(p))
            if (vector && to_row) {
                an_load8(tensor, at, t, &v);
                memcpy(place, &v, sizeof v);
            } else if (vector) {
                memcpy(&v, place, sizeof v);
                an_store8(tensor, at, t, &v);
            } else if (!to_row) {
                an_store(tensor, at, t, c < p->channels ? *place : 0);
            } else if (c < p->channels) {
                *place = an_load(tensor, at, t);
            }
    }
}

/* to[i] = sum of row[i - half] .. row[i + half]; row[] begins a gap before the first place. */
AN_INLINE void window_sums(const an_lrn_shape *p, int half, const float *restrict row,
                           float *restrict to)
{
    an_float8 sum, v;
    for (int i = 0; i < row_size(p); i += 8) {
        an_load8(row, i - half, AN_F32, &sum);
        for (int d = 1 - half; d <= half; d++) {
            an_load8(row, i + d, AN_F32, &v);
            sum += v;
        }
        an_store8(to, i, AN_F32, &sum);
    }
}

/* Lines of work memory, each with room for a window before its first place. What windows reach into
 * must be zero: the gaps of x and dy are so from here on, because nothing computes in place there. */
AN_INLINE float *line_at(const an_lrn_run *run, int i)
{
    float *line = run->work + (int64_t)i * line_size(run->shape);
    for (int j = 0; j < line_size(run->shape); j++)
        line[j] = 0;
    return line + run->shape->half;
}

/* What is computed in the gaps of a row is 0 times something, which is no zero beside a NaN. */
AN_INLINE void clear_gaps(const an_lrn_shape *p, float *row)
{
    int each = p->channels / p->groups + p->half, gaps = ROW_PIXELS * p->groups;
    for (int gap = 0; gap <= gaps; gap++) /* and behind the last pixel */
        for (int i = 0; i < p->half; i++)
            row[gap * each + i] = 0;
}

AN_INLINE void rows_forward(const an_lrn_run *run, an_dtype t, bool root, int half)
{
    const an_lrn_shape *p = run->shape;
    float *restrict x = line_at(run, 0), *restrict squares = line_at(run, 1);
    float *restrict sums = line_at(run, 2);
    for (int done = 0; done < run->count; done += ROW_PIXELS) {
        int count = run->count - done < ROW_PIXELS ? run->count - done : ROW_PIXELS;
        int64_t pixel = run->first + done;
        copy_pixels(run, (void *)run->x, pixel, count, t, x, true);
        for (int i = 0; i < row_size(p); i++)
            squares[i] = x[i] * x[i];
        window_sums(p, half, squares, sums);
        for (int i = 0; i < row_size(p); i++)
            squares[i] = x[i] * an_lrn_power(p->k + p->alpha * sums[i], p->beta, root);
        copy_pixels(run, run->y, pixel, count, t, squares, false);
    }
}

AN_INLINE void rows_backward(const an_lrn_run *run, an_dtype t, bool root, int half)
{
    const an_lrn_shape *p = run->shape;
    float factor = 2 * p->alpha * p->beta;
    float *restrict x = line_at(run, 0), *restrict dy = line_at(run, 1);
    float *restrict terms = line_at(run, 2), *restrict sums = line_at(run, 3);
    float *restrict direct = line_at(run, 4);
    for (int done = 0; done < run->count; done += ROW_PIXELS) {
        int count = run->count - done < ROW_PIXELS ? run->count - done : ROW_PIXELS;
        int64_t pixel = run->first + done;
        copy_pixels(run, (void *)run->x, pixel, count, t, x, true);
        copy_pixels(run, (void *)run->dy, pixel, count, t, dy, true);
        for (int i = 0; i < row_size(p); i++)
            terms[i] = x[i] * x[i];
        window_sums(p, half, terms, sums);
        for (int i = 0; i < row_size(p); i++) {
            float s = p->k + p->alpha * sums[i];
            direct[i] = dy[i] * an_lrn_power(s, p->beta, root);
            terms[i] = direct[i] * x[i] * an_lrn_reciprocal(s, root);
        }
        clear_gaps(p, terms);
        window_sums(p, half, terms, sums);
        for (int i = 0; i < row_size(p); i++)
            sums[i] = direct[i] - factor * x[i] * sums[i];
        copy_pixels(run, run->dx, pixel, count, t, sums, false);
    }
}

/* AlexNet's normalisation as constants, so that loops over the window vanish; else whatever it is. */
AN_INLINE void forward(const an_lrn_run *run, an_dtype t)
{
    const an_lrn_shape *p = run->shape;
    if (p->lanes == 1)
        p->root ? tile_forward(run, t, true) : tile_forward(run, t, false);
    else if (p->root && p->half == 2)
        rows_forward(run, t, true, 2);
    else
        p->root ? rows_forward(run, t, true, p->half) : rows_forward(run, t, false, p->half);
}

AN_INLINE void backward(const an_lrn_run *run, an_dtype t)
{
    const an_lrn_shape *p = run->shape;
    if (p->lanes == 1)
        p->root ? tile_backward(run, t, true) : tile_backward(run, t, false);
    else if (p->root && p->half == 2)
        rows_backward(run, t, true, 2);
    else
        p->root ? rows_backward(run, t, true, p->half) : rows_backward(run, t, false, p->half);
}

AN_KERNEL_INSTANCES(lrn_forward, an_lrn_run, forward)
AN_KERNEL_INSTANCES(lrn_backward, an_lrn_run, backward)
