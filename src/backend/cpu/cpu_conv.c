/*
 * Convolution with oneDNN, and a ReLU that follows. Native kernels may compute the gradients of
 * weights instead (conv_wgrad.h), or all of a first layer (conv_pixels.c).
 *
 * A tuning chooses the variant of each direction (backend/tuning.h). oneDNN chooses the layouts
 * that the variant leaves open; reorders convert them for neighbours that have others. Some of
 * oneDNN's kernels add up each output in an order that does not depend on the number of threads;
 * these run on the whole batch. Others are run image by image, each on one thread (team.h).
 *
 * oneDNN's ReLU turns a NaN into zero. That would hide a diverging run, so only inference uses it;
 * when gradients are wanted, a pass of our own follows.
 */
#include <stdio.h>
#include <string.h>

#include "backend/cpu/conv_padding.h"
#include "backend/cpu/conv_sums.h"
#include "backend/cpu/conv_wgrad.h"
#include "backend/cpu/onednn/conv_primitive.h"
#include "backend/cpu/onednn/team.h"
#include "base/alloc.h"
#include "base/status.h"

/* Weights in the form a primitive wants: as they are, or a copy in args->packed. */
typedef struct weights_form {
    an_primitive *reorder; /* NULL: as they are */
    size_t at;
    bool flipped; /* first flipped, into scratch */
    size_t flipped_at;
} weights_form;

typedef struct conv_op {
    an_cpu_op op;
    an_op_desc desc;
    bool relu_after; /* a pass of our own after the primitive */
    an_layout x, y;  /* as forward computes them */
    bool padded;     /* desc is the convolution of a padded copy of the input */
    an_conv_padding padding;

    an_primitive *forward; /* of the whole batch; NULL: image by image */
    an_team images;
    an_reorder x_in, y_out;
    weights_form weights;

    size_t masked;               /* scratch offset of dy where y > 0 */
    an_primitive *backward_data; /* of the whole batch; NULL: image by image */
    an_team data_images;
    an_layout dy, dx; /* image by image */
    an_reorder data_dy_in, dx_out;
    weights_form data_weights;
    bool native; /* gradients of weights by native kernels, or by oneDNN */
    an_conv_wgrad native_weights;
    an_reorder weights_x_in, weights_dy_in;
    an_conv_sums weights_sums;
    size_t dbias; /* scratch offset, if the caller does not want it */
} conv_op;

/* ---- Forward --------------------------------------------------------------------------------- */

/* Whether the sums of a kernel do not depend on the number of threads. Such kernels are known by
 * how their names in oneDNN begin; tests/ops/test_bits_cpu.c checks it. */
