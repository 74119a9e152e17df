/*
 * Convolution, fused with the operators after it (conv.h).
 *
 * Groups are computed one after the other, each on dense copies of its channels: cuDNN's own
 * engines for groups take two to seven times as long on sm_90.
 *
 * In bf16, cuDNN expects the bias in bf16 and returns gradients of weights in bf16 (summed in
 * float32).
 */
#include <stdio.h>

#include "backend/cuda/conv.h"
#include "base/alloc.h"
#include "base/status.h"

static bool is_packed(const an_cuda_conv *c)
{
    return c->shape.nhwc;
}

/* ---- Preparation ----------------------------------------------------------------------------- */

static void book_packed(an_cuda_conv *c)
{
    if (!is_packed(c))
        return;
    c->bias_packed = an_aligned((size_t)c->parts * an_cuda_conv_w_bytes(c));
    c->op.base.packed = c->bias_packed + sizeof(float) * (size_t)(c->parts * c->shape.k);
    snprintf(c->packing, sizeof c->packing, "K R S C, %s, blocks of %d, %d channels%s",
             c->shape.type == AN_BF16 ? "bf16" : "float32", c->w_blocks.block, c->w_blocks.channels,
             c->pairs ? ", twice" : "");
    c->op.base.packing = c->packing;
    c->op.base.updated = true;
    c->op.base.copied[0] = an_cuda_copy_in_blocks(&c->w_blocks);
    c->op.base.copied[1] = an_copy_in_order(c->shape.type == AN_BF16, c->bias_packed);
    if (c->pairs)
        an_cuda_conv_pair_copies(c);
}

/* Whether y and its gradient are copied between parts and a whole tensor. */
static bool splits_y(const an_cuda_conv *c)
{
    return c->parts > 1 && !c->tail.in_parts;
}

static void book_memory(an_cuda_conv *c, const an_prepare *p)
{
    an_cuda_op *op = &c->op;
    size_t parts = (size_t)c->parts, x = an_cuda_conv_x_bytes(c) * parts;
    c->x_saved = ((c->blocked && !c->given) || c->parts > 1) && p->want_dw;
    if ((c->blocked && !c->given) || c->parts > 1) {
        c->x_at = c->x_saved ? an_cuda_save(op, x) : an_cuda_take(op, x);
        c->dx_at = p->want_dx ? an_cuda_take(op, x) : 0;
    }
    if (splits_y(c))
        c->y_at = an_cuda_take(op, an_cuda_conv_y_bytes(c) * parts);
    if (!c->blocked) {
        an_cuda_reorder_new(&c->x_in, op, p->in[0], c->x);
        if (p->want_dx)
            an_cuda_reorder_new(&c->dx_out, op, p->in[0], c->x);
    }
    if (p->want_dw)
        c->dw_at = an_cuda_take(op, an_cuda_conv_w_bytes(c) * parts);
    an_cuda_conv_tail_book(c, p);
}

static alexnet_status make_plan(an_cuda_conv *c, an_direction direction, an_cuda_conv_tail tail)
{
    return an_cuda_conv_plan_new(&c->plans[direction], c->op.cuda, &c->shape, direction, tail,
                                 &c->op.base.variants.of[direction]);
}

/* Fuses bias and ReLU into the engine where possible: cuDNN has no such engine for float32 without
 * tensor cores. */
static alexnet_status plan_forward(an_cuda_conv *c)
{
    an_cuda_conv_tail tail = c->tail.relu ? AN_CUDA_TAIL_RELU : AN_CUDA_TAIL_BIAS;
    const an_variant asked = c->op.base.variants.of[AN_FORWARD];
    alexnet_status rc = ALEXNET_ERROR_UNSUPPORTED;
    if (c->shape.tensor_cores)
        rc = make_plan(c, AN_FORWARD, tail);
    c->tail.by_engine = rc == ALEXNET_OK;
    if (rc != ALEXNET_ERROR_UNSUPPORTED)
        return rc;
    c->op.base.variants.of[AN_FORWARD] = asked;
    return make_plan(c, AN_FORWARD, AN_CUDA_TAIL_NONE);
}

