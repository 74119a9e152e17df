/*
 * Fully connected layers, fused with the ReLU and the dropout after them.
 *
 *     y[N, K] = x[N, I] W[K, I]'
 *     dx[N, I] = dy[N, K] W[K, I]
 *     dW[K, I] = dy[N, K]' x[N, I]
 *
 * Rows are plain: an input in N H W C is reordered first, at a hundredth of the cost of permuting
 * the weights. In bf16 the weights are a copy in the same order, kept up to date by the update. So
 * is the bias if the output is bf16, because cuBLASLt wants both to have the same type. Sums,
 * logits and gradients of weights are float32.
 *
 * cuBLASLt's ReLU would turn a NaN into zero, so we use a kernel of our own. If a dropout follows,
 * backward takes the mask of the ReLU from the dropout's output: y > 0 where the ReLU passed its
 * input and the dropout kept it.
 */
#include <stdio.h>

#include "backend/cuda/matmul.h"
#include "base/alloc.h"
#include "base/status.h"

typedef struct fc {
    an_cuda_op op;
    an_op_desc desc;
    bool relu, dropout;
    an_dropout_desc drop;
    bool masks;
    an_layout x, y, dy; /* inner; dy has the operands' type */
    an_cuda_reorder x_in, dx_out, y_in, dy_in, y_out;
    an_cuda_matmul *products[AN_DIRECTIONS];
    bool x_saved; /* the reordered x is kept for backward */
    size_t x_at, masked_at, sums_at, work_at;
    size_t bias_packed; /* offset in the packed copy, if y is bf16 */
} fc;

static bool is_packed(const fc *f)
{
    return f->x.dtype == AN_BF16;
}

/* ---- Preparation ----------------------------------------------------------------------------- */

static alexnet_status make_products(fc *f, const an_prepare *p)
{
    int64_t n = f->desc.n, k = f->desc.u.fc.k, i = an_chw_count(f->desc.in[0]);
    an_dtype in = f->x.dtype;
    an_cuda *cuda = f->op.cuda;
    const an_cuda_matmul_shape shapes[AN_DIRECTIONS] = {
        [AN_FORWARD] = {.m = k,
                        .n = n,
                        .k = i,
                        .a_transposed = true,
                        .in = in,
                        .out = f->y.dtype,
                        .bias = true,
                        .batch = n},
        [AN_BACKWARD_DATA] = {.m = i, .n = n, .k = k, .in = in, .out = in, .batch = n},
        [AN_BACKWARD_WEIGHTS] = {.m = i,
                                 .n = k,
                                 .k = n,
                                 .b_transposed = true,
                                 .in = in,
                                 .out = AN_F32,
                                 .accumulate = p->accumulate,
                                 .batch = n},
    };
    const bool wanted[AN_DIRECTIONS] = {true, p->want_dx, p->want_dw};
    size_t most = 0;
    an_cuda_op_tune(&f->op, p, f->y.dtype == f->dy.dtype ? "none" : "float32");
    for (int d = 0; d < AN_DIRECTIONS; d++) {
        if (!wanted[d])
            continue;
        AN_CHECK(an_cuda_matmul_new(&f->products[d], cuda, &shapes[d], &f->op.base.variants.of[d]));
        size_t work = an_cuda_matmul_workspace(f->products[d]);
        most = work > most ? work : most;
    }
    f->work_at = an_cuda_take(&f->op, most);
    return ALEXNET_OK;
}

static an_cuda_bias_run bias_run(const fc *f)
{
    return (an_cuda_bias_run){.form = an_cuda_form_of(f->dy), .accumulate = f->op.accumulate};
}

static void book_packed(fc *f)
{
    an_prepared *base = &f->op.base;
    const size_t k = (size_t)f->desc.u.fc.k;
    base->packed = sizeof(uint16_t) * k * (size_t)an_chw_count(f->desc.in[0]);
    base->packing = "K I, bf16";
    base->updated = true;
    base->copied[0] = an_copy_in_order(true, 0);
    if (f->y.dtype == AN_F32)
        return;
    f->bias_packed = an_aligned(base->packed);
    base->packed = f->bias_packed + sizeof(uint16_t) * k;
    base->packing = "K I and K, bf16";
    base->copied[1] = an_copy_in_order(true, f->bias_packed);
}

static void book_memory(fc *f, const an_prepare *p)
{
    an_cuda_op *op = &f->op;
    an_cuda_reorder_new(&f->x_in, op, p->in[0], f->x);
    f->x_saved = f->x_in.copies && p->want_dw;
    if (f->x_saved)
        f->x_at = an_cuda_save(op, an_layout_bytes(f->x));
    an_cuda_reorder_new(&f->y_out, op, op->base.out, f->y);
    if (p->want_dx)
        an_cuda_reorder_new(&f->dx_out, op, p->in[0], f->x);
    if (!p->want_dx && !p->want_dw)
        return;
    an_cuda_reorder_new(&f->dy_in, op, op->base.out, f->dy);
    if (f->relu || f->dropout) {
        an_cuda_reorder_new(&f->y_in, op, op->base.out, f->dy);
        f->masked_at = an_cuda_take(op, an_layout_bytes(f->dy));
    }
    if (p->want_dw) {
        an_cuda_bias_run bias = bias_run(f);
        f->sums_at = an_cuda_take(op, an_cuda_bias_scratch(&bias));
    }
}

