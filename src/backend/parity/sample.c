#include "backend/parity/sample.h"

#include <math.h>
#include <stdio.h>

#include "backend/element.h"
#include "backend/parity/chain.h"
#include "base/alloc.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"

/* Operands repeat after PERIOD numbers, a prime. MOST elements of a tensor are sampled, but fewer
 * if their sums are so long that they would have more than TERMS terms in total. */
enum { PERIOD = 1000003, MOST = 512, LEAST = 16, TERMS = 1 << 24 };

static const double U = 0x1p-24;

/* A fully connected layer is a convolution of single pixels. */
typedef struct job {
    an_backend *backend;
    const an_op_desc *desc;
    bool coarse;
    an_parity_options options;
    an_element_conv conv;
    double *x, *weights, *bias, *dy;
    an_chain *chain;
    an_parity *out;
} job;

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

static void take_shape(an_element_conv *to, const an_op_desc *d)
{
    const an_conv_desc *v = &d->u.conv;
    to->n = d->n;
    if (d->kind == AN_OP_FC) {
        to->c = an_chw_count(d->in[0]);
        to->k = d->u.fc.k;
        to->h = to->w = to->r = to->s = to->p = to->q = to->groups = to->stride = 1;
        return;
    }
    to->c = d->in[0].c, to->h = d->in[0].h, to->w = d->in[0].w;
    to->k = v->k, to->r = v->r, to->s = v->s;
    to->p = d->out.h, to->q = d->out.w;
    to->groups = v->groups, to->stride = v->stride, to->top = v->top, to->left = v->left;
}

static alexnet_status draw_operands(job *j)
{
    an_element_conv *v = &j->conv;
    const double fan_in = (double)an_element_terms(v, AN_FORWARD);
    AN_CHECK(draw(j, &j->x, an_element_count(v, AN_BACKWARD_DATA), 1, 0));
    AN_CHECK(draw(j, &j->weights, an_element_count(v, AN_BACKWARD_WEIGHTS),
                  an_operand_scale_of_weights(fan_in), 1));
    AN_CHECK(draw(j, &j->bias, v->k, 1, 2));
    AN_CHECK(draw(j, &j->dy, an_element_count(v, AN_FORWARD), 1, 3));
    v->x.values = j->x, v->weights.values = j->weights;
    v->bias.values = j->bias, v->y.values = j->dy;
    v->x.mask = v->weights.mask = v->bias.mask = v->y.mask = -1;
    return ALEXNET_OK;
}

/* ---- Comparison ------------------------------------------------------------------------------ */

typedef struct tensor {
    const char *name;
    const void *data; /* on the backend, plain */
    an_direction direction;
    double store; /* roundoff of stored results */
} tensor;

static alexnet_status compare_one(job *j, const tensor *t, int64_t index, double *worst)
{
    const size_t each = an_dtype_bytes(j->backend->param_dtype);
    const an_element e = an_element_of(&j->conv, t->direction, index);
    const double bound = an_element_bound(&e, t->store, j->coarse);
    double got;
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
    const int64_t count = an_element_count(&j->conv, t->direction);
    int64_t samples = TERMS / an_element_terms(&j->conv, t->direction);
    samples = samples < LEAST ? LEAST : samples > MOST ? MOST : samples;
    AN_CHECK(compare_one(j, t, count - 1, worst));
    for (int64_t i = 0; i < samples; i++) {
        an_random4 r = an_random(j->options.seed, AN_PURPOSE_TEST, 4, (uint64_t)i, 2);
        int64_t index = (int64_t)((double)count * an_uniform(r.v[0]));
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
    AN_CHECK(open_chain(j, j->conv.relu ? 2 : 1, ops, false));
    snprintf(j->out->impl, sizeof j->out->impl, "%s", j->chain->link[0].op->impl);
    const tensor y = {"y", j->chain->link[j->chain->n_links - 1].y, AN_FORWARD, roundoff(j)};
    return compare(j, &y, &j->out->forward);
}

static alexnet_status backward(job *j)
{
    AN_CHECK(open_chain(j, 1, &j->desc, true));
    AN_CHECK(an_chain_backward(j->chain));
    const an_chain_link *link = &j->chain->link[0];
    const tensor dw = {"dweight", link->dparam[0], AN_BACKWARD_WEIGHTS,
                       link->op->coarse_dw ? 0x1p-8 : U};
    AN_CHECK(compare(j, &dw, &j->out->dw));
    if (j->options.first)
        return ALEXNET_OK;
    const tensor dx = {"dx", j->chain->dx[0], AN_BACKWARD_DATA, roundoff(j)};
    return compare(j, &dx, &j->out->dx);
}

alexnet_status an_parity_sample(an_backend *backend, const an_op_desc *desc, bool relu,
                                const an_parity_options *options, an_parity *out)
{
    alexnet_status rc;
    job j = {.backend = backend,
             .desc = desc,
             .coarse = backend->precision != ALEXNET_PRECISION_FP32,
             .conv = {.relu = relu},
             .options = *options,
             .out = out};
    *out = (an_parity){0};
    take_shape(&j.conv, desc);
    an_element_arrange(&j.conv, false);
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
