/* Bounds of pooling and of local response normalisation. */
#include <math.h>
#include <string.h>

#include "backend/parity/bound.h"
#include "backend/parity/chain.h"
#include "base/alloc.h"
#include "base/status.h"

/* A box of an image [C, H, W]: from .. to-1 of each index. */
typedef struct box {
    an_chw from, to;
} box;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int box_count(box w)
{
    return (w.to.c - w.from.c) * (w.to.h - w.from.h) * (w.to.w - w.from.w);
}

/* For every element i of a box, its offset in the image. */
#define EACH(i, box_, shape)                                                                       \
    for (int c_ = (box_).from.c; c_ < (box_).to.c; c_++)                                           \
        for (int h_ = (box_).from.h; h_ < (box_).to.h; h_++)                                       \
            for (int64_t i = ((int64_t)c_ * (shape).h + h_) * (shape).w + (box_).from.w,           \
                         end_ = i + (box_).to.w - (box_).from.w;                                   \
                 i < end_; i++)

/* ---- pool ----------------------------------------------------------------------------------- */

static box pool_box(const an_op_desc *desc, int c, int p, int q)
{
    const an_pool_desc *pool = &desc->u.pool;
    int row = p * pool->stride - pool->pad, column = q * pool->stride - pool->pad;
    return (box){{c, larger(row, 0), larger(column, 0)},
                 {c + 1, smaller(row + pool->size, desc->in[0].h),
                  smaller(column + pool->size, desc->in[0].w)}};
}

static double pool_y(const an_op_desc *desc, box w, const double *x, const double *e_x, double u)
{
    double largest = 0, sum = 0, n = box_count(w);
    EACH(i, w, desc->in[0])
    {
        largest = fmax(largest, e_x[i]);
        sum += e_x[i] + n * u * fabs(x[i]);
    }
    return desc->u.pool.kind == AN_POOL_MAX ? largest : sum / n;
}

static alexnet_status pool_forward(const an_bound *b)
{
    const an_op_desc *desc = b->desc;
    double *e_y = b->e_y;
    for (int n = 0; n < desc->n; n++)
        for (int c = 0; c < desc->out.c; c++)
            for (int p = 0; p < desc->out.h; p++)
                for (int q = 0; q < desc->out.w; q++) {
                    int64_t at = n * an_chw_count(desc->in[0]);
                    *e_y++ = pool_y(desc, pool_box(desc, c, p, q),
                                    (const double *)b->args.x[0] + at, b->e_x[0] + at, b->sum);
                }
    an_bound_store(b->e_y, b->args.y, an_batch_count(desc, desc->out), b->store);
    return ALEXNET_OK;
}

/* Whether element i may be the maximum in place of `best`. Equal values without bounds may not:
 * every backend takes the first of them, like ref. */
static bool may_win(const double *x, const double *e_x, int64_t i, int64_t best)
{
    double e = e_x[i] + e_x[best];
    return i != best && e > 0 && x[i] + e >= x[best];
}

static void max_dx(const an_op_desc *desc, box w, const double *x, const double *e_x, double dy,
                   double e_fixed, double *e_dx)
{
    int64_t best = -1;
    bool open = false;
    EACH(i, w, desc->in[0])
    {
        if (best < 0 || x[i] > x[best])
            best = i;
    }
    EACH(i, w, desc->in[0])
    {
        if (may_win(x, e_x, i, best)) {
            e_dx[i] += e_fixed + fabs(dy);
            open = true;
        }
    }
    e_dx[best] += e_fixed + (open ? fabs(dy) : 0);
}

static void avg_dx(const an_op_desc *desc, box w, double e_fixed, double *e_dx)
{
    EACH(i, w, desc->in[0])
    {
        e_dx[i] += e_fixed / box_count(w);
    }
}

static alexnet_status pool_backward(const an_bound *b)
{
    const an_op_desc *desc = b->desc;
    const double *dy = b->args.dy, *e_dy = b->e_dy;
    memset(b->e_dx[0], 0, (size_t)an_batch_count(desc, desc->in[0]) * sizeof(double));
    for (int n = 0; n < desc->n; n++)
        for (int c = 0; c < desc->out.c; c++)
            for (int p = 0; p < desc->out.h; p++)
                for (int q = 0; q < desc->out.w; q++, dy++, e_dy++) {
                    int64_t at = n * an_chw_count(desc->in[0]);
                    box w = pool_box(desc, c, p, q);
                    double e_fixed = *e_dy + 4 * b->sum * fabs(*dy);
                    if (desc->u.pool.kind == AN_POOL_MAX)
                        max_dx(desc, w, (const double *)b->args.x[0] + at, b->e_x[0] + at, *dy,
                               e_fixed, b->e_dx[0] + at);
                    else
                        avg_dx(desc, w, e_fixed, b->e_dx[0] + at);
                }
    an_bound_store(b->e_dx[0], b->args.dx[0], an_batch_count(desc, desc->in[0]), b->store);
    return ALEXNET_OK;
}

const an_bound_op an_bound_pool = {pool_forward, pool_backward};

/* ---- lrn ------------------------------------------------------------------------------------ */

