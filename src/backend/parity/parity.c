#include "backend/parity/parity.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/parity/bound.h"
#include "backend/parity/chain.h"
#include "base/alloc.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"

/* ---- Operands ------------------------------------------------------------------------------- */

/* The state of one comparison. */
typedef struct job {
    an_backend *backend, *ref;
    const an_op_desc *const *ops;
    int n_ops;
    an_parity_options options;
    bool coarse;    /* operands are multiples of 2^-7 */
    double store;   /* roundoff of stored activations, or of operands of tf32 */
    uint32_t drawn; /* tensors drawn so far */
    an_operands operands;
    an_chain *got, *expected;
    double *e_x[AN_MAX_INPUTS], *e_dx[AN_MAX_INPUTS];         /* bounds of the run's ends */
    double *e_y[AN_PARITY_MAX_OPS], *e_dy[AN_PARITY_MAX_OPS]; /* of each operator's output */
    double *e_dparam[AN_PARITY_MAX_OPS][AN_MAX_PARAMS];
    double *e_loss;
    an_parity *out;
} job;

static alexnet_status fresh(double **out, int64_t count)
{
    *out = an_calloc((size_t)count, sizeof(double));
    if (!*out)
        return AN_FAIL_MEMORY((size_t)count * sizeof(double), "an operand of the comparison");
    return ALEXNET_OK;
}

/* A new tensor, uniform in [-scale, scale). */
static alexnet_status draw(job *j, double **out, int64_t count, double scale)
{
    AN_CHECK(fresh(out, count));
    uint32_t tensor = j->drawn++;
    an_random4 block = {{0}};
    for (int64_t i = 0; i < count; i++) {
        if (i % 4 == 0)
            block = an_random(j->options.seed, AN_PURPOSE_TEST, tensor, (uint64_t)i / 4, 0);
        uint32_t bits = block.v[i % 4];
        double unit = j->coarse ? ((int)(bits >> 24) - 128) * 0x1p-7
                                : ((int)(bits >> 8) - (1 << 23)) * 0x1p-23;
        (*out)[i] = scale * unit;
    }
    return ALEXNET_OK;
}

/* Inputs are large enough for an operator's nonlinearity to matter: LRN divides by k + alpha SUM
 * x^2 with alpha near 1e-4, softmax needs some classes to stand out. A power of two. */
static double scale_of_inputs(const job *j)
{
    double scale = 1;
    for (int i = 0; i < j->n_ops; i++) {
        if (j->ops[i]->kind == AN_OP_LRN || j->ops[i]->kind == AN_OP_LRN_WITHIN)
            scale = 64;
        if (j->ops[i]->kind == AN_OP_SOFTMAX)
            scale = 4;
    }
    return scale;
}

/* Weights that keep the variance of uniform inputs: 3/sqrt(fan-in), as a power of two. */
static double scale_of_param(const an_op_desc *desc, int index, double input_scale)
{
    if (desc->kind == AN_OP_AUGMENT)
        return 128;
    if (index == 1)
        return input_scale;
    double fan_in = (double)an_param_count(desc, 0) / desc->out.c;
    return exp2(round(log2(3 / sqrt(fan_in))));
}

/* Recolour, erase a part, mix another with slot 0. */
static void draw_changes(an_slot *slot, int crop)
{
    static const float matrix[3][3] = {
        {1.5f, -0.25f, 0.125f}, {0.25f, 0.75f, -0.375f}, {-0.5f, 0.5f, 1.25f}};
    slot->recoloured = 1;
    memcpy(slot->matrix, matrix, sizeof matrix);
    slot->offset[0] = -20.5f;
    slot->offset[2] = 31;
    slot->erased = (an_box){crop / 4, crop / 3, crop / 2, crop / 5};
    slot->mixed = (an_box){crop / 3, crop / 4, crop / 4, crop / 2};
    slot->share = 0.375f;
    slot->partner = 0;
}

