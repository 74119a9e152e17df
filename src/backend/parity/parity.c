#include "backend/parity/parity.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "backend/parity/bound.h"
#include "backend/parity/chain.h"
#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"

/* The state of one comparison. */
typedef struct job {
    an_backend *backend, *ref;
    const an_op_desc *const *ops;
    int n_ops;
    an_parity_options options;
    double store; /* roundoff of stored activations, or of operands of tf32 */
    an_operands operands;
    an_chain *got, *expected;
    double *e_x[AN_MAX_INPUTS], *e_dx[AN_MAX_INPUTS];         /* bounds of the run's ends */
    double *e_y[AN_PARITY_MAX_OPS], *e_dy[AN_PARITY_MAX_OPS]; /* of each operator's output */
    double *e_dparam[AN_PARITY_MAX_OPS][AN_MAX_PARAMS];
    double *e_loss;
    an_parity *out;
} job;

/* ---- Bounds --------------------------------------------------------------------------------- */

static alexnet_status fresh_bounds(job *j)
{
    const an_op_desc *first = j->ops[0], *last = j->ops[j->n_ops - 1];
    bool gradients = j->options.gradients;
    for (int i = 0; i < first->n_inputs; i++) {
        AN_CHECK(an_operand_new(&j->e_x[i], an_batch_count(first, first->in[i])));
        if (gradients && !j->options.first)
            AN_CHECK(an_operand_new(&j->e_dx[i], an_batch_count(first, first->in[i])));
    }
    for (int i = 0; i < j->n_ops; i++) {
        AN_CHECK(an_operand_new(&j->e_y[i], an_batch_count(j->ops[i], j->ops[i]->out)));
        if (!gradients)
            continue;
        AN_CHECK(an_operand_new(&j->e_dy[i], an_batch_count(j->ops[i], j->ops[i]->out)));
        for (int p = 0; an_param_count(j->ops[i], p) > 0; p++)
            AN_CHECK(an_operand_new(&j->e_dparam[i][p], an_param_count(j->ops[i], p)));
    }
    return last->kind == AN_OP_SOFTMAX ? an_operand_new(&j->e_loss, last->n) : ALEXNET_OK;
}

/* Operator i with the values computed by ref, which are in host memory. */
static an_bound bound_of(job *j, int i)
{
    an_chain_link *link = &j->expected->link[i], *before = i > 0 ? link - 1 : NULL;
    an_bound b = {.sum = 0x1p-24,
                  .store = j->store,
                  .ref = j->ref,
                  .prepared = link->op,
                  .desc = j->ops[i],
                  .args = {.y = link->y,
                           .dy = link->dy,
                           .scratch = link->scratch,
                           .state = &j->operands.state,
                           .slots = j->operands.slots},
                  .e_dy = j->e_dy[i],
                  .e_y = j->e_y[i],
                  .e_loss = j->e_loss};
    for (int p = 0; p < AN_MAX_PARAMS; p++) {
        b.args.param[p] = link->param[p];
        b.args.dparam[p] = link->dparam[p];
        b.e_dparam[p] = j->e_dparam[i][p];
    }
    for (int x = 0; x < j->ops[i]->n_inputs; x++) {
        b.args.x[x] = before ? before->y : j->expected->x[x];
        b.args.dx[x] = before ? before->dy : j->expected->dx[x];
        b.e_x[x] = before ? j->e_y[i - 1] : j->e_x[x];
        b.e_dx[x] = before ? j->e_dy[i - 1] : j->e_dx[x];
    }
    return b;
}

/* Widen the bounds of gradients that the backend rounds to bfloat16 (an_prepared.coarse_dw). */
static alexnet_status allow_coarse(job *j)
{
    for (int i = 0; i < j->got->n_links; i++) {
        const an_chain_link *theirs = &j->got->link[i];
        an_bound b = bound_of(j, theirs->first);
        if (theirs->op->coarse_dw)
            AN_CHECK(an_bound_coarse_dw(&b, theirs->op->coarse_dw));
    }
    return ALEXNET_OK;
}

static alexnet_status compute(job *j)
{
    AN_CHECK(an_chain_write(j->expected, &j->operands));
    AN_CHECK(an_chain_write(j->got, &j->operands));
    AN_CHECK(an_chain_forward(j->expected));
    AN_CHECK(an_chain_forward(j->got));
    for (int i = 0; i < j->n_ops; i++) {
        an_bound b = bound_of(j, i);
        AN_CHECK(an_bound_forward(&b));
    }
    if (!j->options.gradients)
        return ALEXNET_OK;
    AN_CHECK(an_chain_backward(j->expected));
    AN_CHECK(an_chain_backward(j->got));
    for (int i = j->n_ops - 1; i >= 0; i--) {
        an_bound b = bound_of(j, i);
        AN_CHECK(an_bound_backward(&b));
    }
    return allow_coarse(j);
}

/* ---- Comparison ----------------------------------------------------------------------------- */

/* The deviation as a fraction of the bound; where nothing is allowed, 0 or infinity. */
static double fraction(double got, double expected, double bound)
{
    if (got == expected)
        return 0;
    double f = fabs(got - expected) / bound;
    return isfinite(f) ? f : INFINITY;
}

