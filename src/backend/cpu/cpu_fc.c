/*
 * Fully connected layers as matrix products, by oneDNN (fc_onednn.h) or by native kernels
 * (fc_native.h) where a tuning says so (backend/tuning.h), with a ReLU that follows.
 *
 * In float32 the weights are used as they are, [K, I]: reordering a batch of inputs to plain
 * rows costs less than another copy of the weights, which are far larger. In bf16 there is a
 * packed copy in the same order. As in cpu_conv.c, oneDNN's ReLU is used in inference only.
 *
 *     y[N,K] = x[N,I] w[K,I]' + bias      dx[N,I] = dy[N,K] w[K,I]      dw[K,I] = dy[N,K]' x[N,I]
 */
#include <stdio.h>

#include "backend/cpu/fc_native.h"
#include "backend/cpu/fc_onednn.h"
#include "base/alloc.h"
#include "base/status.h"

enum { BLOCK = 128 }; /* outputs whose bias gradients a thread adds up at a time */

typedef struct fc {
    an_cpu_op op;
    an_op_desc desc;
    int64_t n, inputs, outputs;
    bool relu, fused; /* a ReLU follows; it is fused with the product */
    bool native[AN_DIRECTIONS];
    an_fc_native native_products;
    an_fc_onednn products[AN_DIRECTIONS]; /* of the directions that are not native */
    an_layout x, y;
    an_reorder x_in;
    an_primitive *pack; /* bf16 only */
    size_t masked;
    an_reorder dy_in, dx_out;
} fc;

/* Choose the directions of the native kernels: those that the tuning wants and they accept. */
static alexnet_status choose_native(fc *f, const an_prepare *p)
{
    an_variants *variants = &f->op.base.variants;
    const bool wanted[] = {true, p->want_dx, p->want_dw};
    *variants = an_backend_variants(&f->op.cpu->base, p->ops[0], p->training);
    alexnet_status rc = an_fc_native_new(&f->native_products, &f->op, &f->desc);
    f->op.base.tunable = rc == ALEXNET_OK;
    for (int d = 0; d < AN_DIRECTIONS; d++) {
        f->native[d] = rc == ALEXNET_OK && wanted[d] && variants->of[d] == AN_CPU_NATIVE;
        variants->of[d] = f->native[d] ? AN_CPU_NATIVE : AN_CPU_DIRECT;
        if (f->native[d])
            an_cpu_share(&f->op, an_fc_native_scratch(&f->native_products, (an_direction)d));
    }
    return rc == ALEXNET_ERROR_UNSUPPORTED ? ALEXNET_OK : rc;
}

static alexnet_status new_products(fc *f, an_direction direction)
{
    const an_fc_problem problem = {f->n, f->inputs, f->outputs, f->x.dtype, f->y.dtype, f->fused};
    if (f->native[direction])
        return ALEXNET_OK;
    return an_fc_onednn_new(&f->products[direction], &f->op, &problem, direction);
}

static an_md weights_md(const fc *f, an_dtype dtype)
{
    dnnl_dim_t dims[] = {f->outputs, f->inputs};
    return an_md_by_tag(2, dims, an_dtype_dnnl(dtype), dnnl_ab);
}

/* The copy of the weights in bf16. */
static alexnet_status prepare_pack(fc *f)
{
    an_md from = weights_md(f, AN_F32), to = weights_md(f, f->x.dtype);
    alexnet_status rc = an_primitive_reorder(&f->pack, f->op.cpu->engine, from, to);
    an_md_free(from);
    an_md_free(to);
    if (rc != ALEXNET_OK)
        return rc;
    an_cpu_share(&f->op, an_primitive_scratch(f->pack));
    f->op.base.updated = true;
    f->op.base.copied[0] = an_copy_in_order(true, 0);
    an_cpu_pack_as(&f->op, "rows");
    f->op.base.packed = (size_t)f->outputs * (size_t)f->inputs * an_dtype_bytes(f->x.dtype);
    return ALEXNET_OK;
}

