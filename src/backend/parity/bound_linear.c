/*
 * Bounds of convolution and fully connected layers: ref itself, run on squares, gives the sums of
 * squared products.
 */
#include <math.h>
#include <string.h>

#include "backend/parity/bound.h"
#include "backend/parity/chain.h"
#include "base/alloc.h"
#include "base/status.h"

enum { LIMIT = 8 }; /* L of bound.h */

#define COARSE 0x1p-8 /* unit roundoff of bf16 */

/* A new array of p * a^2 + q * e^2; e may be NULL, for zeros. */
static alexnet_status squares(double **out, const double *a, const double *e, int64_t count,
                              double p, double q)
{
    AN_CHECK(an_operand_new(out, count));
    for (int64_t i = 0; i < count; i++)
        (*out)[i] = p * a[i] * a[i] + (e ? q * e[i] * e[i] : 0);
    return ALEXNET_OK;
}

static void root(double *e, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        e[i] = LIMIT * sqrt(e[i]);
}

/* Terms of the sums for y (with the bias), dx and dw. */
static double terms_of_y(const an_op_desc *desc)
{
    return (double)an_param_count(desc, 0) / desc->out.c + 1;
}

static double terms_of_dx(const an_op_desc *desc)
{
    if (desc->kind == AN_OP_FC)
        return desc->u.fc.k;
    const an_conv_desc *conv = &desc->u.conv;
    return (double)(conv->k / conv->groups) * conv->r * conv->s;
}

static double terms_of_dw(const an_op_desc *desc)
{
    return (double)desc->n * desc->out.h * desc->out.w;
}

static alexnet_status forward(const an_bound *b)
{
    alexnet_status rc;
    const an_op_desc *desc = b->desc;
    double *x2 = NULL, *w2 = NULL, *bias2 = NULL;
    double nu2 = terms_of_y(desc) * b->sum * b->sum;
    AN_TRY(squares(&x2, b->args.x[0], b->e_x[0], an_batch_count(desc, desc->in[0]), nu2, 1));
    AN_TRY(squares(&w2, b->args.param[0], NULL, an_param_count(desc, 0), 1, 0));
    AN_TRY(squares(&bias2, b->args.param[1], NULL, an_param_count(desc, 1), nu2, 0));
    an_op_args args = {.x = {x2}, .param = {w2, bias2}, .y = b->e_y};
    AN_TRY(b->ref->api->op_forward(b->ref, b->prepared, &args));
    root(b->e_y, an_batch_count(desc, desc->out));
    an_bound_store(b->e_y, b->args.y, an_batch_count(desc, desc->out), b->store);
cleanup:
    an_free(x2);
    an_free(w2);
    an_free(bias2);
    return rc;
}

static alexnet_status backward_data(const an_bound *b)
{
    alexnet_status rc;
    const an_op_desc *desc = b->desc;
    double *dy2 = NULL, *w2 = NULL;
    double nu2 = terms_of_dx(desc) * b->sum * b->sum;
    AN_TRY(squares(&dy2, b->args.dy, b->e_dy, an_batch_count(desc, desc->out), nu2, 1));
    AN_TRY(squares(&w2, b->args.param[0], NULL, an_param_count(desc, 0), 1, 0));
    an_op_args args = {.param = {w2}, .dy = dy2, .dx = {b->e_dx[0]}};
    AN_TRY(b->ref->api->op_backward(b->ref, b->prepared, &args));
    root(b->e_dx[0], an_batch_count(desc, desc->in[0]));
    an_bound_store(b->e_dx[0], b->args.dx[0], an_batch_count(desc, desc->in[0]), b->store);
cleanup:
    an_free(dy2);
    an_free(w2);
    return rc;
}

