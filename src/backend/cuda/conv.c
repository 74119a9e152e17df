/*
 * Convolution with its bias and the ReLU behind it, unless a max pooling takes the ReLU. In
 * training the norm across maps behind them is taken too: its backward pass includes the ReLU at no
 * cost.
 *
 * bf16 and tf32 compute N H W C, float32 N C H W. What cuDNN's fast engines do not accept goes
 * through a copy in blocks (kernels/blocks.h): channels that are not a multiple of 8 (tf32: 4),
 * padding that is not the same on both sides, and a first layer's stride. 11x11 filters of stride 4
 * over 3 channels become 3x3 filters of stride 1 over 48 channels, with 363 of 432 weights in use;
 * with channels padded to 8 it would be 363 of 968. Groups whose channels are not such a multiple
 * are computed in float32, which is correct but slow.
 *
 * Groups are computed one after the other, each from and to dense copies of its channels: cuDNN's
 * own engines for groups take two to seven times as long on sm_90.
 *
 * In bf16 cuDNN takes the bias in bf16, and gives gradients of weights in bf16 (after sums in
 * float32).
 */
#include <stdio.h>

#include "backend/cuda/conv_plan.h"
#include "base/alloc.h"
#include "base/status.h"

typedef struct conv {
    an_cuda_op op;
    an_op_desc desc;
    bool relu;                /* taken with it */
    bool norm;                /* taken with it */
    bool tailed;              /* cuDNN adds the bias and computes the ReLU */
    bool blocked;             /* x goes through a copy */
    bool given;               /* blocked: augment has made that copy already */
    int parts;                /* groups that are computed one by one; 1: all at once */
    an_cuda_conv_shape shape; /* of a part */
    an_cuda_blocks x_blocks, w_blocks;
    an_layout x, y; /* inner; x if it is not blocked */
    an_cuda_reorder x_in, dx_out, y_out, y_in, dy_in;
    an_cuda_conv_plan *plans[AN_DIRECTIONS];
    bool x_saved;       /* the copy of x is kept for backward */
    size_t x_at, dx_at; /* blocked or in parts: offsets in scratch, or in what is saved */
    size_t y_at;        /* in parts: of y, and of its gradient */
    size_t masked_at, dw_at, bias_at, work_at;
    an_cuda_lrn_run lrn;           /* norm: all but the tensors */
    size_t before_norm_at, lrn_at; /* norm: its input, saved; its scratch */
    size_t bias_packed;            /* offset in the packed copy */
    char packing[80];
} conv;

static bool is_packed(const conv *c)
{
    return c->shape.nhwc;
}

/* ---- The form that is computed in ------------------------------------------------------------ */

