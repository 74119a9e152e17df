/*
 * Convolution on oneDNN, with a ReLU that follows.
 *
 * oneDNN chooses the layouts (tag any); ports reorder where they are not the neighbours'. Its
 * direct kernels ("jit:") add up each output in an order that no number of threads changes, and run
 * on the whole batch. Others are run image by image, each on one thread (gang.h).
 *
 * oneDNN's ReLU turns a NaN into zero. That would hide a diverging run, so only inference uses it;
 * when gradients are wanted, a pass of our own follows.
 */
#include <stdio.h>
#include <string.h>

#include "backend/cpu/gang.h"
#include "backend/cpu/threads.h"
#include "base/alloc.h"
#include "base/status.h"

/* Weights in the form a primitive wants: as they are, or a copy in args->packed. */
typedef struct weights_form {
    an_primitive *reorder; /* NULL: as they are */
    size_t at;
} weights_form;

typedef struct conv_op {
    an_cpu_op op;
    an_op_desc desc;
    bool relu_after; /* a pass of our own after the primitive */
    an_layout x, y;  /* as forward computes them */

    an_primitive *forward; /* of the whole batch; NULL: image by image */
    an_gang images;
    an_port x_in, y_out;
    weights_form weights;

    size_t masked; /* scratch offset of dy where y > 0 */
    an_primitive *backward_data;
    an_port data_dy_in, dx_out;
    weights_form data_weights;
    an_primitive *backward_weights;
    an_port weights_x_in, weights_dy_in, dw_out;
    size_t dbias; /* scratch offset, where nobody wants it */
} conv_op;

/* ---- Descriptions ---------------------------------------------------------------------------- */

/* Zero rows below (columns to the right of) the input that the last window reaches. */
static int padding_after(int in, int out, int window, int stride, int before)
{
    int reach = (out - 1) * stride + window - in - before;
    return reach > 0 ? reach : 0;
}

static an_md weights_md(const an_op_desc *desc, dnnl_data_type_t type, bool any)
{
    const an_conv_desc *conv = &desc->u.conv;
    dnnl_dim_t dims[] = {conv->groups, conv->k / conv->groups, desc->in[0].c / conv->groups,
                         conv->r, conv->s};
    if (conv->groups > 1)
        return an_md_by_tag(5, dims, type, any ? dnnl_format_tag_any : dnnl_goihw);
    return an_md_by_tag(4, dims + 1, type, any ? dnnl_format_tag_any : dnnl_oihw);
}

static void spec_free(an_primitive_spec *spec)
{
    an_md_free(spec->src);
    an_md_free(spec->weights);
    an_md_free(spec->bias);
    an_md_free(spec->dst);
    if (spec->attr)
        dnnl_primitive_attr_destroy((dnnl_primitive_attr_t)spec->attr);
}

/* What all three directions share. Weights and activations have the types given. */
static alexnet_status spec_new(const an_cpu_op *op, const an_op_desc *desc, int n,
                               dnnl_data_type_t weights, dnnl_data_type_t dst,
                               dnnl_format_tag_t tag, an_primitive_spec *spec)
{
    const an_conv_desc *conv = &desc->u.conv;
    an_chw in = desc->in[0], out = desc->out;
    dnnl_dim_t x[] = {n, in.c, in.h, in.w}, y[] = {n, out.c, out.h, out.w}, bias[] = {conv->k};
    memset(spec, 0, sizeof *spec);
    spec->engine = op->cpu->engine;
    spec->stride[0] = spec->stride[1] = conv->stride;
    spec->low[0] = conv->top;
    spec->low[1] = conv->left;
    spec->high[0] = padding_after(in.h, out.h, conv->r, conv->stride, conv->top);
    spec->high[1] = padding_after(in.w, out.w, conv->s, conv->stride, conv->left);
    spec->src = an_md_by_tag(4, x, an_dtype_dnnl(op->cpu->activation), tag);
    spec->weights = weights_md(desc, weights, true);
    spec->bias = an_md_by_tag(1, bias, dnnl_f32, dnnl_a);
    spec->dst = an_md_by_tag(4, y, dst, tag);
    if (spec->src && spec->weights && spec->bias && spec->dst)
        return ALEXNET_OK;
    spec_free(spec);
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory for the layout of a tensor");
}

