/*
 * Normalisation across maps where a vector is eight pixels of a channel (lrn_across.c).
 */
#ifndef AN_BACKEND_CPU_KERNELS_LRN_PIXELS_H
#define AN_BACKEND_CPU_KERNELS_LRN_PIXELS_H

#include "backend/cpu/kernels/lrn_place.h"
#include "backend/cpu/kernels/lrn_power.h"

AN_INLINE int64_t pixels_work(const an_lrn_shape *p)
{
    return 2 * 8 * (int64_t)p->channels;
}

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

/* All pixels of a run in groups of eight; `out` is the tensor to write. */
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

#endif