static alexnet_status draw_slots(job *j)
{
    const an_op_desc *first = j->ops[0], *last = j->ops[j->n_ops - 1];
    bool augment = first->kind == AN_OP_AUGMENT;
    j->operands.slots = an_calloc((size_t)first->n, sizeof(an_slot));
    if (!j->operands.slots)
        return AN_FAIL_MEMORY((size_t)first->n * sizeof(an_slot), "the slots of the comparison");
    for (int n = 0; n < first->n; n++) {
        an_slot *slot = &j->operands.slots[n];
        bool empty = first->n > 1 && n == first->n - 1;
        an_random4 r = an_random(j->options.seed, AN_PURPOSE_TEST, 1000, (uint64_t)n, 1);
        *slot = (an_slot){.picture = -1, .label = -1, .weight = 1, .gain = 1};
        if (empty)
            continue;
        slot->label = (int32_t)an_below(r.v[0], (uint32_t)last->out.c);
        slot->mirror = n % 2;
        slot->weight = n % 3 ? 1 : 0.375f;
        slot->gain = 0.875f;
        for (int c = 0; c < 3; c++)
            slot->colour[c] = (float)(c + 1) * 3;
        if (last->kind == AN_OP_SOFTMAX && n % 2 == 1) {
            slot->second = (int32_t)an_below(r.v[3], (uint32_t)last->out.c);
            slot->second_share = 0.625f;
        }
        if (augment) {
            if (n > 0)
                draw_changes(slot, first->u.augment.crop);
            uint32_t places = (uint32_t)(first->u.augment.side - first->u.augment.crop + 1);
            slot->picture = n % first->u.augment.pictures;
            slot->y = (int32_t)an_below(r.v[1], places);
            slot->x = (int32_t)an_below(r.v[2], places);
        }
    }
    return ALEXNET_OK;
}

static alexnet_status draw_pictures(job *j)
{
    const an_augment_desc *augment = &j->ops[0]->u.augment;
    size_t bytes = (size_t)augment->pictures * (size_t)augment->side * (size_t)augment->side * 3;
    j->operands.pictures = an_malloc(bytes);
    if (!j->operands.pictures)
        return AN_FAIL_MEMORY(bytes, "the pictures of the comparison");
    for (size_t i = 0; i < bytes; i++)
        j->operands.pictures[i] =
            (uint8_t)(an_random(j->options.seed, AN_PURPOSE_TEST, 1001, i / 4, 0).v[i % 4] >> 24);
    return ALEXNET_OK;
}

static alexnet_status draw_operands(job *j)
{
    const an_op_desc *first = j->ops[0], *last = j->ops[j->n_ops - 1];
    double scale = scale_of_inputs(j);
    for (int i = 0; i < first->n_inputs; i++)
        AN_CHECK(draw(j, &j->operands.x[i], an_batch_count(first, first->in[i]), scale));
    for (int i = 0; i < j->n_ops; i++)
        for (int p = 0; an_param_count(j->ops[i], p) > 0; p++)
            AN_CHECK(draw(j, &j->operands.param[i][p], an_param_count(j->ops[i], p),
                          scale_of_param(j->ops[i], p, scale)));
    AN_CHECK(draw(j, &j->operands.dy, an_batch_count(last, last->out), 1));
    AN_CHECK(draw_slots(j));
    double weight = 0;
    for (int n = 0; n < first->n; n++)
        if (j->operands.slots[n].label >= 0)
            weight += (double)j->operands.slots[n].weight;
    j->operands.state =
        (an_step_state){.seed = j->options.seed, .step = 7, .weight = weight, .smoothing = 0.125};
    return first->kind == AN_OP_AUGMENT ? draw_pictures(j) : ALEXNET_OK;
}

/* ---- Bounds --------------------------------------------------------------------------------- */

