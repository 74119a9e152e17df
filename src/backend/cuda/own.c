/* Operators of our own kernels: everything but convolution and fully connected layers. They compute
 * in the layout of their input; reorders bring tensors in and out where neighbours want another. */
#include <stdio.h>
#include <string.h>

#include "backend/cuda/cuda.h"
#include "base/alloc.h"

typedef struct own own;

/** The arithmetic. Tensors in args are in the inner layouts; functions return the launch's error.
 */
typedef struct own_kind {
    const char *impl;
    bool needs_x, needs_y; /* whether backward reads them */
    int (*forward)(const own *o, const an_op_args *args);
    int (*backward)(const own *o, const an_op_args *args); /* NULL: nothing to compute */
} own_kind;

struct own {
    an_cuda_op op;
    const own_kind *kind;
    an_op_desc desc; /* of the operator itself, also where a ReLU before it is taken too */
    bool relu;       /* max pooling: with the ReLU before it */
    bool turns; /* dropout: from N H W C to the rows that the fully connected layer behind reads */
    bool masks;
    an_layout x[AN_MAX_INPUTS], y;
    an_cuda_reorder x_in[AN_MAX_INPUTS], dx_out[AN_MAX_INPUTS], y_in, y_out, dy_in;
    size_t work_at;  /* in scratch */
    size_t saved_at; /* in what is saved */
    bool blocked;    /* augment: writes blocks, as the convolution that reads them wants it */
    an_cuda_blocks blocks;
    bool saves;
};

static an_cuda_stream *queue_of(const own *o)
{
    return an_cuda_queue(o->op.cuda);
}

/* ---- Neurons --------------------------------------------------------------------------------- */

static an_cuda_neuron_run neuron_run(const own *o)
{
    static const an_cuda_function functions[] = {
        [AN_RELU] = AN_CUDA_RELU, [AN_TANH] = AN_CUDA_TANH, [AN_LOGISTIC] = AN_CUDA_LOGISTIC};
    const an_neuron_desc *neuron = &o->desc.u.neuron;
    return (an_cuda_neuron_run){.form = an_cuda_form_of(o->y),
                                .function = functions[neuron->kind],
                                .a = (float)neuron->a,
                                .b = (float)neuron->b};
}

static int neuron_forward(const own *o, const an_op_args *args)
{
    an_cuda_neuron_run run = neuron_run(o);
    run.x = args->x[0];
    run.y = args->y;
    return an_cuda_neuron_forward(&run, queue_of(o));
}

static int neuron_backward(const own *o, const an_op_args *args)
{
    an_cuda_neuron_run run = neuron_run(o);
    run.y = args->y;
    run.dy = args->dy;
    run.dx = args->dx[0];
    return run.dx ? an_cuda_neuron_backward(&run, queue_of(o)) : 0;
}

static const own_kind neuron_kind = {"own", false, true, neuron_forward, neuron_backward};

/* ---- Norms ----------------------------------------------------------------------------------- */

an_cuda_lrn_run an_cuda_norm_run(const an_op_desc *desc, an_layout layout)
{
    const an_lrn_desc *lrn = &desc->u.lrn;
    return (an_cuda_lrn_run){.form = an_cuda_form_of(layout),
                             .within = desc->kind == AN_OP_LRN_WITHIN,
                             .size = lrn->size,
                             .groups = lrn->groups,
                             .k = (float)lrn->k,
                             .alpha = (float)lrn->alpha,
                             .beta = (float)lrn->beta};
}

static int lrn_forward(const own *o, const an_op_args *args)
{
    an_cuda_lrn_run run = an_cuda_norm_run(&o->desc, o->y);
    run.x = args->x[0];
    run.y = args->y;
    return an_cuda_lrn_forward(&run, queue_of(o));
}

static int lrn_backward(const own *o, const an_op_args *args)
{
    an_cuda_lrn_run run = an_cuda_norm_run(&o->desc, o->y);
    run.x = args->x[0];
    run.dy = args->dy;
    run.dx = args->dx[0];
    run.scratch = an_cuda_at(args->scratch, o->work_at);
    return run.dx ? an_cuda_lrn_backward(&run, queue_of(o)) : 0;
}

static const own_kind lrn_kind = {"own", true, false, lrn_forward, lrn_backward};

/* ---- Pooling --------------------------------------------------------------------------------- */

an_cuda_pool_run an_cuda_pooling_run(const an_op_desc *desc, an_layout in, bool relu)
{
    const an_pool_desc *pool = &desc->u.pool;
    return (an_cuda_pool_run){.in = an_cuda_form_of(in),
                              .out_h = desc->out.h,
                              .out_w = desc->out.w,
                              .size = pool->size,
                              .stride = pool->stride,
                              .pad = pool->pad,
                              .max = pool->kind == AN_POOL_MAX,
                              .relu = relu};
}

