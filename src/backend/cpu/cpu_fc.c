/*
 * Fully connected layers as oneDNN matrix products, or by native kernels (fc_native.h) where a
 * tuning says so (backend/tuning.h), and a ReLU that follows.
 *
 * In float32 the weights are used as they are, [K, I]: reordering the input of a batch to plain
 * rows costs less than another copy of the weights, which are by far the larger. In bf16 there is a
 * packed copy in the same order. Forward runs as a team over blocks of outputs, so that no sum
 * depends on the number of threads. So do the gradients in float32. In bf16 oneDNN computes the
 * whole product where its sums do not depend on the number of threads either; with AMX that is
 * faster. As in cpu_conv.c, oneDNN's ReLU serves inference only.
 *
 *     y[N,K] = x[N,I] w[K,I]' + bias      dx[N,I] = dy[N,K] w[K,I]      dw[K,I] = dy[N,K]' x[N,I]
 */
#include <stdio.h>
#include <string.h>

#include "backend/cpu/fc_native.h"
#include "backend/cpu/onednn/team.h"
#include "backend/cpu/threads.h"
#include "base/alloc.h"
#include "base/status.h"

enum {
    BLOCK = 128,         /* forward: outputs of a unit */
    GRADIENT_BLOCK = 512 /* outputs of dw, inputs of dx */
};

/* dx or dw: the whole product at once or, if `whole` is NULL, block by block. */
typedef struct gradient {
    an_primitive *whole;
    int threads; /* that compute it */
    an_team blocks;
} gradient;

typedef struct fc {
    an_cpu_op op;
    an_op_desc desc;
    int64_t n, inputs, outputs;
    bool relu, fused; /* a ReLU follows; it is computed with the products */
    bool native[AN_DIRECTIONS];
    an_fc_native native_products;
    an_layout x, y;
    an_team blocks;
    an_reorder x_in;
    an_primitive *pack; /* bf16 only */
    size_t masked;
    an_reorder dy_in, dx_out;
    gradient data, weights;
} fc;

/* A matrix inside a tensor: rows, columns, and the steps from one to the next. */
typedef struct matrix {
    int64_t rows, columns, row_step, column_step;
    an_dtype dtype;
} matrix;

static an_md matrix_md(matrix m)
{
    dnnl_dim_t dims[] = {m.rows, m.columns}, strides[] = {m.row_step, m.column_step};
    return an_md_by_strides(2, dims, an_dtype_dnnl(m.dtype), strides);
}