static alexnet_status prepare_forward(fc *f, const an_prepare *p)
{
    AN_CHECK(an_reorder_in_new(&f->x_in, &f->op, p->in[0], f->x));
    f->fused = f->relu && (f->native[AN_FORWARD] || !(p->want_dx || p->want_dw));
    AN_CHECK(new_products(f, AN_FORWARD));
    return f->x.dtype == AN_F32 ? ALEXNET_OK : prepare_pack(f);
}

static alexnet_status prepare_backward(fc *f, const an_prepare *p)
{
    an_layout dy = {AN_LAYOUT_PLAIN, f->x.dtype, f->y.n, f->y.shape};
    if (f->relu)
        f->masked = an_cpu_take(&f->op, an_layout_bytes(f->y));
    AN_CHECK(an_reorder_in_new(&f->dy_in, &f->op, f->y, dy));
    if (p->want_dx) {
        AN_CHECK(an_reorder_out_new(&f->dx_out, &f->op, f->x, p->in[0]));
        AN_CHECK(new_products(f, AN_BACKWARD_DATA));
    }
    return p->want_dw ? new_products(f, AN_BACKWARD_WEIGHTS) : ALEXNET_OK;
}

/* What computes a direction: native kernels or a primitive. NULL: it is not computed. */
static const char *name_direction(const fc *f, an_direction direction, char name[64])
{
    const an_primitive *primitive = an_fc_onednn_primitive(&f->products[direction]);
    snprintf(name, 64, "onednn %s", primitive ? an_primitive_name(primitive) : "");
    return f->native[direction] ? "native fc:avx512_bf16" : primitive ? name : NULL;
}

static void name_impl(fc *f)
{
    char forward[64], dx[64], dw[64];
    an_cpu_name_impl(&f->op, name_direction(f, AN_FORWARD, forward),
                     name_direction(f, AN_BACKWARD_DATA, dx),
                     name_direction(f, AN_BACKWARD_WEIGHTS, dw));
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static alexnet_status fc_pack(an_cpu_op *op, const an_op_args *args)
{
    const fc *f = (const fc *)op;
    const void *data[] = {args->param[0], args->packed};
    return f->pack ? an_primitive_run(f->pack, data, an_cpu_shared(op, args)) : ALEXNET_OK;
}

static const void *weights(const fc *f, const an_op_args *args)
{
    return f->pack ? args->packed : args->param[0];
}

static alexnet_status fc_forward(an_cpu_op *op, const an_op_args *args)
{
    const fc *f = (const fc *)op;
    an_fc_operands p = {args->x[0], weights(f, args), args->param[1], args->y};
    AN_CHECK(an_reorder_in_run(&f->x_in, op, args, &p.a));
    if (f->native[AN_FORWARD]) {
        const an_fc_forward run = {p.a, p.b, p.bias, p.product, f->fused, f->y.dtype == AN_F32};
        an_fc_native_forward(&f->native_products, &run, an_cpu_shared(op, args));
    } else {
        AN_CHECK(an_fc_onednn_run(&f->products[AN_FORWARD], op, args, &p));
    }
    if (f->relu && !f->fused)
        an_cpu_relu(f->op.cpu, f->y, args->y);
    return ALEXNET_OK;
}

/* dbias[k] = sum of dy[n,k], in the order of n. */
static void sum_bias(const fc *f, const void *dy, float *dbias)
{
    an_dtype t = f->x.dtype;
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < f->outputs; first += BLOCK) {
        int64_t end = first + BLOCK < f->outputs ? first + BLOCK : f->outputs;
        for (int64_t k = first; k < end; k++)
            dbias[k] = an_load(dy, k, t);
        for (int64_t n = 1; n < f->n; n++)
            for (int64_t k = first; k < end; k++)
                dbias[k] += an_load(dy, n * f->outputs + k, t);
    }
}

