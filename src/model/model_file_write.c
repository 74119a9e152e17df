/*
 * Writing model files and checkpoints.
 */
#include "base/alloc.h"
#include "base/status.h"
#include "model/model_file.h"

static alexnet_status declare(an_tensor_writer *writer, const an_net *net, bool state)
{
    const an_dtype type = net->backend->param_dtype;
    an_state_name name;
    for (int i = 0; i < net->count; i++)
        AN_CHECK(an_tensor_writer_declare(writer, net->params[i].name, type, net->params[i].shape));
    for (an_arena arena = 0; state && arena < net->n_arenas; arena++)
        for (int i = 0; net->arenas[arena].saved && i < net->count; i++)
            if (net->params[i].learned)
                AN_CHECK(an_tensor_writer_declare(writer, an_net_state_name(net, arena, i, name),
                                                  type, net->params[i].shape));
    return ALEXNET_OK;
}

uint64_t an_model_file_bytes(const an_net *net, bool state)
{
    int64_t values = 0;
    int states = 0;
    for (an_arena arena = 0; state && arena < net->n_arenas; arena++)
        states += net->arenas[arena].saved;
    for (int i = 0; i < net->count; i++)
        values += net->params[i].count * (net->params[i].learned ? 1 + states : 1);
    return (uint64_t)values * an_dtype_bytes(net->backend->param_dtype);
}

/* Tensors are copied from the device in pieces of this many values: a copy of the largest would
 * take as much memory as most of the net. */
enum { PIECE = 1 << 18 };

static alexnet_status put_tensor(an_tensor_writer *writer, an_net *net, an_arena arena, int param,
                                 void *piece)
{
    const an_dtype type = net->backend->param_dtype;
    const int64_t count = net->params[param].count;
    for (int64_t done = 0; done < count; done += PIECE) {
        const int64_t n = count - done < PIECE ? count - done : PIECE;
        AN_CHECK(an_net_read_part(net, arena, param, done, n, piece, type));
        AN_CHECK(an_tensor_writer_data(writer, piece, (size_t)n * an_dtype_bytes(type)));
    }
    return ALEXNET_OK;
}

/* Write the learned parameters from an arena and, if `all`, the others from AN_VALUES. */
static alexnet_status put_tensors(an_tensor_writer *writer, an_net *net, an_arena arena, bool all)
{
    const size_t bytes = PIECE * an_dtype_bytes(net->backend->param_dtype);
    alexnet_status rc = ALEXNET_OK;
    void *piece = an_malloc(bytes);
    if (!piece)
        return AN_FAIL_MEMORY(bytes, "a piece of a tensor");
    for (int i = 0; i < net->count && rc == ALEXNET_OK; i++)
        if (all || net->params[i].learned)
            rc = put_tensor(writer, net, net->params[i].learned ? arena : AN_VALUES, i, piece);
    an_free(piece);
    return rc;
}

static alexnet_status declare_more(an_tensor_writer *writer, const an_model_more *more)
{
    for (int i = 0; i < more->n_metadata; i++)
        AN_CHECK(an_tensor_writer_metadata(writer, more->metadata[i].key, more->metadata[i].value));
    for (int i = 0; i < more->n_tensors; i++) {
        const an_model_tensor *tensor = &more->tensors[i];
        AN_CHECK(an_tensor_writer_declare(writer, tensor->name, tensor->dtype, tensor->shape));
    }
    return ALEXNET_OK;
}

static alexnet_status put_more(an_tensor_writer *writer, const an_model_more *more)
{
    for (int i = 0; i < more->n_tensors; i++) {
        const an_model_tensor *tensor = &more->tensors[i];
        const size_t count = (size_t)an_shape_count(tensor->shape);
        AN_CHECK(
            an_tensor_writer_data(writer, tensor->data, count * an_dtype_bytes(tensor->dtype)));
    }
    return ALEXNET_OK;
}

alexnet_status an_model_file_write(const char *path, an_net *net, an_arena values,
                                   const an_classes *classes, bool state, const an_model_more *more)
{
    static const an_model_more nothing = {0};
    alexnet_status rc = ALEXNET_OK;
    an_tensor_writer *writer;
    more = more ? more : &nothing;
    AN_CHECK(an_tensor_writer_new(&writer, path));
    an_tensor_writer_sum(writer);
    AN_TRY(an_model_metadata_write(writer, net->network, classes));
    AN_TRY(declare_more(writer, more));
    AN_TRY(declare(writer, net, state));
    AN_TRY(put_more(writer, more));
    AN_TRY(put_tensors(writer, net, values, true));
    for (an_arena arena = 0; state && arena < net->n_arenas; arena++)
        if (net->arenas[arena].saved)
            AN_TRY(put_tensors(writer, net, arena, false));
    return an_tensor_writer_commit(writer);
cleanup:
    an_tensor_writer_abort(writer);
    return rc;
}
