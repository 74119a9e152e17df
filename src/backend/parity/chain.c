#include "backend/parity/chain.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

int64_t an_param_count(const an_op_desc *desc, int index)
{
    an_param_info info[AN_MAX_PARAMS];
    return index < an_op_params(desc, info) ? an_shape_count(info[index].shape) : 0;
}

int64_t an_batch_count(const an_op_desc *desc, an_chw shape)
{
    return desc->n * an_chw_count(shape);
}

/* Memory of the backend, freed by an_chain_close(); NULL for 0 bytes. */
static alexnet_status take(an_chain *chain, size_t bytes, void **out)
{
    *out = NULL;
    if (bytes == 0)
        return ALEXNET_OK;
    assert(chain->n_buffers < AN_CHAIN_BUFFERS);
    AN_CHECK(chain->backend->api->alloc(chain->backend, bytes, out));
    chain->buffers[chain->n_buffers].block = *out;
    chain->buffers[chain->n_buffers++].bytes = bytes;
    return ALEXNET_OK;
}

static alexnet_status take_elements(an_chain *chain, int64_t count, void **out)
{
    return take(chain, (size_t)count * an_dtype_bytes(chain->backend->param_dtype), out);
}

/* Scratch memory with all bits set: an operator that reads what it has not written reads NaN. */
static alexnet_status take_scratch(an_chain *chain, size_t bytes, void **out)
{
    static const size_t PIECE = 1 << 20;
    AN_CHECK(take(chain, bytes, out));
    size_t piece = bytes < PIECE ? bytes : PIECE;
    void *ones = an_malloc(piece);
    if (!ones)
        return AN_FAIL_MEMORY(piece, "scratch memory");
    memset(ones, 0xff, piece);
    alexnet_status rc = ALEXNET_OK;
    for (size_t at = 0; at < bytes && rc == ALEXNET_OK; at += piece)
        rc = chain->backend->api->write(chain->backend, (char *)*out + at, ones,
                                        bytes - at < piece ? bytes - at : piece);
    an_free(ones);
    return rc;
}

static bool last_is_softmax(const an_chain *chain)
{
    return chain->ops[chain->n_ops - 1]->kind == AN_OP_SOFTMAX;
}

static alexnet_status open_ends(an_chain *chain)
{
    const an_op_desc *first = chain->ops[0];
    for (int i = 0; i < first->n_inputs; i++) {
        int64_t count = an_batch_count(first, first->in[i]);
        AN_CHECK(take_elements(chain, count, &chain->x[i]));
        if (chain->options.gradients && !chain->options.first)
            AN_CHECK(take_elements(chain, count, &chain->dx[i]));
    }
    if (first->kind == AN_OP_AUGMENT) {
        const an_augment_desc *augment = &first->u.augment;
        size_t side = (size_t)augment->side;
        AN_CHECK(take(chain, (size_t)augment->pictures * side * side * 3, &chain->pictures));
    }
    if (last_is_softmax(chain)) {
        AN_CHECK(take(chain, (size_t)first->n * sizeof(an_score), &chain->scores));
        AN_CHECK(take(chain, sizeof(an_results), &chain->results));
    }
    AN_CHECK(take(chain, (size_t)first->n * sizeof(an_slot), &chain->slots));
    return take(chain, sizeof(an_step_state), &chain->state);
}

static alexnet_status prepare_link(an_chain *chain, int first, const an_layout *in)
{
    an_chain_link *link = &chain->link[chain->n_links];
    const an_op_desc *desc = chain->ops[first];
    an_prepare prepare = {
        .ops = chain->ops + first,
        .n_ops = chain->n_ops - first,
        .in = desc->n_inputs ? in : NULL,
        .masks = chain->options.training,
        .training = chain->options.gradients,
        .want_dx =
            chain->options.gradients && desc->n_inputs > 0 && !(first == 0 && chain->options.first),
        .want_dw = chain->options.gradients,
        .next_dw = chain->options.gradients,
        .plain_out = true,
        .split = chain->options.split,
    };
    link->first = first;
    AN_CHECK(chain->backend->api->op_prepare(chain->backend, &prepare, &link->op));
    chain->n_links++;
    /* The output is inside the chain: let the backend choose its layout. */
    if (first + link->op->taken < chain->n_ops) {
        chain->backend->api->op_free(chain->backend, link->op);
        link->op = NULL;
        prepare.plain_out = false;
        AN_CHECK(chain->backend->api->op_prepare(chain->backend, &prepare, &link->op));
    }
    return ALEXNET_OK;
}

