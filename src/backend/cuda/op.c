/* What all prepared operators share. */
#include "backend/cuda/trial.h"

#include <assert.h>

#include "base/alloc.h"

/* ---- The table's functions ------------------------------------------------------------------- */

alexnet_status an_cuda_op_prepare(an_backend *backend, const an_prepare *p, an_prepared **out)
{
    an_cuda *cuda;
    an_cuda_op *op = NULL;
    *out = NULL;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    switch (p->ops[0]->kind) {
    case AN_OP_CONV: AN_CHECK(an_cuda_conv_prepare(cuda, p, &op)); break;
    case AN_OP_FC: AN_CHECK(an_cuda_fc_prepare(cuda, p, &op)); break;
    default: AN_CHECK(an_cuda_own_prepare(cuda, p, &op));
    }
    op->base.impl = op->impl;
    *out = &op->base;
    return ALEXNET_OK;
}

alexnet_status an_cuda_op_pack(an_backend *backend, an_prepared *prepared, const an_op_args *args)
{
    an_cuda *cuda;
    an_cuda_op *op = (an_cuda_op *)prepared;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return op->methods->pack ? op->methods->pack(op, args) : ALEXNET_OK;
}

alexnet_status an_cuda_op_forward(an_backend *backend, an_prepared *prepared,
                                  const an_op_args *args)
{
    an_cuda *cuda;
    an_cuda_op *op = (an_cuda_op *)prepared;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return op->methods->forward(op, args);
}

alexnet_status an_cuda_op_backward(an_backend *backend, an_prepared *prepared,
                                   const an_op_args *args)
{
    an_cuda *cuda;
    an_cuda_op *op = (an_cuda_op *)prepared;
    AN_CHECK(an_cuda_enter(backend, &cuda));
    return op->methods->backward ? op->methods->backward(op, args) : ALEXNET_OK;
}

void an_cuda_op_free(an_backend *backend, an_prepared *prepared)
{
    an_cuda *cuda;
    if (!prepared)
        return;
    (void)an_cuda_enter(backend, &cuda);
    ((an_cuda_op *)prepared)->methods->free((an_cuda_op *)prepared);
}

/* ---- Memory and variants --------------------------------------------------------------------- */

enum { ALIGN = 256 }; /* as cudaMalloc() aligns */

static size_t book(size_t *total, size_t bytes)
{
    size_t at = *total;
    *total += (bytes + ALIGN - 1) / ALIGN * ALIGN;
    return at;
}

/* Warn once if the tuning has no row for a direction of an operator. */
static void warn_untuned(an_cuda *cuda, const an_tuning_query *query, int direction)
{
    enum { UNSAID = -1 };
    an_variants said = {{UNSAID, UNSAID, UNSAID}};
    char signature[AN_OP_SIGNATURE];
    an_tuning_apply(cuda->base.tuning, query, &said);
    if (!cuda->base.tuning || cuda->warned_untuned || said.of[direction] != UNSAID)
        return;
    cuda->warned_untuned = true;
    an_op_signature(query->op, signature);
    an_log(cuda->base.ctx, ALEXNET_LOG_WARNING,
           "the tuning has no row for %s of %s with batch = %d and tail = %s: its algorithm is "
           "chosen as if there were no tuning",
           an_direction_names[direction], signature, query->op->n, query->tail);
}

void an_cuda_op_tune(an_cuda_op *op, const an_prepare *p, const char *tail)
{
    const bool wanted[AN_DIRECTIONS] = {true, p->want_dx, p->want_dw};
    an_tuning_query query = an_backend_query(&op->cuda->base, p->ops[0], p->training);
    query.tail = op->base.tail = tail;
    op->base.tunable = true;
    op->base.variants = an_backend_ask(&op->cuda->base, &query);
    for (int d = 0; d < AN_DIRECTIONS; d++) {
        an_variant *variant = &op->base.variants.of[d];
        if (!wanted[d])
            *variant = AN_CUDA_AUTO;
        if (!wanted[d] || *variant != AN_CUDA_AUTO)
            continue;
        if (p->untried) {
            *variant = AN_CUDA_PROPOSAL;
            continue;
        }
        warn_untuned(op->cuda, &query, d);
        op->base.tried |= an_cuda_trial_wanted(op->cuda, p->ops[0]->n);
    }
}