static alexnet_status make_plans(an_cuda_conv *c, const an_prepare *p)
{
    size_t most = 0;
    int length = 0;
    an_cuda_op_tune(&c->op, p, an_cuda_conv_tail_name(c));
    AN_CHECK(plan_forward(c));
    if (p->want_dx)
        AN_CHECK(make_plan(c, AN_BACKWARD_DATA, AN_CUDA_TAIL_NONE));
    if (p->want_dw)
        AN_CHECK(make_plan(c, AN_BACKWARD_WEIGHTS, AN_CUDA_TAIL_NONE));
    length = snprintf(c->op.impl, sizeof c->op.impl, "cudnn%s%s%s", c->shape.nhwc ? "" : " float32",
                      c->blocked ? " blocks" : "", c->pairs ? " pairs" : "");
    for (int i = 0; i < AN_DIRECTIONS; i++) {
        if (!c->plans[i])
            continue;
        size_t work = an_cuda_conv_plan_workspace(c->plans[i]);
        most = work > most ? work : most;
        if (length > 0 && (size_t)length < sizeof c->op.impl)
            length += snprintf(c->op.impl + length, sizeof c->op.impl - (size_t)length, " %d",
                               an_cuda_conv_plan_engine(c->plans[i]));
    }
    c->work_at = an_cuda_take(&c->op, most);
    return ALEXNET_OK;
}

/* ---- Running --------------------------------------------------------------------------------- */

static an_cuda_part part_of(an_layout layout, const void *data)
{
    return (an_cuda_part){(void *)data, layout.kind == AN_LAYOUT_NHWC, layout.dtype == AN_BF16,
                          layout.shape.c, 0};
}

/* Parameters are plain float32. */
static an_cuda_part param_part(const an_cuda_conv *c, const void *data)
{
    return (an_cuda_part){(void *)data, false, false, c->w_blocks.c, 0};
}

static alexnet_status conv_pack(an_cuda_op *op, const an_op_args *args)
{
    const an_cuda_conv *c = (const an_cuda_conv *)op;
    const int k = c->desc.u.conv.k;
    const an_layout row = {AN_LAYOUT_PLAIN, AN_F32, 1, {k, 1, 1}};
    const an_layout packed = {AN_LAYOUT_PLAIN, c->shape.type, 1, {k, 1, 1}};
    if (!is_packed(c))
        return ALEXNET_OK;
    an_cuda_part weights = param_part(c, args->param[0]);
    for (int i = 0; i < an_cuda_conv_columns(c); i++) {
        size_t at, bias_at = c->bias_packed + (size_t)i * an_layout_bytes(packed);
        an_cuda_blocks filters = an_cuda_conv_filters(c, i, &at);
        AN_CHECK(an_cuda_conv_check(c,
                                    an_cuda_blocks_enter(&filters, &weights,
                                                         an_cuda_at(args->packed, at),
                                                         an_cuda_queue(op->cuda)),
                                    "packing weights"));
        AN_CHECK(an_cuda_convert(op->cuda, row, args->param[1], packed,
                                 an_cuda_at(args->packed, bias_at)));
    }
    return ALEXNET_OK;
}

static const void *weights_of(const an_cuda_conv *c, const an_op_args *args)
{
    return is_packed(c) ? args->packed : args->param[0];
}

static void *x_place(const an_cuda_conv *c, const an_op_args *args)
{
    return an_cuda_at(c->x_saved ? args->saved : args->scratch, c->x_at);
}

/* Copy the channels of each part to a dense tensor of its own, or back with `join`. */
static alexnet_status split(const an_cuda_conv *c, an_layout whole, const void *tensor, void *dense,
                            bool join)
{
    int channels = whole.shape.c / c->parts;
    size_t bytes = an_layout_bytes(whole) / (size_t)c->parts;
    for (int i = 0; i < c->parts; i++) {
        bool bf16 = whole.dtype == AN_BF16;
        an_cuda_part outer = {(void *)tensor, true, bf16, whole.shape.c, i * channels};
        an_cuda_part inner = {an_cuda_at(dense, (size_t)i * bytes), true, bf16, channels, 0};
        an_cuda_copy_run run = {.n = whole.n,
                                .c = channels,
                                .h = whole.shape.h,
                                .w = whole.shape.w,
                                .from = join ? inner : outer,
                                .to = join ? outer : inner};
        AN_CHECK(an_cuda_conv_check(c, an_cuda_copy(&run, an_cuda_queue(c->op.cuda)),
                                    "a copy of a group"));
    }
    return ALEXNET_OK;
}

