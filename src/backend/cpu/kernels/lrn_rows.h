/*
 * Normalisation across maps in rows (lrn_across.c): some pixels are laid out as rows of floats,
 * with zeros between towers, and the inner loops go over a row.
 */
#ifndef AN_BACKEND_CPU_KERNELS_LRN_ROWS_H
#define AN_BACKEND_CPU_KERNELS_LRN_ROWS_H

#include <string.h>

#include "backend/cpu/kernels/lrn_place.h"
#include "backend/cpu/kernels/lrn_power.h"

enum { ROW_PIXELS = 8, LINES = 3 };

/* Floats of a pixel in a row, with a gap of `half` after each tower; of a row, rounded up so that
 * loops have no remainder; and of a row with the margins that windows extend into. */
AN_INLINE int pixel_size(const an_lrn_shape *p)
{
    return p->groups * (tower_size(p) + p->half);
}

AN_INLINE int row_size(const an_lrn_shape *p)
{
    return (ROW_PIXELS * pixel_size(p) + 15) / 16 * 16;
}

AN_INLINE int line_size(const an_lrn_shape *p)
{
    return row_size(p) + 2 * p->half;
}

AN_INLINE int64_t rows_work(const an_lrn_shape *p)
{
    return LINES * (int64_t)line_size(p);
}

/* Some pixels in rows. Only channels are ever written to `windowed`, so that its gaps and margins
 * stay zero, even next to a NaN. */
typedef struct rows {
    const an_lrn_shape *shape;
    const void *x, *dy;
    void *y, *dx;
    an_dtype t;
    int64_t pixel;
    int count;
    float *windowed; /* x^2; then the terms that windows sum */
    float *s;
    float *direct; /* s^-beta; then dy s^-beta */
} rows;

AN_INLINE rows rows_of(const an_lrn_run *run, an_dtype t)
{
    const an_lrn_shape *p = run->shape;
    int line = line_size(p);
    float *windowed = run->work + p->half;
    memset(run->work, 0, sizeof *run->work * LINES * (size_t)line);
    return (rows){.shape = p,
                  .x = run->x,
                  .dy = run->dy,
                  .y = run->y,
                  .dx = run->dx,
                  .t = t,
                  .windowed = windowed,
                  .s = windowed + line,
                  .direct = windowed + 2 * line};
}

/* An operation on eight neighbours, at index `at` in tensors and `i` in rows. */
typedef void (*eight)(const rows *w, int half, int64_t at, int i);

AN_INLINE void for_each_eight(const rows *w, int half, eight what)
{
    const an_lrn_shape *p = w->shape;
    int size = tower_size(p), c = 0, lanes = p->lanes, pixel = pixel_size(p);
    for (int g = 0; g < p->groups; g++)
        for (int end = c + size; c < end; c += 8) {
            int64_t at = place(p, c, w->pixel);
            for (int n = 0, i = c + g * half; n < w->count; n++, i += pixel, at += lanes)
                what(w, half, at, i);
        }
}

AN_INLINE void square(const rows *w, int half, int64_t at, int i)
{
    an_float8 x;
    (void)half;
    an_load8(w->x, at, w->t, &x);
    __builtin_prefetch(an_at(w->x, at + ROW_PIXELS * (int64_t)w->shape->lanes, w->t));
    x *= x;
    an_store8(w->windowed, i, AN_F32, &x);
}

/* s and its power along the row, gaps included. */
AN_INLINE void powers(const rows *w, int half, bool root)
{
    const float *restrict squares = w->windowed;
    float *restrict s = w->s, *restrict direct = w->direct;
    float k = w->shape->k, alpha = w->shape->alpha, beta = w->shape->beta;
    int size = row_size(w->shape);
    for (int i = 0; i < size; i++) {
        float sum = squares[i - half];
        for (int d = 1 - half; d <= half; d++)
            sum += squares[i + d];
        s[i] = k + alpha * sum;
        direct[i] = an_lrn_power(s[i], beta, root);
    }
}

AN_INLINE void normalise(const rows *w, int half, int64_t at, int i)
{
    an_float8 x, power;
    (void)half;
    an_load8(w->x, at, w->t, &x);
    an_load8(w->direct, i, AN_F32, &power);
    x *= power;
    __builtin_prefetch(an_at(w->y, at + ROW_PIXELS * (int64_t)w->shape->lanes, w->t), 1);
    an_store8(w->y, at, w->t, &x);
}

AN_INLINE void terms(const rows *w, int half, int64_t at, int i)
{
    an_float8 x, dy, s, direct;
    (void)half;
    an_load8(w->x, at, w->t, &x);
    an_load8(w->dy, at, w->t, &dy);
    __builtin_prefetch(an_at(w->dy, at + ROW_PIXELS * (int64_t)w->shape->lanes, w->t));
    an_load8(w->s, i, AN_F32, &s);
    an_load8(w->direct, i, AN_F32, &direct);
    direct *= dy;
    an_store8(w->direct, i, AN_F32, &direct);
    direct *= x / s;
    an_store8(w->windowed, i, AN_F32, &direct);
}

AN_INLINE void gradient(const rows *w, int half, int64_t at, int i)
{
    an_float8 x, sum, term, direct;
    an_load8(w->windowed, i - half, AN_F32, &sum);
    for (int d = 1 - half; d <= half; d++) {
        an_load8(w->windowed, i + d, AN_F32, &term);
        sum += term;
    }
    an_load8(w->x, at, w->t, &x);
    an_load8(w->direct, i, AN_F32, &direct);
    direct -= 2 * w->shape->alpha * w->shape->beta * x * sum;
    __builtin_prefetch(an_at(w->dx, at + ROW_PIXELS * (int64_t)w->shape->lanes, w->t), 1);
    an_store8(w->dx, at, w->t, &direct);
}

/* Zeroes the padding channels, which come after the last tower. */
AN_INLINE void clear_behind(const rows *w, void *tensor)
{
    const an_lrn_shape *p = w->shape;
    const an_float8 zero = {0};
    for (int c = p->groups * tower_size(p); c < p->planes * p->lanes; c += 8)
        for (int n = 0; n < w->count; n++)
            an_store8(tensor, place(p, c, w->pixel + n), w->t, &zero);
}

AN_INLINE void rows_forward(const an_lrn_run *run, an_dtype t, bool root, int half)
{
    rows w = rows_of(run, t);
    for (int done = 0; done < run->count; done += ROW_PIXELS) {
        w.pixel = run->first + done;
        w.count = run->count - done < ROW_PIXELS ? run->count - done : ROW_PIXELS;
        for_each_eight(&w, half, square);
        powers(&w, half, root);
        for_each_eight(&w, half, normalise);
        clear_behind(&w, w.y);
    }
}

AN_INLINE void rows_backward(const an_lrn_run *run, an_dtype t, bool root, int half)
{
    rows w = rows_of(run, t);
    for (int done = 0; done < run->count; done += ROW_PIXELS) {
        w.pixel = run->first + done;
        w.count = run->count - done < ROW_PIXELS ? run->count - done : ROW_PIXELS;
        for_each_eight(&w, half, square);
        powers(&w, half, root);
        for_each_eight(&w, half, terms);
        for_each_eight(&w, half, gradient);
        clear_behind(&w, w.dx);
    }
}

#endif
