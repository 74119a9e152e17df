/* Bounds of the operators without windows, and the table of all bounds. */
#include "backend/parity/bound.h"

#include <math.h>
#include <string.h>

#include "backend/parity/chain.h"

static const an_bound_op *const bounds[AN_OP_COUNT] = {
#define AN_OP(ID, name) &an_bound_##name,
#include "op/ops.def"
#undef AN_OP
};

static int64_t input_count(const an_bound *b, int i)
{
    return an_batch_count(b->desc, b->desc->in[i]);
}

static int64_t output_count(const an_bound *b)
{
    return an_batch_count(b->desc, b->desc->out);
}

alexnet_status an_bound_forward(const an_bound *b)
{
    return bounds[b->desc->kind]->forward(b);
}

alexnet_status an_bound_backward(const an_bound *b)
{
    return bounds[b->desc->kind]->backward ? bounds[b->desc->kind]->backward(b) : ALEXNET_OK;
}

/* ---- neuron --------------------------------------------------------------------------------- */

static double neuron_y(const an_neuron_desc *neuron, double x, double e_x, double y, double u)
{
    switch (neuron->kind) {
    case AN_RELU: return x < -e_x ? 0 : e_x;
    case AN_TANH: return fabs(neuron->a * neuron->b) * e_x + 8 * u * fabs(neuron->a);
    case AN_LOGISTIC: return e_x / 4 + 8 * u * y;
    }
    return 0;
}

static alexnet_status neuron_forward(const an_bound *b)
{
    const double *x = b->args.x[0], *y = b->args.y;
    int64_t count = output_count(b);
    for (int64_t i = 0; i < count; i++)
        b->e_y[i] = neuron_y(&b->desc->u.neuron, x[i], b->e_x[0][i], y[i], b->sum);
    an_bound_store(b->e_y, y, count, b->store);
    return ALEXNET_OK;
}

static double relu_dx(const an_bound *b, int64_t i)
{
    const double *x = b->args.x[0], *dy = b->args.dy;
    double e_x = b->e_x[0][i];
    if (e_x > 0 && fabs(x[i]) <= e_x)
        return b->e_dy[i] + fabs(dy[i]);
    return x[i] > 0 ? b->e_dy[i] : 0;
}

static double tanh_dx(const an_bound *b, int64_t i)
{
    const an_neuron_desc *neuron = &b->desc->u.neuron;
    double y = ((const double *)b->args.y)[i], dy = ((const double *)b->args.dy)[i];
    double ratio = fabs(neuron->b / neuron->a), a2 = neuron->a * neuron->a;
    return ratio * fabs(a2 - y * y) * b->e_dy[i] +
           fabs(dy) * ratio * (2 * fabs(y) * b->e_y[i] + 8 * b->sum * a2);
}

static double logistic_dx(const an_bound *b, int64_t i)
{
    double y = ((const double *)b->args.y)[i], dy = ((const double *)b->args.dy)[i];
    double e = b->e_y[i];
    return y * (1 - y) * b->e_dy[i] + fabs(dy) * (fabs(1 - 2 * y) * e + e * e + 4 * b->sum);
}

static alexnet_status neuron_backward(const an_bound *b)
{
    static double (*const rule[])(const an_bound *, int64_t) = {
        [AN_RELU] = relu_dx, [AN_TANH] = tanh_dx, [AN_LOGISTIC] = logistic_dx};
    int64_t count = output_count(b);
    for (int64_t i = 0; i < count; i++)
        b->e_dx[0][i] = rule[b->desc->u.neuron.kind](b, i);
    an_bound_store(b->e_dx[0], b->args.dx[0], count, b->store);
    return ALEXNET_OK;
}

const an_bound_op an_bound_neuron = {neuron_forward, neuron_backward};

/* ---- dropout -------------------------------------------------------------------------------- */

