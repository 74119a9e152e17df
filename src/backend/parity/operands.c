#include "backend/parity/operands.h"

#include <math.h>
#include <string.h>

#include "backend/parity/chain.h"
#include "base/alloc.h"
#include "base/random.h"
#include "base/status.h"

alexnet_status an_operand_new(double **out, int64_t count)
{
    *out = an_calloc((size_t)count, sizeof(double));
    if (!*out)
        return AN_FAIL_MEMORY((size_t)count * sizeof(double), "an operand of the comparison");
    return ALEXNET_OK;
}

double an_operand_of(uint32_t bits, bool coarse)
{
    return coarse ? ((int)(bits >> 24) - 128) * 0x1p-7 : ((int)(bits >> 8) - (1 << 23)) * 0x1p-23;
}

double an_operand_scale_of_weights(double fan_in)
{
    return exp2(round(log2(3 / sqrt(fan_in))));
}

typedef struct drawing {
    an_operands *out;
    const an_op_desc *const *ops;
    int n_ops;
    uint64_t seed;
    bool coarse;
    uint32_t drawn; /* tensors so far */
} drawing;

/* A new tensor, uniform in [-scale, scale). */
static alexnet_status draw(drawing *d, double **out, int64_t count, double scale)
{
    AN_CHECK(an_operand_new(out, count));
    uint32_t tensor = d->drawn++;
    an_random4 block = {{0}};
    for (int64_t i = 0; i < count; i++) {
        if (i % 4 == 0)
            block = an_random(d->seed, AN_PURPOSE_TEST, tensor, (uint64_t)i / 4, 0);
        (*out)[i] = scale * an_operand_of(block.v[i % 4], d->coarse);
    }
    return ALEXNET_OK;
}

/* Inputs are large enough for an operator's nonlinearity to matter: LRN divides by k + alpha SUM
 * x^2 with alpha near 1e-4; softmax needs some classes to stand out. A power of two. */
static double scale_of_inputs(const drawing *d)
{
    double scale = 1;
    for (int i = 0; i < d->n_ops; i++) {
        if (d->ops[i]->kind == AN_OP_LRN || d->ops[i]->kind == AN_OP_LRN_WITHIN)
            scale = 64;
        if (d->ops[i]->kind == AN_OP_SOFTMAX)
            scale = 4;
    }
    return scale;
}

static double scale_of_param(const an_op_desc *desc, int index, double input_scale)
{
    if (desc->kind == AN_OP_AUGMENT)
        return 128;
    if (index == 1)
        return input_scale;
    return an_operand_scale_of_weights((double)an_param_count(desc, 0) / desc->out.c);
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

static alexnet_status draw_slots(drawing *d)
{
    const an_op_desc *first = d->ops[0], *last = d->ops[d->n_ops - 1];
    bool augment = first->kind == AN_OP_AUGMENT;
    d->out->slots = an_calloc((size_t)first->n, sizeof(an_slot));
    if (!d->out->slots)
        return AN_FAIL_MEMORY((size_t)first->n * sizeof(an_slot), "the slots of the comparison");
    for (int n = 0; n < first->n; n++) {
        an_slot *slot = &d->out->slots[n];
        bool empty = first->n > 1 && n == first->n - 1;
        an_random4 r = an_random(d->seed, AN_PURPOSE_TEST, 1000, (uint64_t)n, 1);
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

static alexnet_status draw_pictures(drawing *d)
{
    const an_augment_desc *augment = &d->ops[0]->u.augment;
    size_t bytes = (size_t)augment->pictures * (size_t)augment->side * (size_t)augment->side * 3;
    d->out->pictures = an_malloc(bytes);
    if (!d->out->pictures)
        return AN_FAIL_MEMORY(bytes, "the pictures of the comparison");
    for (size_t i = 0; i < bytes; i++)
        d->out->pictures[i] =
            (uint8_t)(an_random(d->seed, AN_PURPOSE_TEST, 1001, i / 4, 0).v[i % 4] >> 24);
    return ALEXNET_OK;
}

static alexnet_status draw_all(drawing *d)
{
    const an_op_desc *first = d->ops[0], *last = d->ops[d->n_ops - 1];
    double scale = scale_of_inputs(d);
    for (int i = 0; i < first->n_inputs; i++)
        AN_CHECK(draw(d, &d->out->x[i], an_batch_count(first, first->in[i]), scale));
    for (int i = 0; i < d->n_ops; i++)
        for (int p = 0; an_param_count(d->ops[i], p) > 0; p++)
            AN_CHECK(draw(d, &d->out->param[i][p], an_param_count(d->ops[i], p),
                          scale_of_param(d->ops[i], p, scale)));
    AN_CHECK(draw(d, &d->out->dy, an_batch_count(last, last->out), 1));
    AN_CHECK(draw_slots(d));
    double weight = 0;
    for (int n = 0; n < first->n; n++)
        if (d->out->slots[n].label >= 0)
            weight += (double)d->out->slots[n].weight;
    d->out->state =
        (an_step_state){.seed = d->seed, .step = 7, .weight = weight, .smoothing = 0.125};
    return first->kind == AN_OP_AUGMENT ? draw_pictures(d) : ALEXNET_OK;
}

alexnet_status an_operands_draw(an_operands *out, const an_op_desc *const *ops, int n_ops,
                                uint64_t seed, bool coarse)
{
    drawing d = {out, ops, n_ops, seed, coarse, 0};
    *out = (an_operands){.x = {NULL}};
    return draw_all(&d);
}

void an_operands_free(an_operands *o)
{
    for (int i = 0; i < AN_MAX_INPUTS; i++)
        an_free(o->x[i]);
    for (int i = 0; i < AN_PARITY_MAX_OPS; i++)
        for (int p = 0; p < AN_MAX_PARAMS; p++)
            an_free(o->param[i][p]);
    an_free(o->dy);
    an_free(o->slots);
    an_free(o->pictures);
    *o = (an_operands){.x = {NULL}};
}