static int round_up(int value, int unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Whether the low padding on both sides, which is all that cuDNN has, gives `outputs` windows. */
static bool same_on_both_sides(int in, int padding, int window, int stride, int outputs)
{
    return padding < window && in + 2 * padding >= window &&
           (in + 2 * padding - window) / stride + 1 == outputs;
}

/* Choose the channels, strides and sizes that cuDNN sees. */
static void choose_form(conv *c)
{
    const an_op_desc *d = &c->desc;
    const an_conv_desc *v = &d->u.conv;
    const an_cuda *cuda = c->op.cuda;
    int unit = cuda->activation == AN_BF16 ? 8 : 4, block = 1, channels = d->in[0].c;
    bool aligned = channels / v->groups % unit == 0;
    bool nhwc =
        cuda->kind == AN_LAYOUT_NHWC && v->k / v->groups % unit == 0 && (aligned || v->groups == 1);
    if (nhwc && !aligned) {
        if (v->stride > 1 && (int64_t)channels * v->stride * v->stride <= 64)
            block = v->stride;
        channels = round_up(channels * block * block, unit);
    }
    bool symmetric = same_on_both_sides(d->in[0].h, v->top, v->r, v->stride, d->out.h) &&
                     same_on_both_sides(d->in[0].w, v->left, v->s, v->stride, d->out.w);
    c->blocked = !symmetric || (nhwc && !aligned);
    c->shape = (an_cuda_conv_shape){.n = d->n,
                                    .c = channels,
                                    .h = d->in[0].h,
                                    .w = d->in[0].w,
                                    .k = v->k,
                                    .r = (v->r + block - 1) / block,
                                    .s = (v->s + block - 1) / block,
                                    .p = d->out.h,
                                    .q = d->out.w,
                                    .groups = v->groups,
                                    .stride = v->stride / block,
                                    .top = v->top,
                                    .left = v->left,
                                    .nhwc = nhwc,
                                    .type = nhwc ? cuda->activation : AN_F32,
                                    .tensor_cores = nhwc};
    if (c->blocked) {
        c->shape.h = (d->out.h - 1) * c->shape.stride + c->shape.r;
        c->shape.w = (d->out.w - 1) * c->shape.stride + c->shape.s;
        c->shape.top = c->shape.left = 0;
    }
    c->parts = nhwc && !c->blocked ? v->groups : 1;
    c->shape.groups /= c->parts;
    c->shape.c /= c->parts;
    c->shape.k /= c->parts;
    c->x_blocks = (an_cuda_blocks){.n = d->n,
                                   .c = d->in[0].c,
                                   .h = d->in[0].h,
                                   .w = d->in[0].w,
                                   .block = block,
                                   .top = v->top,
                                   .left = v->left,
                                   .rows = c->shape.h,
                                   .columns = c->shape.w,
                                   .channels = channels,
                                   .nhwc = nhwc,
                                   .bf16 = c->shape.type == AN_BF16};
    c->w_blocks = (an_cuda_blocks){.n = v->k,
                                   .c = d->in[0].c / v->groups,
                                   .h = v->r,
                                   .w = v->s,
                                   .block = block,
                                   .rows = c->shape.r,
                                   .columns = c->shape.s,
                                   .channels = channels / v->groups,
                                   .nhwc = nhwc,
                                   .bf16 = c->shape.type == AN_BF16};
}

/* Bytes of a part of x, of y and of the weights. */
static size_t x_bytes(const conv *c)
{
    const an_cuda_conv_shape *s = &c->shape;
    return (size_t)s->n * (size_t)s->c * (size_t)s->h * (size_t)s->w * an_dtype_bytes(s->type);
}

static size_t y_bytes(const conv *c)
{
    const an_cuda_conv_shape *s = &c->shape;
    return (size_t)s->n * (size_t)s->k * (size_t)s->p * (size_t)s->q * an_dtype_bytes(s->type);
}

static size_t w_bytes(const conv *c)
{
    const an_cuda_conv_shape *s = &c->shape;
    return (size_t)s->k * (size_t)(s->c / s->groups) * (size_t)s->r * (size_t)s->s *
           an_dtype_bytes(s->type);
}

/* ---- Preparation ----------------------------------------------------------------------------- */

static void book_packed(conv *c)
{
    if (!is_packed(c))
        return;
    c->bias_packed = an_aligned((size_t)c->parts * w_bytes(c));
    c->op.base.packed = c->bias_packed + sizeof(float) * (size_t)c->desc.u.conv.k;
    snprintf(c->packing, sizeof c->packing, "K R S C, %s, blocks of %d, %d channels",
             c->shape.type == AN_BF16 ? "bf16" : "float32", c->w_blocks.block,
             c->w_blocks.channels);
    c->op.base.packing = c->packing;
    c->op.base.updated = true;
    c->op.base.copied[0] = an_cuda_copy_in_blocks(&c->w_blocks);
    c->op.base.copied[1] = an_copy_in_order(c->shape.type == AN_BF16, c->bias_packed);
}

static an_cuda_bias_run bias_run(const conv *c)
{
    return (an_cuda_bias_run){.form = an_cuda_form_of(c->y), .accumulate = c->op.accumulate};
}

static void book_memory(conv *c, const an_prepare *p)
{
    an_cuda_op *op = &c->op;
    bool backward = p->want_dx || p->want_dw;
    size_t parts = (size_t)c->parts, x = x_bytes(c) * parts;
    c->x_saved = ((c->blocked && !c->given) || c->parts > 1) && p->want_dw;
    if ((c->blocked && !c->given) || c->parts > 1) {
        c->x_at = c->x_saved ? an_cuda_save(op, x) : an_cuda_take(op, x);
        c->dx_at = p->want_dx ? an_cuda_take(op, x) : 0;
    }
    if (c->parts > 1)
        c->y_at = an_cuda_take(op, y_bytes(c) * parts);
    if (!c->blocked) {
        an_cuda_reorder_new(&c->x_in, op, p->in[0], c->x);
        if (p->want_dx)
            an_cuda_reorder_new(&c->dx_out, op, p->in[0], c->x);
    }
    an_cuda_reorder_new(&c->y_out, op, op->base.out, c->y);
    if (!backward)
        return;
    an_cuda_reorder_new(&c->dy_in, op, op->base.out, c->y);
    if (c->relu || c->norm)
        c->masked_at = an_cuda_take(op, an_layout_bytes(c->y));
    if (c->norm) {
        c->before_norm_at = an_cuda_save(op, an_layout_bytes(c->y));
        c->lrn_at = an_cuda_take(op, an_cuda_lrn_scratch(&c->lrn));
    } else if (c->relu) {
        an_cuda_reorder_new(&c->y_in, op, op->base.out, c->y);
    }
    if (p->want_dw) {
        an_cuda_bias_run bias = bias_run(c);
        c->bias_at = an_cuda_take(op, an_cuda_bias_scratch(&bias));
        c->dw_at = an_cuda_take(op, w_bytes(c) * parts);
    }
}

static alexnet_status make_plan(conv *c, an_direction direction, an_cuda_conv_tail tail)
{
    return an_cuda_conv_plan_new(&c->plans[direction], c->op.cuda, &c->shape, direction, tail,
                                 &c->op.base.variants.of[direction]);
}

/* cuDNN adds bias and ReLU if it can; for float32 without tensor cores it has no such engine. */
static alexnet_status plan_forward(conv *c)
{
    an_cuda_conv_tail tail = c->relu ? AN_CUDA_TAIL_RELU : AN_CUDA_TAIL_BIAS;
    const an_variant asked = c->op.base.variants.of[AN_FORWARD];
    alexnet_status rc = ALEXNET_ERROR_UNSUPPORTED;
    if (c->shape.tensor_cores)
        rc = make_plan(c, AN_FORWARD, tail);
    c->tailed = rc == ALEXNET_OK;
    if (rc != ALEXNET_ERROR_UNSUPPORTED)
        return rc;
    c->op.base.variants.of[AN_FORWARD] = asked;
    return make_plan(c, AN_FORWARD, AN_CUDA_TAIL_NONE);
}

static alexnet_status make_plans(conv *c, const an_prepare *p)
{
    size_t most = 0;
    int length = 0;
    an_cuda_op_tune(&c->op, p, c->relu ? "relu" : "bias");
    AN_CHECK(plan_forward(c));
    if (p->want_dx)
        AN_CHECK(make_plan(c, AN_BACKWARD_DATA, AN_CUDA_TAIL_NONE));
    if (p->want_dw)
        AN_CHECK(make_plan(c, AN_BACKWARD_WEIGHTS, AN_CUDA_TAIL_NONE));
    length = snprintf(c->op.impl, sizeof c->op.impl, "cudnn%s%s", c->shape.nhwc ? "" : " float32",
                      c->blocked ? " blocks" : "");
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

static alexnet_status check(const conv *c, int error, const char *what)
{
    return an_cuda_check(c->op.cuda, error, what);
}

static an_cuda_part part_of(an_layout layout, const void *data)
{
    return (an_cuda_part){(void *)data, layout.kind == AN_LAYOUT_NHWC, layout.dtype == AN_BF16,
                          layout.shape.c, 0};
}

/* Parameters are plain float32. */
static an_cuda_part param_part(const conv *c, const void *data)
{
    return (an_cuda_part){(void *)data, false, false, c->w_blocks.c, 0};
}

static alexnet_status conv_pack(an_cuda_op *op, const an_op_args *args)
{
    const conv *c = (const conv *)op;
    an_cuda_stream *queue = an_cuda_queue(op->cuda);
    if (!is_packed(c))
        return ALEXNET_OK;
    an_cuda_part weights = param_part(c, args->param[0]);
    AN_CHECK(check(c, an_cuda_blocks_enter(&c->w_blocks, &weights, args->packed, queue),
                   "packing weights"));
    an_layout row = {AN_LAYOUT_PLAIN, AN_F32, 1, {c->desc.u.conv.k, 1, 1}}, packed = row;
    packed.dtype = c->shape.type;
    return an_cuda_convert(op->cuda, row, args->param[1], packed,
                           an_cuda_at(args->packed, c->bias_packed));
}

static const void *weights_of(const conv *c, const an_op_args *args)
{
    return is_packed(c) ? args->packed : args->param[0];
}

static void *x_place(const conv *c, const an_op_args *args)
{
    return an_cuda_at(c->x_saved ? args->saved : args->scratch, c->x_at);
}

/* Copy the channels of each part to a dense tensor of its own; with `join` back. */
static alexnet_status split(const conv *c, an_layout whole, const void *tensor, void *dense,
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
        AN_CHECK(check(c, an_cuda_copy(&run, an_cuda_queue(c->op.cuda)), "a copy of a group"));
    }
    return ALEXNET_OK;
}

/* Compute a direction of every part, on dense copies if there are several. */
static alexnet_status run_parts(const conv *c, const an_op_args *args, an_direction direction,
                                const void *x, const void *w, const void *y)
{
    void *work = an_cuda_at(args->scratch, c->work_at);
    size_t bias_bytes = an_dtype_bytes(c->shape.type) * (size_t)c->shape.k;
    for (size_t i = 0; i < (size_t)c->parts; i++) {
        const char *bias = NULL;
        if (direction == AN_FORWARD && c->tailed)
            bias = (const char *)args->packed + c->bias_packed + i * bias_bytes;
        AN_CHECK(an_cuda_conv_plan_run(c->plans[direction], (const char *)x + i * x_bytes(c),
                                       (const char *)w + i * w_bytes(c),
                                       (const char *)y + i * y_bytes(c), bias, work));
    }
    return ALEXNET_OK;
}

/* x in the form that cuDNN reads. Backward finds the copy that forward saved. */
static alexnet_status enter_x(const conv *c, const an_op_args *args, bool forward, const void **x)
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
    return check(c,
                 an_cuda_blocks_enter(&c->x_blocks, &outer, (void *)*x, an_cuda_queue(c->op.cuda)),
                 "a copy in blocks");
}

