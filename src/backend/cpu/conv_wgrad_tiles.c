#include "backend/cpu/conv_wgrad_tiles.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { MAPS = AN_WGRAD_TILES_MAPS, BOTH = AN_WGRAD_TILES_BOTH };
enum {
    TOGETHER = 1 << 22, /* bytes that are laid out at a time: they stay in cache */
    LARGEST = 1 << 24   /* elements of a map of x as it is laid out */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static bool describe(an_wgrad_tiles *w, const an_op_desc *desc)
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

/* Blocks of 16 maps of an image. */
static int blocks(const an_layout *layout)
{
    return layout->shape.c / MAPS;
}

/* Where block `block` of image `image` begins. */
static const uint16_t *block_of(const an_layout *layout, const void *tensor, int image, int block)
{
    int64_t pixels = (int64_t)layout->shape.h * layout->shape.w;
    int64_t step = layout->kind == AN_LAYOUT_NHWC ? MAPS : pixels * MAPS;
    return (const uint16_t *)tensor + image * pixels * layout->shape.c + block * step;
}

/* A layout with 16 maps of a pixel side by side: that of the tensor if it has them so. */
static an_layout side_by_side(an_layout layout)
{
    if (layout.kind != AN_LAYOUT_NHWC)
        layout.kind = AN_LAYOUT_C16;
    layout.dtype = AN_BF16;
    return layout;
}

/* Blocks of a group are paired; the last may be alone. */
static int pairs(int count)
{
    return (count + 1) / 2;
}

alexnet_status an_conv_wgrad_tiles_new(an_conv_wgrad_tiles *w, an_cpu_op *op,
                                       const an_op_desc *desc, an_layout x, an_layout dy)
{
    an_wgrad_tiles *shape = &w->shape;
    if (op->cpu->activation != AN_BF16 || !op->cpu->kernels->wgrad_tiles || !describe(shape, desc))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "tiles do not compute the gradients of these weights");
    w->c_pairs = pairs(shape->c_blocks);
    w->k_pairs = pairs(shape->k_blocks) * desc->u.conv.groups;
    if (w->c_pairs * w->k_pairs < op->split)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "fewer units of work than parts");
    w->x = side_by_side(x);
    w->dy = side_by_side(dy);
    size_t of_x = sizeof(uint16_t) * (size_t)(an_wgrad_tiles_of_x(shape) * blocks(&w->x));
    size_t of_dy = sizeof(uint16_t) * (size_t)(an_wgrad_tiles_of_dy(shape) * blocks(&w->dy));
    size_t fit = TOGETHER / (of_x + of_dy);
    w->together = fit < 1 ? 1 : fit < (size_t)desc->n ? (int)fit : desc->n;
    w->x_at = an_cpu_take(op, of_x * (size_t)w->together);
    w->dy_at = an_cpu_take(op, of_dy * (size_t)w->together);
    w->sums = an_cpu_take(op, sizeof(float) * (size_t)(w->c_pairs * w->k_pairs) *
                                  (size_t)an_wgrad_tiles_sums(shape));
    AN_CHECK(an_reorder_in_new(&w->x_in, op, x, w->x));
    return an_reorder_in_new(&w->dy_in, op, dy, w->dy);
}

void an_conv_wgrad_tiles_free(an_conv_wgrad_tiles *w)
{
    an_reorder_free(&w->x_in);
    an_reorder_free(&w->dy_in);
}

/* A run: its tensors, and where they are laid out. */
typedef struct tiles_run {
    const an_conv_wgrad_tiles *w;
    const an_cpu_kernels *kernels;
    const void *x, *dy;
    uint16_t *x_tiles, *dy_tiles; /* of the images laid out: [images][blocks] */
    float *sums, *dbias;
} tiles_run;

/* Lay out block `block` of image first + i. The blocks of dy are counted behind those of x. */
static void lay_out(const tiles_run *r, int first, int i, int block)
{
    const an_conv_wgrad_tiles *w = r->w;
    bool of_x = block < blocks(&w->x);
    int b = of_x ? block : block - blocks(&w->x);
    const an_layout *layout = of_x ? &w->x : &w->dy;
    int64_t each = of_x ? an_wgrad_tiles_of_x(&w->shape) : an_wgrad_tiles_of_dy(&w->shape);
    const an_wgrad_tiles_layout_run run = {
        .shape = &w->shape,
        .from = block_of(layout, of_x ? r->x : r->dy, first + i, b),
        .pixel = layout->kind == AN_LAYOUT_NHWC ? layout->shape.c : MAPS,
        .to = (of_x ? r->x_tiles : r->dy_tiles) + ((int64_t)i * blocks(layout) + b) * each};
    (of_x ? r->kernels->wgrad_tiles_x : r->kernels->wgrad_tiles_dy)(&run);
}

