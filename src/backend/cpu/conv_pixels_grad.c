#include "backend/cpu/conv_pixels_grad.h"

#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { K = AN_PIXELS_TILES_K };

/* Lines of at most 16 taps, which are the rows of a tile. */
static bool describe(an_pixels_tiles *p, const an_op_desc *desc)
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

alexnet_status an_conv_pixels_grad_new(an_conv_pixels_grad *g, an_cpu_op *op,
                                       const an_op_desc *desc, an_layout x, an_layout dy)
{
    if (op->cpu->activation != AN_BF16 || !op->cpu->kernels->pixels_tiles ||
        !describe(&g->shape, desc))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "tiles do not compute the gradients of this convolution of pixels");
    an_layout pixels = {AN_LAYOUT_PLAIN, AN_BF16, desc->n, desc->in[0]};
    an_layout maps = {AN_LAYOUT_C16, AN_BF16, desc->n, desc->out};
    if (dy.kind == AN_LAYOUT_NHWC && dy.dtype == AN_BF16 && desc->out.c % K == 0)
        maps.kind = AN_LAYOUT_NHWC;
    bool last = maps.kind == AN_LAYOUT_NHWC;
    g->block = last ? K : (int64_t)desc->out.h * desc->out.w * K;
    g->pixel = last ? desc->out.c : K;
    g->work_each = an_aligned(sizeof(uint16_t) * (size_t)an_pixels_tiles_work(&g->shape));
    g->work = an_cpu_take(op, g->work_each * (size_t)op->cpu->base.ctx->threads);
    g->sums_each = an_aligned(sizeof(float) * sums_of(&g->shape));
    g->sums = an_cpu_take(op, g->sums_each * (size_t)op->split);
    AN_CHECK(an_reorder_in_new(&g->x_in, op, x, pixels));
    return an_reorder_in_new(&g->dy_in, op, dy, maps);
}

void an_conv_pixels_grad_free(an_conv_pixels_grad *g)
{
    an_reorder_free(&g->x_in);
    an_reorder_free(&g->dy_in);
}

/* The sums of all parts in canonical order. */
static void write(const an_conv_pixels_grad *g, const char *sums, int parts, float *dweights,
                  float *dbias)
{
    const an_pixels_tiles *p = &g->shape;
    int taps = p->desc->u.conv.s, count = p->lines * taps;
#pragma omp parallel for schedule(static)
    for (int k = 0; k < p->desc->u.conv.k; k++)
        for (int i = 0; i <= count; i++) {
            int64_t row = ((int64_t)(i / taps) * p->blocks + k / K) * taps + i % taps;
            int64_t at = i < count ? row * K + k % K : (int64_t)count * p->blocks * K + k;
            float sum = 0;
            for (int part = 0; part < parts; part++)
                sum += ((const float *)(sums + g->sums_each * (size_t)part))[at];
            *(i < count ? &dweights[(int64_t)k * count + i] : &dbias[k]) = sum;
        }
}

alexnet_status an_conv_pixels_grad_run(const an_conv_pixels_grad *g, const an_cpu_op *op,
                                       const an_op_args *args, const void *x, const void *dy,
                                       float *dweights, float *dbias)
{
    const an_op_desc *desc = g->shape.desc;
    char *scratch = args->scratch;
    int parts = op->split, n = desc->n;
    int64_t x_image = an_chw_count(desc->in[0]);
    int64_t dy_image = (int64_t)g->shape.blocks * K * desc->out.h * desc->out.w;
    AN_CHECK(an_reorder_in_run(&g->x_in, op, args, &x));
    AN_CHECK(an_reorder_in_run(&g->dy_in, op, args, &dy));
#pragma omp parallel for schedule(static, 1)
    for (int part = 0; part < parts; part++) {
        char *work = scratch + g->work + g->work_each * (size_t)omp_get_thread_num();
        float *sums = (float *)(scratch + g->sums + g->sums_each * (size_t)part);
        memset(sums, 0, g->sums_each);
        for (int i = n * part / parts; i < n * (part + 1) / parts; i++) {
            const an_pixels_tiles_run run = {.shape = &g->shape,
                                             .x = (const uint16_t *)x + i * x_image,
                                             .dy = (const uint16_t *)dy + i * dy_image,
                                             .block = g->block,
                                             .pixel = g->pixel,
                                             .work = (uint16_t *)work,
                                             .sums = sums};
            op->cpu->kernels->pixels_tiles(&run);
        }
    }
    write(g, scratch + g->sums, parts, dweights, dbias);
    return ALEXNET_OK;
}
