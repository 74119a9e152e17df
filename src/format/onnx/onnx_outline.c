/*
 * The layers of an ONNX graph, from its output back to its input. Every node on the way must have
 * one input that depends on the graph's input; the others must be constants, or the network is not
 * a chain of layers. No node is passed twice, so the walk ends.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/onnx/onnx_walk.h"

/* A dimension, 0 where it is free. */
static alexnet_status read_dim(an_onnx_input *out, an_wire dim)
{
    enum { DIM_VALUE = 1, RANK_MAX = sizeof out->dims / sizeof out->dims[0] };
    an_wire_field field;
    bool more = true;
    if (out->rank == RANK_MAX)
        return ALEXNET_OK;
    int64_t *length = &out->dims[out->rank++];
    while (more) {
        AN_CHECK(an_wire_next(&dim, &field, &more));
        if (more && field.number == DIM_VALUE && field.type == AN_WIRE_VARINT &&
            an_wire_int(&field) > 0)
            *length = an_wire_int(&field);
    }
    return ALEXNET_OK;
}

/* ValueInfoProto.type, .tensor_type, then .elem_type and .shape, with its .dim: field 1 of the
 * first is the second, and so on. */
static alexnet_status read_type(an_onnx_input *out, an_wire message, int depth)
{
    enum { VALUE, TYPE, TENSOR, SHAPE };
    static const uint32_t inner[] = {[VALUE] = 2, [TYPE] = 1, [TENSOR] = 2, [SHAPE] = 1};
    an_wire_field field;
    for (bool more = true; more;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (more && depth == TENSOR && field.number == 1 && field.type == AN_WIRE_VARINT)
            out->type = an_wire_int(&field);
        if (!more || field.number != inner[depth] || field.type != AN_WIRE_BYTES)
            continue;
        AN_CHECK(depth == SHAPE ? read_dim(out, field.body)
                                : read_type(out, field.body, depth + 1));
    }
    return ALEXNET_OK;
}

alexnet_status an_onnx_input_read(an_onnx_input *out, an_wire info)
{
    *out = (an_onnx_input){0};
    return read_type(out, info, 0);
}

static alexnet_status read_input_shape(const an_onnx_walk *w, an_wire info)
{
    an_onnx_input input;
    AN_CHECK(an_onnx_input_read(&input, info));
    if (input.rank && input.rank != 4)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: an input [N, C, H, W] expected, found one of %d dimensions",
                       an_tensor_file_name(w->file), input.rank);
    for (int i = 1; i < input.rank; i++)
        if (input.dims[i])
            w->outline->input[i - 1] = an_onnx_as_int(input.dims[i]);
    return ALEXNET_OK;
}

/* Go back one node. @param name  in: the value that it computes; out: the value that it reads;
 * owned */
static alexnet_status step(an_onnx_walk *w, const an_onnx_value *value, char **name)
{
    if (w->passed[value->node])
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: the graph has a cycle through %.120s",
                       an_tensor_file_name(w->file), value->name);
    w->passed[value->node] = true;
    an_onnx_node_free(&w->node);
    AN_CHECK(an_onnx_node_read(&w->node, w->onnx, value->node));
    if (value->output != 0)
        return AN_ONNX_REFUSE(w, "its output %d is used; the first expected", value->output);
    AN_CHECK(an_onnx_take_node(w));
    char *next = an_strdup(an_onnx_node_input(&w->node, w->data));
    if (!next)
        return AN_FAIL_MEMORY(64, "a name");
    an_free(*name);
    *name = next;
    return ALEXNET_OK;
}

static alexnet_status go_back(an_onnx_walk *w, char **name)
{
    for (;;) {
        const an_onnx_value *value = an_onnx_find(w->onnx, *name);
        if (!value)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: no node computes the value %s",
                           an_tensor_file_name(w->file), **name ? *name : "\"\"");
        if (value->entry >= 0)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "%s: the output comes from the tensor %s, not from an input",
                           an_tensor_file_name(w->file), *name);
        if (value->node < 0)
            return read_input_shape(w, value->info);
        AN_CHECK(step(w, value, name));
    }
}

static void reverse(an_outline *outline)
{
    for (int i = 0, j = outline->count - 1; i < j; i++, j--) {
        const an_outline_layer moved = outline->layers[i];
        outline->layers[i] = outline->layers[j];
        outline->layers[j] = moved;
    }
}

alexnet_status an_onnx_outline(an_tensor_file *file, an_outline *outline)
{
    alexnet_status rc = ALEXNET_OK;
    an_onnx *onnx = file->state;
    an_onnx_walk w = {.file = file, .onnx = onnx, .outline = outline, .bias = -1};
    char *name = NULL;
    if (onnx->n_outputs != 1)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: a graph of one output expected, found %d",
                       an_tensor_file_name(file), onnx->n_outputs);
    w.passed = an_calloc((size_t)onnx->n_nodes + 1, sizeof *w.passed);
    name = an_strdup(onnx->result);
    if (!w.passed || !name)
        AN_TRY(AN_FAIL_MEMORY((size_t)onnx->n_nodes, "a graph"));
    AN_TRY(go_back(&w, &name));
    if (w.bias >= 0)
        AN_TRY(AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: %.120s adds a tensor to the input",
                       an_tensor_file_name(file), w.bias_node));
    reverse(outline);
cleanup:
    an_onnx_node_free(&w.node);
    an_free(w.passed);
    an_free(w.bias_node);
    an_free(name);
    return rc;
}
