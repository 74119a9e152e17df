/*
 * The operators fused with a convolution: its bias and the ReLU, and in training the LRN across
 * maps or the max pooling after them. With pairs of columns (conv_pairs.c) these two are always
 * fused: they leave out the column that the convolution may compute too many.
 *
 * cuDNN adds the bias and computes the ReLU where it has such an engine. Backward, the kernel of
 * the LRN also computes the ReLU and the gradient of the bias, in one pass through memory. A max
 * pooling includes the ReLU too: forward, its maximum starts from zero; backward, it needs only the
 * places of the maxima. The output of the convolution, the largest tensor of a step, is then not
 * kept, and the gradient of the bias is a sum of pooled gradients, which are a quarter as many.
 */
#include "backend/cuda/conv.h"

/* ---- Preparation ----------------------------------------------------------------------------- */

void an_cuda_conv_tail_fuse(an_cuda_conv *c, const an_prepare *p)
{
    an_cuda_conv_tail_run *t = &c->tail;
    t->saves = p->want_dx || p->want_dw;
    const bool fuse = t->saves || c->pairs, relu = an_cuda_relu_at(p, 1);
    const an_op_desc *lrn = fuse ? an_cuda_follower(p, 1 + relu, AN_OP_LRN) : NULL;
    const an_op_desc *pool = fuse ? an_cuda_follower(p, 1 + relu, AN_OP_POOL) : NULL;
    an_layout_kind kind = c->shape.nhwc ? AN_LAYOUT_NHWC : AN_LAYOUT_PLAIN;
    t->y = t->out = (an_layout){kind, c->shape.type, c->desc.n, c->desc.out};
    if (c->pairs)
        t->y.shape.w = 2 * c->shape.q;
    t->lrn = lrn != NULL;
    t->pool = pool && pool->u.pool.kind == AN_POOL_MAX;
    t->relu = relu && !t->pool;
    if (t->lrn) {
        t->lrn_run = an_cuda_lrn_of(lrn, t->out);
        t->lrn_run.pitch = t->y.shape.w;
    }
    if (t->lrn && c->parts > 1 && an_cuda_lrn_takes_parts(&t->lrn_run, c->parts))
        t->lrn_run.parts = c->parts;
    if (t->pool) {
        t->out.shape = pool->out;
        t->pool_run = an_cuda_pool_of(pool, t->y, relu);
        if (c->parts > 1 && an_cuda_pool_takes_parts(&t->pool_run, c->parts))
            t->pool_run.parts = c->parts;
    }
    t->in_parts = (t->lrn ? t->lrn_run.parts : t->pool ? t->pool_run.parts : 0) > 1;
    c->op.base.taken = 1 + relu + t->lrn + t->pool;
    c->op.base.out = p->plain_out ? (an_layout){AN_LAYOUT_PLAIN, AN_F32, c->desc.n, t->out.shape}
                                  : an_cuda_activation(c->op.cuda, c->desc.n, t->out.shape);
}

const char *an_cuda_conv_tail_name(const an_cuda_conv *c)
{
    if (c->pairs)
        return c->tail.relu ? "relu-pairs" : "bias-pairs";
    return c->tail.relu ? "relu" : "bias";
}

static an_cuda_bias_run bias_run(const an_cuda_conv *c)
{
    return (an_cuda_bias_run){.form = an_cuda_form_of(c->tail.out), .accumulate = c->op.accumulate};
}

void an_cuda_conv_tail_book(an_cuda_conv *c, const an_prepare *p)
{
    an_cuda_conv_tail_run *t = &c->tail;
    an_cuda_op *op = &c->op;
    const size_t y = an_layout_bytes(t->y);
    an_cuda_reorder_new(&t->y_out, op, op->base.out, t->out);
    if (!t->saves) {
        t->y_at = t->lrn || t->pool ? an_cuda_take(op, y) : 0;
        return;
    }
    an_cuda_reorder_new(&t->dy_in, op, op->base.out, t->out);
    if (t->relu || t->lrn || t->pool)
        t->masked_at = an_cuda_take(op, y);
    if (t->lrn) {
        t->y_at = an_cuda_save(op, y);
        t->lrn_at = an_cuda_take(op, an_cuda_lrn_scratch(&t->lrn_run));
    } else if (t->pool) {
        t->y_at = t->masked_at; /* one is used only forward, the other only backward */
        t->places_at = an_cuda_save(op, an_cuda_pool_places(&t->pool_run));
    } else if (t->relu) {
        an_cuda_reorder_new(&t->y_in, op, op->base.out, t->out);
    }
    if (p->want_dw) {
        an_cuda_bias_run bias = bias_run(c);
        t->bias_at = an_cuda_take(op, an_cuda_bias_scratch(&bias));
    }
}

/* ---- Forward --------------------------------------------------------------------------------- */

void *an_cuda_conv_tail_target(const an_cuda_conv *c, const an_op_args *args)
{
    const an_cuda_conv_tail_run *t = &c->tail;
    if (t->lrn || t->pool)
        return an_cuda_at(t->lrn && t->saves ? args->saved : args->scratch, t->y_at);
    return an_cuda_reorder_target(&t->y_out, args, args->y);
}