static alexnet_status conv_forward(an_cuda_op *op, const an_op_args *args)
{
    const conv *c = (const conv *)op;
    const void *x;
    void *out = an_cuda_reorder_target(&c->y_out, args, args->y);
    void *y = c->norm ? an_cuda_at(args->saved, c->before_norm_at) : out;
    void *dense = c->parts > 1 ? an_cuda_at(args->scratch, c->y_at) : y;
    AN_CHECK(enter_x(c, args, true, &x));
    AN_CHECK(run_parts(c, args, AN_FORWARD, x, weights_of(c, args), dense));
    if (c->parts > 1)
        AN_CHECK(split(c, c->y, y, dense, true));
    if (!c->tailed) {
        an_cuda_neuron_run run = {.form = an_cuda_form_of(c->y),
                                  .function = c->relu ? AN_CUDA_RELU : AN_CUDA_IDENTITY,
                                  .bias = args->param[1],
                                  .x = y,
                                  .y = y};
        AN_CHECK(check(c, an_cuda_neuron_forward(&run, an_cuda_queue(op->cuda)), "a bias"));
    }
    if (c->norm) {
        an_cuda_lrn_run run = c->lrn;
        run.x = y;
        run.y = out;
        AN_CHECK(check(c, an_cuda_lrn_forward(&run, an_cuda_queue(op->cuda)), "a norm"));
    }
    return an_cuda_reorder_out(&c->y_out, op, args, args->y);
}