/* ---- Forward --------------------------------------------------------------------------------- */

typedef struct forward_wish {
    const conv_op *c;
    dnnl_prop_kind_t prop;
    bool relu;
    int n;
} forward_wish;

static alexnet_status new_forward_as(const forward_wish *wish, dnnl_format_tag_t tag,
                                     an_primitive **out)
{
    static const int args[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST};
    const an_cpu_op *op = &wish->c->op;
    an_primitive_spec spec;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    AN_CHECK(spec_new(op, &wish->c->desc, wish->n, an_dtype_dnnl(op->cpu->activation),
                      an_dtype_dnnl(wish->c->y.dtype), tag, &spec));
    spec.prop = wish->prop;
    dnnl_status_t status = an_dnnl_attr(&attr, wish->relu);
    spec.attr = attr;
    if (status == dnnl_success)
        status = an_dnnl_conv_forward(&pd, &spec);
    spec_free(&spec);
    if (status != dnnl_success)
        return an_dnnl_fail(status, "this convolution");
    return an_primitive_new(out, op->cpu->engine, pd, 4, args);
}

/* The layouts of a primitive's input and output; _UNSUPPORTED if one is not ours. */
static alexnet_status layouts_of(const an_primitive *primitive, an_layout *x, an_layout *y)
{
    AN_CHECK(an_layout_from_md(x, an_primitive_md(primitive, DNNL_ARG_SRC)));
    return an_layout_from_md(y, an_primitive_md(primitive, DNNL_ARG_DST));
}

/* In oneDNN's favourite layouts if they are ours, else plain ones. */
static alexnet_status new_forward(const forward_wish *wish, an_primitive **out)
{
    an_layout x = wish->c->x, y = wish->c->y;
    x.n = y.n = wish->n;
    AN_CHECK(new_forward_as(wish, dnnl_format_tag_any, out));
    alexnet_status rc = layouts_of(*out, &x, &y);
    if (rc == ALEXNET_OK)
        return rc;
    an_primitive_free(*out);
    *out = NULL;
    if (rc != ALEXNET_ERROR_UNSUPPORTED)
        return rc;
    return new_forward_as(wish, dnnl_nchw, out);
}

static alexnet_status make_image(const void *user, bool last, an_primitive **out)
{
    (void)last;
    return new_forward(user, out);
}

/* Sets c->x, c->y and the primitives of forward. `whole` describes the batch, for backward. */
static alexnet_status prepare_forward(conv_op *c, const an_prepare *p, bool relu,
                                      an_primitive **whole)
{
    bool backward = p->want_dx || p->want_dw;
    int n = c->desc.n, threads = c->op.cpu->base.ctx->threads;
    forward_wish wish = {c, backward ? dnnl_forward_training : dnnl_forward_inference,
                         relu && !backward, n};
    AN_CHECK(new_forward(&wish, whole));
    const an_primitive *one = *whole;
    const char *name = an_primitive_name(*whole);
    if (strncmp(name, "jit:", 4) == 0) {
        c->forward = *whole;
        an_cpu_share(&c->op, an_primitive_scratch(*whole));
    } else {
        wish.n = 1;
        AN_CHECK(
            an_gang_new(&c->images, &c->op, threads < n ? threads : n, false, make_image, &wish));
        one = c->images.worker[0];
    }
    snprintf(c->op.impl, sizeof c->op.impl, "onednn %s", an_primitive_name(one));
    c->x.n = c->y.n = c->forward ? n : 1;
    AN_CHECK(layouts_of(one, &c->x, &c->y));
    c->x.n = c->y.n = n;
    return ALEXNET_OK;
}

