/* What an operator looks up and reserves when it is prepared. */
#include "backend/cuda/trial.h"

enum { ALIGN = 256 }; /* as cudaMalloc() aligns */

static size_t book(size_t *total, size_t bytes)
{
    size_t at = *total;
    *total += (bytes + ALIGN - 1) / ALIGN * ALIGN;
    return at;
}

bool an_cuda_is_tuned(const an_tuning *tuning, const an_tuning_query *query, int direction)
{
    enum { UNSAID = -1 };
    an_variants said = {{UNSAID, UNSAID, UNSAID}};
    an_tuning_apply(tuning, query, &said);
    return said.of[direction] != UNSAID;
}

/* Warn once if the tuning has no row for a direction of an operator. */
static void warn_untuned(an_cuda *cuda, const an_tuning_query *query, int direction)
{
    char signature[AN_OP_SIGNATURE];
    const an_tuning *tuning = cuda->base.tuning;
    if (!tuning || cuda->warned_untuned || an_cuda_is_tuned(tuning, query, direction))
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
            *variant = AN_CUDA_FIRST;
            continue;
        }
        warn_untuned(op->cuda, &query, d);
        op->base.tried |= an_cuda_trial_times(op->cuda, p->ops[0]->n);
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