static alexnet_status run_backward_weights(const fc *f, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &f->op;
    an_fc_operands p = {dy, args->x[0], NULL, args->dparam[0]};
    AN_CHECK(an_reorder_in_run(&f->x_in, op, args, &p.b));
    if (!f->native[AN_BACKWARD_WEIGHTS])
        return an_fc_onednn_run(&f->products[AN_BACKWARD_WEIGHTS], op, args, &p);
    an_fc_native_weights(&f->native_products, p.a, p.b, p.product, an_cpu_shared(op, args));
    return ALEXNET_OK;
}

static alexnet_status run_backward_data(const fc *f, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &f->op;
    const an_fc_operands p = {dy, weights(f, args), NULL,
                              an_reorder_target(&f->dx_out, args, args->dx[0])};
    if (f->native[AN_BACKWARD_DATA])
        an_fc_native_data(&f->native_products, p.a, p.b, p.product, an_cpu_shared(op, args));
    else
        AN_CHECK(an_fc_onednn_run(&f->products[AN_BACKWARD_DATA], op, args, &p));
    return an_reorder_out_run(&f->dx_out, op, args, args->dx[0]);
}

static alexnet_status fc_backward(an_cpu_op *op, const an_op_args *args)
{
    const fc *f = (const fc *)op;
    const void *dy = args->dy;
    if (f->relu) {
        void *masked = (char *)args->scratch + f->masked;
        an_cpu_relu_mask(f->op.cpu, f->y, args->y, dy, masked);
        dy = masked;
    }
    AN_CHECK(an_reorder_in_run(&f->dy_in, op, args, &dy));
    if (args->dparam[0])
        AN_CHECK(run_backward_weights(f, args, dy));
    if (args->dparam[1])
        sum_bias(f, dy, args->dparam[1]);
    return args->dx[0] ? run_backward_data(f, args, dy) : ALEXNET_OK;
}

static void fc_free(an_cpu_op *op)
{
    fc *f = (fc *)op;
    for (int d = 0; d < AN_DIRECTIONS; d++)
        an_fc_onednn_free(&f->products[d]);
    an_reorder_free(&f->x_in);
    an_reorder_free(&f->dy_in);
    an_reorder_free(&f->dx_out);
    an_primitive_free(f->pack);
    an_free(f);
}

static const an_cpu_methods methods = {fc_pack, fc_forward, fc_backward, fc_free};

/* Logits go to softmax in float32, whatever the type of other activations. */
static an_dtype output_type(const an_cpu *cpu, const an_prepare *p)
{
    bool logits = p->n_ops > 1 && p->ops[1]->kind == AN_OP_SOFTMAX;
    return p->plain_out || logits ? AN_F32 : cpu->activation;
}

alexnet_status an_cpu_fc_prepare(an_cpu *cpu, const an_prepare *p, an_cpu_op **out)
{
    fc *f = an_calloc(1, sizeof *f);
    if (!f)
        return AN_FAIL_MEMORY(sizeof *f, "a prepared fully connected layer");
    bool relu = an_cpu_relu_follows(p), backward = p->want_dx || p->want_dw;
    f->op.methods = &methods;
    f->op.cpu = cpu;
    f->op.base.taken = 1 + relu;
    f->op.split = p->split;
    f->desc = *p->ops[0];
    f->n = f->desc.n;
    f->inputs = an_chw_count(f->desc.in[0]);
    f->outputs = f->desc.u.fc.k;
    f->relu = relu;
    f->x = (an_layout){AN_LAYOUT_PLAIN, cpu->activation, f->desc.n, f->desc.in[0]};
    f->y = (an_layout){AN_LAYOUT_PLAIN, output_type(cpu, p), f->desc.n, f->desc.out};
    f->op.base.out = f->y;
    alexnet_status rc = choose_native(f, p);
    if (rc == ALEXNET_OK)
        rc = prepare_forward(f, p);
    if (rc == ALEXNET_OK && backward)
        rc = prepare_backward(f, p);
    if (rc != ALEXNET_OK) {
        fc_free(&f->op);
        return rc;
    }
    name_impl(f);
    *out = &f->op;
    return ALEXNET_OK;
}
