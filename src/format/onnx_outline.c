/*
 * The layers of an ONNX graph, from its output back to its input. Every node on the way must have
 * one input that depends on the graph's input; the others must be constants, or the network is no
 * chain of layers. A node is passed at most once, so the walk ends.
 */
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/onnx.h"

typedef struct walk {
    an_tensor_file *file;
    an_onnx *onnx;
    an_outline *outline; /* from the last layer to the first */
    bool *passed;        /* per node */
    int bias;            /* entry that an Add adds to the product before it; -1: none */
    char *bias_node;     /* the name of the Add, owned */
    an_onnx_node node;   /* the current one */
    int data;            /* which of its inputs depends on the graph's input */
} walk;

/* "FILE: node NAME (Conv): " and what is wrong. */
#define REFUSE(w, format, ...)                                                                     \
    AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: node %.120s (%.40s): " format,                         \
            an_tensor_file_name((w)->file), (w)->node.name, (w)->node.op, __VA_ARGS__)

static const char *input(const walk *w, int index)
{
    const int room = (int)(sizeof w->node.inputs / sizeof w->node.inputs[0]);
    return index < w->node.n_inputs && index < room ? w->node.inputs[index] : "";
}

static bool is_quantised(const char *op)
{
    static const char *const ops[] = {"DequantizeLinear",      "QuantizeLinear", "QLinearConv",
                                      "DynamicQuantizeLinear", "QLinearMatMul",  "ConvInteger",
                                      "MatMulInteger"};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(op, ops[i]) == 0)
            return true;
    return false;
}

static alexnet_status refuse_quantised(const walk *w, const char *op)
{
    return REFUSE(w, "%.40s: weights of 8 bits are not read; take the model's version in float32",
                  op);
}

/* ---- Attributes ---- */

static alexnet_status int_of(const walk *w, const char *name, int64_t otherwise, int64_t *value)
{
    an_onnx_attribute a;
    AN_CHECK(an_onnx_node_attribute(&w->node, name, &a));
    *value = a.there ? a.i : otherwise;
    return ALEXNET_OK;
}

static alexnet_status real_of(const walk *w, const char *name, double otherwise, double *value)
{
    an_onnx_attribute a;
    AN_CHECK(an_onnx_node_attribute(&w->node, name, &a));
    *value = a.there ? a.f : otherwise;
    return ALEXNET_OK;
}

/* A number of a layer. INT_MAX, which no network has, stands for one that does not fit. */
static int as_int(int64_t value)
{
    return value >= 0 && value <= INT_MAX ? (int)value : INT_MAX;
}

/* One number for rows and columns. */
static alexnet_status square_of(const walk *w, const char *name, int otherwise, int *value)
{
    an_onnx_attribute a;
    AN_CHECK(an_onnx_node_attribute(&w->node, name, &a));
    *value = a.n_ints ? as_int(a.ints[0]) : otherwise;
    if (a.n_ints && (a.n_ints != 2 || a.ints[0] != a.ints[1]))
        return REFUSE(w, "%s must be the same for rows and columns", name);
    return ALEXNET_OK;
}

/* Strides and padding of a convolution or pooling. */
static alexnet_status geometry(const walk *w, an_outline_layer *layer)
{
    an_onnx_attribute pads, automatic;
    int dilation;
    AN_CHECK(square_of(w, "strides", 1, &layer->stride));
    AN_CHECK(square_of(w, "dilations", 1, &dilation));
    AN_CHECK(an_onnx_node_attribute(&w->node, "pads", &pads));
    AN_CHECK(an_onnx_node_attribute(&w->node, "auto_pad", &automatic));
    if (dilation != 1)
        return REFUSE(w, "dilations of 1 expected, found %d", dilation);
    if (*automatic.s && strcmp(automatic.s, "NOTSET") != 0 && strcmp(automatic.s, "VALID") != 0)
        return REFUSE(w, "auto_pad = %s; explicit padding expected", automatic.s);
    if (pads.n_ints && pads.n_ints != 4)
        return REFUSE(w, "four pads expected, found %d", pads.n_ints);
    for (int i = 0; i < 4; i++)
        layer->padding[i] = pads.n_ints ? as_int(pads.ints[i]) : 0;
    return ALEXNET_OK;
}

/* ---- Constants ---- */

/*
 * Find the tensor that a value is, also behind Identity, Cast and Transpose, which exporters leave
 * before weights.
 * @param entry  out, -1: the value is not constant
 */