static void dropout(const an_bound *b, const double *e_in, const double *out, double *e_out)
{
    int64_t count = output_count(b);
    for (int64_t i = 0; i < count; i++)
        e_out[i] = e_in[i] / b->desc->u.dropout.keep + 2 * b->sum * fabs(out[i]);
    an_bound_store(e_out, out, count, b->store);
}

static alexnet_status dropout_forward(const an_bound *b)
{
    dropout(b, b->e_x[0], b->args.y, b->e_y);
    return ALEXNET_OK;
}

static alexnet_status dropout_backward(const an_bound *b)
{
    dropout(b, b->e_dy, b->args.dx[0], b->e_dx[0]);
    return ALEXNET_OK;
}

const an_bound_op an_bound_dropout = {dropout_forward, dropout_backward};

/* ---- concat --------------------------------------------------------------------------------- */

static alexnet_status concat_forward(const an_bound *b)
{
    double *e = b->e_y;
    for (int n = 0; n < b->desc->n; n++)
        for (int i = 0; i < b->desc->n_inputs; i++) {
            int64_t count = an_chw_count(b->desc->in[i]);
            memcpy(e, b->e_x[i] + n * count, (size_t)count * sizeof *e);
            e += count;
        }
    an_bound_store(b->e_y, b->args.y, output_count(b), b->store);
    return ALEXNET_OK;
}

static alexnet_status concat_backward(const an_bound *b)
{
    const double *e = b->e_dy;
    for (int n = 0; n < b->desc->n; n++)
        for (int i = 0; i < b->desc->n_inputs; i++) {
            int64_t count = an_chw_count(b->desc->in[i]);
            memcpy(b->e_dx[i] + n * count, e, (size_t)count * sizeof *e);
            e += count;
        }
    for (int i = 0; i < b->desc->n_inputs; i++)
        an_bound_store(b->e_dx[i], b->args.dx[i], input_count(b, i), b->store);
    return ALEXNET_OK;
}

const an_bound_op an_bound_concat = {concat_forward, concat_backward};

/* ---- eltsum --------------------------------------------------------------------------------- */

static alexnet_status eltsum_forward(const an_bound *b)
{
    int64_t count = output_count(b);
    double terms = b->desc->n_inputs - 1;
    for (int64_t i = 0; i < count; i++) {
        b->e_y[i] = 0;
        for (int input = 0; input < b->desc->n_inputs; input++)
            b->e_y[i] +=
                b->e_x[input][i] + terms * b->sum * fabs(((const double *)b->args.x[input])[i]);
    }
    an_bound_store(b->e_y, b->args.y, count, b->store);
    return ALEXNET_OK;
}

static alexnet_status eltsum_backward(const an_bound *b)
{
    int64_t count = output_count(b);
    for (int i = 0; i < b->desc->n_inputs; i++) {
        memcpy(b->e_dx[i], b->e_dy, (size_t)count * sizeof(double));
        an_bound_store(b->e_dx[i], b->args.dx[i], count, b->store);
    }
    return ALEXNET_OK;
}

const an_bound_op an_bound_eltsum = {eltsum_forward, eltsum_backward};

/* ---- softmax -------------------------------------------------------------------------------- */

/* Whether the target of a slot is more than its label. */
static bool softmax_is_soft(const an_bound *b, int n)
{
    return b->args.slots[n].second_share > 0 || b->args.state->smoothing > 0;
}

/* The bound of SUM t x over the classes. */
static double softmax_logit(const an_bound *b, int n)
{
    int classes = b->desc->out.c;
    const an_slot *slot = &b->args.slots[n];
    const double *e = b->e_x[0] + (int64_t)n * classes;
    double share = slot->second_share, smoothing = b->args.state->smoothing, spread = 0;
    for (int c = 0; c < classes; c++)
        spread += smoothing / classes * e[c];
    return (1 - smoothing) * ((1 - share) * e[slot->label] + share * e[slot->second]) + spread;
}

