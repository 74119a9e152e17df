/*
 * Local response normalisation within a map (op/lrn.h): one plane of h x w pixels of some lanes.
 *
 * A window is summed down the columns first, then along the row, in loops over a whole row of
 * w * lanes neighbours. Zeros to the left and right of the row of column sums clip the windows.
 */
#include <math.h>
#include <string.h>

#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/lrn_power.h"

int64_t an_lrn_within_work(const an_lrn_shape *p)
{
    int64_t row = (int64_t)p->w * p->lanes, gap = (int64_t)p->half * p->lanes;
    return row + 2 * gap + row + row * p->h;
}

/* Work memory: a row of column sums between two gaps, a row of window sums, a plane of terms. */
typedef struct parts {
    float *columns, *sums, *terms;
    int row, gap;
} parts;

AN_INLINE parts parts_of(const an_lrn_run *run)
{
    const an_lrn_shape *p = run->shape;
    int row = p->w * p->lanes, gap = p->half * p->lanes;
    float *sums = run->work + row + 2 * gap;
    memset(run->work, 0, sizeof(float) * (size_t)(row + 2 * gap));
    return (parts){run->work + gap, sums, sums + row, row, gap};
}

/* sums[i] = sum of columns[] over the window, at a stride of `lanes`. */
AN_INLINE void along_the_row(const an_lrn_shape *p, const parts *w)
{
    const float *restrict from = w->columns - w->gap;
    float *restrict to = w->sums;
    for (int i = 0; i < w->row; i++)
        to[i] = from[i];
    for (int d = 1; d <= 2 * p->half; d++)
        for (int i = 0; i < w->row; i++)
            to[i] += from[i + d * p->lanes];
}

AN_INLINE int at_least(int a, int low)
{
    return a > low ? a : low;
}

AN_INLINE int at_most(int a, int high)
{
    return a < high ? a : high;
}

AN_INLINE void forward_root(const an_lrn_run *run, an_dtype t, bool root)
{
    const an_lrn_shape *p = run->shape;
    parts w = parts_of(run);
    for (int y = 0; y < p->h; y++) {
        float *restrict columns = w.columns, *restrict s = w.sums;
        int64_t at = (int64_t)y * w.row;
        memset(columns, 0, sizeof(float) * (size_t)w.row);
        for (int r = at_least(y - p->half, 0); r <= at_most(y + p->half, p->h - 1); r++)
            for (int i = 0; i < w.row; i++) {
                float x = an_load(run->x, (int64_t)r * w.row + i, t);
                columns[i] += x * x;
            }
        along_the_row(p, &w);
        for (int i = 0; i < w.row; i++)
            s[i] = p->k + p->alpha * s[i];
        if (run->s)
            memcpy(run->s + at, s, sizeof(float) * (size_t)w.row);
        for (int i = 0; i < w.row; i++)
            an_store(run->y, at + i, t,
                     an_load(run->x, at + i, t) * an_lrn_power(s[i], p->beta, root));
    }
}

AN_INLINE void backward_root(const an_lrn_run *run, an_dtype t, bool root)
{
    const an_lrn_shape *p = run->shape;
    parts w = parts_of(run);
    float factor = 2 * p->alpha * p->beta;
    float *restrict terms = w.terms, *restrict columns = w.columns, *restrict sums = w.sums;
    for (int64_t i = 0; i < (int64_t)w.row * p->h; i++)
        terms[i] = an_load(run->dy, i, t) * an_load(run->x, i, t) *
                   an_lrn_power(run->s[i], p->beta, root) / run->s[i];
    for (int y = 0; y < p->h; y++) {
        int64_t at = (int64_t)y * w.row;
        memset(columns, 0, sizeof(float) * (size_t)w.row);
        for (int r = at_least(y - p->half, 0); r <= at_most(y + p->half, p->h - 1); r++)
            for (int i = 0; i < w.row; i++)
                columns[i] += terms[(int64_t)r * w.row + i];
        along_the_row(p, &w);
        for (int i = 0; i < w.row; i++)
            an_store(run->dx, at + i, t,
                     an_load(run->dy, at + i, t) * an_lrn_power(run->s[at + i], p->beta, root) -
                         factor * an_load(run->x, at + i, t) * sums[i]);
    }
}

AN_INLINE void forward(const an_lrn_run *run, an_dtype t)
{
    run->shape->root ? forward_root(run, t, true) : forward_root(run, t, false);
}

AN_INLINE void backward(const an_lrn_run *run, an_dtype t)
{
    run->shape->root ? backward_root(run, t, true) : backward_root(run, t, false);
}

AN_KERNEL_INSTANCES(lrn_within_forward, an_lrn_run, forward)
AN_KERNEL_INSTANCES(lrn_within_backward, an_lrn_run, backward)
