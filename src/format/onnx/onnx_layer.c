/*
 * Translates ONNX operators into layers of an outline.
 */
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/onnx/onnx_walk.h"

/* ---- Attributes ---- */

static alexnet_status int_of(const an_onnx_walk *w, const char *name, int64_t otherwise,
                             int64_t *value)
{
    an_onnx_attribute a;
    AN_CHECK(an_onnx_node_attribute(&w->node, name, &a));
    *value = a.there ? a.i : otherwise;
    return ALEXNET_OK;
}

static alexnet_status real_of(const an_onnx_walk *w, const char *name, double otherwise,
                              double *value)
{
    an_onnx_attribute a;
    AN_CHECK(an_onnx_node_attribute(&w->node, name, &a));
    *value = a.there ? a.f : otherwise;
    return ALEXNET_OK;
}

/* One number for rows and columns. */
static alexnet_status square_of(const an_onnx_walk *w, const char *name, int otherwise, int *value)
{
    an_onnx_attribute a;
    AN_CHECK(an_onnx_node_attribute(&w->node, name, &a));
    *value = a.n_ints ? an_onnx_as_int(a.ints[0]) : otherwise;
    if (a.n_ints && (a.n_ints != 2 || a.ints[0] != a.ints[1]))
        return AN_ONNX_REFUSE(w, "%s must be the same for rows and columns", name);
    return ALEXNET_OK;
}

static bool is_padded(const an_outline_layer *layer)
{
    return layer->padding[0] || layer->padding[1] || layer->padding[2] || layer->padding[3];
}

/* Strides and padding of a convolution or pooling. */
static alexnet_status geometry(const an_onnx_walk *w, an_outline_layer *layer)
{
    an_onnx_attribute pads, automatic;
    int dilation;
    AN_CHECK(square_of(w, "strides", 1, &layer->stride));
    AN_CHECK(square_of(w, "dilations", 1, &dilation));
    AN_CHECK(an_onnx_node_attribute(&w->node, "pads", &pads));
    AN_CHECK(an_onnx_node_attribute(&w->node, "auto_pad", &automatic));
    if (dilation != 1)
        return AN_ONNX_REFUSE(w, "dilations of 1 expected, found %d", dilation);
    if (pads.n_ints && pads.n_ints != 4)
        return AN_ONNX_REFUSE(w, "four pads expected, found %d", pads.n_ints);
    for (int i = 0; i < 4; i++)
        layer->padding[i] = pads.n_ints ? an_onnx_as_int(pads.ints[i]) : 0;
    const bool valid = strcmp(automatic.s, "VALID") == 0; /* without padding */
    if (*automatic.s && strcmp(automatic.s, "NOTSET") != 0 && (!valid || is_padded(layer)))
        return AN_ONNX_REFUSE(w, "auto_pad = %s%s; explicit padding expected", automatic.s,
                              valid ? " and pads" : "");
    return ALEXNET_OK;
}

/* ---- Layers ---- */

static alexnet_status add(an_onnx_walk *w, an_outline_kind kind, an_outline_layer **layer)
{
    return an_outline_add(w->outline, kind, w->node.name, layer);
}

static int64_t dimension(const an_onnx_walk *w, int entry, int index)
{
    const an_shape *shape = &w->file->entries[entry].shape;
    return shape->rank <= AN_MAX_RANK && index < shape->rank ? shape->dim[index] : -1;
}

/* The bias: an input of the node, or the tensor that an Add after it adds. */
static alexnet_status take_bias(an_onnx_walk *w, an_outline_layer *layer, int index)
{
    bool transposed;
    if (*an_onnx_node_input(&w->node, index)) {
        AN_CHECK(an_onnx_parameter(w, index, "bias", &layer->bias, &transposed));
        if (w->bias >= 0)
            return AN_ONNX_REFUSE(w, "a second bias is added after it, by %.120s", w->bias_node);
        return ALEXNET_OK;
    }
    layer->bias = w->bias;
    w->bias = -1;
    if (layer->bias < 0)
        return ALEXNET_OK;
    /* Add aligns its tensor with the last dimension; maps have two dimensions after the
     * channels. */
    const an_shape *shape = &w->file->entries[layer->bias].shape;
    const int behind = layer->kind == AN_OUTLINE_CONV ? 2 : 0;
    if (shape->rank > AN_MAX_RANK || shape->rank <= behind ||
        an_shape_count(*shape) != dimension(w, layer->bias, shape->rank - 1 - behind))
        return AN_ONNX_REFUSE(w, "what %.120s adds to it is not a bias", w->bias_node);
    return ALEXNET_OK;
}