/* Run one direction for every part; x, w and y hold the parts one after the other. */
static alexnet_status run_parts(const an_cuda_conv *c, const an_op_args *args,
                                an_direction direction, const void *x, const void *w, const void *y)
{
    void *work = an_cuda_at(args->scratch, c->work_at);
    size_t bias_bytes = an_dtype_bytes(c->shape.type) * (size_t)c->shape.k;
    for (size_t i = 0; i < (size_t)c->parts; i++) {
        const char *bias = NULL;
        if (direction == AN_FORWARD && c->tail.by_engine)
            bias = (const char *)args->packed + c->bias_packed + i * bias_bytes;
        AN_CHECK(an_cuda_conv_plan_run(c->plans[direction],
                                       (const char *)x + i * an_cuda_conv_x_bytes(c),
                                       (const char *)w + i * an_cuda_conv_w_bytes(c),
                                       (const char *)y + i * an_cuda_conv_y_bytes(c), bias, work));
    }
    return ALEXNET_OK;
}

/* x in the form that cuDNN reads. The backward pass uses the copy saved by forward, if any. */
static alexnet_status enter_x(const an_cuda_conv *c, const an_op_args *args, bool forward,
                              const void **x)
{
    *x = args->x[0];
    if (c->given)
        return ALEXNET_OK;
    if (!forward && c->x_saved) {
        *x = x_place(c, args);
        return ALEXNET_OK;
    }
    if (!c->blocked) {
        AN_CHECK(an_cuda_reorder_in(&c->x_in, &c->op, args, x));
        const void *whole = *x;
        if (c->parts == 1)
            return ALEXNET_OK;
        *x = x_place(c, args);
        return split(c, c->x, whole, (void *)*x, false);
    }
    an_cuda_part outer = part_of(c->x_in.outer, args->x[0]);
    *x = x_place(c, args);
    return an_cuda_conv_check(
        c, an_cuda_blocks_enter(&c->x_blocks, &outer, (void *)*x, an_cuda_queue(c->op.cuda)),
        "a copy to blocks");
}

static alexnet_status conv_forward(an_cuda_op *op, const an_op_args *args)
{
    const an_cuda_conv *c = (const an_cuda_conv *)op;
    const void *x;
    void *y = an_cuda_conv_tail_target(c, args);
    void *dense = splits_y(c) ? an_cuda_at(args->scratch, c->y_at) : y;
    AN_CHECK(enter_x(c, args, true, &x));
    AN_CHECK(run_parts(c, args, AN_FORWARD, x, weights_of(c, args), dense));
    if (splits_y(c))
        AN_CHECK(split(c, c->tail.y, y, dense, true));
    return an_cuda_conv_tail_forward(c, args);
}

static alexnet_status backward_weights(const an_cuda_conv *c, const an_op_args *args,
                                       const void *dy)
{
    const void *x;
    bool direct = !is_packed(c) && !c->op.accumulate;
    void *dw = direct ? args->dparam[0] : an_cuda_at(args->scratch, c->dw_at);
    AN_CHECK(enter_x(c, args, false, &x));
    AN_CHECK(run_parts(c, args, AN_BACKWARD_WEIGHTS, x, dw, dy));
    if (direct)
        return ALEXNET_OK;
    an_cuda_part out = param_part(c, args->dparam[0]);
    for (int i = 0; i < an_cuda_conv_columns(c); i++) {
        size_t at;
        an_cuda_blocks filters = an_cuda_conv_filters(c, i, &at);
        AN_CHECK(an_cuda_conv_check(c,
                                    an_cuda_blocks_leave(&filters, an_cuda_at(dw, at), &out,
                                                         c->op.accumulate || i > 0,
                                                         an_cuda_queue(c->op.cuda)),
                                    "unpacking gradients"));
    }
    return ALEXNET_OK;
}