static void softmax_slot(const an_bound *b, int n)
{
    int classes = b->desc->out.c;
    int64_t at = (int64_t)n * classes;
    const double *x = (const double *)b->args.x[0] + at, *y = (const double *)b->args.y + at;
    double largest = 0, mixed = 0;
    for (int c = 0; c < classes; c++) {
        largest = fmax(largest, fabs(x[c]));
        mixed += y[c] * b->e_x[0][at + c];
    }
    double r = b->sum * (8 + 4 * sqrt(classes) + 4 * largest);
    for (int c = 0; c < classes; c++)
        b->e_y[at + c] = y[c] * (b->e_x[0][at + c] + mixed + r);
    if (b->e_loss)
        b->e_loss[n] = b->args.slots[n].label >= 0 ? softmax_logit(b, n) + mixed + r : 0;
}

static alexnet_status softmax_forward(const an_bound *b)
{
    for (int n = 0; n < b->desc->n; n++)
        softmax_slot(b, n);
    return ALEXNET_OK;
}

static alexnet_status softmax_backward(const an_bound *b)
{
    int classes = b->desc->out.c;
    for (int n = 0; n < b->desc->n; n++)
        for (int c = 0; c < classes; c++) {
            int64_t i = (int64_t)n * classes + c;
            bool labelled = b->args.slots[n].label >= 0;
            double own = (softmax_is_soft(b, n) ? 13 : 5) * b->sum; /* of the target too */
            double part = (double)b->args.slots[n].weight / b->args.state->weight;
            b->e_dx[0][i] = labelled ? part * (b->e_y[i] + own) : 0;
        }
    an_bound_store(b->e_dx[0], b->args.dx[0], output_count(b), b->store);
    return ALEXNET_OK;
}

const an_bound_op an_bound_softmax = {softmax_forward, softmax_backward};

/* ---- augment -------------------------------------------------------------------------------- */

/* The bound of a slot's value without its partner, at channel c. A recoloured level is at most 255,
 * but its terms may be larger. */
static double augment_own(const an_bound *b, const an_slot *slot, int c)
{
    const an_augment_desc *augment = &b->desc->u.augment;
    double scale = fabs(augment->scale[c]), terms = 0;
    if (slot->picture < 0)
        return 0;
    for (int i = 0; i < 3 && slot->recoloured; i++) {
        const float *m = slot->matrix[i];
        terms += an_channel_share(augment->channels, c, i) *
                 (fabs((double)slot->offset[i]) +
                  255 * (fabs((double)m[0]) + fabs((double)m[1]) + fabs((double)m[2])));
    }
    return 8 * b->sum * fabs(slot->gain) * (scale * (510 + terms) + fabs(slot->colour[c]));
}

/* Both parts are at most as large as their terms: |own| <= augment_own / 8u. */
static double augment_mixed(const an_bound *b, const an_slot *slot, int c)
{
    double own = augment_own(b, slot, c);
    if (slot->mixed.rows == 0)
        return own;
    double other = augment_own(b, &b->args.slots[slot->partner], c);
    return 1.5 * ((1 - (double)slot->share) * own + (double)slot->share * other);
}

static alexnet_status augment_forward(const an_bound *b)
{
    int64_t plane = (int64_t)b->desc->out.h * b->desc->out.w;
    double *e = b->e_y;
    for (int n = 0; n < b->desc->n; n++)
        for (int c = 0; c < b->desc->out.c; c++) {
            const an_slot *slot = &b->args.slots[n];
            double bound =
                slot->picture < 0 ? 0 : fmax(augment_own(b, slot, c), augment_mixed(b, slot, c));
            for (int64_t i = 0; i < plane; i++)
                *e++ = bound;
        }
    an_bound_store(b->e_y, b->args.y, output_count(b), b->store);
    return ALEXNET_OK;
}

const an_bound_op an_bound_augment = {augment_forward, NULL};