/* Backward through the norm and the ReLU before it; the gradient of the bias too. */
static alexnet_status backward_norm(const conv *c, const an_op_args *args, const void **dy)
{
    an_cuda_stream *queue = an_cuda_queue(c->op.cuda);
    an_cuda_bias_run bias = bias_run(c);
    an_cuda_lrn_run run = c->lrn;
    run.relu = c->relu;
    run.x = an_cuda_at(args->saved, c->before_norm_at);
    run.dy = *dy;
    *dy = bias.dy = run.dx = an_cuda_at(args->scratch, c->masked_at);
    run.scratch = an_cuda_at(args->scratch, c->lrn_at);
    if (!args->dparam[1])
        return check(c, an_cuda_lrn_backward(&run, queue), "a norm");
    bias.dbias = args->dparam[1];
    bias.scratch = an_cuda_at(args->scratch, c->bias_at);
    return check(c, an_cuda_lrn_backward_bias(&run, &bias, queue), "a norm");
}

/* Backward through the ReLU, if the gradient of the bias is not wanted. */
static alexnet_status backward_relu(const conv *c, const an_op_args *args, const void *y,
                                    const void **dy)
{
    an_cuda_neuron_run run = {.form = an_cuda_form_of(c->y),
                              .function = AN_CUDA_RELU,
                              .y = (void *)y,
                              .dy = *dy,
                              .dx = an_cuda_at(args->scratch, c->masked_at)};
    *dy = run.dx;
    return check(c, an_cuda_neuron_backward(&run, an_cuda_queue(c->op.cuda)), "a ReLU");
}

