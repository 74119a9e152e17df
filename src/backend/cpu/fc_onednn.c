#include "backend/cpu/fc_onednn.h"

#include <string.h>

#include "base/status.h"

enum {
    BLOCK = 128,         /* forward: outputs of a unit */
    GRADIENT_BLOCK = 512 /* the same: outputs of dw, inputs of dx */
};

/* A matrix inside a tensor: rows, columns, and their strides. */
typedef struct matrix {
    int64_t rows, columns, row_step, column_step;
    an_dtype dtype;
} matrix;

static an_md matrix_md(matrix m)
{
    dnnl_dim_t dims[] = {m.rows, m.columns}, strides[] = {m.row_step, m.column_step};
    return an_md_by_strides(2, dims, an_dtype_dnnl(m.dtype), strides);
}

/* m[2] = m[0] m[1] + bias (NULL: none). */
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

/* The product of `count` outputs or, for dx, inputs. */
static alexnet_status make(const void *user, int64_t count, an_primitive **out)
{
    const an_fc_onednn *p = user;
    int64_t n = p->problem.n, inputs = p->problem.inputs, outputs = p->problem.outputs;
    an_dtype t = p->problem.in;
    const matrix bias = {1, count, count, 1, AN_F32};
    const matrix of[AN_DIRECTIONS][3] = {
        [AN_FORWARD] = {{n, inputs, inputs, 1, t},
                        {inputs, count, 1, inputs, t},
                        {n, count, outputs, 1, p->problem.out}},
        [AN_BACKWARD_DATA] = {{n, outputs, outputs, 1, t},
                              {outputs, count, inputs, 1, t},
                              {n, count, inputs, 1, t}},
        [AN_BACKWARD_WEIGHTS] = {{count, n, 1, outputs, t},
                                 {n, inputs, inputs, 1, t},
                                 {count, inputs, inputs, 1, AN_F32}},
    };
    bool forward = p->direction == AN_FORWARD;
    return new_product(out, p->engine, of[p->direction], forward ? &bias : NULL,
                       forward && p->problem.relu);
}

/*
 * Make the whole product if it has the same bits as on one thread. Kernels of the "brg" family
 * divide rows and columns of the product among threads; to divide a sum too, they need scratch for
 * partial sums. So a kernel is accepted if it needs no more scratch for each thread than for a
 * single one. If the kernel for all threads of the context needs more, half as many are tried.
 * (OpenMP's runtime then ends the others and starts them again, as it does in conv_sums.c:
 * docs/performance-diary.md, "Teams".) Other kernels (x64:gemm) allocate their own memory, which
 * does not show in their scratch. Whether the whole product is made does not depend on the number
 * of threads, because blocks give other bits.
 */
static alexnet_status try_whole(an_fc_onednn *p, an_cpu_op *op, int64_t count)
{
    an_primitive *single = NULL;
    if (p->problem.in != AN_BF16)
        return ALEXNET_OK;
    AN_CHECK(an_primitive_make_for(1, make, p, count, &single));
    if (strncmp(an_primitive_name(single), "brg", 3) != 0) {
        an_primitive_free(single);
        return ALEXNET_OK;
    }
    size_t each = an_primitive_scratch(single);
    p->whole = single;
    p->threads = 1;
    for (int threads = op->cpu->base.ctx->threads; threads > 1 && p->threads == 1; threads /= 2) {
        an_primitive *many = NULL;
        AN_CHECK(an_primitive_make_for(threads, make, p, count, &many));
        bool good = strncmp(an_primitive_name(many), "brg", 3) == 0 &&
                    an_primitive_scratch(many) <= (size_t)threads * each;
        an_primitive_free(good ? p->whole : many);
        if (good) {
            p->whole = many;
            p->threads = threads;
        }
    }
    an_cpu_share(op, an_primitive_scratch(p->whole));
    return ALEXNET_OK;
}

alexnet_status an_fc_onednn_new(an_fc_onednn *p, an_cpu_op *op, const an_fc_problem *problem,
                                an_direction direction)
{
    int64_t count = direction == AN_BACKWARD_DATA ? problem->inputs : problem->outputs;
    p->direction = direction;
    p->problem = *problem;
    p->engine = op->cpu->engine;
    p->block = direction == AN_FORWARD ? BLOCK : GRADIENT_BLOCK;
    if (direction != AN_FORWARD)
        AN_CHECK(try_whole(p, op, count));
    if (p->whole)
        return ALEXNET_OK;
    int full = (int)(count / p->block);
    int64_t rest = count % p->block;
    return an_team_new(&p->blocks, op, (an_units){full + (rest != 0), full, p->block, rest}, make,
                       p);
}

void an_fc_onednn_free(an_fc_onednn *p)
{
    an_primitive_free(p->whole);
    an_team_free(&p->blocks);
}

an_primitive *an_fc_onednn_primitive(const an_fc_onednn *p)
{
    return p->whole ? p->whole : an_team_first(&p->blocks);
}

typedef struct run {
    const an_fc_onednn *p;
    const an_fc_operands *operands;
} run;

/* The operands of a block, and its part of the product. */
static void place_block(const void *user, int block, const void **data)
{
    const run *r = user;
    const an_fc_problem *of = &r->p->problem;
    int64_t first = (int64_t)block * r->p->block;
    data[0] = r->operands->a;
    data[1] = r->operands->b;
    switch (r->p->direction) {
    case AN_FORWARD:
        data[1] = an_at(data[1], first * of->inputs, of->in);
        data[2] = an_at(r->operands->product, first, of->out);
        data[3] = an_at(r->operands->bias, first, AN_F32);
        break;
    case AN_BACKWARD_DATA:
        data[1] = an_at(data[1], first, of->in);
        data[2] = an_at(r->operands->product, first, of->in);
        break;
    default:
        data[0] = an_at(data[0], first, of->in);
        data[2] = an_at(r->operands->product, first * of->inputs, AN_F32);
    }
}

alexnet_status an_fc_onednn_run(const an_fc_onednn *p, const an_cpu_op *op, const an_op_args *args,
                                const an_fc_operands *operands)
{
    const run r = {p, operands};
    const void *data[] = {operands->a, operands->b, operands->product};
    if (p->whole)
        return an_primitive_run_on(p->threads, p->whole, data, an_cpu_shared(op, args));
    return an_team_run(&p->blocks, args, 0, p->blocks.units.count, place_block, &r);
}