/* Compare values with ref's. Raises *worst, and updates the report if one is the worst of all. */
static void judge(job *j, const char *name, const double *got, const double *expected,
                  const double *bound, int64_t count, double *worst)
{
    for (int64_t i = 0; i < count; i++) {
        double f = fraction(got[i], expected[i], bound[i]);
        if (f > *worst)
            *worst = f;
        if (f <= j->out->worst)
            continue;
        j->out->worst = f;
        an_print_in(j->out->where, sizeof j->out->where, "%s[%lld] is %.9g, expected %.9g +- %.3g",
                    name, (long long)i, got[i], expected[i], bound[i]);
    }
}

/* The same for a tensor of the backend. */
static alexnet_status compare(job *j, const char *name, const void *theirs, const double *expected,
                              const double *bound, int64_t count, double *worst)
{
    double *got;
    AN_CHECK(an_operand_new(&got, count));
    alexnet_status rc = an_chain_read(j->got, theirs, count, got);
    if (rc == ALEXNET_OK)
        judge(j, name, got, expected, bound, count, worst);
    an_free(got);
    return rc;
}

static alexnet_status compare_losses(job *j, int n)
{
    double *both;
    AN_CHECK(an_operand_new(&both, 2 * (int64_t)n));
    alexnet_status rc = an_chain_losses(j->got, both);
    if (rc == ALEXNET_OK)
        rc = an_chain_losses(j->expected, both + n);
    if (rc == ALEXNET_OK)
        judge(j, "loss", both, both + n, j->e_loss, n, &j->out->forward);
    an_free(both);
    return rc;
}

static alexnet_status compare_forward(job *j)
{
    const an_op_desc *last = j->ops[j->n_ops - 1];
    const an_chain_link *theirs = &j->got->link[j->got->n_links - 1];
    const an_chain_link *ours = &j->expected->link[j->n_ops - 1];
    AN_CHECK(compare(j, "y", theirs->y, ours->y, j->e_y[j->n_ops - 1],
                     an_batch_count(last, last->out), &j->out->forward));
    return last->kind == AN_OP_SOFTMAX ? compare_losses(j, last->n) : ALEXNET_OK;
}

static alexnet_status compare_gradients(job *j)
{
    const an_op_desc *first = j->ops[0];
    for (int i = 0; i < first->n_inputs && !j->options.first; i++)
        AN_CHECK(compare(j, "dx", j->got->dx[i], j->expected->dx[i], j->e_dx[i],
                         an_batch_count(first, first->in[i]), &j->out->dx));
    for (int i = 0; i < j->got->n_links; i++) {
        const an_chain_link *theirs = &j->got->link[i], *ours = &j->expected->link[theirs->first];
        for (int p = 0; p < AN_MAX_PARAMS; p++)
            if (theirs->dparam[p])
                AN_CHECK(compare(j, p == 0 ? "dweight" : "dbias", theirs->dparam[p],
                                 ours->dparam[p], j->e_dparam[theirs->first][p],
                                 an_param_count(j->ops[theirs->first], p), &j->out->dw));
    }
    return ALEXNET_OK;
}

static void name_impls(job *j)
{
    for (int i = 0; i < j->got->n_links; i++)
        an_text_add(j->out->impl, sizeof j->out->impl, "%s%s", i ? " + " : "",
                    j->got->link[i].op->impl);
}

static void release(job *j)
{
    an_chain_close(j->got);
    an_chain_close(j->expected);
    an_operands_free(&j->operands);
    for (int i = 0; i < AN_MAX_INPUTS; i++) {
        an_free(j->e_x[i]);
        an_free(j->e_dx[i]);
    }
    for (int i = 0; i < AN_PARITY_MAX_OPS; i++) {
        an_free(j->e_y[i]);
        an_free(j->e_dy[i]);
        for (int p = 0; p < AN_MAX_PARAMS; p++)
            an_free(j->e_dparam[i][p]);
    }
    an_free(j->e_loss);
}

alexnet_status an_parity_run(an_backend *backend, an_backend *ref, const an_op_desc *const *ops,
                             int n_ops, const an_parity_options *options, an_parity *out)
{
    alexnet_status rc;
    assert(ref->param_dtype == AN_F64);
    memset(out, 0, sizeof *out);
    job j = {.backend = backend, .ref = ref, .ops = ops, .n_ops = n_ops, .options = *options};
    j.store = backend->precision == ALEXNET_PRECISION_BF16   ? 0x1p-8
              : backend->precision == ALEXNET_PRECISION_TF32 ? 0x1p-11
                                                             : 0x1p-24;
    j.out = out;
    AN_TRY(an_operands_draw(&j.operands, ops, n_ops, options->seed,
                            backend->precision != ALEXNET_PRECISION_FP32));
    AN_TRY(fresh_bounds(&j));
    AN_TRY(an_chain_open(&j.expected, ref, ops, n_ops, options));
    AN_TRY(an_chain_open(&j.got, backend, ops, n_ops, options));
    name_impls(&j);
    AN_TRY(compute(&j));
    AN_TRY(compare_forward(&j));
    if (options->gradients)
        AN_TRY(compare_gradients(&j));
cleanup:
    release(&j);
    return rc;
}
