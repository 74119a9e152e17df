#include "backend/cpu/conv_wgrad.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { TOGETHER = 1 << 22 }; /* bytes laid out at a time, few enough to stay in cache */

/* Best first. */
static const an_conv_wgrad_way *const ways[] = {&an_conv_wgrad_pixels, &an_conv_wgrad_tiles,
                                                &an_conv_wgrad_pairs};

/* ---- Making ---------------------------------------------------------------------------------- */

static void book_scratch(an_conv_wgrad *w, an_cpu_op *op)
{
    size_t of_x = sizeof(uint16_t) * (size_t)(w->x.block * w->x.blocks);
    size_t of_dy = sizeof(uint16_t) * (size_t)(w->dy.block * w->dy.blocks);
    size_t items = (size_t)w->items, fit = of_x + of_dy ? TOGETHER / (of_x + of_dy) : items;
    w->together = fit < 1 ? 1 : fit < items ? (int)fit : w->items;
    w->sums_each = an_aligned(w->sums_each);
    w->work_each = an_aligned(w->work_each);
    w->x.at = an_cpu_take(op, of_x * (size_t)w->together);
    w->dy.at = an_cpu_take(op, of_dy * (size_t)w->together);
    w->sums = an_cpu_take(op, w->sums_each * (size_t)w->units);
    w->work = an_cpu_take(op, w->work_each * (size_t)op->cpu->base.ctx->threads);
}

alexnet_status an_conv_wgrad_new(an_conv_wgrad *w, an_cpu_op *op, const an_op_desc *desc,
                                 an_layout x, an_layout dy)
{
    *w = (an_conv_wgrad){.way = NULL};
    for (size_t i = 0; i < sizeof ways / sizeof *ways && !w->way; i++) {
        *w = (an_conv_wgrad){.desc = desc};
        if (op->cpu->activation == AN_BF16 && ways[i]->describe(w, op, x, dy) &&
            w->units >= op->split)
            w->way = ways[i];
    }
    if (!w->way)
        return ALEXNET_OK;
    book_scratch(w, op);
    AN_CHECK(an_reorder_in_new(&w->x.in, op, x, w->x.layout));
    return an_reorder_in_new(&w->dy.in, op, dy, w->dy.layout);
}

void an_conv_wgrad_free(an_conv_wgrad *w)
{
    an_reorder_free(&w->x.in);
    an_reorder_free(&w->dy.in);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* Lay out a block of item first + i. The blocks of dy are numbered after those of x. */
static void lay_out(const an_conv_wgrad_run *r, int first, int i, int block)
{
    const an_conv_wgrad *w = r->w;
    bool of_x = block < w->x.blocks;
    const an_conv_wgrad_operand *of = of_x ? &w->x : &w->dy;
    int b = of_x ? block : block - w->x.blocks;
    w->way->lay_out(r, of_x, first + i, b, an_conv_wgrad_laid_out(r, of, i) + b * of->block);
}

static void add_unit(const an_conv_wgrad_run *r, int first, int count, int unit)
{
    float *sums = an_conv_wgrad_sums(r, unit);
    if (first == 0)
        memset(sums, 0, r->w->sums_each);
    r->w->way->add(r, count, unit, sums);
}

alexnet_status an_conv_wgrad_compute(const an_conv_wgrad *w, const an_cpu_op *op,
                                     const an_op_args *args, const void *x, const void *dy,
                                     float *dweights, float *dbias)
{
    int blocks = w->x.blocks + w->dy.blocks;
    AN_CHECK(an_reorder_in_run(&w->x.in, op, args, &x));
    AN_CHECK(an_reorder_in_run(&w->dy.in, op, args, &dy));
    memset(dbias, 0, sizeof *dbias * (size_t)w->desc->u.conv.k);
    const an_conv_wgrad_run r = {.w = w,
                                 .kernels = op->cpu->kernels,
                                 .x = x,
                                 .dy = dy,
                                 .scratch = args->scratch,
                                 .dweights = dweights,
                                 .dbias = dbias};
#pragma omp parallel
    {
        for (int first = 0; first < w->items; first += w->together) {
            int count = w->items - first < w->together ? w->items - first : w->together;
#pragma omp for schedule(static)
            for (int i = 0; i < count * blocks; i++)
                lay_out(&r, first, i / blocks, i % blocks);
#pragma omp for schedule(static)
            for (int unit = 0; unit < w->units; unit++)
                add_unit(&r, first, count, unit);
        }
#pragma omp for schedule(static)
        for (int unit = 0; unit < w->units; unit++)
            w->way->write(&r, unit);
    }
    return ALEXNET_OK;
}
