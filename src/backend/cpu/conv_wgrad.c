#include "backend/cpu/conv_wgrad.h"

#include <string.h>

#include "base/status.h"

enum { BLOCK = 16 };
enum { TOGETHER = 1 << 22 }; /* bytes of pairs that are laid out at a time: they stay in cache */

static int64_t pixels(an_chw shape)
{
    return (int64_t)shape.h * shape.w;
}

/* Elements of a pair of images. */
static int64_t x_pair(const an_conv_wgrad *w)
{
    return w->x_blocks * pixels(w->shape.desc->in[0]) * BLOCK * 2;
}

static int64_t dy_pair(const an_conv_wgrad *w)
{
    return w->dy_blocks * pixels(w->shape.desc->out) * BLOCK * 2;
}

alexnet_status an_conv_wgrad_new(an_conv_wgrad *w, an_cpu_op *op, const an_op_desc *desc,
                                 an_layout x, an_layout dy)
{
    if (op->cpu->activation != AN_BF16 || !op->cpu->kernels->wgrad_add ||
        !an_wgrad_describe(&w->shape, desc))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "native kernels do not take these gradients of weights");
    if (w->shape.k_units * w->shape.c_units < op->split)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "fewer units of work than parts");
    w->x_blocks = desc->in[0].c / BLOCK;
    w->dy_blocks = desc->out.c / BLOCK;
    w->pairs = (desc->n + 1) / 2;
    int64_t fit = TOGETHER / (2 * (x_pair(w) + dy_pair(w)));
    w->together = fit < 1 ? 1 : fit < w->pairs ? (int)fit : w->pairs;
    size_t units = (size_t)w->shape.k_units * (size_t)w->shape.c_units;
    w->x = an_cpu_take(op, 2 * (size_t)(x_pair(w) * w->together));
    w->dy = an_cpu_take(op, 2 * (size_t)(dy_pair(w) * w->together));
    w->sums = an_cpu_take(op, sizeof(float) * units * (size_t)an_wgrad_sums(&w->shape));
    AN_CHECK(an_reorder_in_new(&w->x_in, op, x,
                               (an_layout){AN_LAYOUT_C16, AN_BF16, desc->n, desc->in[0]}));
    return an_reorder_in_new(&w->dy_in, op, dy,
                             (an_layout){AN_LAYOUT_C16, AN_BF16, desc->n, desc->out});
}

void an_conv_wgrad_free(an_conv_wgrad *w)
{
    an_reorder_free(&w->x_in);
    an_reorder_free(&w->dy_in);
}

/* A run: its tensors, and where its pairs are. */
typedef struct wgrad_run {
    const an_conv_wgrad *w;
    const an_cpu_kernels *kernels;
    const uint16_t *x, *dy;
    uint16_t *x_pairs, *dy_pairs;
    float *sums, *dbias;
} wgrad_run;

/* Lay out block `block` of the pair of images first + i. The blocks of dy are counted behind those
 * of x. */
static void lay_out(const wgrad_run *r, int first, int i, int block)
{
    const an_conv_wgrad *w = r->w;
    const an_op_desc *desc = w->shape.desc;
    bool of_x = block < w->x_blocks;
    int blocks = of_x ? w->x_blocks : w->dy_blocks, b = of_x ? block : block - w->x_blocks;
    int64_t count = pixels(of_x ? desc->in[0] : desc->out) * BLOCK, image = blocks * count;
    int n = 2 * (first + i);
    const uint16_t *from = (of_x ? r->x : r->dy) + n * image + b * count;
    uint16_t *to = (of_x ? r->x_pairs + i * x_pair(w) : r->dy_pairs + i * dy_pair(w));
    const an_wgrad_pair_run pair = {from, n + 1 < desc->n ? from + image : NULL, count,
                                    to + b * count * 2};
    r->kernels->wgrad_pair(&pair);
}

static void add_unit(const wgrad_run *r, int first, int count, int unit)
{
    const an_conv_wgrad *w = r->w;
    int k = unit / w->shape.c_units, c = unit % w->shape.c_units;
    float *sums = r->sums + unit * an_wgrad_sums(&w->shape);
    float *bias = c == 0 ? r->dbias + k * AN_WGRAD_K : NULL;
    if (first == 0) {
        memset(sums, 0, sizeof *sums * (size_t)an_wgrad_sums(&w->shape));
        if (bias)
            memset(bias, 0, sizeof *bias * AN_WGRAD_K);
    }
    for (int i = 0; i < count; i++) {
        const an_wgrad_run run = {.shape = &w->shape,
                                  .k = k,
                                  .c = c,
                                  .x = r->x_pairs + i * x_pair(w),
                                  .dy = r->dy_pairs + i * dy_pair(w),
                                  .sums = sums,
                                  .bias = bias};
        r->kernels->wgrad_add(&run);
    }
}

alexnet_status an_conv_wgrad_run(const an_conv_wgrad *w, const an_cpu_op *op,
                                 const an_op_args *args, const void *x, const void *dy,
                                 float *dweights, float *dbias)
{
    char *scratch = args->scratch;
    int blocks = w->x_blocks + w->dy_blocks, c_units = w->shape.c_units;
    AN_CHECK(an_reorder_in_run(&w->x_in, op, args, &x));
    AN_CHECK(an_reorder_in_run(&w->dy_in, op, args, &dy));
    const wgrad_run r = {.w = w,
                         .kernels = op->cpu->kernels,
                         .x = x,
                         .dy = dy,
                         .x_pairs = (uint16_t *)(scratch + w->x),
                         .dy_pairs = (uint16_t *)(scratch + w->dy),
                         .sums = (float *)(scratch + w->sums),
                         .dbias = dbias};
#pragma omp parallel
    {
        for (int first = 0; first < w->pairs; first += w->together) {
            int count = w->pairs - first < w->together ? w->pairs - first : w->together;
#pragma omp for schedule(static)
            for (int i = 0; i < count * blocks; i++)
                lay_out(&r, first, i / blocks, i % blocks);
#pragma omp for schedule(static)
            for (int unit = 0; unit < w->shape.k_units * c_units; unit++)
                add_unit(&r, first, count, unit);
        }
#pragma omp for schedule(static)
        for (int k = 0; k < w->shape.k_units; k++)
            an_wgrad_write(&w->shape, k, r.sums + k * c_units * an_wgrad_sums(&w->shape), dweights);
    }
    return ALEXNET_OK;
}