static alexnet_status backward_data(const an_cuda_conv *c, const an_op_args *args, const void *dy)
{
    an_cuda_stream *queue = an_cuda_queue(c->op.cuda);
    void *whole = c->blocked ? args->dx[0] : an_cuda_reorder_target(&c->dx_out, args, args->dx[0]);
    bool direct = c->given || (!c->blocked && c->parts == 1);
    void *dx = direct ? whole : an_cuda_at(args->scratch, c->dx_at);
    AN_CHECK(run_parts(c, args, AN_BACKWARD_DATA, dx, weights_of(c, args), dy));
    if (c->parts > 1)
        AN_CHECK(split(c, c->x, whole, dx, true));
    if (c->given)
        return ALEXNET_OK;
    if (!c->blocked)
        return an_cuda_reorder_out(&c->dx_out, &c->op, args, args->dx[0]);
    an_cuda_part outer = part_of(c->x_in.outer, args->dx[0]);
    return an_cuda_conv_check(c, an_cuda_blocks_leave(&c->x_blocks, dx, &outer, false, queue),
                              "a copy out of blocks");
}

static alexnet_status conv_backward(an_cuda_op *op, const an_op_args *args)
{
    const an_cuda_conv *c = (const an_cuda_conv *)op;
    const void *dy;
    AN_CHECK(an_cuda_conv_tail_backward(c, args, &dy));
    if (splits_y(c)) {
        void *dense = an_cuda_at(args->scratch, c->y_at);
        AN_CHECK(split(c, c->tail.y, dy, dense, false));
        dy = dense;
    }
    if (args->dparam[0])
        AN_CHECK(backward_weights(c, args, dy));
    return args->dx[0] ? backward_data(c, args, dy) : ALEXNET_OK;
}

static void conv_free(an_cuda_op *op)
{
    an_cuda_conv *c = (an_cuda_conv *)op;
    for (int i = 0; i < AN_DIRECTIONS; i++)
        an_cuda_conv_plan_free(c->plans[i]);
    an_free(c);
}

static const an_cuda_methods methods = {conv_pack, conv_forward, conv_backward, conv_free};

/* Kernels index a tensor with 31 bits (op/op.h), and a copy in blocks may be larger than x. */
static alexnet_status check_blocks(const an_cuda_conv *c)
{
    const an_cuda_blocks *b = &c->x_blocks;
    const int64_t each = (int64_t)b->rows * b->columns * b->channels;
    if (!c->blocked || b->n * each <= INT32_MAX)
        return ALEXNET_OK;
    return AN_FAIL(
        ALEXNET_ERROR_UNSUPPORTED,
        "the copy of a convolution's input, [%d, %d, %d, %d] in blocks of %d pixels, reaches "
        "2^31 elements; the most that do not are %lld pictures",
        b->n, b->rows, b->columns, b->channels, b->block * b->block, (long long)(INT32_MAX / each));
}

alexnet_status an_cuda_conv_prepare(an_cuda *cuda, const an_prepare *p, an_cuda_op **out)
{
    an_cuda_conv *c = an_calloc(1, sizeof *c);
    if (!c)
        return AN_FAIL_MEMORY(sizeof *c, "a prepared convolution");
    c->op.methods = &methods;
    c->op.cuda = cuda;
    c->op.accumulate = p->accumulate;
    c->desc = *p->ops[0];
    an_cuda_conv_choose_form(c);
    c->given = !an_chw_equal(p->in[0].shape, c->desc.in[0]);
    if (c->given && p->in[0].shape.c != c->shape.c)
        an_cuda_conv_pair_columns(c);
    an_cuda_conv_tail_fuse(c, p);
    c->x = (an_layout){c->tail.y.kind, c->shape.type, c->desc.n, c->desc.in[0]};
    c->x_in.outer = p->in[0];
    c->op.base.coarse_dw = c->shape.type == AN_BF16 ? an_cuda_conv_columns(c) : 0;
    book_packed(c);
    book_memory(c, p);
    alexnet_status rc = check_blocks(c);
    if (rc == ALEXNET_OK)
        rc = make_plans(c, p);
    if (rc != ALEXNET_OK)
        conv_free(&c->op);
    else
        *out = &c->op;
    return rc;
}
