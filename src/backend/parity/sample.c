#include "backend/parity/sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/parity/chain.h"
#include "base/alloc.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"

/* Operands repeat after PERIOD numbers, a prime. MOST elements of a tensor are sampled, but fewer
 * if their sums are so long that they would have more than TERMS terms in total. */
enum { PERIOD = 1000003, MOST = 512, LEAST = 16, TERMS = 1 << 24, LIMIT = 8 };

static const double U = 0x1p-24;

/* A fully connected layer is a convolution of single pixels. */
typedef struct job {
    an_backend *backend;
    const an_op_desc *desc;
    bool relu, coarse;
    an_parity_options options;
    int64_t n, c, h, w, k, r, s, p, q, groups, stride, top, left;
    double *x, *weights, *bias, *dy;
    an_chain *chain;
    an_parity *out;
} job;

/* An element: its value, and the sum of its terms' squares. */
typedef struct element {
    double value, squares;
    int64_t terms;
} element;

static void add(element *e, double a, double b)
{
    e->value += a * b;
    e->squares += a * a * b * b;
    e->terms++;
}

/* ---- Operands -------------------------------------------------------------------------------- */

static alexnet_status draw(const job *j, double **out, int64_t count, double scale, uint32_t tensor)
{
    AN_CHECK(an_operand_new(out, count));
    for (int64_t i = 0; i < count && i < PERIOD; i++) {
        uint32_t bits =
            an_random(j->options.seed, AN_PURPOSE_TEST, tensor, (uint64_t)i / 4, 2).v[i % 4];
        (*out)[i] = scale * an_operand_of(bits, j->coarse);
    }
    for (int64_t i = PERIOD; i < count; i++)
        (*out)[i] = (*out)[i - PERIOD];
    return ALEXNET_OK;
}

static void take_shape(job *j)
{
    const an_op_desc *d = j->desc;
    const an_conv_desc *v = &d->u.conv;
    j->n = d->n;
    if (d->kind == AN_OP_FC) {
        j->c = an_chw_count(d->in[0]);
        j->k = d->u.fc.k;
        j->h = j->w = j->r = j->s = j->p = j->q = j->groups = j->stride = 1;
        return;
    }
    j->c = d->in[0].c, j->h = d->in[0].h, j->w = d->in[0].w;
    j->k = v->k, j->r = v->r, j->s = v->s;
    j->p = d->out.h, j->q = d->out.w;
    j->groups = v->groups, j->stride = v->stride, j->top = v->top, j->left = v->left;
}

static alexnet_status draw_operands(job *j)
{
    const double fan_in = (double)(j->c / j->groups * j->r * j->s);
    AN_CHECK(draw(j, &j->x, j->n * j->c * j->h * j->w, 1, 0));
    AN_CHECK(draw(j, &j->weights, j->k * (int64_t)fan_in, an_operand_scale_of_weights(fan_in), 1));
    AN_CHECK(draw(j, &j->bias, j->k, 1, 2));
    return draw(j, &j->dy, j->n * j->k * j->p * j->q, 1, 3);
}

/* ---- Elements of the results ----------------------------------------------------------------- */

typedef element element_fn(const job *j, int64_t index);

/* Split the last index, of `size` values, off a flat index. */
static int64_t take(int64_t *index, int64_t size)
{
    int64_t last = *index % size;
    *index /= size;
    return last;
}

static double x_at(const job *j, int64_t n, int64_t c, int64_t h, int64_t w)
{
    bool inside = h >= 0 && h < j->h && w >= 0 && w < j->w;
    return inside ? j->x[((n * j->c + c) * j->h + h) * j->w + w] : 0;
}

static element y_of(const job *j, int64_t index)
{
    const int64_t each = j->c / j->groups;
    const int64_t q = take(&index, j->q), p = take(&index, j->p), k = take(&index, j->k);
    const double *w = j->weights + k * each * j->r * j->s;
    element e = {0};
    for (int64_t c = 0; c < each; c++)
        for (int64_t r = 0; r < j->r; r++)
            for (int64_t s = 0; s < j->s; s++)
                add(&e,
                    x_at(j, index, k / (j->k / j->groups) * each + c, p * j->stride - j->top + r,
                         q * j->stride - j->left + s),
                    w[(c * j->r + r) * j->s + s]);
    add(&e, j->bias[k], 1);
    if (j->relu && e.value < 0)
        e.value = 0;
    return e;
}

/* The gradient of the output at row / stride and column / stride; 0 where there is none. */
static double dy_from(const job *j, int64_t n, int64_t k, int64_t row, int64_t column)
{
    const int64_t p = row / j->stride, q = column / j->stride;
    if (row < 0 || column < 0 || row % j->stride || column % j->stride || p >= j->p || q >= j->q)
        return 0;
    return j->dy[((n * j->k + k) * j->p + p) * j->q + q];
}

static element dx_of(const job *j, int64_t index)
{
    const int64_t each = j->c / j->groups, k_each = j->k / j->groups;
    const int64_t w = take(&index, j->w), h = take(&index, j->h), c = take(&index, j->c);
    element e = {0};
    for (int64_t k = c / each * k_each; k < (c / each + 1) * k_each; k++)
        for (int64_t r = 0; r < j->r; r++)
            for (int64_t s = 0; s < j->s; s++)
                add(&e, dy_from(j, index, k, h + j->top - r, w + j->left - s),
                    j->weights[((k * each + c % each) * j->r + r) * j->s + s]);
    return e;
}