size_t an_cuda_take(an_cuda_op *op, size_t bytes)
{
    return book(&op->base.scratch, bytes);
}

size_t an_cuda_save(an_cuda_op *op, size_t bytes)
{
    return book(&op->base.saved, bytes);
}

const an_op_desc *an_cuda_follower(const an_prepare *p, int at, an_op_kind kind)
{
    return p->n_ops > at && p->ops[at]->kind == kind ? p->ops[at] : NULL;
}

bool an_cuda_relu_at(const an_prepare *p, int at)
{
    const an_op_desc *neuron = an_cuda_follower(p, at, AN_OP_NEURON);
    return neuron && neuron->u.neuron.kind == AN_RELU;
}

/* ---- Layouts --------------------------------------------------------------------------------- */

an_layout an_cuda_activation(const an_cuda *cuda, int n, an_chw shape)
{
    bool pixels = shape.h > 1 || shape.w > 1;
    return (an_layout){pixels ? cuda->kind : AN_LAYOUT_PLAIN, cuda->activation, n, shape};
}

an_cuda_form an_cuda_form_of(an_layout l)
{
    return (an_cuda_form){.n = l.n,
                          .c = l.shape.c,
                          .h = l.shape.h,
                          .w = l.shape.w,
                          .nhwc = l.kind == AN_LAYOUT_NHWC,
                          .bf16 = l.dtype == AN_BF16};
}

int64_t an_cuda_count(an_layout l)
{
    return l.n * an_chw_count(l.shape);
}

/* Whether a tensor has the same bytes in both layouts: with one pixel or one channel, the order is
 * the same too. */
static bool same_bytes(an_layout a, an_layout b)
{
    bool pixel = a.shape.h == 1 && a.shape.w == 1;
    return a.dtype == b.dtype && (a.kind == b.kind || pixel || a.shape.c == 1);
}

alexnet_status an_cuda_convert(const an_cuda *cuda, an_layout from, const void *src, an_layout to,
                               void *dst)
{
    an_cuda_copy_run run = {
        .n = from.n,
        .c = from.shape.c,
        .h = from.shape.h,
        .w = from.shape.w,
        .from = {(void *)src, from.kind == AN_LAYOUT_NHWC, from.dtype == AN_BF16, from.shape.c, 0},
        .to = {dst, to.kind == AN_LAYOUT_NHWC, to.dtype == AN_BF16, to.shape.c, 0}};
    return an_cuda_check(cuda, an_cuda_copy(&run, an_cuda_queue(cuda)), "a change of layout");
}

void an_cuda_reorder_new(an_cuda_reorder *reorder, an_cuda_op *op, an_layout outer, an_layout inner)
{
    *reorder = (an_cuda_reorder){!same_bytes(outer, inner), 0, outer, inner};
    if (reorder->copies)
        reorder->at = an_cuda_take(op, an_layout_bytes(inner));
}

alexnet_status an_cuda_reorder_in(const an_cuda_reorder *reorder, const an_cuda_op *op,
                                  const an_op_args *args, const void **tensor)
{
    const void *outer = *tensor;
    if (!reorder->copies)
        return ALEXNET_OK;
    *tensor = an_cuda_at(args->scratch, reorder->at);
    return an_cuda_convert(op->cuda, reorder->outer, outer, reorder->inner, (void *)*tensor);
}

void *an_cuda_reorder_target(const an_cuda_reorder *reorder, const an_op_args *args, void *outer)
{
    return reorder->copies ? an_cuda_at(args->scratch, reorder->at) : outer;
}

alexnet_status an_cuda_reorder_out(const an_cuda_reorder *reorder, const an_cuda_op *op,
                                   const an_op_args *args, void *outer)
{
    if (!reorder->copies)
        return ALEXNET_OK;
    return an_cuda_convert(op->cuda, reorder->inner, an_cuda_at(args->scratch, reorder->at),
                           reorder->outer, outer);
}
