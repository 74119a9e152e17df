/*
 * The graph of an ONNX file: which tensor or node each value comes from.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/onnx/onnx.h"

/* Fields of GraphProto, NodeProto, AttributeProto and ValueInfoProto. */
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_OUTPUT = 2, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_TENSOR = 5 };
enum { INFO_NAME = 1 };

static alexnet_status add_value(an_onnx *onnx, char *name, an_onnx_value **value)
{
    *value = NULL;
    if (onnx->n_values == AN_ONNX_VALUES_MAX) {
        an_free(name);
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: a graph of more than %d values",
                       an_reader_name(onnx->wire.reader), AN_ONNX_VALUES_MAX);
    }
    an_onnx_value *values = an_grow(onnx->values, onnx->n_values, sizeof *values);
    if (!values) {
        an_free(name);
        return AN_FAIL_MEMORY(sizeof *values, "a graph");
    }
    onnx->values = values;
    *value = &values[onnx->n_values++];
    (*value)->name = name;
    (*value)->node = (*value)->entry = -1;
    return ALEXNET_OK;
}

static alexnet_status add_initializer(an_tensor_file *file, an_onnx *onnx, an_wire body)
{
    an_onnx_value *value;
    AN_CHECK(an_onnx_add_tensor(file, onnx, body, NULL));
    char *name = an_strdup(file->entries[file->count - 1].name);
    if (!name)
        return AN_FAIL_MEMORY(64, "a name");
    AN_CHECK(add_value(onnx, name, &value));
    value->entry = file->count - 1;
    return ALEXNET_OK;
}

/* The name in a ValueInfoProto, owned. */
static alexnet_status read_info(an_wire info, char **name)
{
    an_wire_field field;
    bool more = true;
    *name = NULL;
    while (more) {
        AN_CHECK(an_wire_next(&info, &field, &more));
        if (more && field.number == INFO_NAME && field.type == AN_WIRE_BYTES && !*name)
            AN_CHECK(an_wire_text(&field.body, "a value's name", AN_ONNX_NAME_MAX, name));
    }
    if (!*name && !(*name = an_strdup("")))
        return AN_FAIL_MEMORY(1, "a name");
    return ALEXNET_OK;
}

static alexnet_status add_input(an_onnx *onnx, an_wire info)
{
    an_onnx_value *value;
    char *name;
    alexnet_status rc = read_info(info, &name);
    if (rc != ALEXNET_OK) {
        an_free(name);
        return rc;
    }
    AN_CHECK(add_value(onnx, name, &value));
    value->input = true;
    value->info = info;
    return ALEXNET_OK;
}

static alexnet_status add_output(an_onnx *onnx, an_wire info)
{
    if (onnx->n_outputs++ > 0)
        return ALEXNET_OK;
    return read_info(info, &onnx->result);
}

/* Find the tensor in an attribute of a Constant. */
static alexnet_status find_tensor(an_wire attribute, an_wire *tensor, bool *found)
{
    an_wire_field field;
    bool more;
    for (;;) {
        AN_CHECK(an_wire_next(&attribute, &field, &more));
        if (!more)
            return ALEXNET_OK;
        if (field.number == ATTRIBUTE_TENSOR && field.type == AN_WIRE_BYTES) {
            *tensor = field.body;
            *found = true;
        }
    }
}