static alexnet_status open_link_buffers(an_chain *chain, an_chain_link *link)
{
    const an_op_desc *desc = chain->ops[link->first];
    AN_CHECK(take(chain, an_layout_bytes(link->op->out), &link->y));
    if (chain->options.gradients)
        AN_CHECK(take(chain, an_layout_bytes(link->op->out), &link->dy));
    an_param_info info[AN_MAX_PARAMS];
    int count = an_op_params(desc, info);
    for (int i = 0; i < count; i++) {
        int64_t elements = an_shape_count(info[i].shape);
        AN_CHECK(take_elements(chain, elements, &link->param[i]));
        if (chain->options.gradients && info[i].learned)
            AN_CHECK(take_elements(chain, elements, &link->dparam[i]));
    }
    AN_CHECK(take(chain, link->op->packed, &link->packed));
    AN_CHECK(take(chain, link->op->saved, &link->saved));
    return link->op->scratch ? take_scratch(chain, link->op->scratch, &link->scratch) : ALEXNET_OK;
}

static alexnet_status open_links(an_chain *chain)
{
    an_layout in[AN_MAX_INPUTS];
    const an_op_desc *desc = chain->ops[0];
    for (int i = 0; i < desc->n_inputs; i++)
        in[i] = (an_layout){AN_LAYOUT_PLAIN, chain->backend->param_dtype, desc->n, desc->in[i]};
    for (int first = 0; first < chain->n_ops;) {
        AN_CHECK(prepare_link(chain, first, in));
        an_chain_link *link = &chain->link[chain->n_links - 1];
        AN_CHECK(open_link_buffers(chain, link));
        in[0] = link->op->out;
        first += link->op->taken;
    }
    return ALEXNET_OK;
}

alexnet_status an_chain_open(an_chain **out, an_backend *backend, const an_op_desc *const *ops,
                             int n_ops, const an_parity_options *options)
{
    alexnet_status rc;
    *out = NULL;
    an_chain *chain = an_calloc(1, sizeof *chain);
    if (!chain)
        return AN_FAIL_MEMORY(sizeof *chain, "a run of operators");
    assert(n_ops >= 1 && n_ops <= AN_PARITY_MAX_OPS);
    chain->backend = backend;
    memcpy(chain->ops, ops, (size_t)n_ops * sizeof ops[0]);
    chain->n_ops = n_ops;
    chain->options = *options;
    AN_TRY(open_ends(chain));
    AN_TRY(open_links(chain));
    *out = chain;
    return ALEXNET_OK;
cleanup:
    an_chain_close(chain);
    return rc;
}

void an_chain_close(an_chain *chain)
{
    if (!chain)
        return;
    const an_backend_api *api = chain->backend->api;
    for (int i = 0; i < chain->n_links; i++)
        if (chain->link[i].op)
            api->op_free(chain->backend, chain->link[i].op);
    for (int i = 0; i < chain->n_buffers; i++)
        api->free(chain->backend, chain->buffers[i].block, chain->buffers[i].bytes);
    an_free(chain);
}

alexnet_status an_chain_read(an_chain *chain, const void *src, int64_t count, double *dst)
{
    AN_CHECK(chain->backend->api->sync(chain->backend));
    return an_backend_read(chain->backend, dst, src, AN_F64, count);
}