/* The gradient of the bias, and backward through the ReLU if there is one. */
static alexnet_status backward_bias(const conv *c, const an_op_args *args, const void *y,
                                    const void **dy)
{
    an_cuda_bias_run run = bias_run(c);
    run.dy = *dy;
    run.dbias = args->dparam[1];
    run.scratch = an_cuda_at(args->scratch, c->bias_at);
    if (y) {
        run.relu_y = y;
        *dy = run.dx = an_cuda_at(args->scratch, c->masked_at);
    }
    return check(c, an_cuda_bias_gradient(&run, an_cuda_queue(c->op.cuda)), "gradients of a bias");
}

/* Backward through what follows the convolution; *dy becomes the gradient of its output. */
static alexnet_status backward_tail(const conv *c, const an_op_args *args, const void **dy)
{
    const void *y = NULL; /* output of the ReLU, if backward must still pass it */
    *dy = args->dy;
    AN_CHECK(an_cuda_reorder_in(&c->dy_in, &c->op, args, dy));
    if (c->norm)
        return backward_norm(c, args, dy);
    if (c->relu) {
        y = args->y;
        AN_CHECK(an_cuda_reorder_in(&c->y_in, &c->op, args, &y));
    }
    if (args->dparam[1])
        return backward_bias(c, args, y, dy);
    return y ? backward_relu(c, args, y, dy) : ALEXNET_OK;
}

static alexnet_status backward_weights(const conv *c, const an_op_args *args, const void *dy)
{
    const void *x;
    bool direct = !is_packed(c) && !c->op.accumulate;
    void *dw = direct ? args->dparam[0] : an_cuda_at(args->scratch, c->dw_at);
    AN_CHECK(enter_x(c, args, false, &x));
    AN_CHECK(run_parts(c, args, AN_BACKWARD_WEIGHTS, x, dw, dy));
    if (direct)
        return ALEXNET_OK;
    an_cuda_part out = param_part(c, args->dparam[0]);
    return check(
        c,
        an_cuda_blocks_leave(&c->w_blocks, dw, &out, c->op.accumulate, an_cuda_queue(c->op.cuda)),
        "unpacking gradients");
}

