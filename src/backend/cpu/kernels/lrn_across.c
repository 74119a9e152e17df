/*
 * Local response normalisation across maps (op/lrn.h).
 *
 * There are two ways through the tensor. If channels are neighbours in memory in eights of one
 * tower, the channels of some pixels are laid out in rows of floats, with zeros between towers, and
 * the inner loops go over a row. Else a vector is eight pixels of a channel. Both sum in channel
 * order, so that all layouts give the same bits.
 */
#include <string.h>

#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/lrn_power.h"

enum { ROW_PIXELS = 8 };

/* Channels of a tower. A single tower has all that are in memory; those of the padding are zero. */
AN_INLINE int tower_size(const an_lrn_shape *p)
{
    return p->groups == 1 ? p->planes * p->lanes : p->channels / p->groups;
}

AN_INLINE bool in_rows(const an_lrn_shape *p)
{
    return p->lanes % 8 == 0 && tower_size(p) % 8 == 0;
}

/* Floats of a pixel in a row, with a gap of `half` behind each tower; of a row, rounded up so that
 * loops have no remainder; and of a row with the margins that windows reach into. */
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

enum { LINES = 3 };

int64_t an_lrn_work(const an_lrn_shape *p)
{
    return in_rows(p) ? LINES * (int64_t)line_size(p) : 2 * 8 * (int64_t)p->channels;
}

/* The position of channel c of a pixel. If there are several planes, the number of lanes is a power
 * of two, so that no division is needed. */
AN_INLINE int64_t place(const an_lrn_shape *p, int c, int64_t pixel)
{
    if (p->planes == 1)
        return pixel * p->lanes + c;
    int shift = __builtin_ctz((unsigned)p->lanes);
    return ((((int64_t)(c >> shift) * p->h * p->w) + pixel) << shift) + (c & (p->lanes - 1));
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* Some pixels in rows. Only channels are ever written to `windowed`, so that its gaps and margins
 * stay zero, next to a NaN too. */
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

/* What is done to eight neighbours, `at` in tensors and `i` in rows. */
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

/* Zeroes the channels of the padding, which are behind the last tower. */
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

/* ---- Eight pixels of a channel --------------------------------------------------------------- */

/* The first `count` of eight pixels; the others are zero. */
AN_INLINE void load_pixels(const an_lrn_run *run, const void *tensor, int c, int64_t pixel,
                           int count, an_dtype t, an_float8 *v)
{
    int64_t at = place(run->shape, c, pixel);
    if (run->shape->lanes == 1 && count == 8) {
        an_load8(tensor, at, t, v);
        return;
    }
    *v = (an_float8){0};
    for (int j = 0; j < count; j++)
        (*v)[j] = an_load(tensor, at + (int64_t)j * run->shape->lanes, t);
}

AN_INLINE void store_pixels(const an_lrn_run *run, void *tensor, int c, int64_t pixel, int count,
                            an_dtype t, const an_float8 *v)
{
    int64_t at = place(run->shape, c, pixel);
    if (run->shape->lanes == 1 && count == 8)
        an_store8(tensor, at, t, v);
    else
        for (int j = 0; j < count; j++)
            an_store(tensor, at + (int64_t)j * run->shape->lanes, t, (*v)[j]);
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

AN_INLINE void pixels_s(const an_lrn_run *run, int c, int64_t pixel, int count, an_dtype t,
                        an_float8 *s)
{
    *s = (an_float8){0};
    for (int i = first_of_window(run->shape, c); i <= last_of_window(run->shape, c); i++) {
        an_float8 x;
        load_pixels(run, run->x, i, pixel, count, t, &x);
        *s += x * x;
    }
    *s = run->shape->k + run->shape->alpha * *s;
}

AN_INLINE void pixels_forward(const an_lrn_run *run, int64_t pixel, int count, an_dtype t,
                              bool root)
{
    const an_lrn_shape *p = run->shape;
    for (int c = 0; c < p->channels; c++) {
        an_float8 s, x, y;
        pixels_s(run, c, pixel, count, t, &s);
        load_pixels(run, run->x, c, pixel, count, t, &x);
        an_lrn_power8(&s, p->beta, root, &y);
        y *= x;
        store_pixels(run, run->y, c, pixel, count, t, &y);
    }
}

AN_INLINE void pixels_backward(const an_lrn_run *run, int64_t pixel, int count, an_dtype t,
                               bool root)
{
    const an_lrn_shape *p = run->shape;
    an_float8 *direct = (an_float8 *)run->work, *term = direct + p->channels;
    for (int c = 0; c < p->channels; c++) {
        an_float8 s, x, dy;
        pixels_s(run, c, pixel, count, t, &s);
        load_pixels(run, run->x, c, pixel, count, t, &x);
        load_pixels(run, run->dy, c, pixel, count, t, &dy);
        an_lrn_power8(&s, p->beta, root, &direct[c]);
        direct[c] *= dy;
        term[c] = direct[c] * (x / s);
    }
    for (int c = 0; c < p->channels; c++) {
        an_float8 x, sum = {0};
        load_pixels(run, run->x, c, pixel, count, t, &x);
        for (int i = first_of_window(p, c); i <= last_of_window(p, c); i++)
            sum += term[i];
        an_float8 dx = direct[c] - 2 * p->alpha * p->beta * x * sum;
        store_pixels(run, run->dx, c, pixel, count, t, &dx);
    }
}

AN_INLINE void clear_padding(const an_lrn_run *run, void *tensor, int64_t pixel, int count,
                             an_dtype t)
{
    const an_float8 zero = {0};
    for (int c = run->shape->channels; c < run->shape->planes * run->shape->lanes; c++)
        store_pixels(run, tensor, c, pixel, count, t, &zero);
}

/* All pixels of a run by eights; `out` is what is written. */
AN_INLINE void for_each_eight_pixels(const an_lrn_run *run, an_dtype t, void *out,
                                     void (*what)(const an_lrn_run *run, int64_t pixel, int count,
                                                  an_dtype t, bool root))
{
    for (int done = 0; done < run->count; done += 8) {
        int count = run->count - done < 8 ? run->count - done : 8;
        what(run, run->first + done, count, t, run->shape->root);
        clear_padding(run, out, run->first + done, count, t);
    }
}

/* ---- Both ------------------------------------------------------------------------------------ */

/* The parameters of AlexNet are constants here, so that the loops over the window are unrolled. */
AN_INLINE void forward(const an_lrn_run *run, an_dtype t)
{
    const an_lrn_shape *p = run->shape;
    if (in_rows(p) && p->root && p->half == 2)
        rows_forward(run, t, true, 2);
    else if (in_rows(p))
        rows_forward(run, t, p->root, p->half);
    else
        for_each_eight_pixels(run, t, run->y, pixels_forward);
}

AN_INLINE void backward(const an_lrn_run *run, an_dtype t)
{
    const an_lrn_shape *p = run->shape;
    if (in_rows(p) && p->root && p->half == 2)
        rows_backward(run, t, true, 2);
    else if (in_rows(p))
        rows_backward(run, t, p->root, p->half);
    else
        for_each_eight_pixels(run, t, run->dx, pixels_backward);
}

AN_KERNEL_INSTANCES(lrn_forward, an_lrn_run, forward)
AN_KERNEL_INSTANCES(lrn_backward, an_lrn_run, backward)
