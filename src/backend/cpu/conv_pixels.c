/*
 * Convolution of pixels by native kernels (pixels.h), with a ReLU that follows: the first layer, in
 * bf16. Forward divides bands of rows among the threads. In backward each of `split` parts of the
 * batch has its own sums, so that no sum depends on the number of threads.
 */
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "backend/cpu/onednn/reorder.h"
#include "base/alloc.h"
#include "base/status.h"

typedef struct pixels_op {
    an_cpu_op op;
    an_op_desc desc;
    an_pixels shape;
    bool relu;
    an_layout x, y;
    an_reorder x_in, y_out, y_in, dy_in;
    size_t forward_work, forward_each; /* scratch: offset, bytes for each thread */
    size_t backward_work, backward_each;
    size_t sums, sums_each; /* for each part */
} pixels_op;

static alexnet_status pixels_pack(an_cpu_op *op, const an_op_args *args)
{
    an_pixels_pack(&((pixels_op *)op)->shape, args->param[0], args->param[1], args->packed);
    return ALEXNET_OK;
}

static uint16_t *image(const void *tensor, an_layout layout, int n)
{
    int64_t bytes = (int64_t)an_layout_bytes(layout) / layout.n;
    return (uint16_t *)((char *)tensor + n * bytes);
}

static alexnet_status pixels_forward(an_cpu_op *op, const an_op_args *args)
{
    const pixels_op *c = (const pixels_op *)op;
    int bands = (c->y.shape.h + AN_PIXELS_ROWS - 1) / AN_PIXELS_ROWS;
    const void *x = args->x[0];
    void *y = an_reorder_target(&c->y_out, args, args->y);
    AN_CHECK(an_reorder_in_run(&c->x_in, op, args, &x));
#pragma omp parallel for schedule(static)
    for (int i = 0; i < c->y.n * bands; i++) {
        char *work = (char *)args->scratch + c->forward_work;
        work += c->forward_each * (size_t)omp_get_thread_num();
        const an_pixels_run run = {.shape = &c->shape,
                                   .x = image(x, c->x, i / bands),
                                   .y = image(y, c->y, i / bands),
                                   .work = (uint16_t *)work,
                                   .packed = args->packed,
                                   .relu = c->relu,
                                   .first = i % bands * AN_PIXELS_ROWS};
        op->cpu->kernels->pixels_forward(&run);
    }
    return an_reorder_out_run(&c->y_out, op, args, args->y);
}

static alexnet_status pixels_backward(an_cpu_op *op, const an_op_args *args)
{
    const pixels_op *c = (const pixels_op *)op;
    char *scratch = args->scratch;
    int parts = op->split;
    const void *x = args->x[0], *y = args->y, *dy = args->dy;
    AN_CHECK(an_reorder_in_run(&c->x_in, op, args, &x));
    AN_CHECK(an_reorder_in_run(&c->dy_in, op, args, &dy));
    if (c->relu)
        AN_CHECK(an_reorder_in_run(&c->y_in, op, args, &y));
#pragma omp parallel for schedule(static, 1)
    for (int part = 0; part < parts; part++) {
        float *sums = (float *)(scratch + c->sums + c->sums_each * (size_t)part);
        char *work = scratch + c->backward_work;
        work += c->backward_each * (size_t)omp_get_thread_num();
        memset(sums, 0, c->sums_each);
        for (int n = c->x.n * part / parts; n < c->x.n * (part + 1) / parts; n++) {
            const an_pixels_run run = {.shape = &c->shape,
                                       .x = image(x, c->x, n),
                                       .y = c->relu ? image(y, c->y, n) : NULL,
                                       .work = (uint16_t *)work,
                                       .dy = image(dy, c->y, n),
                                       .sums = sums};
            op->cpu->kernels->pixels_backward(&run);
        }
    }
    an_pixels_gradients(&c->shape, (float *)(scratch + c->sums), parts, args->dparam[0],
                        args->dparam[1]);
    return ALEXNET_OK;
}

