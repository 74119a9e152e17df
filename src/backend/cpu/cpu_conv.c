/*
 * Convolution with oneDNN, with a ReLU that follows. Native kernels may compute the gradients of
 * the weights instead (conv_wgrad.h), or all of a first layer (conv_pixels.c).
 *
 * A tuning chooses the variant of each direction (backend/tuning.h). oneDNN chooses the layouts
 * that the variant leaves open; reorders convert them for neighbours that have others.
 *
 * oneDNN's ReLU turns NaN into zero. That would hide a diverging run, so it is used in inference
 * only; when gradients are wanted, a pass of our own follows.
 */
#include <stdio.h>
#include <string.h>

#include "backend/cpu/conv_data.h"
#include "backend/cpu/conv_padding.h"
#include "backend/cpu/conv_sums.h"
#include "backend/cpu/conv_wgrad.h"
#include "backend/cpu/onednn/conv_primitive.h"
#include "base/alloc.h"
#include "base/status.h"

typedef struct conv_op {
    an_cpu_op op;
    an_op_desc desc;
    bool relu_after; /* a pass of our own after the primitive */
    an_layout x, y;  /* as forward computes them */
    bool padded;     /* desc is the convolution of a padded copy of the input */
    an_conv_padding padding;

    an_conv_batch forward;
    an_reorder x_in, y_out;
    an_conv_weights weights;

    size_t masked; /* scratch offset of dy with zeros where y <= 0 */
    an_conv_data data;
    an_conv_wgrad weights_native;
    an_conv_sums weights_sums; /* if no native kernel computes them */
    size_t dbias;              /* scratch offset, if the caller does not want it */
} conv_op;

/* ---- Forward --------------------------------------------------------------------------------- */

/* What forward primitives are made from, and where to put the resulting variant and layouts. */
typedef struct forward_maker {
    an_conv_forward problem;
    an_variant *variant;
    an_layout *x, *y;
} forward_maker;

static alexnet_status make_forward(const void *user, int64_t images, an_primitive **out)
{
    const forward_maker *maker = user;
    an_conv_forward problem = maker->problem;
    problem.n = (int)images;
    return an_conv_forward_new(out, &problem, maker->variant, maker->x, maker->y);
}

static alexnet_status prepare_forward(conv_op *c, const an_prepare *p, bool relu)
{
    bool backward = p->want_dx || p->want_dw;
    int n = c->desc.n;
    dnnl_prop_kind_t prop = p->training ? dnnl_forward_training : dnnl_forward_inference;
    const forward_maker maker = {{c->op.cpu, &c->desc, prop, relu && !backward, n},
                                 &c->op.base.variants.of[AN_FORWARD],
                                 &c->x,
                                 &c->y};
    AN_CHECK(an_conv_batch_new(&c->forward, &c->op, n, make_forward, &maker));
    c->x.n = c->y.n = n;
    return ALEXNET_OK;
}

/* ---- Backward -------------------------------------------------------------------------------- */

static alexnet_status prepare_backward_weights(conv_op *c, an_layout x, an_layout dy)
{
    an_variant *variant = &c->op.base.variants.of[AN_BACKWARD_WEIGHTS];
    c->dbias = an_cpu_take(&c->op, sizeof(float) * (size_t)c->desc.u.conv.k);
    if (*variant == AN_CPU_NATIVE)
        AN_CHECK(an_conv_wgrad_new(&c->weights_native, &c->op, &c->desc, x, dy));
    if (c->weights_native.way)
        return ALEXNET_OK;
    return an_conv_sums_new(&c->weights_sums, &c->op, &c->desc, c->forward.whole, variant, x, dy);
}

