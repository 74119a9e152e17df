/*
 * The layers of an ONNX graph, from its output back to its input. Every node on the way must have
 * one input that depends on the graph's input; the others must be constants, or the network is not
 * a chain of layers. No node is passed twice, so the walk ends.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/onnx_walk.h"

/* TypeProto.tensor_type.shape.dim[i].dim_value of an input. */
static alexnet_status read_input_shape(const an_onnx_walk *w, an_wire info)
{
    enum { INFO_TYPE = 2, TENSOR_TYPE = 1, SHAPE = 2, DIM = 1, DIM_VALUE = 1 };
    static const uint32_t way[] = {INFO_TYPE, TENSOR_TYPE, SHAPE};
    an_wire_field field;
    bool more = true;
    int rank = 0;
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        do {
            AN_CHECK(an_wire_next(&info, &field, &more));
            if (!more)
                return ALEXNET_OK; /* it has no shape */
        } while (field.number != way[i] || field.type != AN_WIRE_BYTES);
        info = field.body;
    }
    for (;;) {
        AN_CHECK(an_wire_next(&info, &field, &more));
        if (!more)
            break;
        if (field.number != DIM || field.type != AN_WIRE_BYTES)
            continue;
        an_wire dim = field.body;
        const int index = rank++ - 1;
        for (bool inside = true; inside && index >= 0 && index < 3;) {
            AN_CHECK(an_wire_next(&dim, &field, &inside));
            if (inside && field.number == DIM_VALUE && field.type == AN_WIRE_VARINT &&
                an_wire_int(&field) > 0)
                w->outline->input[index] = an_onnx_as_int(an_wire_int(&field));
        }
    }
    if (rank != 4)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: an input [N, C, H, W] expected, found one of %d dimensions",
                       an_tensor_file_name(w->file), rank);
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