/* e_dw += SUM (p x^2 + e(x)^2) * (q dy^2 + r e(dy)^2), e_dbias likewise with 1 for x. */
static alexnet_status add_products(const an_bound *b, double p, double q, double r)
{
    alexnet_status rc;
    const an_op_desc *desc = b->desc;
    int64_t weights = an_param_count(desc, 0), biases = an_param_count(desc, 1);
    double *x2 = NULL, *dy2 = NULL, *dw = NULL, *dbias = NULL;
    AN_TRY(squares(&x2, b->args.x[0], b->e_x[0], an_batch_count(desc, desc->in[0]), p, 1));
    AN_TRY(squares(&dy2, b->args.dy, b->e_dy, an_batch_count(desc, desc->out), q, r));
    AN_TRY(an_operand_new(&dw, weights));
    AN_TRY(an_operand_new(&dbias, biases));
    an_op_args args = {.x = {x2}, .dy = dy2, .dparam = {dw, dbias}};
    AN_TRY(b->ref->api->op_backward(b->ref, b->prepared, &args));
    for (int64_t i = 0; i < weights; i++)
        b->e_dparam[0][i] += dw[i];
    for (int64_t i = 0; i < biases; i++)
        b->e_dparam[1][i] += dbias[i] * (q > 0 ? p : 1);
cleanup:
    an_free(x2);
    an_free(dy2);
    an_free(dw);
    an_free(dbias);
    return rc;
}

static bool is_zero(const double *e, int64_t count)
{
    int64_t i = 0;
    while (i < count && e[i] == 0)
        i++;
    return i == count;
}

static alexnet_status backward_params(const an_bound *b)
{
    const an_op_desc *desc = b->desc;
    double nu2 = terms_of_dw(desc) * b->sum * b->sum;
    for (int i = 0; i < AN_MAX_PARAMS; i++)
        memset(b->e_dparam[i], 0, (size_t)an_param_count(desc, i) * sizeof(double));
    AN_CHECK(add_products(b, nu2, 1, 0));
    if (!is_zero(b->e_dy, an_batch_count(desc, desc->out)))
        AN_CHECK(add_products(b, 1, 0, 1));
    for (int i = 0; i < AN_MAX_PARAMS; i++) {
        root(b->e_dparam[i], an_param_count(desc, i));
        an_bound_store(b->e_dparam[i], b->args.dparam[i], an_param_count(desc, i), b->sum);
    }
    return ALEXNET_OK;
}

static alexnet_status backward(const an_bound *b)
{
    if (b->e_dx[0])
        AN_CHECK(backward_data(b));
    return backward_params(b);
}

/* dy with zeros in all columns but first, first + step... */
static alexnet_status pick_columns(const an_bound *b, int first, int step, double **out)
{
    const int64_t count = an_batch_count(b->desc, b->desc->out);
    const double *dy = b->args.dy;
    AN_CHECK(an_operand_new(out, count));
    for (int64_t i = 0; i < count; i++)
        (*out)[i] = i % b->desc->out.w % step == first ? dy[i] : 0;
    return ALEXNET_OK;
}

alexnet_status an_bound_coarse_dw(const an_bound *b, int sums)
{
    alexnet_status rc = ALEXNET_OK;
    const int64_t weights = an_param_count(b->desc, 0), biases = an_param_count(b->desc, 1);
    double *dy = NULL, *dw = NULL, *dbias = NULL;
    AN_TRY(an_operand_new(&dw, weights));
    AN_TRY(an_operand_new(&dbias, biases));
    for (int i = 0; i < sums; i++) {
        AN_TRY(pick_columns(b, i, sums, &dy));
        an_op_args args = {.x = {b->args.x[0]}, .dy = dy, .dparam = {dw, dbias}};
        AN_TRY(b->ref->api->op_backward(b->ref, b->prepared, &args));
        an_bound_store(b->e_dparam[0], dw, weights, COARSE);
        an_free(dy);
        dy = NULL;
    }
cleanup:
    an_free(dy);
    an_free(dw);
    an_free(dbias);
    return rc;
}

const an_bound_op an_bound_conv = {forward, backward};
const an_bound_op an_bound_fc = {forward, backward};