/* ---- Running --------------------------------------------------------------------------------- */

static alexnet_status check(const fc *f, int error, const char *what)
{
    return an_cuda_check(f->op.cuda, error, what);
}

static an_layout row_of(an_dtype dtype, int64_t count)
{
    return (an_layout){AN_LAYOUT_PLAIN, dtype, 1, {(int)count, 1, 1}};
}

static alexnet_status fc_pack(an_cuda_op *op, const an_op_args *args)
{
    const fc *f = (const fc *)op;
    int64_t count = f->desc.u.fc.k * an_chw_count(f->desc.in[0]);
    int k = f->desc.u.fc.k;
    if (!is_packed(f))
        return ALEXNET_OK;
    AN_CHECK(an_cuda_convert(op->cuda, row_of(AN_F32, count), args->param[0],
                             row_of(AN_BF16, count), args->packed));
    if (f->y.dtype == AN_F32)
        return ALEXNET_OK;
    return an_cuda_convert(op->cuda, row_of(AN_F32, k), args->param[1], row_of(AN_BF16, k),
                           an_cuda_at(args->packed, f->bias_packed));
}

static const void *weights_of(const fc *f, const an_op_args *args)
{
    return is_packed(f) ? args->packed : args->param[0];
}

/* x in rows. The backward pass uses the copy saved by forward, if any. */
static alexnet_status enter_x(const fc *f, const an_op_args *args, bool forward, const void **x)
{
    *x = args->x[0];
    if (!f->x_saved)
        return an_cuda_reorder_in(&f->x_in, &f->op, args, x);
    void *rows = an_cuda_at(args->saved, f->x_at);
    *x = rows;
    return forward ? an_cuda_convert(f->op.cuda, f->x_in.outer, args->x[0], f->x, rows)
                   : ALEXNET_OK;
}

/* The bias in the type of y. */
static const void *bias_of(const fc *f, const an_op_args *args)
{
    return f->y.dtype == AN_F32 ? args->param[1] : an_cuda_at(args->packed, f->bias_packed);
}

static an_cuda_dropout_run dropout_run(const fc *f, const an_op_args *args)
{
    bool mask = f->drop.kind == AN_DROPOUT_MASK;
    return (an_cuda_dropout_run){.form = an_cuda_form_of(f->dy),
                                 .seed = f->masks ? &args->state->seed : NULL,
                                 .step = f->masks ? &args->state->step : NULL,
                                 .before = f->masks ? &args->state->before : NULL,
                                 .keep = f->drop.keep,
                                 .layer = f->drop.layer,
                                 .kept = mask ? 1 : (float)(1 / f->drop.keep),
                                 .always = mask ? (float)f->drop.keep : 1};
}

/* ReLU and dropout, in place. */
static alexnet_status finish_forward(const fc *f, const an_op_args *args, void *y)
{
    an_cuda_stream *queue = an_cuda_queue(f->op.cuda);
    if (f->dropout) {
        an_cuda_dropout_run run = dropout_run(f, args);
        run.form = an_cuda_form_of(f->y);
        run.relu = f->relu;
        run.x = y;
        run.y = y;
        return check(f, an_cuda_dropout(&run, queue), "a dropout");
    }
    if (!f->relu)
        return ALEXNET_OK;
    an_cuda_neuron_run run = {
        .form = an_cuda_form_of(f->y), .function = AN_CUDA_RELU, .x = y, .y = y};
    return check(f, an_cuda_neuron_forward(&run, queue), "a ReLU");
}

static alexnet_status fc_forward(an_cuda_op *op, const an_op_args *args)
{
    const fc *f = (const fc *)op;
    const void *x;
    void *y = an_cuda_reorder_target(&f->y_out, args, args->y);
    AN_CHECK(enter_x(f, args, true, &x));
    AN_CHECK(an_cuda_matmul_run(f->products[AN_FORWARD], weights_of(f, args), x, y,
                                bias_of(f, args), an_cuda_at(args->scratch, f->work_at)));
    AN_CHECK(finish_forward(f, args, y));
    return an_cuda_reorder_out(&f->y_out, op, args, args->y);
}

/* Backward through the dropout and the ReLU before it. */
static alexnet_status backward_dropout(const fc *f, const an_op_args *args, const void *y,
                                       const void **dy)
{
    an_cuda_dropout_run run = dropout_run(f, args);
    run.x = *dy;
    *dy = run.y = an_cuda_at(args->scratch, f->masked_at);
    run.relu_y = f->relu ? y : NULL;
    return check(f, an_cuda_dropout(&run, an_cuda_queue(f->op.cuda)), "a dropout");
}