static alexnet_status add_bias(const an_cuda_conv *c, const an_op_args *args, void *y)
{
    const int parts = c->tail.in_parts ? c->parts : 1;
    const size_t bytes = an_layout_bytes(c->tail.y) / (size_t)parts;
    an_cuda_neuron_run run = {.form = an_cuda_form_of(c->tail.y),
                              .function = c->tail.relu ? AN_CUDA_RELU : AN_CUDA_IDENTITY};
    run.form.c /= parts;
    for (int i = 0; i < parts; i++) {
        run.bias = (const float *)args->param[1] + i * run.form.c;
        run.y = an_cuda_at(y, (size_t)i * bytes);
        run.x = run.y;
        AN_CHECK(an_cuda_conv_check(c, an_cuda_neuron_forward(&run, an_cuda_queue(c->op.cuda)),
                                    "a bias"));
    }
    return ALEXNET_OK;
}

alexnet_status an_cuda_conv_tail_forward(const an_cuda_conv *c, const an_op_args *args)
{
    const an_cuda_conv_tail_run *t = &c->tail;
    an_cuda_stream *queue = an_cuda_queue(c->op.cuda);
    void *y = an_cuda_conv_tail_target(c, args);
    void *out = an_cuda_reorder_target(&t->y_out, args, args->y);
    if (!t->by_engine)
        AN_CHECK(add_bias(c, args, y));
    if (t->lrn) {
        an_cuda_lrn_run run = t->lrn_run;
        run.x = y;
        run.y = out;
        AN_CHECK(an_cuda_conv_check(c, an_cuda_lrn_forward(&run, queue), "an LRN"));
    }
    if (t->pool) {
        an_cuda_pool_run run = t->pool_run;
        run.x = y;
        run.y = out;
        run.places = t->saves ? an_cuda_at(args->saved, t->places_at) : NULL;
        AN_CHECK(an_cuda_conv_check(c, an_cuda_pool_forward(&run, queue), "a pooling"));
    }
    return an_cuda_reorder_out(&t->y_out, &c->op, args, args->y);
}

/* ---- Backward: each also computes the gradient of the bias, if wanted ------------------------ */

static alexnet_status sum_bias(const an_cuda_conv *c, const an_op_args *args, an_cuda_bias_run *run)
{
    run->dbias = args->dparam[1];
    run->scratch = an_cuda_at(args->scratch, c->tail.bias_at);
    return an_cuda_conv_check(c, an_cuda_bias_gradient(run, an_cuda_queue(c->op.cuda)),
                              "gradients of a bias");
}

/* Through the LRN and the ReLU before it. */
static alexnet_status backward_lrn(const an_cuda_conv *c, const an_op_args *args, const void **dy)
{
    an_cuda_stream *queue = an_cuda_queue(c->op.cuda);
    an_cuda_bias_run bias = bias_run(c);
    an_cuda_lrn_run run = c->tail.lrn_run;
    run.relu = c->tail.relu;
    run.x = an_cuda_at(args->saved, c->tail.y_at);
    run.dy = *dy;
    *dy = bias.dy = run.dx = an_cuda_at(args->scratch, c->tail.masked_at);
    run.scratch = an_cuda_at(args->scratch, c->tail.lrn_at);
    if (!args->dparam[1])
        return an_cuda_conv_check(c, an_cuda_lrn_backward(&run, queue), "an LRN");
    bias.dbias = args->dparam[1];
    bias.scratch = an_cuda_at(args->scratch, c->tail.bias_at);
    return an_cuda_conv_check(c, an_cuda_lrn_backward_bias(&run, &bias, queue), "an LRN");
}

/* Through the pooling and the ReLU before it. */
static alexnet_status backward_pool(const an_cuda_conv *c, const an_op_args *args, const void **dy)
{
    an_cuda_pool_run run = c->tail.pool_run;
    run.places = an_cuda_at(args->saved, c->tail.places_at);
    run.dy = *dy;
    *dy = run.dx = an_cuda_at(args->scratch, c->tail.masked_at);
    if (args->dparam[1]) {
        an_cuda_bias_run bias = bias_run(c);
        bias.dy = run.dy;
        bias.places = run.relu ? run.places : NULL;
        bias.window = run.size;
        AN_CHECK(sum_bias(c, args, &bias));
    }
    return an_cuda_conv_check(c, an_cuda_pool_backward(&run, an_cuda_queue(c->op.cuda)),
                              "a pooling");
}

/* Through the ReLU, if there is one. */
static alexnet_status backward_relu(const an_cuda_conv *c, const an_op_args *args, const void **dy)
{
    const void *y = args->y, *before = *dy;
    void *masked = an_cuda_at(args->scratch, c->tail.masked_at);
    if (c->tail.relu) {
        AN_CHECK(an_cuda_reorder_in(&c->tail.y_in, &c->op, args, &y));
        *dy = masked;
    }
    if (args->dparam[1]) {
        an_cuda_bias_run run = bias_run(c);
        run.dy = before;
        run.relu_y = c->tail.relu ? y : NULL;
        run.dx = c->tail.relu ? masked : NULL;
        return sum_bias(c, args, &run);
    }
    if (!c->tail.relu)
        return ALEXNET_OK;
    an_cuda_neuron_run run = {.form = an_cuda_form_of(c->tail.y),
                              .function = AN_CUDA_RELU,
                              .y = (void *)y,
                              .dy = before,
                              .dx = masked};
    return an_cuda_conv_check(c, an_cuda_neuron_backward(&run, an_cuda_queue(c->op.cuda)),
                              "a ReLU");
}

alexnet_status an_cuda_conv_tail_backward(const an_cuda_conv *c, const an_op_args *args,
                                          const void **dy)
{
    *dy = args->dy;
    AN_CHECK(an_cuda_reorder_in(&c->tail.dy_in, &c->op, args, dy));
    if (c->tail.lrn)
        return backward_lrn(c, args, dy);
    return c->tail.pool ? backward_pool(c, args, dy) : backward_relu(c, args, dy);
}
