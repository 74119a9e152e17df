/*
 * The gradients of weights by kernels that multiply pairs of images (kernels/wgrad.h): an item is a
 * pair, a unit one of the kernels' units.
 */
#include "backend/cpu/conv_wgrad.h"

enum { MAPS = AN_CONV_WGRAD_MAPS };

static int64_t pair_of_blocks(an_chw shape)
{
    return (int64_t)shape.h * shape.w * MAPS * 2;
}

static bool describe(an_conv_wgrad *w, const an_cpu_op *op, an_layout x, an_layout dy)
{
    const an_op_desc *desc = w->desc;
    an_wgrad *shape = &w->shape.pairs;
    (void)x, (void)dy; /* reorders make the pixels of a block neighbours, whatever the layouts */
    if (!op->cpu->kernels->wgrad_add || !an_wgrad_describe(shape, desc))
        return false;
    w->items = (desc->n + 1) / 2;
    w->units = shape->k_units * shape->c_units;
    w->sums_each = sizeof(float) * (size_t)an_wgrad_sums(shape);
    w->x = (an_conv_wgrad_operand){.layout = {AN_LAYOUT_C16, AN_BF16, desc->n, desc->in[0]},
                                   .block = pair_of_blocks(desc->in[0]),
                                   .blocks = desc->in[0].c / MAPS};
    w->dy = (an_conv_wgrad_operand){.layout = {AN_LAYOUT_C16, AN_BF16, desc->n, desc->out},
                                    .block = pair_of_blocks(desc->out),
                                    .blocks = desc->out.c / MAPS};
    return true;
}

static void lay_out(const an_conv_wgrad_run *r, bool of_x, int item, int block, uint16_t *to)
{
    const an_conv_wgrad_operand *of = of_x ? &r->w->x : &r->w->dy;
    const uint16_t *tensor = of_x ? r->x : r->dy;
    int n = 2 * item;
    an_wgrad_pair_run pair = {
        .a = an_conv_wgrad_block(&of->layout, tensor, n, block), .count = of->block / 2, .to = to};
    if (n + 1 < r->w->desc->n)
        pair.b = an_conv_wgrad_block(&of->layout, tensor, n + 1, block);
    r->kernels->wgrad_pair(&pair);
}

static void add(const an_conv_wgrad_run *r, int count, int unit, float *sums)
{
    const an_wgrad *shape = &r->w->shape.pairs;
    an_wgrad_run run = {
        .shape = shape, .k = unit / shape->c_units, .c = unit % shape->c_units, .sums = sums};
    run.bias = run.c == 0 ? r->dbias + run.k * AN_WGRAD_K : NULL;
    for (int i = 0; i < count; i++) {
        run.x = an_conv_wgrad_laid_out(r, &r->w->x, i);
        run.dy = an_conv_wgrad_laid_out(r, &r->w->dy, i);
        r->kernels->wgrad_add(&run);
    }
}

static void write(const an_conv_wgrad_run *r, int unit)
{
    an_wgrad_write(&r->w->shape.pairs, unit, an_conv_wgrad_sums(r, unit), r->dweights);
}

const an_conv_wgrad_way an_conv_wgrad_pairs = {"native wgrad:avx512_bf16", describe, lay_out, add,
                                               write};