static bool runs_whole(const an_primitive *primitive)
{
    static const char *const names[] = {"jit:", "jit_bf16:", "jit_wino_4x3:", "jit_fp32_wino_2x3:"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(an_primitive_name(primitive), names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* One image: what to ask for, and where to put the resulting variant and layouts. */
typedef struct image_problem {
    an_conv_forward problem;
    const an_primitive *forward; /* backward: of the whole batch */
    an_variant *variant;
    an_layout *x, *y;
} image_problem;

static alexnet_status make_image(const void *user, bool small, an_primitive **out)
{
    const image_problem *w = user;
    (void)small;
    return an_conv_forward_new(out, &w->problem, w->variant, w->x, w->y);
}

/* Sets c->x, c->y and the primitives of forward. `whole`, of the whole batch, is for backward. */
static alexnet_status prepare_forward(conv_op *c, const an_prepare *p, bool relu,
                                      an_primitive **whole)
{
    bool backward = p->want_dx || p->want_dw;
    int n = c->desc.n;
    an_conv_forward problem = {c->op.cpu, &c->desc,
                               p->training ? dnnl_forward_training : dnnl_forward_inference,
                               relu && !backward, n};
    an_variant *variant = &c->op.base.variants.of[AN_FORWARD];
    AN_CHECK(an_conv_forward_new(whole, &problem, variant, &c->x, &c->y));
    if (runs_whole(*whole)) {
        c->forward = *whole;
        an_cpu_share(&c->op, an_primitive_scratch(*whole));
    } else {
        problem.n = 1;
        image_problem image = {problem, NULL, variant, &c->x, &c->y};
        an_units units = {n, n};
        AN_CHECK(an_team_new(&c->images, &c->op, units, make_image, &image));
    }
    c->x.n = c->y.n = n;
    return ALEXNET_OK;
}

/* @param desc  the convolution whose canonical weights are packed: c->desc, or the flipped one */
static alexnet_status pack_for(weights_form *form, conv_op *c, const an_op_desc *desc,
                               const an_primitive *primitive)
{
    an_md to = an_primitive_md(primitive, DNNL_ARG_WEIGHTS);
    an_md from = an_conv_weights_md(desc, dnnl_f32, false);
    if (!from)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory for the layout of a tensor");
    alexnet_status rc = ALEXNET_OK;
    form->flipped = desc != &c->desc;
    if (form->flipped)
        form->flipped_at = an_cpu_take(&c->op, dnnl_memory_desc_get_size(from));
    if (form->flipped || !dnnl_memory_desc_equal(from, to)) {
        rc = an_primitive_reorder(&form->reorder, c->op.cpu->engine, from, to);
        char name[AN_MD_NAME];
        an_md_name(to, form->flipped, name);
        an_cpu_pack_as(&c->op, name);
        form->at = c->op.base.packed;
        c->op.base.packed += (dnnl_memory_desc_get_size(to) + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
    }
    an_md_free(from);
    if (form->reorder)
        an_cpu_share(&c->op, an_primitive_scratch(form->reorder));
    return rc;
}

/* ---- Backward -------------------------------------------------------------------------------- */

static alexnet_status make_data_image(const void *user, bool small, an_primitive **out)
{
    const image_problem *w = user;
    (void)small;
    return an_conv_backward_data_new(out, w->problem.cpu, w->problem.desc, w->forward, w->variant);
}

/* Gradients of the data image by image. Sets c->dy, c->dx to the layouts of the batch. */
static alexnet_status prepare_data_images(conv_op *c, const an_primitive *whole,
                                          an_variant *variant)
{
    an_op_desc one = c->desc;
    one.n = 1;
    const image_problem image = {
        .problem = {.cpu = c->op.cpu, .desc = &one}, .forward = whole, .variant = variant};
    an_primitive_free(c->backward_data);
    c->backward_data = NULL;
    an_units units = {c->desc.n, c->desc.n};
    AN_CHECK(an_team_new(&c->data_images, &c->op, units, make_data_image, &image));
    const an_primitive *primitive = an_team_first(&c->data_images);
    bool flipped = *variant == AN_CPU_FLIPPED;
    c->dy = (an_layout){AN_LAYOUT_PLAIN, c->op.cpu->activation, 1, c->desc.out};
    c->dx = (an_layout){AN_LAYOUT_PLAIN, c->op.cpu->activation, 1, c->desc.in[0]};
    int dy = flipped ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST;
    int dx = flipped ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC;
    AN_CHECK(an_layout_from_md(&c->dy, an_primitive_md(primitive, dy)));
    AN_CHECK(an_layout_from_md(&c->dx, an_primitive_md(primitive, dx)));
    c->dy.n = c->dx.n = c->desc.n;
    return ALEXNET_OK;
}

static alexnet_status reorder_data(conv_op *c, bool flipped, an_md x, an_md y)
{
    an_md dy = an_primitive_md(c->backward_data, flipped ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST);
    an_md dx = an_primitive_md(c->backward_data, flipped ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC);
    an_cpu_share(&c->op, an_primitive_scratch(c->backward_data));
    AN_CHECK(an_reorder_in_new_md(&c->data_dy_in, &c->op, y, dy));
    return an_reorder_out_new_md(&c->dx_out, &c->op, dx, x);
}

static alexnet_status prepare_backward_data(conv_op *c, const an_prepare *p,
                                            const an_primitive *whole, an_md x, an_md y)
{
    an_variant *variant = &c->op.base.variants.of[AN_BACKWARD_DATA];
    AN_CHECK(an_conv_backward_data_new(&c->backward_data, c->op.cpu, &c->desc, whole, variant));
    if (!runs_whole(c->backward_data))
        AN_CHECK(prepare_data_images(c, whole, variant));
    bool flipped = *variant == AN_CPU_FLIPPED;
    an_op_desc flipped_desc;
    if (flipped)
        AN_CHECK(an_conv_flip(&flipped_desc, &c->desc));
    if (c->backward_data) {
        AN_CHECK(reorder_data(c, flipped, x, y));
    } else {
        AN_CHECK(an_reorder_in_new(&c->data_dy_in, &c->op, c->op.base.out, c->dy));
        AN_CHECK(an_reorder_out_new(&c->dx_out, &c->op, c->dx, p->in[0]));
    }
    return pack_for(&c->data_weights, c, flipped ? &flipped_desc : &c->desc,
                    c->backward_data ? c->backward_data : an_team_first(&c->data_images));
}

static alexnet_status blocks_entry(an_reorder *reorder, conv_op *c, an_md outer, an_chw shape)
{
    an_md inner = an_layout_md((an_layout){AN_LAYOUT_C16, AN_BF16, c->desc.n, shape});
    alexnet_status rc = inner ? an_reorder_in_new_md(reorder, &c->op, outer, inner)
                              : AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory for a layout");
    an_md_free(inner);
    return rc;
}

/* The gradients of weights by native kernels, if these accept the convolution. */
static alexnet_status prepare_native_weights(conv_op *c, an_md x, an_md y)
{
    alexnet_status rc = an_conv_wgrad_new(&c->native_weights, &c->op, &c->desc);
    c->native = rc == ALEXNET_OK;
    if (rc != ALEXNET_OK)
        return rc == ALEXNET_ERROR_UNSUPPORTED ? ALEXNET_OK : rc;
    AN_CHECK(blocks_entry(&c->weights_x_in, c, x, c->desc.in[0]));
    return blocks_entry(&c->weights_dy_in, c, y, c->desc.out);
}

static alexnet_status prepare_backward_weights(conv_op *c, const an_primitive *whole, an_md x,
                                               an_md y)
{
    an_variant *variant = &c->op.base.variants.of[AN_BACKWARD_WEIGHTS];
    c->dbias = an_cpu_take(&c->op, sizeof(float) * (size_t)c->desc.u.conv.k);
    if (*variant == AN_CPU_NATIVE)
        AN_CHECK(prepare_native_weights(c, x, y));
    return c->native ? ALEXNET_OK
                     : an_conv_sums_new(&c->weights_sums, &c->op, &c->desc, whole, variant, x, y);
}

static alexnet_status prepare_backward(conv_op *c, const an_prepare *p, const an_primitive *whole)
{
    an_md x = an_layout_md(p->in[0]), y = an_layout_md(c->op.base.out);
    alexnet_status rc =
        x && y ? ALEXNET_OK : AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory for a layout");
    if (c->relu_after)
        c->masked = an_cpu_take(&c->op, an_layout_bytes(c->op.base.out));
    if (p->want_dx && rc == ALEXNET_OK)
        rc = prepare_backward_data(c, p, whole, x, y);
    if (p->want_dw && rc == ALEXNET_OK)
        rc = prepare_backward_weights(c, whole, x, y);
    an_md_free(x);
    an_md_free(y);
    return rc;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static alexnet_status pack_one(const conv_op *c, const weights_form *form, const an_op_args *args)
{
    if (!form->reorder)
        return ALEXNET_OK;
    const void *data[] = {args->param[0], (char *)args->packed + form->at};
    if (form->flipped) {
        float *flipped = (float *)((char *)args->scratch + form->flipped_at);
        an_conv_flip_weights(&c->desc, args->param[0], flipped);
        data[0] = flipped;
    }
    return an_primitive_run(form->reorder, data, an_cpu_shared(&c->op, args));
}

static alexnet_status conv_pack(an_cpu_op *op, const an_op_args *args)
{
    const conv_op *c = (const conv_op *)op;
    AN_CHECK(pack_one(c, &c->weights, args));
    return pack_one(c, &c->data_weights, args);
}

static const void *packed(const weights_form *form, const an_op_args *args)
{
    return form->reorder ? (char *)args->packed + form->at : args->param[0];
}

/* Tensors of a forward run, and bytes of an image of x and of y. */
typedef struct batch {
    const void *data[4];
    size_t x, y;
} batch;

static void place_image(const void *user, int image, const void **data)
{
    const batch *b = user;
    data[0] = (const char *)b->data[0] + b->x * (size_t)image;
    data[1] = b->data[1];
    data[2] = b->data[2];
    data[3] = (const char *)b->data[3] + b->y * (size_t)image;
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
    batch b = {{input_of(c, args), packed(&c->weights, args), args->param[1], y},
               an_layout_bytes(c->x) / n,
               an_layout_bytes(c->y) / n};
    AN_CHECK(an_reorder_in_run(&c->x_in, op, args, &b.data[0]));
    if (c->forward)
        AN_CHECK(an_primitive_run(c->forward, b.data, an_cpu_shared(op, args)));
    else
        AN_CHECK(an_team_run(&c->images, args, 0, c->desc.n, place_image, &b));
    if (c->relu_after)
        an_cpu_relu(c->op.cpu, c->y, y);
    return an_reorder_out_run(&c->y_out, op, args, args->y);
}

static void place_data_image(const void *user, int image, const void **data)
{
    const batch *b = user;
    data[0] = (const char *)b->data[0] + b->y * (size_t)image;
    data[1] = b->data[1];
    data[2] = (const char *)b->data[2] + b->x * (size_t)image;
}

static alexnet_status run_backward_data(const conv_op *c, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &c->op;
    batch b = {.data = {dy, packed(&c->data_weights, args),
                        an_reorder_target(&c->dx_out, args, args->dx[0])}};
    AN_CHECK(an_reorder_in_run(&c->data_dy_in, op, args, &b.data[0]));
    if (c->backward_data) {
        AN_CHECK(an_primitive_run(c->backward_data, b.data, an_cpu_shared(op, args)));
    } else {
        b.x = an_layout_bytes(c->dx) / (size_t)c->desc.n;
        b.y = an_layout_bytes(c->dy) / (size_t)c->desc.n;
        AN_CHECK(an_team_run(&c->data_images, args, 0, c->desc.n, place_data_image, &b));
    }
    return an_reorder_out_run(&c->dx_out, op, args, args->dx[0]);
}

static alexnet_status run_backward_weights(const conv_op *c, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &c->op;
    const void *x = input_of(c, args);
    float *dw = args->dparam[0], *dbias = args->dparam[1];
    if (!dbias)
        dbias = (float *)((char *)args->scratch + c->dbias);
    if (!c->native)
        return an_conv_sums_run(&c->weights_sums, op, args, x, dy, dw, dbias);
    AN_CHECK(an_reorder_in_run(&c->weights_x_in, op, args, &x));
    AN_CHECK(an_reorder_in_run(&c->weights_dy_in, op, args, &dy));
    an_conv_wgrad_run(&c->native_weights, op->cpu, args, x, dy, dw, dbias);
    return ALEXNET_OK;
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
    return args->dx[0] ? run_backward_data(c, args, dy) : ALEXNET_OK;
}

static void conv_free(an_cpu_op *op)
{
    conv_op *c = (conv_op *)op;
    an_primitive *const primitives[] = {c->forward, c->weights.reorder, c->backward_data,
                                        c->data_weights.reorder};
    an_reorder *const reorders[] = {&c->x_in,   &c->y_out,        &c->data_dy_in,
                                    &c->dx_out, &c->weights_x_in, &c->weights_dy_in};
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
        an_primitive_free(primitives[i]);
    for (size_t i = 0; i < sizeof reorders / sizeof *reorders; i++)
        an_reorder_free(reorders[i]);
    an_team_free(&c->images);
    an_team_free(&c->data_images);
    an_conv_sums_free(&c->weights_sums);
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
    const an_primitive *data = c->backward_data ? c->backward_data : an_team_first(&c->data_images);
    const an_conv_sums *sums = &c->weights_sums;
    const an_primitive *weights = sums->whole ? sums->whole : an_team_first(&sums->parts);
    name_primitive(c->forward ? c->forward : an_team_first(&c->images), forward);
    an_cpu_name_impl(&c->op, forward, name_primitive(data, dx),
                     c->native ? "native wgrad:avx512_bf16" : name_primitive(weights, dw));
}

static alexnet_status prepare_all(conv_op *c, const an_prepare *p, bool relu, an_primitive **whole)
{
    AN_CHECK(prepare_forward(c, p, relu, whole));
    AN_CHECK(
        pack_for(&c->weights, c, &c->desc, c->forward ? c->forward : an_team_first(&c->images)));
    c->op.base.out = c->y;
    if (p->plain_out)
        c->op.base.out.kind = AN_LAYOUT_PLAIN;
    AN_CHECK(an_reorder_in_new(&c->x_in, &c->op, p->in[0], c->x));
    AN_CHECK(an_reorder_out_new(&c->y_out, &c->op, c->y, c->op.base.out));
    return p->want_dx || p->want_dw ? prepare_backward(c, p, *whole) : ALEXNET_OK;
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
    an_primitive *whole = NULL;
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
        rc = prepare_all(c, &offer, relu, &whole);
    if (rc == ALEXNET_OK)
        name_impl(c);
    if (whole != c->forward)
        an_primitive_free(whole);
    if (rc != ALEXNET_OK)
        conv_free(&c->op);
    else
        *out = &c->op;
    return rc;
}