static an_cuda_pool_run pool_run(const own *o)
{
    return an_cuda_pooling_run(&o->desc, o->x[0], o->relu);
}

static int pool_forward(const own *o, const an_op_args *args)
{
    an_cuda_pool_run run = pool_run(o);
    run.x = args->x[0];
    run.y = args->y;
    run.places = o->saves ? an_cuda_at(args->saved, o->saved_at) : NULL;
    return an_cuda_pool_forward(&run, queue_of(o));
}

static int pool_backward(const own *o, const an_op_args *args)
{
    an_cuda_pool_run run = pool_run(o);
    run.places = o->saves ? an_cuda_at(args->saved, o->saved_at) : NULL;
    run.dy = args->dy;
    run.dx = args->dx[0];
    return run.dx ? an_cuda_pool_backward(&run, queue_of(o)) : 0;
}

static const own_kind pool_kind = {"own", false, false, pool_forward, pool_backward};
static const own_kind relu_pool_kind = {"own relu+pool", false, false, pool_forward, pool_backward};

/* ---- Dropout --------------------------------------------------------------------------------- */

/* The operator is linear, so that forward and backward are the same, but for the turn. */
static int drop(const own *o, const an_step_state *state, an_cuda_turn turn, const void *from,
                void *to)
{
    const an_dropout_desc *d = &o->desc.u.dropout;
    bool mask = d->kind == AN_DROPOUT_MASK;
    an_cuda_dropout_run run = {.form = an_cuda_form_of(o->y),
                               .turn = o->turns ? turn : AN_CUDA_AS_IT_IS,
                               .seed = o->masks ? &state->seed : NULL,
                               .step = o->masks ? &state->step : NULL,
                               .before = o->masks ? &state->before : NULL,
                               .keep = d->keep,
                               .layer = d->layer,
                               .kept = mask ? 1 : (float)(1 / d->keep),
                               .always = mask ? (float)d->keep : 1,
                               .x = from,
                               .y = to};
    return an_cuda_dropout(&run, queue_of(o));
}

static int dropout_forward(const own *o, const an_op_args *args)
{
    return drop(o, args->state, AN_CUDA_TO_ROWS, args->x[0], args->y);
}

static int dropout_backward(const own *o, const an_op_args *args)
{
    return args->dx[0] ? drop(o, args->state, AN_CUDA_FROM_ROWS, args->dy, args->dx[0]) : 0;
}

static const own_kind dropout_kind = {"own", false, false, dropout_forward, dropout_backward};

/* ---- Several inputs -------------------------------------------------------------------------- */

/* The copy of input i to its channels of the output. */
static an_cuda_copy_run piece(const own *o, int i, const void *input, const void *whole)
{
    int before = 0;
    for (int j = 0; j < i; j++)
        before += o->x[j].shape.c;
    an_chw s = o->x[i].shape;
    bool nhwc = o->y.kind == AN_LAYOUT_NHWC, bf16 = o->y.dtype == AN_BF16;
    return (an_cuda_copy_run){.n = o->y.n,
                              .c = s.c,
                              .h = s.h,
                              .w = s.w,
                              .from = {(void *)input, nhwc, bf16, s.c, 0},
                              .to = {(void *)whole, nhwc, bf16, o->y.shape.c, before}};
}

static int concat_forward(const own *o, const an_op_args *args)
{
    int error = 0;
    for (int i = 0; i < o->desc.n_inputs && !error; i++) {
        an_cuda_copy_run run = piece(o, i, args->x[i], args->y);
        error = an_cuda_copy(&run, queue_of(o));
    }
    return error;
}

static int concat_backward(const own *o, const an_op_args *args)
{
    int error = 0;
    for (int i = 0; i < o->desc.n_inputs && !error; i++) {
        an_cuda_copy_run run = piece(o, i, args->dx[i], args->dy);
        an_cuda_part input = run.from;
        run.from = run.to;
        run.to = input;
        error = args->dx[i] ? an_cuda_copy(&run, queue_of(o)) : 0;
    }
    return error;
}

static const own_kind concat_kind = {"own", false, false, concat_forward, concat_backward};

static int sum_forward(const own *o, const an_op_args *args)
{
    an_cuda_eltsum_run run = {.count = an_cuda_count(o->y),
                              .bf16 = o->y.dtype == AN_BF16,
                              .n_inputs = o->desc.n_inputs,
                              .y = args->y};
    for (int i = 0; i < o->desc.n_inputs; i++)
        run.x[i] = args->x[i];
    return an_cuda_eltsum(&run, queue_of(o));
}