static alexnet_status conv(an_onnx_walk *w)
{
    an_outline_layer *layer;
    bool transposed;
    int64_t group;
    int side;
    AN_CHECK(add(w, AN_OUTLINE_CONV, &layer));
    AN_CHECK(an_onnx_parameter(w, 1, "weight", &layer->weight, &transposed));
    if (transposed || w->file->entries[layer->weight].shape.rank != 4)
        return AN_ONNX_REFUSE(w, "a weight [K, C, R, S] expected%s", "");
    layer->outputs = an_onnx_as_int(dimension(w, layer->weight, 0));
    layer->window = an_onnx_as_int(dimension(w, layer->weight, 2));
    AN_CHECK(square_of(w, "kernel_shape", layer->window, &side));
    if (dimension(w, layer->weight, 3) != layer->window || side != layer->window)
        return AN_ONNX_REFUSE(w, "square filters expected, as kernel_shape says: %dx%d", side,
                              side);
    AN_CHECK(int_of(w, "group", 1, &group));
    layer->groups = an_onnx_as_int(group);
    AN_CHECK(geometry(w, layer));
    return take_bias(w, layer, 2);
}

static alexnet_status fully_connected(an_onnx_walk *w, bool transposed, int bias)
{
    an_outline_layer *layer;
    bool turned;
    AN_CHECK(add(w, AN_OUTLINE_FC, &layer));
    AN_CHECK(an_onnx_parameter(w, 1, "weight", &layer->weight, &turned));
    if (w->file->entries[layer->weight].shape.rank != 2)
        return AN_ONNX_REFUSE(w, "a matrix of weights expected%s", "");
    layer->transposed = transposed != turned;
    layer->outputs = an_onnx_as_int(dimension(w, layer->weight, layer->transposed ? 1 : 0));
    return take_bias(w, layer, bias);
}

/* y = alpha * A * B + beta * C */
static alexnet_status gemm(an_onnx_walk *w)
{
    double alpha, beta;
    int64_t trans_a, trans_b;
    AN_CHECK(real_of(w, "alpha", 1, &alpha));
    AN_CHECK(real_of(w, "beta", 1, &beta));
    AN_CHECK(int_of(w, "transA", 0, &trans_a));
    AN_CHECK(int_of(w, "transB", 0, &trans_b));
    if (alpha != 1 || (beta != 1 && *an_onnx_node_input(&w->node, 2)) || trans_a)
        return AN_ONNX_REFUSE(w, "alpha = 1, beta = 1, transA = 0 expected, found %g, %g, %d",
                              alpha, beta, trans_a != 0);
    return fully_connected(w, !trans_b, 2);
}

static alexnet_status matmul(an_onnx_walk *w)
{
    return fully_connected(w, true, INT_MAX);
}

/* A convolution or product and the neurons after it in one node, as ONNX Runtime's optimiser writes
 * them. The walk meets the neurons first. */
static alexnet_status fused(an_onnx_walk *w)
{
    an_outline_layer *layer;
    an_onnx_attribute activation;
    AN_CHECK(an_onnx_node_attribute(&w->node, "activation", &activation));
    if (strcmp(activation.s, "Relu") != 0)
        return AN_ONNX_REFUSE(w, "activation = Relu expected, found %s",
                              *activation.s ? activation.s : "none");
    if (*an_onnx_node_input(&w->node, 3))
        return AN_ONNX_REFUSE(w, "adds %.120s before its activation: the network branches",
                              an_onnx_node_input(&w->node, 3));
    AN_CHECK(add(w, AN_OUTLINE_NEURON, &layer));
    return strcmp(w->node.op, "FusedConv") == 0 ? conv(w) : gemm(w);
}

/* Keep the tensor of an Add as the bias of the product or convolution before it. */
static alexnet_status add_bias(an_onnx_walk *w)
{
    int entry = -1;
    bool transposed = false;
    for (int i = 0; i < 2 && entry < 0; i++) {
        AN_CHECK(an_onnx_constant(w, an_onnx_node_input(&w->node, i), &entry, &transposed));
        w->data = 1 - i;
    }
    if (w->node.n_inputs != 2 || entry < 0 || transposed)
        return AN_ONNX_REFUSE(
            w, "adds two values that both depend on the input: the network branches%s", "");
    w->bias = entry;
    an_free(w->bias_node);
    w->bias_node = an_strdup(w->node.name);
    return w->bias_node ? ALEXNET_OK : AN_FAIL_MEMORY(64, "a name");
}

static alexnet_status relu(an_onnx_walk *w)
{
    an_outline_layer *layer;
    return add(w, AN_OUTLINE_NEURON, &layer);
}

static alexnet_status dropout(an_onnx_walk *w)
{
    an_outline_layer *layer;
    return add(w, AN_OUTLINE_DROPOUT, &layer);
}

static alexnet_status softmax(an_onnx_walk *w)
{
    an_outline_layer *layer;
    int64_t axis;
    AN_CHECK(int_of(w, "axis", w->onnx->opset >= 13 ? -1 : 1, &axis));
    if (axis != 1 && axis != -1)
        return AN_ONNX_REFUSE(w, "over axis %lld; over the classes, 1, expected", (long long)axis);
    return add(w, AN_OUTLINE_SOFTMAX, &layer);
}