/* The window of either kind. */
static box lrn_box(const an_op_desc *desc, int c, int h, int w)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    int reach = lrn->size / 2;
    if (desc->kind == AN_OP_LRN) {
        int per_group = desc->in[0].c / lrn->groups, first = c / per_group * per_group;
        return (box){{larger(c - reach, first), h, w},
                     {smaller(c + reach + 1, first + per_group), h + 1, w + 1}};
    }
    return (box){
        {c, larger(h - reach, 0), larger(w - reach, 0)},
        {c + 1, smaller(h + reach + 1, desc->in[0].h), smaller(w + reach + 1, desc->in[0].w)}};
}

/* s and e(s) of one window. */
static void lrn_divisor(const an_bound *b, box w, const double *x, const double *e_x, double *s,
                        double *e_s)
{
    const an_lrn_desc *lrn = &b->desc->u.lrn;
    double squares = 0, mixed = 0;
    EACH(i, w, b->desc->in[0])
    {
        squares += x[i] * x[i];
        mixed += fabs(x[i]) * e_x[i];
    }
    *s = lrn->k + lrn->alpha * squares;
    *e_s = 2 * lrn->alpha * mixed + (box_count(w) + 4) * b->sum * *s;
}

static void lrn_forward_image(const an_bound *b, const double *x, const double *e_x,
                              const double *y, double *e_y)
{
    an_chw shape = b->desc->in[0];
    double beta = b->desc->u.lrn.beta, s, e_s;
    int64_t i = 0;
    for (int c = 0; c < shape.c; c++)
        for (int h = 0; h < shape.h; h++)
            for (int w = 0; w < shape.w; w++, i++) {
                lrn_divisor(b, lrn_box(b->desc, c, h, w), x, e_x, &s, &e_s);
                e_y[i] = pow(s, -beta) * e_x[i] + fabs(y[i]) * (beta * e_s / s + 8 * b->sum);
            }
}

static alexnet_status lrn_forward(const an_bound *b)
{
    int64_t image = an_chw_count(b->desc->in[0]);
    for (int n = 0; n < b->desc->n; n++)
        lrn_forward_image(b, (const double *)b->args.x[0] + n * image, b->e_x[0] + n * image,
                          (const double *)b->args.y + n * image, b->e_y + n * image);
    an_bound_store(b->e_y, b->args.y, b->desc->n * image, b->store);
    return ALEXNET_OK;
}

/* An image of LRN backward: values, bounds, and t = dy x s^(-beta-1) with its bound. */
typedef struct lrn_image {
    const double *x, *e_x, *dy, *e_dy;
    double *e_dx, *t, *e_t;
} lrn_image;

/* The bound of dy s^-beta into e_dx; t and its bound. */
static void lrn_own_term(const an_bound *b, lrn_image m)
{
    an_chw shape = b->desc->in[0];
    double beta = b->desc->u.lrn.beta, s, e_s;
    int64_t i = 0;
    for (int c = 0; c < shape.c; c++)
        for (int h = 0; h < shape.h; h++)
            for (int w = 0; w < shape.w; w++, i++) {
                lrn_divisor(b, lrn_box(b->desc, c, h, w), m.x, m.e_x, &s, &e_s);
                double power = pow(s, -beta);
                m.t[i] = m.dy[i] * m.x[i] * power / s;
                m.e_t[i] = power / s * (fabs(m.x[i]) * m.e_dy[i] + fabs(m.dy[i]) * m.e_x[i]) +
                           fabs(m.t[i]) * ((beta + 1) * e_s / s + 10 * b->sum);
                m.e_dx[i] =
                    power * m.e_dy[i] + power * fabs(m.dy[i]) * (beta * e_s / s + 9 * b->sum);
            }
}

/* Adds the bound of 2 alpha beta x SUM t. */
static void lrn_neighbours_term(const an_bound *b, lrn_image m)
{
    an_chw shape = b->desc->in[0];
    const an_lrn_desc *lrn = &b->desc->u.lrn;
    int64_t at = 0;
    for (int c = 0; c < shape.c; c++)
        for (int h = 0; h < shape.h; h++)
            for (int w = 0; w < shape.w; w++, at++) {
                box window = lrn_box(b->desc, c, h, w);
                double sum = 0, e_sum = 0, n = box_count(window);
                EACH(i, window, shape)
                {
                    sum += m.t[i];
                    e_sum += m.e_t[i] + n * b->sum * fabs(m.t[i]);
                }
                m.e_dx[at] +=
                    2 * lrn->alpha * lrn->beta *
                    (fabs(m.x[at]) * (e_sum + 9 * b->sum * fabs(sum)) + m.e_x[at] * fabs(sum));
            }
}

static alexnet_status lrn_backward(const an_bound *b)
{
    int64_t image = an_chw_count(b->desc->in[0]);
    double *t = an_malloc(2 * (size_t)image * sizeof(double));
    if (!t)
        return AN_FAIL_MEMORY(2 * (size_t)image * sizeof(double), "the bound of a gradient");
    for (int n = 0; n < b->desc->n; n++) {
        lrn_image m = {(const double *)b->args.x[0] + n * image,
                       b->e_x[0] + n * image,
                       (const double *)b->args.dy + n * image,
                       b->e_dy + n * image,
                       b->e_dx[0] + n * image,
                       t,
                       t + image};
        lrn_own_term(b, m);
        lrn_neighbours_term(b, m);
    }
    an_free(t);
    an_bound_store(b->e_dx[0], b->args.dx[0], b->desc->n * image, b->store);
    return ALEXNET_OK;
}

const an_bound_op an_bound_lrn = {lrn_forward, lrn_backward};
const an_bound_op an_bound_lrn_within = {lrn_forward, lrn_backward};