static element dw_of(const job *j, int64_t index)
{
    const int64_t each = j->c / j->groups;
    const int64_t s = take(&index, j->s), r = take(&index, j->r), c = take(&index, each);
    const int64_t channel = index / (j->k / j->groups) * each + c;
    element e = {0};
    for (int64_t n = 0; n < j->n; n++)
        for (int64_t p = 0; p < j->p; p++)
            for (int64_t q = 0; q < j->q; q++)
                add(&e,
                    x_at(j, n, channel, p * j->stride - j->top + r, q * j->stride - j->left + s),
                    j->dy[((n * j->k + index) * j->p + p) * j->q + q]);
    return e;
}

/* ---- Comparison ------------------------------------------------------------------------------ */

typedef struct tensor {
    const char *name;
    const void *data; /* on the backend, plain */
    int64_t count, terms;
    element_fn *of;
    double store; /* roundoff of stored results */
} tensor;

static alexnet_status compare_one(job *j, const tensor *t, int64_t index, double *worst)
{
    const size_t each = an_dtype_bytes(j->backend->param_dtype);
    const element e = t->of(j, index);
    const double n = (double)e.terms;
    double bound = LIMIT * sqrt(n * U * U * e.squares) + t->store * fabs(e.value), got;
    if (j->coarse)
        bound += U * n / 8 * sqrt(e.squares);
    AN_CHECK(an_chain_read(j->chain, (const char *)t->data + (size_t)index * each, 1, &got));
    double by = got == e.value ? 0 : fabs(got - e.value) / bound;
    by = isfinite(by) ? by : INFINITY;
    *worst = by > *worst ? by : *worst;
    if (by <= j->out->worst)
        return ALEXNET_OK;
    j->out->worst = by;
    an_print_in(j->out->where, sizeof j->out->where, "%s[%lld] is %.9g, expected %.9g +- %.3g",
                t->name, (long long)index, got, e.value, bound);
    return ALEXNET_OK;
}

/* Compare randomly drawn elements, and the last one. */
static alexnet_status compare(job *j, const tensor *t, double *worst)
{
    int64_t samples = TERMS / t->terms;
    samples = samples < LEAST ? LEAST : samples > MOST ? MOST : samples;
    AN_CHECK(compare_one(j, t, t->count - 1, worst));
    for (int64_t i = 0; i < samples; i++) {
        an_random4 r = an_random(j->options.seed, AN_PURPOSE_TEST, 4, (uint64_t)i, 2);
        int64_t index = (int64_t)((double)t->count * an_uniform(r.v[0]));
        AN_CHECK(compare_one(j, t, index, worst));
    }
    return ALEXNET_OK;
}

static double roundoff(const job *j)
{
    return j->backend->precision == ALEXNET_PRECISION_BF16   ? 0x1p-8
           : j->backend->precision == ALEXNET_PRECISION_TF32 ? 0x1p-11
                                                             : U;
}

static alexnet_status open_chain(job *j, int n_ops, const an_op_desc *const *ops, bool gradients)
{
    const an_operands operands = {
        .x = {j->x}, .param = {{j->weights, j->bias}}, .dy = j->dy, .state = {.seed = 1}};
    an_parity_options options = j->options;
    options.gradients = gradients;
    an_chain_close(j->chain);
    j->chain = NULL;
    AN_CHECK(an_chain_open(&j->chain, j->backend, ops, n_ops, &options));
    AN_CHECK(an_chain_write(j->chain, &operands));
    return an_chain_forward(j->chain);
}

static alexnet_status forward(job *j)
{
    an_op_desc relu = {.kind = AN_OP_NEURON,
                       .n = j->desc->n,
                       .n_inputs = 1,
                       .in = {j->desc->out},
                       .u.neuron.kind = AN_RELU};
    const an_op_desc *ops[] = {j->desc, &relu};
    AN_CHECK(an_op_resolve(&relu));
    AN_CHECK(open_chain(j, j->relu ? 2 : 1, ops, false));
    snprintf(j->out->impl, sizeof j->out->impl, "%s", j->chain->link[0].op->impl);
    const tensor y = {"y",
                      j->chain->link[j->chain->n_links - 1].y,
                      j->n * j->k * j->p * j->q,
                      j->c / j->groups * j->r * j->s,
                      y_of,
                      roundoff(j)};
    return compare(j, &y, &j->out->forward);
}

static alexnet_status backward(job *j)
{
    const int64_t weights = j->k * (j->c / j->groups) * j->r * j->s;
    AN_CHECK(open_chain(j, 1, &j->desc, true));
    AN_CHECK(an_chain_backward(j->chain));
    const an_chain_link *link = &j->chain->link[0];
    const tensor dw = {"dweight",          link->dparam[0], weights,
                       j->n * j->p * j->q, dw_of,           link->op->coarse_dw ? 0x1p-8 : U};
    AN_CHECK(compare(j, &dw, &j->out->dw));
    if (j->options.first)
        return ALEXNET_OK;
    const tensor dx = {
        "dx",  j->chain->dx[0], j->n * j->c * j->h * j->w, j->k / j->groups * j->r * j->s,
        dx_of, roundoff(j)};
    return compare(j, &dx, &j->out->dx);
}

alexnet_status an_parity_sample(an_backend *backend, const an_op_desc *desc, bool relu,
                                const an_parity_options *options, an_parity *out)
{
    alexnet_status rc;
    job j = {.backend = backend,
             .desc = desc,
             .relu = relu,
             .coarse = backend->precision != ALEXNET_PRECISION_FP32,
             .options = *options,
             .out = out};
    *out = (an_parity){0};
    take_shape(&j);
    AN_TRY(draw_operands(&j));
    AN_TRY(forward(&j));
    if (options->gradients)
        AN_TRY(backward(&j));
cleanup:
    an_chain_close(j.chain);
    an_free(j.x);
    an_free(j.weights);
    an_free(j.bias);
    an_free(j.dy);
    return rc;
}
