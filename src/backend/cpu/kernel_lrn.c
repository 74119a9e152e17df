/*
 * Local response normalisation across maps (op/lrn.h).
 *
 * Two ways through the tensor. With one lane (PLAIN) a run is a tile of pixels, and the inner loops
 * go over the tile, channel by channel. With several (NHWC, C8, C16) channels are neighbours: a
 * pixel's channels are laid out in a row, with zeros between the groups where windows end, and the
 * inner loops go over that row. Sums are taken in channel order in both, so that all layouts give
 * the same bits.
 */
#include <math.h>
#include <string.h>

#include "backend/cpu/kernels.h"
#include "backend/cpu/lrn_power.h"

/* Channels of a pixel in a row with gaps: how many floats, and where group g begins. */
AN_INLINE int row_size(const an_lrn_shape *p)
{
    return p->channels + 2 * p->half * p->groups;
}

AN_INLINE int row_at(const an_lrn_shape *p, int g)
{
    return g * (p->channels / p->groups + 2 * p->half) + p->half;
}

int64_t an_lrn_work(const an_lrn_shape *p)
{
    if (p->lanes == 1)
        return 2 * (int64_t)p->channels * AN_LRN_TILE;
    return (int64_t)row_size(p) + 4 * (int64_t)p->channels;
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

AN_INLINE void tile_forward(const an_lrn_run *run, an_dtype t, bool root)
{
    const an_lrn_shape *p = run->shape;
    int64_t pixels = (int64_t)p->h * p->w;
    float sum[AN_LRN_TILE];
    for (int c = 0; c < p->channels; c++) {
        int64_t at = c * pixels + run->first;
        memset(sum, 0, sizeof sum);
        for (int i = first_of_window(p, c); i <= last_of_window(p, c); i++)
            for (int j = 0; j < run->count; j++) {
                float x = an_load(run->x, i * pixels + run->first + j, t);
                sum[j] += x * x;
            }
        for (int j = 0; j < run->count; j++)
            sum[j] = p->k + p->alpha * sum[j];
        for (int j = 0; run->s && j < run->count; j++)
            run->s[at + j] = sum[j];
        for (int j = 0; j < run->count; j++)
            an_store(run->y, at + j, t,
                     an_load(run->x, at + j, t) * an_lrn_power(sum[j], p->beta, root));
    }
}

AN_INLINE void tile_backward(const an_lrn_run *run, an_dtype t, bool root)
{
    const an_lrn_shape *p = run->shape;
    int64_t pixels = (int64_t)p->h * p->w;
    float *restrict term = run->work; /* dy x s^(-beta-1), and dy s^(-beta) */
    float *restrict direct = run->work + (int64_t)p->channels * AN_LRN_TILE;
    float factor = 2 * p->alpha * p->beta, sum[AN_LRN_TILE];
    for (int c = 0; c < p->channels; c++)
        for (int j = 0; j < run->count; j++) {
            int64_t at = c * pixels + run->first + j;
            float s = run->s[at], power = an_lrn_power(s, p->beta, root);
            direct[c * AN_LRN_TILE + j] = an_load(run->dy, at, t) * power;
            term[c * AN_LRN_TILE + j] = direct[c * AN_LRN_TILE + j] * an_load(run->x, at, t) / s;
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

/* Copies a pixel's channels between the tensor and a row without gaps. */
AN_INLINE void gather(const an_lrn_shape *p, const void *tensor, int64_t pixel, an_dtype t,
                      float *restrict row)
{
    for (int plane = 0; plane < p->planes; plane++) {
        int64_t at = (plane * (int64_t)p->h * p->w + pixel) * p->lanes;
        int c = plane * p->lanes, n = p->channels - c < p->lanes ? p->channels - c : p->lanes;
        for (int l = 0; l < n; l++)
            row[c + l] = an_load(tensor, at + l, t);
    }
}

/* Padding channels become zero. */
AN_INLINE void scatter(const an_lrn_shape *p, const float *restrict row, void *tensor,
                       int64_t pixel, an_dtype t)
{
    for (int plane = 0; plane < p->planes; plane++) {
        int64_t at = (plane * (int64_t)p->h * p->w + pixel) * p->lanes;
        int c = plane * p->lanes, n = p->channels - c < p->lanes ? p->channels - c : p->lanes;
        for (int l = 0; l < n; l++)
            an_store(tensor, at + l, t, row[c + l]);
        for (int l = n; l < p->lanes; l++)
            an_store(tensor, at + l, t, 0);
    }
}

/* out[c] = sum of the window of c in a row with gaps. */
AN_INLINE void window_sums(const an_lrn_shape *p, const float *restrict row, float *restrict out)
{
    int size = p->channels / p->groups;
    for (int g = 0; g < p->groups; g++) {
        const float *first = row + row_at(p, g) - p->half;
        float *to = out + g * size;
        for (int c = 0; c < size; c++)
            to[c] = first[c];
        for (int d = 1; d <= 2 * p->half; d++)
            for (int c = 0; c < size; c++)
                to[c] += first[c + d];
    }
}

AN_INLINE void row_forward(const an_lrn_run *run, an_dtype t, bool root)
{
    const an_lrn_shape *p = run->shape;
    int size = p->channels / p->groups;
    float *restrict squares = run->work;
    float *restrict x = squares + row_size(p), *restrict s = x + p->channels;
    memset(squares, 0, sizeof(float) * (size_t)row_size(p));
    for (int64_t pixel = run->first; pixel < run->first + run->count; pixel++) {
        gather(p, run->x, pixel, t, x);
        for (int g = 0; g < p->groups; g++)
            for (int c = 0; c < size; c++)
                squares[row_at(p, g) + c] = x[g * size + c] * x[g * size + c];
        window_sums(p, squares, s);
        for (int c = 0; c < p->channels; c++)
            s[c] = p->k + p->alpha * s[c];
        if (run->s)
            scatter(p, s, run->s, pixel, AN_F32);
        for (int c = 0; c < p->channels; c++)
            x[c] *= an_lrn_power(s[c], p->beta, root);
        scatter(p, x, run->y, pixel, t);
    }
}

AN_INLINE void row_backward(const an_lrn_run *run, an_dtype t, bool root)
{
    const an_lrn_shape *p = run->shape;
    int size = p->channels / p->groups;
    float factor = 2 * p->alpha * p->beta;
    float *restrict terms = run->work;
    float *restrict x = terms + row_size(p), *restrict s = x + p->channels;
    float *restrict dy = s + p->channels, *restrict sum = dy + p->channels;
    memset(terms, 0, sizeof(float) * (size_t)row_size(p));
    for (int64_t pixel = run->first; pixel < run->first + run->count; pixel++) {
        gather(p, run->x, pixel, t, x);
        gather(p, run->dy, pixel, t, dy);
        gather(p, run->s, pixel, AN_F32, s);
        for (int c = 0; c < p->channels; c++)
            dy[c] *= an_lrn_power(s[c], p->beta, root);
        for (int g = 0; g < p->groups; g++)
            for (int c = 0; c < size; c++)
                terms[row_at(p, g) + c] = dy[g * size + c] * x[g * size + c] / s[g * size + c];
        window_sums(p, terms, sum);
        for (int c = 0; c < p->channels; c++)
            sum[c] = dy[c] - factor * x[c] * sum[c];
        scatter(p, sum, run->dx, pixel, t);
    }
}

AN_INLINE void forward(const an_lrn_run *run, an_dtype t)
{
    if (run->shape->lanes == 1)
        run->shape->root ? tile_forward(run, t, true) : tile_forward(run, t, false);
    else
        run->shape->root ? row_forward(run, t, true) : row_forward(run, t, false);
}

AN_INLINE void backward(const an_lrn_run *run, an_dtype t)
{
    if (run->shape->lanes == 1)
        run->shape->root ? tile_backward(run, t, true) : tile_backward(run, t, false);
    else
        run->shape->root ? row_backward(run, t, true) : row_backward(run, t, false);
}

AN_KERNEL_INSTANCES(lrn_forward, an_lrn_run, forward)
AN_KERNEL_INSTANCES(lrn_backward, an_lrn_run, backward)