static void pixels_free(an_cpu_op *op)
{
    pixels_op *c = (pixels_op *)op;
    an_reorder_free(&c->x_in);
    an_reorder_free(&c->y_out);
    an_reorder_free(&c->y_in);
    an_reorder_free(&c->dy_in);
    an_free(c);
}

static const an_cpu_methods methods = {pixels_pack, pixels_forward, pixels_backward, pixels_free};

static void book_scratch(pixels_op *c, const an_prepare *p)
{
    size_t threads = (size_t)c->op.cpu->base.ctx->threads, parts = (size_t)p->split;
    c->forward_each = an_aligned(sizeof(uint16_t) * an_pixels_forward_work(&c->shape));
    c->forward_work = an_cpu_take(&c->op, c->forward_each * threads);
    if (!p->want_dw)
        return;
    c->backward_each = an_aligned(sizeof(uint16_t) * an_pixels_backward_work(&c->shape));
    c->backward_work = an_cpu_take(&c->op, c->backward_each * threads);
    c->sums_each = sizeof(float) * an_pixels_sums(&c->shape);
    c->sums = an_cpu_take(&c->op, c->sums_each * parts);
}

static alexnet_status make_reorders(pixels_op *c, const an_prepare *p)
{
    an_layout out = c->op.base.out;
    AN_CHECK(an_reorder_in_new(&c->x_in, &c->op, p->in[0], c->x));
    AN_CHECK(an_reorder_out_new(&c->y_out, &c->op, c->y, out));
    if (!p->want_dw)
        return ALEXNET_OK;
    AN_CHECK(an_reorder_in_new(&c->dy_in, &c->op, out, c->y));
    return c->relu ? an_reorder_in_new(&c->y_in, &c->op, out, c->y) : ALEXNET_OK;
}

alexnet_status an_cpu_pixels_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    an_pixels shape;
    an_variants asked = an_backend_variants(&cpu->base, p->ops[0], p->training);
    if (asked.of[AN_FORWARD] != AN_CPU_NATIVE)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "the tuning names another variant");
    if (cpu->activation != AN_BF16 || !cpu->kernels->pixels_forward || p->want_dx ||
        !an_pixels_describe(&shape, p->ops[0]))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "the native kernels do not compute this convolution of pixels");
    pixels_op *c = an_calloc(1, sizeof *c);
    if (!c)
        return AN_FAIL_MEMORY(sizeof *c, "a prepared convolution");
    c->op.methods = &methods;
    c->op.cpu = cpu;
    c->op.split = p->split;
    c->desc = *p->ops[0];
    c->shape = shape;
    c->shape.desc = &c->desc;
    c->relu = an_cpu_relu_follows(p);
    c->x = (an_layout){AN_LAYOUT_PLAIN, AN_BF16, c->desc.n, c->desc.in[0]};
    c->y = (an_layout){AN_LAYOUT_C16, AN_BF16, c->desc.n, c->desc.out};
    c->op.base.taken = 1 + c->relu;
    c->op.base.out = c->y;
    if (p->plain_out)
        c->op.base.out = (an_layout){AN_LAYOUT_PLAIN, AN_F32, c->y.n, c->y.shape};
    c->op.base.packed = an_pixels_packed(&shape);
    an_cpu_pack_as(&c->op, "pixels");
    c->op.base.tunable = true;
    c->op.base.variants = (an_variants){{AN_CPU_NATIVE, AN_CPU_DIRECT, AN_CPU_DIRECT}};
    if (p->want_dw)
        c->op.base.variants.of[AN_BACKWARD_WEIGHTS] = AN_CPU_NATIVE;
    snprintf(c->op.impl, sizeof c->op.impl, "native pixels:avx512_bf16");
    book_scratch(c, p);
    alexnet_status rc = make_reorders(c, p);
    if (rc != ALEXNET_OK)
        pixels_free(&c->op);
    else
        *out = &c->op;
    return rc;
}
