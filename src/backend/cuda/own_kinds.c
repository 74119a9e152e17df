/* The arithmetic of operators with kernels of our own: runs for kernels/ from descriptors and
 * tensors. */
#include "backend/cuda/own.h"

static an_cuda_stream *queue_of(const an_cuda_own *o)
{
    return an_cuda_queue(o->op.cuda);
}

/* ---- Neurons --------------------------------------------------------------------------------- */

static an_cuda_neuron_run neuron_run(const an_cuda_own *o)
{
    static const an_cuda_function functions[] = {
        [AN_RELU] = AN_CUDA_RELU, [AN_TANH] = AN_CUDA_TANH, [AN_LOGISTIC] = AN_CUDA_LOGISTIC};
    const an_neuron_desc *neuron = &o->desc.u.neuron;
    return (an_cuda_neuron_run){.form = an_cuda_form_of(o->y),
                                .function = functions[neuron->kind],
                                .a = (float)neuron->a,
                                .b = (float)neuron->b};
}

static int neuron_forward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_neuron_run run = neuron_run(o);
    run.x = args->x[0];
    run.y = args->y;
    return an_cuda_neuron_forward(&run, queue_of(o));
}

static int neuron_backward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_neuron_run run = neuron_run(o);
    run.y = args->y;
    run.dy = args->dy;
    run.dx = args->dx[0];
    return run.dx ? an_cuda_neuron_backward(&run, queue_of(o)) : 0;
}

static const an_cuda_own_kind neuron_kind = {"own", false, true, neuron_forward, neuron_backward};

/* ---- LRN ------------------------------------------------------------------------------------- */

an_cuda_lrn_run an_cuda_lrn_of(const an_op_desc *desc, an_layout layout)
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

static int lrn_forward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_lrn_run run = an_cuda_lrn_of(&o->desc, o->y);
    run.x = args->x[0];
    run.y = args->y;
    return an_cuda_lrn_forward(&run, queue_of(o));
}

static int lrn_backward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_lrn_run run = an_cuda_lrn_of(&o->desc, o->y);
    run.x = args->x[0];
    run.dy = args->dy;
    run.dx = args->dx[0];
    run.scratch = an_cuda_at(args->scratch, o->work_at);
    return run.dx ? an_cuda_lrn_backward(&run, queue_of(o)) : 0;
}

static const an_cuda_own_kind lrn_kind = {"own", true, false, lrn_forward, lrn_backward};

/* ---- Pooling --------------------------------------------------------------------------------- */

an_cuda_pool_run an_cuda_pool_of(const an_op_desc *desc, an_layout in, bool relu)
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

static an_cuda_pool_run pool_run(const an_cuda_own *o)
{
    return an_cuda_pool_of(&o->desc, o->x[0], o->relu);
}

static int pool_forward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_pool_run run = pool_run(o);
    run.x = args->x[0];
    run.y = args->y;
    run.places = o->saves ? an_cuda_at(args->saved, o->saved_at) : NULL;
    return an_cuda_pool_forward(&run, queue_of(o));
}

static int pool_backward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_pool_run run = pool_run(o);
    run.places = o->saves ? an_cuda_at(args->saved, o->saved_at) : NULL;
    run.dy = args->dy;
    run.dx = args->dx[0];
    return run.dx ? an_cuda_pool_backward(&run, queue_of(o)) : 0;
}

static const an_cuda_own_kind pool_kind = {"own", false, false, pool_forward, pool_backward};
static const an_cuda_own_kind relu_pool_kind = {"own relu+pool", false, false, pool_forward,
                                                pool_backward};

/* ---- Dropout --------------------------------------------------------------------------------- */

/* Dropout is linear: forward and backward differ only in the turn. */
static int drop(const an_cuda_own *o, const an_step_state *state, an_cuda_turn turn,
                const void *from, void *to)
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

static int dropout_forward(const an_cuda_own *o, const an_op_args *args)
{
    return drop(o, args->state, AN_CUDA_TO_ROWS, args->x[0], args->y);
}

static int dropout_backward(const an_cuda_own *o, const an_op_args *args)
{
    return args->dx[0] ? drop(o, args->state, AN_CUDA_FROM_ROWS, args->dy, args->dx[0]) : 0;
}

static const an_cuda_own_kind dropout_kind = {"own", false, false, dropout_forward,
                                              dropout_backward};

/* ---- Several inputs -------------------------------------------------------------------------- */

/* The copy of input i to its channels of the output. */
static an_cuda_copy_run piece(const an_cuda_own *o, int i, const void *input, const void *whole)
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

static int concat_forward(const an_cuda_own *o, const an_op_args *args)
{
    int error = 0;
    for (int i = 0; i < o->desc.n_inputs && !error; i++) {
        an_cuda_copy_run run = piece(o, i, args->x[i], args->y);
        error = an_cuda_copy(&run, queue_of(o));
    }
    return error;
}

static int concat_backward(const an_cuda_own *o, const an_op_args *args)
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

static const an_cuda_own_kind concat_kind = {"own", false, false, concat_forward, concat_backward};

static int sum_forward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_eltsum_run run = {.count = an_cuda_count(o->y),
                              .bf16 = o->y.dtype == AN_BF16,
                              .n_inputs = o->desc.n_inputs,
                              .y = args->y};
    for (int i = 0; i < o->desc.n_inputs; i++)
        run.x[i] = args->x[i];
    return an_cuda_eltsum(&run, queue_of(o));
}

static int sum_backward(const an_cuda_own *o, const an_op_args *args)
{
    const an_cuda *cuda = o->op.cuda;
    int error = 0;
    for (int i = 0; i < o->desc.n_inputs && !error; i++)
        if (args->dx[i])
            error = cuda->libs->cudaMemcpyAsync(args->dx[i], args->dy, an_layout_bytes(o->y),
                                                cudaMemcpyDeviceToDevice, cuda->stream);
    return error;
}

static const an_cuda_own_kind sum_kind = {"own", false, false, sum_forward, sum_backward};

/* ---- Pictures -------------------------------------------------------------------------------- */

static int augment_forward(const an_cuda_own *o, const an_op_args *args)
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

static const an_cuda_own_kind augment_kind = {"own", false, false, augment_forward, NULL};

/* ---- Softmax --------------------------------------------------------------------------------- */

static an_cuda_softmax_run softmax_run(const an_cuda_own *o, const an_op_args *args)
{
    return (an_cuda_softmax_run){.n = o->desc.n,
                                 .c = o->desc.out.c,
                                 .x_bf16 = o->x[0].dtype == AN_BF16,
                                 .dx_bf16 = o->x[0].dtype == AN_BF16,
                                 .y = args->y,
                                 .slots = args->slots,
                                 .smoothing = args->state ? &args->state->smoothing : NULL};
}

static int softmax_forward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_softmax_run run = softmax_run(o, args);
    run.x = args->x[0];
    run.scores = args->scores;
    run.results = args->results;
    return an_cuda_softmax_forward(&run, queue_of(o));
}

static int softmax_backward(const an_cuda_own *o, const an_op_args *args)
{
    an_cuda_softmax_run run = softmax_run(o, args);
    run.weight = &args->state->weight;
    run.dx = args->dx[0];
    return run.dx ? an_cuda_softmax_backward(&run, queue_of(o)) : 0;
}

static const an_cuda_own_kind softmax_kind = {"own", false, true, softmax_forward,
                                              softmax_backward};

/* ---- All of them ----------------------------------------------------------------------------- */

const an_cuda_own_kind *an_cuda_own_kind_of(const an_cuda_own *o)
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