static alexnet_status constant(const walk *w, const char *name, int *entry, bool *transposed)
{
    enum { DEEPEST = 8 };
    alexnet_status rc = ALEXNET_OK;
    an_onnx_node node = {0};
    const an_onnx_value *value = an_onnx_find(w->onnx, name);
    *entry = -1;
    *transposed = false;
    for (int depth = 0; value && value->entry < 0 && value->node >= 0 && depth < DEEPEST; depth++) {
        an_onnx_node_free(&node);
        AN_TRY(an_onnx_node_read(&node, w->onnx, value->node));
        if (is_quantised(node.op)) {
            const int first = node.n_inputs ? 0 : -1;
            const an_onnx_value *from = first < 0 ? NULL : an_onnx_find(w->onnx, node.inputs[0]);
            if (from && from->entry >= 0)
                AN_TRY(refuse_quantised(w, node.op));
            value = NULL;
        } else if (node.n_inputs && strcmp(node.op, "Transpose") == 0) {
            an_onnx_attribute perm;
            AN_TRY(an_onnx_node_attribute(&node, "perm", &perm));
            const bool swaps =
                !perm.n_ints || (perm.n_ints == 2 && perm.ints[0] == 1 && perm.ints[1] == 0);
            const bool keeps = perm.n_ints == 2 && perm.ints[0] == 0 && perm.ints[1] == 1;
            *transposed ^= swaps;
            value = swaps || keeps ? an_onnx_find(w->onnx, node.inputs[0]) : NULL;
        } else if (node.n_inputs &&
                   (strcmp(node.op, "Identity") == 0 || strcmp(node.op, "Cast") == 0)) {
            value = an_onnx_find(w->onnx, node.inputs[0]);
        } else {
            value = NULL;
        }
    }
    if (value)
        *entry = value->entry;
cleanup:
    an_onnx_node_free(&node);
    return rc;
}

/* A weight or a bias of the node, which must be there. */
static alexnet_status parameter(const walk *w, int index, const char *what, int *entry,
                                bool *transposed)
{
    AN_CHECK(constant(w, input(w, index), entry, transposed));
    if (*entry < 0)
        return REFUSE(w, "its %s, %.120s, is no tensor of the file", what, input(w, index));
    return ALEXNET_OK;
}

/* The integers of a small tensor. */
static alexnet_status integers(const walk *w, int entry, int64_t values[8], int *count)
{
    const an_tensor_entry *e = &w->file->entries[entry];
    const int64_t n = an_shape_count(e->shape);
    *count = 0;
    if (e->dtype != AN_I64 || n < 0 || n > 8)
        return REFUSE(w, "a list of at most 8 INT64 expected in %.120s", e->name);
    *count = (int)n;
    return n ? w->file->format->read(w->file, e, 0, n, values) : ALEXNET_OK;
}

/* ---- Layers ---- */

static alexnet_status add(walk *w, an_outline_kind kind, an_outline_layer **layer)
{
    return an_outline_add(w->outline, kind, w->node.name, layer);
}

static int64_t dimension(const walk *w, int entry, int index)
{
    const an_shape *shape = &w->file->entries[entry].shape;
    return shape->rank <= AN_MAX_RANK && index < shape->rank ? shape->dim[index] : -1;
}

/* The bias: an input of the node, or the tensor that an Add after it adds. */
static alexnet_status take_bias(walk *w, an_outline_layer *layer, int index)
{
    bool transposed;
    if (*input(w, index)) {
        AN_CHECK(parameter(w, index, "bias", &layer->bias, &transposed));
        if (w->bias >= 0)
            return REFUSE(w, "a second bias is added after it, by %.120s", w->bias_node);
        return ALEXNET_OK;
    }
    layer->bias = w->bias;
    w->bias = -1;
    if (layer->bias < 0)
        return ALEXNET_OK;
    /* Add aligns its tensor with the last dimension; maps have two of them after the channels. */
    const an_shape *shape = &w->file->entries[layer->bias].shape;
    const int behind = layer->kind == AN_OUTLINE_CONV ? 2 : 0;
    if (shape->rank > AN_MAX_RANK || shape->rank <= behind ||
        an_shape_count(*shape) != dimension(w, layer->bias, shape->rank - 1 - behind))
        return REFUSE(w, "what %.120s adds to it is no bias", w->bias_node);
    return ALEXNET_OK;
}

static alexnet_status conv(walk *w)
{
    an_outline_layer *layer;
    bool transposed;
    int64_t group;
    int side;
    AN_CHECK(add(w, AN_OUTLINE_CONV, &layer));
    AN_CHECK(parameter(w, 1, "weight", &layer->weight, &transposed));
    if (transposed || w->file->entries[layer->weight].shape.rank != 4)
        return REFUSE(w, "a weight [K, C, R, S] expected%s", "");
    layer->outputs = as_int(dimension(w, layer->weight, 0));
    layer->window = as_int(dimension(w, layer->weight, 2));
    AN_CHECK(square_of(w, "kernel_shape", layer->window, &side));
    if (dimension(w, layer->weight, 3) != layer->window || side != layer->window)
        return REFUSE(w, "square filters expected, as kernel_shape says: %dx%d", side, side);
    AN_CHECK(int_of(w, "group", 1, &group));
    layer->groups = as_int(group);
    AN_CHECK(geometry(w, layer));
    return take_bias(w, layer, 2);
}