alexnet_status an_chain_losses(an_chain *chain, double *losses)
{
    size_t n = (size_t)chain->ops[0]->n;
    an_score *scores = an_calloc(n, sizeof *scores);
    if (!scores)
        return AN_FAIL_MEMORY(n * sizeof *scores, "a result");
    alexnet_status rc =
        chain->backend->api->read(chain->backend, scores, chain->scores, n * sizeof *scores);
    for (size_t i = 0; i < n; i++)
        losses[i] = scores[i].loss;
    an_free(scores);
    return rc;
}

/* The arguments of a link: its input is the chain's, or the output of the link before it. */
static an_op_args args_of(an_chain *chain, int i)
{
    an_chain_link *link = &chain->link[i];
    an_op_args args = {
        .y = link->y,
        .dy = link->dy,
        .packed = link->packed,
        .saved = link->saved,
        .scratch = link->scratch,
        .state = chain->state,
        .slots = chain->slots,
        .pictures = chain->pictures,
        .scores = chain->scores,
        .results = chain->results,
    };
    for (int j = 0; j < AN_MAX_PARAMS; j++) {
        args.param[j] = link->param[j];
        args.dparam[j] = link->dparam[j];
    }
    for (int j = 0; i == 0 && j < chain->ops[0]->n_inputs; j++) {
        args.x[j] = chain->x[j];
        args.dx[j] = chain->dx[j];
    }
    if (i > 0) {
        args.x[0] = chain->link[i - 1].y;
        args.dx[0] = chain->link[i - 1].dy;
    }
    return args;
}

static alexnet_status write_params(an_chain *chain, const an_operands *operands)
{
    an_backend *backend = chain->backend;
    for (int i = 0; i < chain->n_links; i++) {
        an_chain_link *link = &chain->link[i];
        for (int j = 0; j < AN_MAX_PARAMS; j++)
            if (link->param[j])
                AN_CHECK(an_backend_write(backend, link->param[j], operands->param[link->first][j],
                                          AN_F64, an_param_count(chain->ops[link->first], j)));
        an_op_args args = args_of(chain, i);
        AN_CHECK(backend->api->op_pack(backend, link->op, &args));
    }
    return ALEXNET_OK;
}

alexnet_status an_chain_write(an_chain *chain, const an_operands *operands)
{
    an_backend *backend = chain->backend;
    const an_op_desc *first = chain->ops[0], *last = chain->ops[chain->n_ops - 1];
    for (int i = 0; i < first->n_inputs; i++)
        AN_CHECK(an_backend_write(backend, chain->x[i], operands->x[i], AN_F64,
                                  an_batch_count(first, first->in[i])));
    if (chain->options.gradients && operands->dy)
        AN_CHECK(an_backend_write(backend, chain->link[chain->n_links - 1].dy, operands->dy, AN_F64,
                                  an_batch_count(last, last->out)));
    if (chain->pictures) {
        size_t side = (size_t)first->u.augment.side;
        AN_CHECK(backend->api->write(backend, chain->pictures, operands->pictures,
                                     (size_t)first->u.augment.pictures * side * side * 3));
    }
    if (operands->slots)
        AN_CHECK(backend->api->write(backend, chain->slots, operands->slots,
                                     (size_t)first->n * sizeof(an_slot)));
    AN_CHECK(backend->api->write(backend, chain->state, &operands->state, sizeof operands->state));
    return write_params(chain, operands);
}

alexnet_status an_chain_forward(an_chain *chain)
{
    for (int i = 0; i < chain->n_links; i++) {
        an_op_args args = args_of(chain, i);
        AN_CHECK(chain->backend->api->op_forward(chain->backend, chain->link[i].op, &args));
    }
    return ALEXNET_OK;
}

alexnet_status an_chain_backward(an_chain *chain)
{
    assert(chain->options.gradients);
    for (int i = chain->n_links - 1; i >= 0; i--) {
        an_op_args args = args_of(chain, i);
        if (i == chain->n_links - 1 && last_is_softmax(chain))
            args.dy = NULL;
        AN_CHECK(chain->backend->api->op_backward(chain->backend, chain->link[i].op, &args));
    }
    return ALEXNET_OK;
}