static alexnet_status prepare_backward(conv_op *c, const an_prepare *p)
{
    an_layout x = p->in[0], dy = c->op.base.out;
    if (c->relu_after)
        c->masked = an_cpu_take(&c->op, an_layout_bytes(dy));
    if (p->want_dx)
        AN_CHECK(an_conv_data_new(&c->data, &c->op, &c->desc, c->forward.whole,
                                  &c->op.base.variants.of[AN_BACKWARD_DATA], dy, x));
    return p->want_dw ? prepare_backward_weights(c, x, dy) : ALEXNET_OK;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static alexnet_status conv_pack(an_cpu_op *op, const an_op_args *args)
{
    const conv_op *c = (const conv_op *)op;
    AN_CHECK(an_conv_weights_pack(&c->weights, op, args));
    return an_conv_weights_pack(&c->data.weights, op, args);
}

/* The input, or its padded copy. */
static const void *input_of(const conv_op *c, const an_op_args *args)
{
    return c->padded ? an_conv_padding_copy(&c->padding, args->x[0], args->scratch) : args->x[0];
}

static alexnet_status conv_forward(an_cpu_op *op, const an_op_args *args)
{
    const conv_op *c = (const conv_op *)op;
    size_t n = (size_t)c->desc.n;
    void *y = an_reorder_target(&c->y_out, args, args->y);
    an_conv_batch_data data = {
        {input_of(c, args), an_conv_weights_of(&c->weights, args), args->param[1], y},
        4,
        an_layout_bytes(c->x) / n,
        an_layout_bytes(c->y) / n};
    AN_CHECK(an_reorder_in_run(&c->x_in, op, args, &data.arg[0]));
    AN_CHECK(an_conv_batch_run(&c->forward, op, args, &data));
    if (c->relu_after)
        an_cpu_relu(c->op.cpu, c->y, y);
    return an_reorder_out_run(&c->y_out, op, args, args->y);
}

static alexnet_status run_backward_weights(const conv_op *c, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &c->op;
    const void *x = input_of(c, args);
    float *dw = args->dparam[0], *dbias = args->dparam[1];
    if (!dbias)
        dbias = (float *)((char *)args->scratch + c->dbias);
    if (c->weights_native.way)
        return an_conv_wgrad_compute(&c->weights_native, op, args, x, dy, dw, dbias);
    return an_conv_sums_run(&c->weights_sums, op, args, x, dy, dw, dbias);
}

static alexnet_status conv_backward(an_cpu_op *op, const an_op_args *args)
{
    const conv_op *c = (const conv_op *)op;
    const void *dy = args->dy;
    if (c->relu_after) {
        void *masked = (char *)args->scratch + c->masked;
        an_cpu_relu_mask(op->cpu, op->base.out, args->y, dy, masked);
        dy = masked;
    }
    if (args->dparam[0])
        AN_CHECK(run_backward_weights(c, args, dy));
    return args->dx[0] ? an_conv_data_run(&c->data, op, args, dy) : ALEXNET_OK;
}

static void conv_free(an_cpu_op *op)
{
    conv_op *c = (conv_op *)op;
    an_reorder_free(&c->x_in);
    an_reorder_free(&c->y_out);
    an_conv_weights_free(&c->weights);
    an_conv_batch_free(&c->forward);
    an_conv_data_free(&c->data);
    an_conv_sums_free(&c->weights_sums);
    an_conv_wgrad_free(&c->weights_native);
    an_free(c);
}

static const an_cpu_methods methods = {conv_pack, conv_forward, conv_backward, conv_free};

/* "onednn jit:avx2"; NULL if there is none. */
static const char *name_primitive(const an_primitive *primitive, char name[64])
{
    snprintf(name, 64, "onednn %s", primitive ? an_primitive_name(primitive) : "");
    return primitive ? name : NULL;
}

static void name_impl(conv_op *c)
{
    char forward[64], dx[64], dw[64];
    const an_conv_wgrad_way *native = c->weights_native.way;
    const an_conv_sums *sums = &c->weights_sums;
    const an_primitive *weights = sums->whole ? sums->whole : an_team_first(&sums->parts);
    name_primitive(an_conv_batch_primitive(&c->forward), forward);
    an_cpu_name_impl(&c->op, forward, name_primitive(an_conv_batch_primitive(&c->data.batch), dx),
                     native ? native->impl : name_primitive(weights, dw));
}

static alexnet_status prepare_all(conv_op *c, const an_prepare *p, bool relu)
{
    AN_CHECK(prepare_forward(c, p, relu));
    AN_CHECK(an_conv_weights_new(&c->weights, &c->op, &c->desc, false,
                                 an_conv_batch_primitive(&c->forward)));
    c->op.base.out = c->y;
    if (p->plain_out)
        c->op.base.out.kind = AN_LAYOUT_PLAIN;
    AN_CHECK(an_reorder_in_new(&c->x_in, &c->op, p->in[0], c->x));
    AN_CHECK(an_reorder_out_new(&c->y_out, &c->op, c->y, c->op.base.out));
    return p->want_dx || p->want_dw ? prepare_backward(c, p) : ALEXNET_OK;
}

/* If the tuning wants the first layer padded and that is possible, c->desc and the input in `offer`
 * become those of the padded copy. */
static alexnet_status pad(conv_op *c, an_prepare *offer)
{
    an_variant *variant = &c->op.base.variants.of[AN_FORWARD];
    alexnet_status rc = ALEXNET_ERROR_UNSUPPORTED;
    if (*variant == AN_CPU_PADDED && !offer->want_dx)
        rc = an_conv_padding_new(&c->padding, &c->op, &c->desc, offer->in[0]);
    c->padded = rc == ALEXNET_OK;
    if (c->padded) {
        c->desc = c->padding.desc;
        offer->in = &c->padding.x;
    } else if (*variant == AN_CPU_PADDED) {
        *variant = AN_CPU_DIRECT;
    }
    return rc == ALEXNET_ERROR_UNSUPPORTED ? ALEXNET_OK : rc;
}

alexnet_status an_cpu_conv_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    bool backward = p->want_dx || p->want_dw;
    conv_op *c = an_calloc(1, sizeof *c);
    an_prepare offer = *p;
    if (!c)
        return AN_FAIL_MEMORY(sizeof *c, "a prepared convolution");
    bool relu = an_cpu_relu_follows(p);
    c->op.methods = &methods;
    c->op.cpu = cpu;
    c->op.base.taken = 1 + relu;
    c->op.split = p->split;
    c->desc = *p->ops[0];
    c->relu_after = relu && backward;
    c->op.base.tunable = true;
    c->op.base.variants = an_backend_variants(&cpu->base, p->ops[0], p->training);
    if (!p->want_dx)
        c->op.base.variants.of[AN_BACKWARD_DATA] = AN_CPU_DIRECT;
    if (!p->want_dw)
        c->op.base.variants.of[AN_BACKWARD_WEIGHTS] = AN_CPU_DIRECT;
    alexnet_status rc = pad(c, &offer);
    c->x = (an_layout){AN_LAYOUT_PLAIN, cpu->activation, c->desc.n, c->desc.in[0]};
    c->y = (an_layout){AN_LAYOUT_PLAIN, p->plain_out ? AN_F32 : cpu->activation, c->desc.n,
                       c->desc.out};
    if (rc == ALEXNET_OK)
        rc = prepare_all(c, &offer, relu);
    if (rc == ALEXNET_OK)
        name_impl(c);
    if (rc != ALEXNET_OK)
        conv_free(&c->op);
    else
        *out = &c->op;
    return rc;
}