static int sum_backward(const own *o, const an_op_args *args)
{
    const an_cuda *cuda = o->op.cuda;
    int error = 0;
    for (int i = 0; i < o->desc.n_inputs && !error; i++)
        if (args->dx[i])
            error = cuda->libs->cudaMemcpyAsync(args->dx[i], args->dy, an_layout_bytes(o->y),
                                                cudaMemcpyDeviceToDevice, cuda->stream);
    return error;
}

static const own_kind sum_kind = {"own", false, false, sum_forward, sum_backward};

/* ---- Pictures -------------------------------------------------------------------------------- */

static int augment_forward(const own *o, const an_op_args *args)
{
    an_cuda_augment_run run = {.desc = o->desc.u.augment,
                               .n = o->desc.n,
                               .pictures = args->pictures,
                               .slots = args->slots,
                               .mean = args->param[0],
                               .y = args->y,
                               .nhwc =
                                   o->y.kind == AN_LAYOUT_NHWC || o->y.shape.h * o->y.shape.w == 1,
                               .bf16 = o->y.dtype == AN_BF16,
                               .channels = an_channel_count(o->desc.u.augment.channels)};
    return o->blocked ? an_cuda_augment_blocks(&run, &o->blocks, queue_of(o))
                      : an_cuda_augment(&run, queue_of(o));
}

static const own_kind augment_kind = {"own", false, false, augment_forward, NULL};

/* ---- Softmax --------------------------------------------------------------------------------- */

static an_cuda_softmax_run softmax_run(const own *o, const an_op_args *args)
{
    return (an_cuda_softmax_run){.n = o->desc.n,
                                 .c = o->desc.out.c,
                                 .x_bf16 = o->x[0].dtype == AN_BF16,
                                 .dx_bf16 = o->x[0].dtype == AN_BF16,
                                 .y = args->y,
                                 .slots = args->slots,
                                 .smoothing = args->state ? &args->state->smoothing : NULL};
}

static int softmax_forward(const own *o, const an_op_args *args)
{
    an_cuda_softmax_run run = softmax_run(o, args);
    run.x = args->x[0];
    run.scores = args->scores;
    run.results = args->results;
    return an_cuda_softmax_forward(&run, queue_of(o));
}

static int softmax_backward(const own *o, const an_op_args *args)
{
    an_cuda_softmax_run run = softmax_run(o, args);
    run.weight = &args->state->weight;
    run.dx = args->dx[0];
    return run.dx ? an_cuda_softmax_backward(&run, queue_of(o)) : 0;
}

static const own_kind softmax_kind = {"own", false, true, softmax_forward, softmax_backward};

/* ---- The frame ------------------------------------------------------------------------------- */

static alexnet_status own_forward(an_cuda_op *op, const an_op_args *args)
{
    const own *o = (const own *)op;
    an_op_args inner = *args;
    for (int i = 0; i < o->desc.n_inputs; i++)
        AN_CHECK(an_cuda_reorder_in(&o->x_in[i], op, args, &inner.x[i]));
    inner.y = an_cuda_reorder_target(&o->y_out, args, args->y);
    AN_CHECK(an_cuda_check(op->cuda, o->kind->forward(o, &inner), an_op_table[o->desc.kind]->name));
    return an_cuda_reorder_out(&o->y_out, op, args, args->y);
}

static alexnet_status own_backward(an_cuda_op *op, const an_op_args *args)
{
    const own *o = (const own *)op;
    an_op_args inner = *args;
    const void *y = args->y;
    if (!o->kind->backward)
        return ALEXNET_OK;
    for (int i = 0; i < o->desc.n_inputs && o->kind->needs_x; i++)
        AN_CHECK(an_cuda_reorder_in(&o->x_in[i], op, args, &inner.x[i]));
    if (o->kind->needs_y)
        AN_CHECK(an_cuda_reorder_in(&o->y_in, op, args, &y));
    inner.y = (void *)y;
    if (args->dy)
        AN_CHECK(an_cuda_reorder_in(&o->dy_in, op, args, &inner.dy));
    for (int i = 0; i < o->desc.n_inputs; i++)
        inner.dx[i] = args->dx[i] ? an_cuda_reorder_target(&o->dx_out[i], args, args->dx[i]) : NULL;
    AN_CHECK(
        an_cuda_check(op->cuda, o->kind->backward(o, &inner), an_op_table[o->desc.kind]->name));
    for (int i = 0; i < o->desc.n_inputs; i++)
        if (args->dx[i])
            AN_CHECK(an_cuda_reorder_out(&o->dx_out[i], op, args, args->dx[i]));
    return ALEXNET_OK;
}

static void own_free(an_cuda_op *op)
{
    an_free(op);
}

static const an_cuda_methods methods = {NULL, own_forward, own_backward, own_free};

