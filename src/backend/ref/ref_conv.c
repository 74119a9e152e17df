#include <string.h>

#include "backend/ref/ref.h"

/* Outputs from .. to-1 of one direction. */
typedef struct span {
    int from, to;
} span;

/*
 * One weight and what it connects: weight[w] contributes to output (p,q) of the plane at y, for p
 * and q in their spans, from pixel (p*stride + row, q*stride + column) of the plane at x.
 */
typedef struct tap {
    int64_t w, x, y;
    span p, q;
    int row, column;
} tap;

/* The outputs whose pixel at offset `shift` is inside the image; the others read zero there. */
static span inside(int outputs, int in, int stride, int shift)
{
    span s = {0, outputs};
    while (s.from < s.to && (int64_t)s.from * stride + shift < 0)
        s.from++;
    while (s.from < s.to && (int64_t)(s.to - 1) * stride + shift >= in)
        s.to--;
    return s;
}

typedef void tap_fn(const an_op_desc *desc, const an_op_args *args, tap t);

/* Visit every tap of the filters of output channel k at image n. */
static void visit_channel(const an_op_desc *desc, const an_op_args *args, tap_fn *visit, int n,
                          int k)
{
    const an_conv_desc *conv = &desc->u.conv;
    int c_count = desc->in[0].c / conv->groups;
    int first = k / (conv->k / conv->groups) * c_count;
    int64_t in_plane = (int64_t)desc->in[0].h * desc->in[0].w;
    int64_t out_plane = (int64_t)desc->out.h * desc->out.w;
    for (int c = 0; c < c_count; c++)
        for (int r = 0; r < conv->r; r++)
            for (int s = 0; s < conv->s; s++) {
                tap t = {.row = r - conv->top, .column = s - conv->left};
                t.w = (((int64_t)k * c_count + c) * conv->r + r) * conv->s + s;
                t.x = ((int64_t)n * desc->in[0].c + first + c) * in_plane;
                t.y = ((int64_t)n * conv->k + k) * out_plane;
                t.p = inside(desc->out.h, desc->in[0].h, conv->stride, t.row);
                t.q = inside(desc->out.w, desc->in[0].w, conv->stride, t.column);
                visit(desc, args, t);
            }
}

static void visit_all(const an_op_desc *desc, const an_op_args *args, tap_fn *visit)
{
    for (int n = 0; n < desc->n; n++)
        for (int k = 0; k < desc->u.conv.k; k++)
            visit_channel(desc, args, visit, n, k);
}

static void add_to_y(const an_op_desc *desc, const an_op_args *args, tap t)
{
    int stride = desc->u.conv.stride, width = desc->in[0].w, q_count = desc->out.w;
    double w = ((const double *)args->param[0])[t.w];
    const double *x = (const double *)args->x[0] + t.x;
    double *y = (double *)args->y + t.y;
    for (int p = t.p.from; p < t.p.to; p++)
        for (int q = t.q.from; q < t.q.to; q++)
            y[p * q_count + q] += w * x[(p * stride + t.row) * width + q * stride + t.column];
}

static void add_to_dx(const an_op_desc *desc, const an_op_args *args, tap t)
{
    int stride = desc->u.conv.stride, width = desc->in[0].w, q_count = desc->out.w;
    double w = ((const double *)args->param[0])[t.w];
    const double *dy = (const double *)args->dy + t.y;
    double *dx = (double *)args->dx[0] + t.x;
    for (int p = t.p.from; p < t.p.to; p++)
        for (int q = t.q.from; q < t.q.to; q++)
            dx[(p * stride + t.row) * width + q * stride + t.column] += w * dy[p * q_count + q];
}

static void add_to_dweight(const an_op_desc *desc, const an_op_args *args, tap t)
{
    int stride = desc->u.conv.stride, width = desc->in[0].w, q_count = desc->out.w;
    const double *x = (const double *)args->x[0] + t.x;
    const double *dy = (const double *)args->dy + t.y;
    double sum = 0;
    for (int p = t.p.from; p < t.p.to; p++)
        for (int q = t.q.from; q < t.q.to; q++)
            sum += dy[p * q_count + q] * x[(p * stride + t.row) * width + q * stride + t.column];
    ((double *)args->dparam[0])[t.w] += sum;
}

static void fill_with_bias(const an_op_desc *desc, const double *bias, double *y)
{
    int64_t plane = (int64_t)desc->out.h * desc->out.w;
    for (int n = 0; n < desc->n; n++)
        for (int k = 0; k < desc->u.conv.k; k++)
            for (int64_t i = 0; i < plane; i++)
                *y++ = bias[k];
}

/* dbias[k] = SUM_{n,p,q} dy[n,k,p,q] */
static void sum_to_dbias(const an_op_desc *desc, const double *dy, double *dbias)
{
    int64_t plane = (int64_t)desc->out.h * desc->out.w;
    memset(dbias, 0, (size_t)desc->u.conv.k * sizeof(double));
    for (int n = 0; n < desc->n; n++)
        for (int k = 0; k < desc->u.conv.k; k++)
            for (int64_t i = 0; i < plane; i++)
                dbias[k] += *dy++;
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    fill_with_bias(&run->desc, args->param[1], args->y);
    visit_all(&run->desc, args, add_to_y);
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    const an_conv_desc *conv = &desc->u.conv;
    if (args->dx[0]) {
        memset(args->dx[0], 0, (size_t)an_ref_count(desc, desc->in[0]) * sizeof(double));
        visit_all(desc, args, add_to_dx);
    }
    if (args->dparam[0]) {
        size_t weights = (size_t)conv->k * (size_t)(desc->in[0].c / conv->groups) *
                         (size_t)conv->r * (size_t)conv->s;
        memset(args->dparam[0], 0, weights * sizeof(double));
        visit_all(desc, args, add_to_dweight);
    }
    if (args->dparam[1])
        sum_to_dbias(desc, args->dy, args->dparam[1]);
}

const an_ref_op an_ref_conv = {forward, backward, NULL};