static alexnet_status add_node(an_tensor_file *file, an_onnx *onnx, an_wire body)
{
    const int index = onnx->n_nodes, first = onnx->n_values;
    an_wire message = body, tensor = body;
    an_wire_field field;
    bool more, constant = false, found = false;
    int fields = 0, outputs = 0;
    an_onnx_value *value;
    if (index == AN_ONNX_VALUES_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: a graph of more than %d nodes",
                       an_tensor_file_name(file), AN_ONNX_VALUES_MAX);
    an_wire *nodes = an_grow(onnx->nodes, index, sizeof *nodes);
    if (!nodes)
        return AN_FAIL_MEMORY(sizeof *nodes, "a graph");
    onnx->nodes = nodes;
    nodes[onnx->n_nodes++] = body;
    for (;;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more)
            break;
        if (++fields > AN_ONNX_FIELDS_MAX)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: node %d has more than %d fields",
                           an_tensor_file_name(file), index, AN_ONNX_FIELDS_MAX);
        if (field.type != AN_WIRE_BYTES)
            continue;
        char *text = NULL;
        if (field.number == NODE_OUTPUT || field.number == NODE_OP)
            AN_CHECK(an_wire_text(&field.body, "a name in a node", AN_ONNX_NAME_MAX, &text));
        if (field.number == NODE_OUTPUT) {
            AN_CHECK(add_value(onnx, text, &value));
            value->node = index;
            value->output = outputs++;
        } else if (field.number == NODE_OP) {
            constant = strcmp(text, "Constant") == 0;
            an_free(text);
        } else if (field.number == NODE_ATTRIBUTE) {
            AN_CHECK(find_tensor(field.body, &tensor, &found));
        }
    }
    if (constant && found && outputs == 1) {
        AN_CHECK(an_onnx_add_tensor(file, onnx, tensor, onnx->values[first].name));
        onnx->values[first].entry = file->count - 1;
    }
    return ALEXNET_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const an_onnx_value *)a)->name, ((const an_onnx_value *)b)->name);
}

static bool is_made(const an_onnx_value *value)
{
    return value->node >= 0 || value->entry >= 0;
}

/* Sort the values by name. An initializer may be the default of an input; both are merged into one
 * value. Outputs that a node omits have the name "" and are not values. */
static alexnet_status index_values(an_onnx *onnx)
{
    int count = 0;
    if (onnx->n_values)
        qsort(onnx->values, (size_t)onnx->n_values, sizeof *onnx->values, by_name);
    for (int i = 0; i < onnx->n_values; i++) {
        an_onnx_value *value = &onnx->values[i];
        an_onnx_value *last = count ? &onnx->values[count - 1] : NULL;
        if (last && strcmp(last->name, value->name) == 0 && *value->name &&
            ((is_made(last) && is_made(value)) || (last->input && value->input)))
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: two values of the graph are called %s",
                           an_reader_name(onnx->wire.reader), value->name);
        if (last && strcmp(last->name, value->name) == 0) {
            if (is_made(value)) {
                last->node = value->node;
                last->output = value->output;
                last->entry = value->entry;
            } else {
                last->info = value->info;
            }
            last->input |= value->input;
            an_free(value->name);
            value->name = NULL;
            continue;
        }
        onnx->values[count] = *value;
        if (count++ < i)
            value->name = NULL;
    }
    onnx->n_values = count;
    return ALEXNET_OK;
}

alexnet_status an_onnx_read_graph(an_tensor_file *file, an_onnx *onnx)
{
    an_wire message = onnx->graph;
    an_wire_field field;
    bool more = true;
    while (more) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more || field.type != AN_WIRE_BYTES)
            continue;
        switch (field.number) {
        case GRAPH_NODE: AN_CHECK(add_node(file, onnx, field.body)); break;
        case GRAPH_INITIALIZER: AN_CHECK(add_initializer(file, onnx, field.body)); break;
        case GRAPH_INPUT: AN_CHECK(add_input(onnx, field.body)); break;
        case GRAPH_OUTPUT: AN_CHECK(add_output(onnx, field.body)); break;
        default: break;
        }
    }
    return index_values(onnx);
}

const an_onnx_value *an_onnx_find(const an_onnx *onnx, const char *name)
{
    const an_onnx_value wanted = {.name = (char *)name};
    return onnx->n_values && *name
               ? bsearch(&wanted, onnx->values, (size_t)onnx->n_values, sizeof wanted, by_name)
               : NULL;
}