static alexnet_status lrn(an_onnx_walk *w)
{
    an_outline_layer *layer;
    int64_t size;
    AN_CHECK(add(w, AN_OUTLINE_LRN, &layer));
    AN_CHECK(int_of(w, "size", 0, &size));
    AN_CHECK(real_of(w, "alpha", 1e-4, &layer->alpha));
    AN_CHECK(real_of(w, "beta", 0.75, &layer->beta));
    AN_CHECK(real_of(w, "bias", 1, &layer->k));
    layer->window = an_onnx_as_int(size);
    layer->divided = 1;
    layer->groups = 1;
    return ALEXNET_OK;
}

static alexnet_status pool(an_onnx_walk *w)
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
    if (average && is_padded(layer) && counts_padding)
        return AN_ONNX_REFUSE(w, "counts its padding; averages over the picture alone expected%s",
                              "");
    return ALEXNET_OK;
}

static alexnet_status global_average(an_onnx_walk *w)
{
    an_outline_layer *layer;
    return add(w, AN_OUTLINE_POOL_AVG, &layer);
}

/* Flattening to one row per picture needs no layer in an outline. */
static alexnet_status flatten(an_onnx_walk *w)
{
    int64_t axis;
    AN_CHECK(int_of(w, "axis", 1, &axis));
    if (axis != 1 && axis != -3)
        return AN_ONNX_REFUSE(w, "from axis %lld; each picture by itself, from 1, expected",
                              (long long)axis);
    return ALEXNET_OK;
}

/* Flattening by a shape: [1, 9216], [0, -1]; older operator sets have it as an attribute. A
 * computed shape, such as [rows of the input, -1], is not checked: the weights of the next layer
 * show whether the length of a row is right. */
static alexnet_status reshape(an_onnx_walk *w)
{
    int64_t shape[8];
    int count = 2, entry;
    bool transposed;
    an_onnx_attribute a;
    AN_CHECK(an_onnx_node_attribute(&w->node, "shape", &a));
    AN_CHECK(an_onnx_constant(w, an_onnx_node_input(&w->node, 1), &entry, &transposed));
    if (entry >= 0)
        AN_CHECK(an_onnx_integers(w, entry, shape, &count));
    else if (a.there)
        count = a.n_ints;
    if (count != 2)
        return AN_ONNX_REFUSE(w, "to %d dimensions; 2, a row for each picture, expected", count);
    return ALEXNET_OK;
}

static alexnet_status pass(an_onnx_walk *w)
{
    (void)w;
    return ALEXNET_OK;
}

/* A conversion to integers would change what passes. */
static alexnet_status cast(an_onnx_walk *w)
{
    int64_t type;
    AN_CHECK(int_of(w, "to", 0, &type));
    if (!an_onnx_is_float(type))
        return AN_ONNX_REFUSE(w, "to type %lld; a floating-point type expected", (long long)type);
    return ALEXNET_OK;
}

static alexnet_status batch_norm(an_onnx_walk *w)
{
    return AN_ONNX_REFUSE(w, "batch normalisation is not among this program's layers%s", "");
}

/* Operators of the standard and of ONNX Runtime, and whether they may have another bias than that
 * of an input: one that an Add after them adds. */
static const struct operation {
    const char *domain, *op;
    alexnet_status (*take)(an_onnx_walk *w);
    bool takes_bias;
} known[] = {
    {"", "Conv", conv, true},
    {"", "Gemm", gemm, true},
    {"", "MatMul", matmul, true},
    {"", "Add", add_bias, false},
    {"", "Relu", relu, false},
    {"", "LRN", lrn, false},
    {"", "MaxPool", pool, false},
    {"", "AveragePool", pool, false},
    {"", "GlobalAveragePool", global_average, false},
    {"", "Dropout", dropout, false},
    {"", "Softmax", softmax, false},
    {"", "Flatten", flatten, false},
    {"", "Reshape", reshape, false},
    {"", "Squeeze", pass, false},
    {"", "Identity", pass, false},
    {"", "Cast", cast, false},
    {"", "BatchNormalization", batch_norm, false},
    {AN_ONNX_RUNTIME, "FusedConv", fused, false},
    {AN_ONNX_RUNTIME, "FusedGemm", fused, false},
};

alexnet_status an_onnx_take_node(an_onnx_walk *w)
{
    const char *domain = an_onnx_node_domain(&w->node);
    const struct operation *is = NULL;
    if (an_onnx_is_quantised(w->node.op))
        return an_onnx_refuse_quantised(w, w->node.op);
    for (size_t i = 0; i < sizeof known / sizeof known[0] && !is; i++)
        if (strcmp(domain, known[i].domain) == 0 && strcmp(w->node.op, known[i].op) == 0)
            is = &known[i];
    if (!is)
        return AN_ONNX_REFUSE(w, "%s%.60s is not among the layers that this program has%s",
                              *domain ? "an operator of " : "the operator", domain,
                              an_onnx_domain_advice(domain));
    if (w->bias >= 0 && !is->takes_bias)
        return AN_ONNX_REFUSE(w, "%.120s adds a tensor to its result, which is not a bias",
                              w->bias_node);
    w->data = 0;
    return is->take(w);
}