static alexnet_status fully_connected(walk *w, bool transposed, int bias)
{
    an_outline_layer *layer;
    bool turned;
    int constant_at = 1;
    AN_CHECK(add(w, AN_OUTLINE_FC, &layer));
    AN_CHECK(parameter(w, constant_at, "weight", &layer->weight, &turned));
    if (w->file->entries[layer->weight].shape.rank != 2)
        return REFUSE(w, "a matrix of weights expected%s", "");
    layer->transposed = transposed != turned;
    layer->outputs = as_int(dimension(w, layer->weight, layer->transposed ? 1 : 0));
    return take_bias(w, layer, bias);
}

/* y = alpha * A * B + beta * C */
static alexnet_status gemm(walk *w)
{
    double alpha, beta;
    int64_t trans_a, trans_b;
    AN_CHECK(real_of(w, "alpha", 1, &alpha));
    AN_CHECK(real_of(w, "beta", 1, &beta));
    AN_CHECK(int_of(w, "transA", 0, &trans_a));
    AN_CHECK(int_of(w, "transB", 0, &trans_b));
    if (alpha != 1 || (beta != 1 && *input(w, 2)) || trans_a)
        return REFUSE(w, "alpha = 1, beta = 1, transA = 0 expected, found %g, %g, %d", alpha, beta,
                      trans_a != 0);
    return fully_connected(w, !trans_b, 2);
}

static alexnet_status matmul(walk *w)
{
    return fully_connected(w, true, INT_MAX);
}

/* Keep the tensor of an Add as the bias of the product or convolution before it. */
static alexnet_status add_bias(walk *w)
{
    int entry = -1;
    bool transposed = false;
    for (int i = 0; i < 2 && entry < 0; i++) {
        AN_CHECK(constant(w, input(w, i), &entry, &transposed));
        w->data = 1 - i;
    }
    if (w->node.n_inputs != 2 || entry < 0 || transposed)
        return REFUSE(w, "adds two values that both depend on the input: the network branches%s",
                      "");
    w->bias = entry;
    an_free(w->bias_node);
    w->bias_node = an_strdup(w->node.name);
    return w->bias_node ? ALEXNET_OK : AN_FAIL_MEMORY(64, "a name");
}

static alexnet_status relu(walk *w)
{
    an_outline_layer *layer;
    return add(w, AN_OUTLINE_NEURON, &layer);
}

static alexnet_status dropout(walk *w)
{
    an_outline_layer *layer;
    return add(w, AN_OUTLINE_DROPOUT, &layer);
}

static alexnet_status softmax(walk *w)
{
    an_outline_layer *layer;
    int64_t axis;
    AN_CHECK(int_of(w, "axis", w->onnx->opset >= 13 ? -1 : 1, &axis));
    if (axis != 1 && axis != -1)
        return REFUSE(w, "over axis %lld; over the classes, 1, expected", (long long)axis);
    return add(w, AN_OUTLINE_SOFTMAX, &layer);
}

static alexnet_status lrn(walk *w)
{
    an_outline_layer *layer;
    int64_t size;
    AN_CHECK(add(w, AN_OUTLINE_LRN, &layer));
    AN_CHECK(int_of(w, "size", 0, &size));
    AN_CHECK(real_of(w, "alpha", 1e-4, &layer->alpha));
    AN_CHECK(real_of(w, "beta", 0.75, &layer->beta));
    AN_CHECK(real_of(w, "bias", 1, &layer->k));
    layer->window = as_int(size);
    layer->divided = 1;
    layer->groups = 1;
    return ALEXNET_OK;
}

static alexnet_status pool(walk *w)
{
    const bool average = strcmp(w->node.op, "AveragePool") == 0;
    an_outline_layer *layer;
    int64_t ceil, counts_padding;
    AN_CHECK(add(w, average ? AN_OUTLINE_POOL_AVG : AN_OUTLINE_POOL_MAX, &layer));
    AN_CHECK(square_of(w, "kernel_shape", 0, &layer->window));
    AN_CHECK(geometry(w, layer));
    AN_CHECK(int_of(w, "ceil_mode", 0, &ceil));
    AN_CHECK(int_of(w, "count_include_pad", 0, &counts_padding));
    layer->ceil = ceil != 0;
    bool padded = false;
    for (int i = 0; i < 4; i++)
        padded |= layer->padding[i] != 0;
    if (average && padded && counts_padding)
        return REFUSE(w, "counts its padding; averages over the picture alone expected%s", "");
    return ALEXNET_OK;
}

