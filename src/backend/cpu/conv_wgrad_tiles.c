/*
 * The gradients of weights by tiles (kernels/wgrad_tiles.h): an item is an image, a unit is two
 * blocks of x with two of dy.
 */
#include "backend/cpu/conv_wgrad.h"

enum { MAPS = AN_WGRAD_TILES_MAPS, BOTH = AN_WGRAD_TILES_BOTH };
enum { LARGEST = 1 << 24 }; /* elements of a map of x as it is laid out */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static bool describe_shape(an_wgrad_tiles *w, const an_op_desc *desc)
{
    const an_conv_desc *c = &desc->u.conv;
    an_chw in = desc->in[0], out = desc->out;
    int right = larger(0, out.w + c->s - 1 - in.w - c->left);
    int maps = in.c / c->groups, outputs = c->k / c->groups;
    if (c->stride != 1 || maps % MAPS || outputs % MAPS)
        return false;
    *w = (an_wgrad_tiles){.desc = desc, .taps = c->r * c->s};
    w->pitch = larger(out.w, in.w + larger(c->left, right));
    if ((int64_t)(out.h + c->r) * w->pitch > LARGEST)
        return false;
    w->runs = (out.h * w->pitch + 31) / 32;
    w->row = ((int64_t)w->runs * 32 + (c->r - 1) * w->pitch + c->s - 1 + 31) / 32 * 32;
    w->c_blocks = maps / MAPS;
    w->k_blocks = outputs / MAPS;
    return true;
}

/* Blocks of a group are paired; the last may be alone. */
static int pairs(int count)
{
    return (count + 1) / 2;
}

static bool describe(an_conv_wgrad *w, const an_cpu_op *op, an_layout x, an_layout dy)
{
    an_wgrad_tiles *shape = &w->shape.tiles;
    if (!op->cpu->kernels->wgrad_tiles || !describe_shape(shape, w->desc))
        return false;
    w->items = w->desc->n;
    w->units = pairs(shape->c_blocks) * pairs(shape->k_blocks) * w->desc->u.conv.groups;
    w->sums_each = sizeof(float) * (size_t)an_wgrad_tiles_sums(shape);
    w->x = (an_conv_wgrad_operand){.layout = an_conv_wgrad_side_by_side(x),
                                   .block = an_wgrad_tiles_of_x(shape),
                                   .blocks = x.shape.c / MAPS};
    w->dy = (an_conv_wgrad_operand){.layout = an_conv_wgrad_side_by_side(dy),
                                    .block = an_wgrad_tiles_of_dy(shape),
                                    .blocks = dy.shape.c / MAPS};
    return true;
}

static void lay_out(const an_conv_wgrad_run *r, bool of_x, int item, int block, uint16_t *to)
{
    const an_layout *layout = of_x ? &r->w->x.layout : &r->w->dy.layout;
    const an_wgrad_tiles_layout_run run = {
        .shape = &r->w->shape.tiles,
        .from = an_conv_wgrad_block(layout, of_x ? r->x : r->dy, item, block),
        .pixel = an_conv_wgrad_pixel(layout),
        .to = to};
    (of_x ? r->kernels->wgrad_tiles_x : r->kernels->wgrad_tiles_dy)(&run);
}

/* The blocks of a unit: the first of each tensor, and whether there is a second. */
typedef struct unit_blocks {
    int x, dy;
    bool two_x, two_dy, first_x;
} unit_blocks;

static unit_blocks blocks_of_unit(const an_wgrad_tiles *shape, int unit)
{
    int c_pairs = pairs(shape->c_blocks), k_pairs = pairs(shape->k_blocks);
    int c = unit % c_pairs, k = unit / c_pairs % k_pairs, group = unit / c_pairs / k_pairs;
    return (unit_blocks){.x = group * shape->c_blocks + 2 * c,
                         .dy = group * shape->k_blocks + 2 * k,
                         .two_x = 2 * c + 1 < shape->c_blocks,
                         .two_dy = 2 * k + 1 < shape->k_blocks,
                         .first_x = c == 0};
}

static void add(const an_conv_wgrad_run *r, int count, int unit, float *sums)
{
    const an_wgrad_tiles *shape = &r->w->shape.tiles;
    unit_blocks u = blocks_of_unit(shape, unit);
    int64_t of_x = r->w->x.block, of_dy = r->w->dy.block;
    an_wgrad_tiles_run run = {.shape = shape, .sums = sums};
    for (int j = 0; u.first_x && j < 1 + u.two_dy; j++)
        run.bias[j] = r->dbias + (u.dy + j) * MAPS;
    for (int i = 0; i < count; i++) {
        const uint16_t *x = an_conv_wgrad_laid_out(r, &r->w->x, i) + u.x * of_x;
        const uint16_t *dy = an_conv_wgrad_laid_out(r, &r->w->dy, i) + u.dy * of_dy;
        run.x[0] = x;
        run.x[1] = u.two_x ? x + of_x : NULL;
        run.dy[0] = dy;
        run.dy[1] = u.two_dy ? dy + of_dy : NULL;
        r->kernels->wgrad_tiles(&run);
    }
}

static void write(const an_conv_wgrad_run *r, int unit)
{
    const an_wgrad_tiles *shape = &r->w->shape.tiles;
    const float *sums = an_conv_wgrad_sums(r, unit);
    unit_blocks u = blocks_of_unit(shape, unit);
    int c_first = u.x % shape->c_blocks * MAPS, maps = shape->c_blocks * MAPS;
    for (int k = 0; k < (1 + u.two_dy) * MAPS; k++)
        for (int c = 0; c < (1 + u.two_x) * MAPS; c++) {
            int64_t square = (c / MAPS * 2 + k / MAPS) * MAPS * MAPS + c % MAPS * MAPS + k % MAPS;
            float *to =
                r->dweights + ((int64_t)(u.dy * MAPS + k) * maps + c_first + c) * shape->taps;
            for (int tap = 0; tap < shape->taps; tap++)
                to[tap] = sums[(int64_t)tap * BOTH * BOTH + square];
        }
}

const an_conv_wgrad_way an_conv_wgrad_tiles = {"native wgrad:amx", describe, lay_out, add, write};