static alexnet_status fresh_bounds(job *j)
{
    const an_op_desc *first = j->ops[0], *last = j->ops[j->n_ops - 1];
    bool gradients = j->options.gradients;
    for (int i = 0; i < first->n_inputs; i++) {
        AN_CHECK(fresh(&j->e_x[i], an_batch_count(first, first->in[i])));
        if (gradients && !j->options.first)
            AN_CHECK(fresh(&j->e_dx[i], an_batch_count(first, first->in[i])));
    }
    for (int i = 0; i < j->n_ops; i++) {
        AN_CHECK(fresh(&j->e_y[i], an_batch_count(j->ops[i], j->ops[i]->out)));
        if (!gradients)
            continue;
        AN_CHECK(fresh(&j->e_dy[i], an_batch_count(j->ops[i], j->ops[i]->out)));
        for (int p = 0; an_param_count(j->ops[i], p) > 0; p++)
            AN_CHECK(fresh(&j->e_dparam[i][p], an_param_count(j->ops[i], p)));
    }
    return last->kind == AN_OP_SOFTMAX ? fresh(&j->e_loss, last->n) : ALEXNET_OK;
}

/* Operator i with the values that ref computed, which are in host memory. */
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

/* Gradients of weights that the backend rounds to bfloat16 (an_prepared.coarse_dw). */
static void allow_coarse(job *j)
{
    for (int i = 0; i < j->got->n_links; i++) {
        const an_chain_link *theirs = &j->got->link[i];
        if (!theirs->op->coarse_dw)
            continue;
        const double *dw = j->expected->link[theirs->first].dparam[0];
        int64_t count = an_param_count(j->ops[theirs->first], 0);
        for (int64_t k = 0; dw && k < count; k++)
            j->e_dparam[theirs->first][0][k] += 0x1p-8 * fabs(dw[k]);
    }
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
    allow_coarse(j);
    return ALEXNET_OK;
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

/* Compare values with ref's, raising *worst, and the report if one is the worst of all. */
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
    AN_CHECK(fresh(&got, count));
    alexnet_status rc = an_chain_read(j->got, theirs, count, got);
    if (rc == ALEXNET_OK)
        judge(j, name, got, expected, bound, count, worst);
    an_free(got);
    return rc;
}

static alexnet_status compare_losses(job *j, int n)
{
    double *both;
    AN_CHECK(fresh(&both, 2 * (int64_t)n));
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
    size_t length = 0, room = sizeof j->out->impl;
    for (int i = 0; i < j->got->n_links && length < room; i++)
        length += (size_t)snprintf(j->out->impl + length, room - length, "%s%s", i ? " + " : "",
                                   j->got->link[i].op->impl);
}

static void release(job *j)
{
    an_chain_close(j->got);
    an_chain_close(j->expected);
    for (int i = 0; i < AN_MAX_INPUTS; i++) {
        an_free(j->operands.x[i]);
        an_free(j->e_x[i]);
        an_free(j->e_dx[i]);
    }
    for (int i = 0; i < AN_PARITY_MAX_OPS; i++) {
        an_free(j->e_y[i]);
        an_free(j->e_dy[i]);
        for (int p = 0; p < AN_MAX_PARAMS; p++) {
            an_free(j->operands.param[i][p]);
            an_free(j->e_dparam[i][p]);
        }
    }
    an_free(j->operands.dy);
    an_free(j->operands.slots);
    an_free(j->operands.pictures);
    an_free(j->e_loss);
}

alexnet_status an_parity_run(an_backend *backend, an_backend *ref, const an_op_desc *const *ops,
                             int n_ops, const an_parity_options *options, an_parity *out)
{
    alexnet_status rc;
    assert(ref->param_dtype == AN_F64);
    memset(out, 0, sizeof *out);
    job j = {.backend = backend, .ref = ref, .ops = ops, .n_ops = n_ops, .options = *options};
    j.coarse = backend->precision != ALEXNET_PRECISION_FP32;
    j.store = backend->precision == ALEXNET_PRECISION_BF16   ? 0x1p-8
              : backend->precision == ALEXNET_PRECISION_TF32 ? 0x1p-11
                                                             : 0x1p-24;
    j.out = out;
    AN_TRY(draw_operands(&j));
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