static alexnet_status global_average(walk *w)
{
    an_outline_layer *layer;
    return add(w, AN_OUTLINE_POOL_AVG, &layer);
}

/* Turn maps into a row for each picture. An outline needs no layer for it. */
static alexnet_status flatten(walk *w)
{
    int64_t axis;
    AN_CHECK(int_of(w, "axis", 1, &axis));
    if (axis != 1 && axis != -3)
        return REFUSE(w, "from axis %lld; each picture by itself, from 1, expected",
                      (long long)axis);
    return ALEXNET_OK;
}

/* The same by a shape: [1, 9216], [0, -1]; older operator sets have it as an attribute. A computed
 * shape, such as [rows of the input, -1], is not checked: the weights of the next layer show
 * whether the length of a row is right. */
static alexnet_status reshape(walk *w)
{
    int64_t shape[8];
    int count = 2, entry;
    bool transposed;
    an_onnx_attribute a;
    AN_CHECK(an_onnx_node_attribute(&w->node, "shape", &a));
    AN_CHECK(constant(w, input(w, 1), &entry, &transposed));
    if (entry >= 0)
        AN_CHECK(integers(w, entry, shape, &count));
    else if (a.there)
        count = a.n_ints;
    if (count != 2)
        return REFUSE(w, "to %d dimensions; 2, a row for each picture, expected", count);
    return ALEXNET_OK;
}

static alexnet_status pass(walk *w)
{
    (void)w;
    return ALEXNET_OK;
}

static alexnet_status batch_norm(walk *w)
{
    return REFUSE(w, "batch normalisation is not among this program's layers%s", "");
}

static alexnet_status quantised(walk *w)
{
    return refuse_quantised(w, w->node.op);
}

static const struct {
    const char *op;
    alexnet_status (*take)(walk *w);
} known[] = {
    {"Conv", conv},
    {"Gemm", gemm},
    {"MatMul", matmul},
    {"Add", add_bias},
    {"Relu", relu},
    {"LRN", lrn},
    {"MaxPool", pool},
    {"AveragePool", pool},
    {"GlobalAveragePool", global_average},
    {"Dropout", dropout},
    {"Softmax", softmax},
    {"Flatten", flatten},
    {"Reshape", reshape},
    {"Squeeze", pass},
    {"Identity", pass},
    {"Cast", pass},
    {"BatchNormalization", batch_norm},
};

static alexnet_status take_node(walk *w)
{
    const bool standard = !*w->node.domain || strcmp(w->node.domain, "ai.onnx") == 0;
    if (is_quantised(w->node.op))
        return quantised(w);
    for (size_t i = 0; standard && i < sizeof known / sizeof known[0]; i++)
        if (strcmp(w->node.op, known[i].op) == 0) {
            if (w->bias >= 0 && strcmp(w->node.op, "MatMul") && strcmp(w->node.op, "Gemm") &&
                strcmp(w->node.op, "Conv"))
                return REFUSE(w, "%.120s adds a tensor to its result, which is no bias",
                              w->bias_node);
            w->data = 0;
            return known[i].take(w);
        }
    return REFUSE(w, "%s%.60s is not among the layers that this program has",
                  standard ? "the operator" : "an operator of ", standard ? "" : w->node.domain);
}

/* ---- The way ---- */

/* TypeProto.tensor_type.shape.dim[i].dim_value of an input. */
static alexnet_status read_input_shape(const walk *w, an_wire info)
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
                return ALEXNET_OK; /* without a shape */
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
                w->outline->input[index] = as_int(an_wire_int(&field));
        }
    }
    if (rank != 4)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: an input [N, C, H, W] expected, found one of %d dimensions",
                       an_tensor_file_name(w->file), rank);
    return ALEXNET_OK;
}

/* Go back by one node. @param name  in: the value that it computes; out: that it reads; owned */
static alexnet_status step(walk *w, const an_onnx_value *value, char **name)
{
    if (w->passed[value->node])
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: the graph has a cycle through %.120s",
                       an_tensor_file_name(w->file), value->name);
    w->passed[value->node] = true;
    an_onnx_node_free(&w->node);
    AN_CHECK(an_onnx_node_read(&w->node, w->onnx, value->node));
    if (value->output != 0)
        return REFUSE(w, "its output %d is used; the first expected", value->output);
    AN_CHECK(take_node(w));
    char *next = an_strdup(input(w, w->data));
    if (!next)
        return AN_FAIL_MEMORY(64, "a name");
    an_free(*name);
    *name = next;
    return ALEXNET_OK;
}

static alexnet_status go_back(walk *w, char **name)
{
    for (;;) {
        const an_onnx_value *value = an_onnx_find(w->onnx, *name);
        if (!value)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: nothing makes the value %s",
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
    walk w = {.file = file, .onnx = onnx, .outline = outline, .bias = -1};
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