/* Backward through a ReLU, without the gradient of the bias. */
static alexnet_status backward_relu(const fc *f, const an_op_args *args, const void *y,
                                    const void **dy)
{
    an_cuda_neuron_run run = {.form = an_cuda_form_of(f->dy),
                              .function = AN_CUDA_RELU,
                              .y = (void *)y,
                              .dy = *dy,
                              .dx = an_cuda_at(args->scratch, f->masked_at)};
    *dy = run.dx;
    return check(f, an_cuda_neuron_backward(&run, an_cuda_queue(f->op.cuda)), "a ReLU");
}

/* Backward through a ReLU, and the gradient of the bias. @param y  the ReLU's output; NULL: none */
static alexnet_status backward_bias(const fc *f, const an_op_args *args, const void *y,
                                    const void **dy)
{
    an_cuda_bias_run run = bias_run(f);
    run.dy = *dy;
    run.dbias = args->dparam[1];
    run.scratch = an_cuda_at(args->scratch, f->sums_at);
    if (y) {
        run.relu_y = y;
        *dy = run.dx = an_cuda_at(args->scratch, f->masked_at);
    }
    return check(f, an_cuda_bias_gradient(&run, an_cuda_queue(f->op.cuda)), "gradients of a bias");
}

/* Backward through what follows the product; *dy becomes the gradient of its output. */
static alexnet_status backward_tail(const fc *f, const an_op_args *args, const void **dy)
{
    const void *y = f->relu || f->dropout ? args->y : NULL;
    *dy = args->dy;
    AN_CHECK(an_cuda_reorder_in(&f->dy_in, &f->op, args, dy));
    if (y)
        AN_CHECK(an_cuda_reorder_in(&f->y_in, &f->op, args, &y));
    if (f->dropout) {
        AN_CHECK(backward_dropout(f, args, y, dy));
        y = NULL;
    }
    if (args->dparam[1])
        return backward_bias(f, args, y, dy);
    return y ? backward_relu(f, args, y, dy) : ALEXNET_OK;
}

static alexnet_status fc_backward(an_cuda_op *op, const an_op_args *args)
{
    const fc *f = (const fc *)op;
    const void *dy, *x;
    void *work = an_cuda_at(args->scratch, f->work_at);
    AN_CHECK(backward_tail(f, args, &dy));
    if (args->dparam[0]) {
        AN_CHECK(enter_x(f, args, false, &x));
        AN_CHECK(an_cuda_matmul_run(f->products[AN_BACKWARD_WEIGHTS], x, dy, args->dparam[0], NULL,
                                    work));
    }
    if (!args->dx[0])
        return ALEXNET_OK;
    void *dx = an_cuda_reorder_target(&f->dx_out, args, args->dx[0]);
    AN_CHECK(
        an_cuda_matmul_run(f->products[AN_BACKWARD_DATA], weights_of(f, args), dy, dx, NULL, work));
    return an_cuda_reorder_out(&f->dx_out, op, args, args->dx[0]);
}

static void fc_free(an_cuda_op *op)
{
    fc *f = (fc *)op;
    for (int d = 0; d < AN_DIRECTIONS; d++)
        an_cuda_matmul_free(f->products[d]);
    an_free(f);
}

static const an_cuda_methods methods = {fc_pack, fc_forward, fc_backward, fc_free};

/* Softmax reads float32 logits, whatever the type of other activations. */
static an_dtype output_type(const an_cuda *cuda, const an_prepare *p)
{
    return p->plain_out || an_cuda_follower(p, 1, AN_OP_SOFTMAX) ? AN_F32 : cuda->activation;
}

alexnet_status an_cuda_fc_prepare(an_cuda *cuda, const an_prepare *p, an_cuda_op **out)
{
    fc *f = an_calloc(1, sizeof *f);
    if (!f)
        return AN_FAIL_MEMORY(sizeof *f, "a prepared fully connected layer");
    f->op.methods = &methods;
    f->op.cuda = cuda;
    f->op.accumulate = p->accumulate;
    f->desc = *p->ops[0];
    f->relu = an_cuda_relu_at(p, 1);
    const an_op_desc *dropout = an_cuda_follower(p, 1 + f->relu, AN_OP_DROPOUT);
    f->dropout = dropout != NULL;
    if (dropout)
        f->drop = dropout->u.dropout;
    f->masks = p->masks;
    f->op.base.taken = 1 + f->relu + f->dropout;
    f->x = (an_layout){AN_LAYOUT_PLAIN, cuda->activation, f->desc.n, f->desc.in[0]};
    f->y = (an_layout){AN_LAYOUT_PLAIN, output_type(cuda, p), f->desc.n, f->desc.out};
    f->dy = (an_layout){AN_LAYOUT_PLAIN, cuda->activation, f->desc.n, f->desc.out};
    f->op.base.out = f->y;
    if (is_packed(f))
        book_packed(f);
    snprintf(f->op.impl, sizeof f->op.impl, "cublaslt");
    book_memory(f, p);
    alexnet_status rc = make_products(f, p);
    if (rc != ALEXNET_OK)
        fc_free(&f->op);
    else
        *out = &f->op;
    return rc;
}