/* dst = a b + bias (NULL: none). */
static alexnet_status new_product(an_primitive **out, dnnl_engine_t engine, const matrix m[3],
                                  const matrix *bias, bool relu)
{
    static const int args[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = an_dnnl_attr(&attr, relu);
    an_primitive_spec spec = {
        .engine = engine,
        .attr = attr,
        .src = matrix_md(m[0]),
        .weights = matrix_md(m[1]),
        .dst = matrix_md(m[2]),
        .bias = bias ? matrix_md(*bias) : NULL,
    };
    if (status == dnnl_success)
        status = spec.src && spec.weights && spec.dst && (spec.bias || !bias)
                     ? an_dnnl_matmul(&pd, &spec)
                     : dnnl_out_of_memory;
    an_md_free(spec.src);
    an_md_free(spec.weights);
    an_md_free(spec.dst);
    an_md_free(spec.bias);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    if (status != dnnl_success)
        return an_dnnl_fail(status, "this matrix product");
    return an_primitive_new(out, engine, pd, bias ? 4 : 3, args);
}

/* `count` cut into blocks: full ones, and the rest. */
static an_units blocks_of(int64_t count, int block)
{
    int full = (int)(count / block);
    return (an_units){full + (count % block != 0), full};
}

static alexnet_status make_block(const void *user, bool small, an_primitive **out)
{
    const fc *f = user;
    int64_t k = small ? f->outputs % BLOCK : BLOCK;
    const matrix m[] = {{f->n, f->inputs, f->inputs, 1, f->x.dtype},
                        {f->inputs, k, 1, f->inputs, f->x.dtype},
                        {f->n, k, f->outputs, 1, f->y.dtype}};
    const matrix bias = {1, k, k, 1, AN_F32};
    return new_product(out, f->op.cpu->engine, m, &bias, f->fused);
}

/* dx[N,columns] = dy[N,K] w[K,columns] */
static alexnet_status new_data(an_primitive **out, const fc *f, int64_t columns)
{
    an_dtype t = f->x.dtype;
    const matrix m[] = {{f->n, f->outputs, f->outputs, 1, t},
                        {f->outputs, columns, f->inputs, 1, t},
                        {f->n, columns, f->inputs, 1, t}};
    return new_product(out, f->op.cpu->engine, m, NULL, false);
}

/* dw[rows,I] = dy[N,rows]' x[N,I] */
static alexnet_status new_weights(an_primitive **out, const fc *f, int64_t rows)
{
    an_dtype t = f->x.dtype;
    const matrix m[] = {{rows, f->n, 1, f->outputs, t},
                        {f->n, f->inputs, f->inputs, 1, t},
                        {rows, f->inputs, f->inputs, 1, AN_F32}};
    return new_product(out, f->op.cpu->engine, m, NULL, false);
}

static alexnet_status make_data_block(const void *user, bool small, an_primitive **out)
{
    const fc *f = user;
    return new_data(out, f, small ? f->inputs % GRADIENT_BLOCK : GRADIENT_BLOCK);
}

static alexnet_status make_weight_block(const void *user, bool small, an_primitive **out)
{
    const fc *f = user;
    return new_weights(out, f, small ? f->outputs % GRADIENT_BLOCK : GRADIENT_BLOCK);
}

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

static alexnet_status prepare_forward(fc *f, const an_prepare *p)
{
    AN_CHECK(an_reorder_in_new(&f->x_in, &f->op, p->in[0], f->x));
    f->fused = f->relu && (f->native[AN_FORWARD] || !(p->want_dx || p->want_dw));
    if (!f->native[AN_FORWARD])
        AN_CHECK(an_team_new(&f->blocks, &f->op, blocks_of(f->outputs, BLOCK), make_block, f));
    if (f->x.dtype == AN_F32)
        return ALEXNET_OK;
    an_md from = matrix_md((matrix){f->outputs, f->inputs, f->inputs, 1, AN_F32});
    an_md to = matrix_md((matrix){f->outputs, f->inputs, f->inputs, 1, f->x.dtype});
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

typedef alexnet_status (*gradient_new)(an_primitive **out, const fc *f, int64_t count);

static alexnet_status make_for(an_primitive **out, int threads, const fc *f, gradient_new make,
                               int64_t count)
{
    an_threads saved = an_threads_set(threads);
    alexnet_status rc = make(out, f, count);
    an_threads_restore(saved);
    return rc;
}

/*
 * Make the whole product if its bits are those of one thread. Kernels of the "brg" family divide
 * rows and columns of the product among threads; to divide a sum too, they need scratch for partial
 * sums. So every thread may have as much scratch as a single thread has, but no more; if all
 * threads of the context have more, half as many are tried. (OpenMP's runtime then ends the others
 * and starts them again, as it does in conv_sums.c.) Other kernels (x64:gemm) allocate
 * memory of their own, which does not show in their scratch. Whether the product is made does not
 * depend on the number of threads, as blocks have other bits.
 */
static alexnet_status try_whole(gradient *g, fc *f, gradient_new make, int64_t count)
{
    an_primitive *single = NULL;
    if (f->x.dtype != AN_BF16)
        return ALEXNET_OK;
    AN_CHECK(make_for(&single, 1, f, make, count));
    if (strncmp(an_primitive_name(single), "brg", 3) != 0) {
        an_primitive_free(single);
        return ALEXNET_OK;
    }
    size_t each = an_primitive_scratch(single);
    g->whole = single;
    g->threads = 1;
    for (int threads = f->op.cpu->base.ctx->threads; threads > 1 && g->threads == 1; threads /= 2) {
        an_primitive *many = NULL;
        AN_CHECK(make_for(&many, threads, f, make, count));
        bool good = strncmp(an_primitive_name(many), "brg", 3) == 0 &&
                    an_primitive_scratch(many) <= (size_t)threads * each;
        an_primitive_free(good ? g->whole : many);
        if (good) {
            g->whole = many;
            g->threads = threads;
        }
    }
    an_cpu_share(&f->op, an_primitive_scratch(g->whole));
    return ALEXNET_OK;
}

static alexnet_status prepare_backward(fc *f, const an_prepare *p)
{
    an_layout dy = {AN_LAYOUT_PLAIN, f->x.dtype, f->y.n, f->y.shape};
    if (f->relu)
        f->masked = an_cpu_take(&f->op, an_layout_bytes(f->y));
    AN_CHECK(an_reorder_in_new(&f->dy_in, &f->op, f->y, dy));
    if (p->want_dx)
        AN_CHECK(an_reorder_out_new(&f->dx_out, &f->op, f->x, p->in[0]));
    if (p->want_dx && !f->native[AN_BACKWARD_DATA]) {
        an_units units = blocks_of(f->inputs, GRADIENT_BLOCK);
        AN_CHECK(try_whole(&f->data, f, new_data, f->inputs));
        if (!f->data.whole)
            AN_CHECK(an_team_new(&f->data.blocks, &f->op, units, make_data_block, f));
    }
    if (p->want_dw && !f->native[AN_BACKWARD_WEIGHTS]) {
        an_units units = blocks_of(f->outputs, GRADIENT_BLOCK);
        AN_CHECK(try_whole(&f->weights, f, new_weights, f->outputs));
        if (!f->weights.whole)
            AN_CHECK(an_team_new(&f->weights.blocks, &f->op, units, make_weight_block, f));
    }
    return ALEXNET_OK;
}

/* What computes a direction: native kernels or a primitive. NULL: it is not computed. */
static const char *name_direction(const fc *f, an_direction direction,
                                  const an_primitive *primitive, char name[64])
{
    snprintf(name, 64, "onednn %s", primitive ? an_primitive_name(primitive) : "");
    return f->native[direction] ? "native fc:avx512_bf16" : primitive ? name : NULL;
}

static an_primitive *first_of(const gradient *g)
{
    return g->whole ? g->whole : an_team_first(&g->blocks);
}

static void name_impl(fc *f)
{
    char forward[64], dx[64], dw[64];
    an_cpu_name_impl(&f->op, name_direction(f, AN_FORWARD, an_team_first(&f->blocks), forward),
                     name_direction(f, AN_BACKWARD_DATA, first_of(&f->data), dx),
                     name_direction(f, AN_BACKWARD_WEIGHTS, first_of(&f->weights), dw));
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

/* Operands of a run: two matrices, a bias in forward, and the product. */
typedef struct product {
    const fc *f;
    const void *x, *w, *bias;
    void *y;
} product;

static void place_block(const void *user, int block, const void **data)
{
    const product *p = user;
    int64_t k = (int64_t)block * BLOCK;
    data[0] = p->x;
    data[1] = an_at(p->w, k * p->f->inputs, p->f->x.dtype);
    data[2] = an_at(p->y, k, p->f->y.dtype);
    data[3] = an_at(p->bias, k, AN_F32);
}

static alexnet_status fc_forward(an_cpu_op *op, const an_op_args *args)
{
    const fc *f = (const fc *)op;
    product p = {f, args->x[0], weights(f, args), args->param[1], args->y};
    AN_CHECK(an_reorder_in_run(&f->x_in, op, args, &p.x));
    if (f->native[AN_FORWARD]) {
        const an_fc_forward run = {p.x, p.w, p.bias, p.y, f->fused, f->y.dtype == AN_F32};
        an_fc_native_forward(&f->native_products, &run, an_cpu_shared(op, args));
    } else {
        AN_CHECK(an_team_run(&f->blocks, args, 0, f->blocks.units.count, place_block, &p));
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
    for (int block = 0; block < blocks_of(f->outputs, BLOCK).count; block++) {
        int64_t first = (int64_t)block * BLOCK, end = first + BLOCK;
        if (end > f->outputs)
            end = f->outputs;
        for (int64_t k = first; k < end; k++)
            dbias[k] = an_load(dy, k, t);
        for (int64_t n = 1; n < f->n; n++)
            for (int64_t k = first; k < end; k++)
                dbias[k] += an_load(dy, n * f->outputs + k, t);
    }
}

static void place_data_block(const void *user, int block, const void **data)
{
    const product *p = user;
    int64_t column = (int64_t)block * GRADIENT_BLOCK;
    data[0] = p->x;
    data[1] = an_at(p->w, column, p->f->x.dtype);
    data[2] = an_at(p->y, column, p->f->x.dtype);
}

static void place_weight_block(const void *user, int block, const void **data)
{
    const product *p = user;
    int64_t k = (int64_t)block * GRADIENT_BLOCK;
    data[0] = an_at(p->x, k, p->f->x.dtype);
    data[1] = p->w;
    data[2] = an_at(p->y, k * p->f->inputs, AN_F32);
}

static alexnet_status run_gradient(const gradient *g, const product *p, const an_op_args *args,
                                   an_team_place place)
{
    const void *data[] = {p->x, p->w, p->y};
    if (g->whole) {
        an_threads saved = an_threads_set(g->threads);
        alexnet_status rc = an_primitive_run(g->whole, data, an_cpu_shared(&p->f->op, args));
        an_threads_restore(saved);
        return rc;
    }
    return an_team_run(&g->blocks, args, 0, g->blocks.units.count, place, p);
}

static alexnet_status run_backward_weights(const fc *f, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &f->op;
    const void *x = args->x[0];
    AN_CHECK(an_reorder_in_run(&f->x_in, op, args, &x));
    if (f->native[AN_BACKWARD_WEIGHTS]) {
        an_fc_native_weights(&f->native_products, dy, x, args->dparam[0], an_cpu_shared(op, args));
        return ALEXNET_OK;
    }
    const product p = {f, dy, x, NULL, args->dparam[0]};
    return run_gradient(&f->weights, &p, args, place_weight_block);
}

static alexnet_status run_backward_data(const fc *f, const an_op_args *args, const void *dy)
{
    const an_cpu_op *op = &f->op;
    const product p = {f, dy, weights(f, args), NULL,
                       an_reorder_target(&f->dx_out, args, args->dx[0])};
    if (f->native[AN_BACKWARD_DATA])
        an_fc_native_data(&f->native_products, p.x, p.w, p.y, an_cpu_shared(op, args));
    else
        AN_CHECK(run_gradient(&f->data, &p, args, place_data_block));
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
    an_team_free(&f->blocks);
    an_reorder_free(&f->x_in);
    an_reorder_free(&f->dy_in);
    an_reorder_free(&f->dx_out);
    an_primitive_free(f->pack);
    an_primitive_free(f->data.whole);
    an_primitive_free(f->weights.whole);
    an_team_free(&f->data.blocks);
    an_team_free(&f->weights.blocks);
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