/* The blocks of a unit: the first of each tensor, and whether there is a second. */
typedef struct unit_blocks {
    int x, dy;
    bool two_x, two_dy;
} unit_blocks;

static unit_blocks blocks_of_unit(const an_conv_wgrad_tiles *w, int unit)
{
    const an_wgrad_tiles *shape = &w->shape;
    int of_group = pairs(shape->k_blocks), k = unit / w->c_pairs, c = unit % w->c_pairs;
    int group = k / of_group, pair = k % of_group;
    return (unit_blocks){.x = group * shape->c_blocks + 2 * c,
                         .dy = group * shape->k_blocks + 2 * pair,
                         .two_x = 2 * c + 1 < shape->c_blocks,
                         .two_dy = 2 * pair + 1 < shape->k_blocks};
}

static void add_unit(const tiles_run *r, int first, int count, int unit)
{
    const an_conv_wgrad_tiles *w = r->w;
    const an_wgrad_tiles *shape = &w->shape;
    unit_blocks u = blocks_of_unit(w, unit);
    int64_t of_x = an_wgrad_tiles_of_x(shape), of_dy = an_wgrad_tiles_of_dy(shape);
    an_wgrad_tiles_run run = {.shape = shape, .sums = r->sums + unit * an_wgrad_tiles_sums(shape)};
    if (unit % w->c_pairs == 0)
        for (int j = 0; j < 1 + u.two_dy; j++)
            run.bias[j] = r->dbias + (u.dy + j) * MAPS;
    if (first == 0) {
        memset(run.sums, 0, sizeof *run.sums * (size_t)an_wgrad_tiles_sums(shape));
        for (int j = 0; j < 2; j++)
            if (run.bias[j])
                memset(run.bias[j], 0, sizeof(float) * MAPS);
    }
    for (int i = 0; i < count; i++) {
        const uint16_t *x = r->x_tiles + ((int64_t)i * blocks(&w->x) + u.x) * of_x;
        const uint16_t *dy = r->dy_tiles + ((int64_t)i * blocks(&w->dy) + u.dy) * of_dy;
        run.x[0] = x;
        run.x[1] = u.two_x ? x + of_x : NULL;
        run.dy[0] = dy;
        run.dy[1] = u.two_dy ? dy + of_dy : NULL;
        r->kernels->wgrad_tiles(&run);
    }
}

/* The sums of a unit in canonical order, [K][C][R][S]. */
static void write_unit(const tiles_run *r, int unit, float *dweights)
{
    const an_wgrad_tiles *shape = &r->w->shape;
    const float *sums = r->sums + unit * an_wgrad_tiles_sums(shape);
    unit_blocks u = blocks_of_unit(r->w, unit);
    int c_first = u.x % shape->c_blocks * MAPS, maps = shape->c_blocks * MAPS;
    for (int k = 0; k < (1 + u.two_dy) * MAPS; k++)
        for (int c = 0; c < (1 + u.two_x) * MAPS; c++) {
            int64_t square = (c / MAPS * 2 + k / MAPS) * MAPS * MAPS + c % MAPS * MAPS + k % MAPS;
            float *to = dweights + ((int64_t)(u.dy * MAPS + k) * maps + c_first + c) * shape->taps;
            for (int tap = 0; tap < shape->taps; tap++)
                to[tap] = sums[(int64_t)tap * BOTH * BOTH + square];
        }
}

alexnet_status an_conv_wgrad_tiles_run(const an_conv_wgrad_tiles *w, const an_cpu_op *op,
                                       const an_op_args *args, const void *x, const void *dy,
                                       float *dweights, float *dbias)
{
    char *scratch = args->scratch;
    int n = w->shape.desc->n, all = blocks(&w->x) + blocks(&w->dy);
    AN_CHECK(an_reorder_in_run(&w->x_in, op, args, &x));
    AN_CHECK(an_reorder_in_run(&w->dy_in, op, args, &dy));
    const tiles_run r = {.w = w,
                         .kernels = op->cpu->kernels,
                         .x = x,
                         .dy = dy,
                         .x_tiles = (uint16_t *)(scratch + w->x_at),
                         .dy_tiles = (uint16_t *)(scratch + w->dy_at),
                         .sums = (float *)(scratch + w->sums),
                         .dbias = dbias};
#pragma omp parallel
    {
        for (int first = 0; first < n; first += w->together) {
            int count = n - first < w->together ? n - first : w->together;
#pragma omp for schedule(static)
            for (int i = 0; i < count * all; i++)
                lay_out(&r, first, i / all, i % all);
#pragma omp for schedule(static)
            for (int unit = 0; unit < w->c_pairs * w->k_pairs; unit++)
                add_unit(&r, first, count, unit);
        }
#pragma omp for schedule(static)
        for (int unit = 0; unit < w->c_pairs * w->k_pairs; unit++)
            write_unit(&r, unit, dweights);
    }
    return ALEXNET_OK;
}