static alexnet_status pack_for(weights_form *form, conv_op *c, const an_primitive *primitive)
{
    an_md to = an_primitive_md(primitive, DNNL_ARG_WEIGHTS);
    an_md from = weights_md(&c->desc, dnnl_f32, false);
    if (!from)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory for the layout of a tensor");
    alexnet_status rc = ALEXNET_OK;
    if (!dnnl_memory_desc_equal(from, to)) {
        rc = an_reorder_new(&form->reorder, c->op.cpu->engine, from, to);
        form->at = c->op.base.packed;
        c->op.base.packed += (dnnl_memory_desc_get_size(to) + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
    }
    an_md_free(from);
    if (form->reorder)
        an_cpu_share(&c->op, an_primitive_scratch(form->reorder));
    return rc;
}

/* ---- Backward -------------------------------------------------------------------------------- */

typedef dnnl_status_t (*describe_fn)(dnnl_primitive_desc_t *out, const an_primitive_spec *spec);

static alexnet_status new_backward(conv_op *c, const an_primitive *whole, dnnl_data_type_t weights,
                                   describe_fn describe, int n_args, const int *args,
                                   an_primitive **out)
{
    an_primitive_spec spec;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    AN_CHECK(spec_new(&c->op, &c->desc, c->desc.n, weights, an_dtype_dnnl(c->op.cpu->activation),
                      dnnl_format_tag_any, &spec));
    dnnl_status_t status = an_dnnl_attr(&attr, false);
    spec.attr = attr;
    spec.forward = an_primitive_pd(whole);
    if (status == dnnl_success)
        status = describe(&pd, &spec);
    spec_free(&spec);
    if (status != dnnl_success)
        return an_dnnl_fail(status, "the gradient of this convolution");
    AN_CHECK(an_primitive_new(out, c->op.cpu->engine, pd, n_args, args));
    an_cpu_share(&c->op, an_primitive_scratch(*out));
    return ALEXNET_OK;
}

static alexnet_status prepare_backward_data(conv_op *c, const an_primitive *whole, an_md x, an_md y)
{
    static const int args[] = {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC};
    AN_CHECK(new_backward(c, whole, an_dtype_dnnl(c->op.cpu->activation),
                          an_dnnl_conv_backward_data, 3, args, &c->backward_data));
    AN_CHECK(an_port_entry(&c->data_dy_in, &c->op, y,
                           an_primitive_md(c->backward_data, DNNL_ARG_DIFF_DST)));
    AN_CHECK(
        an_port_exit(&c->dx_out, &c->op, an_primitive_md(c->backward_data, DNNL_ARG_DIFF_SRC), x));
    return pack_for(&c->data_weights, c, c->backward_data);
}

static alexnet_status prepare_backward_weights(conv_op *c, const an_primitive *whole, an_md x,
                                               an_md y)
{
    static const int args[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS,
                               DNNL_ARG_DIFF_BIAS};
    AN_CHECK(new_backward(c, whole, dnnl_f32, an_dnnl_conv_backward_weights, 4, args,
                          &c->backward_weights));
    AN_CHECK(an_port_entry(&c->weights_dy_in, &c->op, y,
                           an_primitive_md(c->backward_weights, DNNL_ARG_DIFF_DST)));
    AN_CHECK(an_port_entry(&c->weights_x_in, &c->op, x,
                           an_primitive_md(c->backward_weights, DNNL_ARG_SRC)));
    an_md canonical = weights_md(&c->desc, dnnl_f32, false);
    alexnet_status rc = an_port_exit(
        &c->dw_out, &c->op, an_primitive_md(c->backward_weights, DNNL_ARG_DIFF_WEIGHTS), canonical);
    an_md_free(canonical);
    c->dbias = an_cpu_take(&c->op, sizeof(float) * (size_t)c->desc.u.conv.k);
    return rc;
}

static alexnet_status prepare_backward(conv_op *c, const an_prepare *p, const an_primitive *whole)
{
    an_md x = an_layout_md(p->in[0]), y = an_layout_md(c->op.base.out);
    an_threads saved = an_threads_set(p->split);
    alexnet_status rc = ALEXNET_OK;
    if (c->relu_after)
        c->masked = an_cpu_take(&c->op, an_layout_bytes(c->op.base.out));
    if (p->want_dx)
        rc = prepare_backward_data(c, whole, x, y);
    if (p->want_dw && rc == ALEXNET_OK)
        rc = prepare_backward_weights(c, whole, x, y);
    an_threads_restore(saved);
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

static alexnet_status conv_forward(an_cpu_op *op, const an_op_args *args)
{
    const conv_op *c = (const conv_op *)op;
    size_t n = (size_t)c->desc.n;
    void *y = an_port_target(&c->y_out, args, args->y);
    batch b = {{args->x[0], packed(&c->weights, args), args->param[1], y},
               an_layout_bytes(c->x) / n,
               an_layout_bytes(c->y) / n};
    AN_CHECK(an_port_enter(&c->x_in, op, args, &b.data[0]));
    if (c->forward)
        AN_CHECK(an_primitive_run(c->forward, b.data, an_cpu_shared(op, args)));
    else
        AN_CHECK(an_gang_run(&c->images, args, c->desc.n, place_image, &b));
    if (c->relu_after)
        an_cpu_relu(c->y, y);
    return an_port_leave(&c->y_out, op, args, args->y);
}

static alexnet_status run_backward_data(const conv_op *c, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &c->op;
    const void *data[] = {dy, packed(&c->data_weights, args),
                          an_port_target(&c->dx_out, args, args->dx[0])};
    AN_CHECK(an_port_enter(&c->data_dy_in, op, args, &data[0]));
    AN_CHECK(an_primitive_run(c->backward_data, data, an_cpu_shared(op, args)));
    return an_port_leave(&c->dx_out, op, args, args->dx[0]);
}

static alexnet_status run_backward_weights(const conv_op *c, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &c->op;
    void *nowhere = (char *)args->scratch + c->dbias;
    const void *data[] = {args->x[0], dy, an_port_target(&c->dw_out, args, args->dparam[0]),
                          args->dparam[1] ? args->dparam[1] : nowhere};
    AN_CHECK(an_port_enter(&c->weights_x_in, op, args, &data[0]));
    AN_CHECK(an_port_enter(&c->weights_dy_in, op, args, &data[1]));
    AN_CHECK(an_primitive_run(c->backward_weights, data, an_cpu_shared(op, args)));
    return an_port_leave(&c->dw_out, op, args, args->dparam[0]);
}

static alexnet_status conv_backward(an_cpu_op *op, const an_op_args *args)
{
    const conv_op *c = (const conv_op *)op;
    const void *dy = args->dy;
    if (c->relu_after) {
        void *masked = (char *)args->scratch + c->masked;
        an_cpu_relu_mask(op->base.out, args->y, dy, masked);
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
                                        c->data_weights.reorder, c->backward_weights};
    an_port *const ports[] = {&c->x_in,         &c->y_out,         &c->data_dy_in, &c->dx_out,
                              &c->weights_x_in, &c->weights_dy_in, &c->dw_out};
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
        an_primitive_free(primitives[i]);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        an_port_free(ports[i]);
    an_gang_free(&c->images);
    an_free(c);
}

static const an_cpu_methods methods = {conv_pack, conv_forward, conv_backward, conv_free};

static alexnet_status prepare_all(conv_op *c, const an_prepare *p, bool relu, an_primitive **whole)
{
    AN_CHECK(prepare_forward(c, p, relu, whole));
    AN_CHECK(pack_for(&c->weights, c, c->forward ? c->forward : c->images.worker[0]));
    c->op.base.out = c->y;
    if (p->plain_out)
        c->op.base.out.kind = AN_LAYOUT_PLAIN;
    AN_CHECK(an_port_entry_layout(&c->x_in, &c->op, p->in[0], c->x));
    AN_CHECK(an_port_exit_layout(&c->y_out, &c->op, c->y, c->op.base.out));
    return p->want_dx || p->want_dw ? prepare_backward(c, p, *whole) : ALEXNET_OK;
}

alexnet_status an_cpu_conv_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    conv_op *c = an_calloc(1, sizeof *c);
    an_primitive *whole = NULL;
    if (!c)
        return AN_FAIL_MEMORY(sizeof *c, "a prepared convolution");
    bool relu = an_cpu_relu_follows(p);
    c->op.methods = &methods;
    c->op.cpu = cpu;
    c->op.base.taken = 1 + relu;
    c->op.split = p->split;
    c->desc = *p->ops[0];
    c->relu_after = relu && (p->want_dx || p->want_dw);
    c->x = (an_layout){AN_LAYOUT_PLAIN, cpu->activation, c->desc.n, c->desc.in[0]};
    c->y = (an_layout){AN_LAYOUT_PLAIN, p->plain_out ? AN_F32 : cpu->activation, c->desc.n,
                       c->desc.out};
    alexnet_status rc = prepare_all(c, p, relu, &whole);
    if (whole != c->forward)
        an_primitive_free(whole);
    if (rc != ALEXNET_OK)
        conv_free(&c->op);
    else
        *out = &c->op;
    return rc;
}