/* Whether a ReLU is taken with the max pooling behind it: backward then needs no x and no y. */
static bool pools_relu(const an_prepare *p)
{
    const an_op_desc *pool = an_cuda_follower(p, 1, AN_OP_POOL);
    return p->want_dx && an_cuda_relu_at(p, 0) && pool && pool->u.pool.kind == AN_POOL_MAX;
}

static const own_kind *kind_of(const own *o)
{
    switch (o->desc.kind) {
    case AN_OP_AUGMENT: return &augment_kind;
    case AN_OP_NEURON: return &neuron_kind;
    case AN_OP_POOL: return o->relu ? &relu_pool_kind : &pool_kind;
    case AN_OP_LRN:
    case AN_OP_LRN_WITHIN: return &lrn_kind;
    case AN_OP_DROPOUT: return &dropout_kind;
    case AN_OP_CONCAT: return &concat_kind;
    case AN_OP_ELTSUM: return &sum_kind;
    case AN_OP_SOFTMAX: return &softmax_kind;
    default: return NULL;
    }
}

/* Choose the layouts to compute in. */
static void choose_layouts(own *o, const an_prepare *p)
{
    an_cuda *cuda = o->op.cuda;
    if (o->desc.kind == AN_OP_AUGMENT) {
        o->y = an_cuda_activation(cuda, o->desc.n, o->desc.out);
        if (p->plain_out)
            o->y = (an_layout){AN_LAYOUT_PLAIN, AN_F32, o->desc.n, o->desc.out};
        const an_op_desc *conv = an_cuda_follower(p, 1, AN_OP_CONV);
        o->blocked = !p->plain_out && conv && an_cuda_conv_takes_blocks(cuda, conv, &o->blocks);
        if (o->blocked)
            o->y.shape = (an_chw){o->blocks.channels, o->blocks.rows, o->blocks.columns};
        return;
    }
    for (int i = 0; i < o->desc.n_inputs; i++)
        o->x[i] = (an_layout){p->in[0].kind, p->in[0].dtype, p->in[0].n, p->in[i].shape};
    o->y = (an_layout){p->in[0].kind, p->in[0].dtype, o->desc.n, o->desc.out};
    o->turns = o->desc.kind == AN_OP_DROPOUT && o->y.kind == AN_LAYOUT_NHWC &&
               an_cuda_follower(p, 1, AN_OP_FC);
    if (o->turns)
        o->y.kind = AN_LAYOUT_PLAIN;
    if (o->desc.kind == AN_OP_SOFTMAX) {
        o->x[0].kind = AN_LAYOUT_PLAIN;
        o->y = (an_layout){AN_LAYOUT_PLAIN, AN_F32, o->desc.n, o->desc.out};
    }
}

static void book_memory(own *o, const an_prepare *p)
{
    an_cuda_op *op = &o->op;
    for (int i = 0; i < o->desc.n_inputs; i++) {
        an_cuda_reorder_new(&o->x_in[i], op, p->in[i], o->x[i]);
        if (p->want_dx)
            an_cuda_reorder_new(&o->dx_out[i], op, p->in[i], o->x[i]);
    }
    an_cuda_reorder_new(&o->y_out, op, op->base.out, o->y);
    if (!p->want_dx)
        return;
    an_cuda_reorder_new(&o->dy_in, op, op->base.out, o->y);
    if (o->kind->needs_y)
        an_cuda_reorder_new(&o->y_in, op, op->base.out, o->y);
    if (o->kind == &lrn_kind) {
        an_cuda_lrn_run run = an_cuda_norm_run(&o->desc, o->y);
        o->work_at = an_cuda_take(op, an_cuda_lrn_scratch(&run));
    }
    if (o->desc.kind == AN_OP_POOL && o->desc.u.pool.kind == AN_POOL_MAX) {
        an_cuda_pool_run run = pool_run(o);
        o->saves = true;
        o->saved_at = an_cuda_save(op, an_cuda_pool_places(&run));
    }
}

alexnet_status an_cuda_own_prepare(an_cuda *cuda, const an_prepare *p, an_cuda_op **out)
{
    own *o = an_calloc(1, sizeof *o);
    if (!o)
        return AN_FAIL_MEMORY(sizeof *o, "a prepared operator");
    o->op.methods = &methods;
    o->op.cuda = cuda;
    o->relu = pools_relu(p);
    o->desc = *p->ops[o->relu];
    o->masks = p->masks;
    o->kind = kind_of(o);
    o->op.base.taken = 1 + o->relu;
    choose_layouts(o, p);
    o->op.base.out =
        p->plain_out ? (an_layout){AN_LAYOUT_PLAIN, AN_F32, o->desc.n, o->desc.out} : o->y;
    snprintf(o->op.impl, sizeof o->op.impl, "%s", o->kind->impl);
    book_memory(o, p);
    *out = &o->op;
    return ALEXNET_OK;
}