static alexnet_status backward_data(const conv *c, const an_op_args *args, const void *dy)
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
    return check(c, an_cuda_blocks_leave(&c->x_blocks, dx, &outer, false, queue),
                 "a copy out of blocks");
}

static alexnet_status conv_backward(an_cuda_op *op, const an_op_args *args)
{
    const conv *c = (const conv *)op;
    const void *dy;
    AN_CHECK(backward_tail(c, args, &dy));
    if (c->parts > 1) {
        void *dense = an_cuda_at(args->scratch, c->y_at);
        AN_CHECK(split(c, c->y, dy, dense, false));
        dy = dense;
    }
    if (args->dparam[0])
        AN_CHECK(backward_weights(c, args, dy));
    return args->dx[0] ? backward_data(c, args, dy) : ALEXNET_OK;
}

static void conv_free(an_cuda_op *op)
{
    conv *c = (conv *)op;
    for (int i = 0; i < AN_DIRECTIONS; i++)
        an_cuda_conv_plan_free(c->plans[i]);
    an_free(c);
}

static const an_cuda_methods methods = {conv_pack, conv_forward, conv_backward, conv_free};

/* Whether the ReLU behind the convolution is left to the max pooling behind that, whose backward
 * pass includes it at no cost. */
static bool leaves_relu(const an_prepare *p)
{
    const an_op_desc *pool = an_cuda_follower(p, 2, AN_OP_POOL);
    return (p->want_dx || p->want_dw) && pool && pool->u.pool.kind == AN_POOL_MAX;
}

bool an_cuda_conv_takes_blocks(an_cuda *cuda, const an_op_desc *desc, an_cuda_blocks *out)
{
    conv c = {.op = {.cuda = cuda}, .desc = *desc};
    choose_form(&c);
    *out = c.x_blocks;
    return c.blocked && c.shape.nhwc;
}

alexnet_status an_cuda_conv_prepare(an_cuda *cuda, const an_prepare *p, an_cuda_op **out)
{
    conv *c = an_calloc(1, sizeof *c);
    if (!c)
        return AN_FAIL_MEMORY(sizeof *c, "a prepared convolution");
    c->op.methods = &methods;
    c->op.cuda = cuda;
    c->op.accumulate = p->accumulate;
    c->desc = *p->ops[0];
    c->relu = an_cuda_relu_at(p, 1) && !leaves_relu(p);
    const an_op_desc *norm = an_cuda_follower(p, 1 + c->relu, AN_OP_LRN);
    c->norm = norm && (p->want_dx || p->want_dw);
    c->op.base.taken = 1 + c->relu + c->norm;
    choose_form(c);
    c->given = !an_chw_equal(p->in[0].shape, c->desc.in[0]);
    an_layout_kind kind = c->shape.nhwc ? AN_LAYOUT_NHWC : AN_LAYOUT_PLAIN;
    c->x = (an_layout){kind, c->shape.type, c->desc.n, c->desc.in[0]};
    c->y = (an_layout){kind, c->shape.type, c->desc.n, c->desc.out};
    if (c->norm)
        c->lrn = an_cuda_norm_run(norm, c->y);
    c->x_in.outer = p->in[0];
    c->op.base.out = p->plain_out ? (an_layout){AN_LAYOUT_PLAIN, AN_F32, c->desc.n, c->desc.out}
                                  : an_cuda_activation(cuda, c->desc.n, c->desc.out);
    c->op.base.coarse_dw = c->shape.type == AN_BF16;
    book_packed(c);
    book_memory(c, p);
    alexnet_status rc = make_plans(c, p);
    if (rc != ALEXNET_OK)
        conv_free(&c->op);
    else
        *out = &c->op;
    return rc;
}
