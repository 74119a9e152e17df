/*
 * The gradients of the weights of a convolution of pixels by tiles (kernels/pixels_tiles.h). The
 * kernel lays out an image itself, in its thread's memory. There are few sums, so a unit is a part
 * of the batch with sums for all weights: one of `split` groups.
 */
#include "backend/cpu/conv_wgrad.h"

#include <omp.h>

#include "base/alloc.h"

enum { K = AN_PIXELS_TILES_K };

/* A line has at most 16 taps, because they are the rows of a tile. */
static bool describe_shape(an_pixels_tiles *p, const an_op_desc *desc)
{
    const an_conv_desc *c = &desc->u.conv;
    if (c->groups != 1 || desc->in[0].c > 4 || c->s > 16)
        return false;
    *p = (an_pixels_tiles){.desc = desc, .lines = desc->in[0].c * c->r};
    p->blocks = (c->k + K - 1) / K;
    p->runs = (desc->out.w + 31) / 32;
    p->inputs = (AN_PIXELS_TILES_ROWS - 1) * c->stride + c->r;
    p->columns = (32 * p->runs + (c->s - 1) / c->stride + 15) / 16 * 16;
    return true;
}

/* Floats of a part's sums. */
static size_t sums_of(const an_pixels_tiles *p)
{
    return (size_t)p->blocks * K * ((size_t)p->lines * (size_t)p->desc->u.conv.s + 1);
}

static bool describe(an_conv_wgrad *w, const an_cpu_op *op, an_layout x, an_layout dy)
{
    an_pixels_tiles *shape = &w->shape.pixels;
    if (!op->cpu->kernels->pixels_tiles || !describe_shape(shape, w->desc))
        return false;
    w->items = w->desc->n;
    w->units = op->split;
    w->sums_each = sizeof(float) * sums_of(shape);
    w->work_each = sizeof(uint16_t) * (size_t)an_pixels_tiles_work(shape);
    w->x.layout = (an_layout){AN_LAYOUT_PLAIN, AN_BF16, x.n, x.shape};
    w->dy.layout = an_conv_wgrad_side_by_side(dy);
    return true;
}

static void add(const an_conv_wgrad_run *r, int count, int unit, float *sums)
{
    const an_conv_wgrad *w = r->w;
    int first = count * unit / w->units, end = count * (unit + 1) / w->units;
    char *work = r->scratch + w->work + w->work_each * (size_t)omp_get_thread_num();
    for (int i = first; i < end; i++) {
        const an_pixels_tiles_run run = {.shape = &w->shape.pixels,
                                         .x = an_conv_wgrad_block(&w->x.layout, r->x, i, 0),
                                         .dy = an_conv_wgrad_block(&w->dy.layout, r->dy, i, 0),
                                         .block = an_conv_wgrad_step(&w->dy.layout),
                                         .pixel = an_conv_wgrad_pixel(&w->dy.layout),
                                         .work = (uint16_t *)work,
                                         .sums = sums};
        r->kernels->pixels_tiles(&run);
    }
}

/* Gradient i of map k, the last being that of the bias: the sums of all parts in order. */
static float total(const an_conv_wgrad_run *r, int k, int i)
{
    const an_pixels_tiles *p = &r->w->shape.pixels;
    int taps = p->desc->u.conv.s, count = p->lines * taps;
    int64_t row = ((int64_t)(i / taps) * p->blocks + k / K) * taps + i % taps;
    int64_t at = i < count ? row * K + k % K : (int64_t)count * p->blocks * K + k;
    float sum = 0;
    for (int part = 0; part < r->w->units; part++)
        sum += an_conv_wgrad_sums(r, part)[at];
    return sum;
}

/* The maps are divided among the units, as the images were. */
static void write(const an_conv_wgrad_run *r, int unit)
{
    const an_pixels_tiles *p = &r->w->shape.pixels;
    int maps = p->desc->u.conv.k, count = p->lines * p->desc->u.conv.s, units = r->w->units;
    for (int k = maps * unit / units; k < maps * (unit + 1) / units; k++) {
        for (int i = 0; i < count; i++)
            r->dweights[(int64_t)k * count + i] = total(r, k, i);
        r->dbias[k] = total(r, k, count);
    }
}

const an_conv_wgrad_way an_conv_wgrad_pixels = {"native pixels:amx", describe, NULL, add, write};
