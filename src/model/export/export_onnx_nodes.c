/*
 * Operators as nodes of an ONNX graph, at test time. Most are one node. LRN within towers is split,
 * normalised and joined again; LRN within a map, which ONNX lacks, is composed of other nodes.
 * Sizes that are rounded up become explicit padding.
 */
#include <stdio.h>
#include <string.h>

#include "model/export/export_onnx.h"

void an_onnx_export_unary(an_onnx_export *e, const char *op, const char *from, const char *to,
                          const char *attribute, int64_t value)
{
    an_wire_buffer node = an_onnx_node_new(op, to);
    an_onnx_put_input(&node, from);
    an_onnx_put_output(&node, to);
    if (attribute)
        an_onnx_put_int(&node, attribute, value);
    an_onnx_put_node(&e->nodes, &node);
}

void an_onnx_export_binary(an_onnx_export *e, const char *op, const char *from, const char *with,
                           const char *to)
{
    an_wire_buffer node = an_onnx_node_new(op, to);
    an_onnx_put_input(&node, from);
    an_onnx_put_input(&node, with);
    an_onnx_put_output(&node, to);
    an_onnx_put_node(&e->nodes, &node);
}

/* What is being written: a node of ours, the layer it belongs to, and its own name. */
typedef struct writing {
    an_onnx_export *e;
    const an_node *node;
    const char *out;
    const char *from; /* its first input as [N, C, H, W], or flat */
} writing;

/* The name of a value or constant inside a node. */
static const char *inner(const writing *w, const char *what, an_onnx_name name)
{
    snprintf(name, sizeof(an_onnx_name), "%.*s/%.20s", AN_NAME_MAX + 12, w->out, what);
    return name;
}

/* Apply an operator to a value and a constant number: value * number, for example. */
static void with_number(const writing *w, const char *op, const char *from, double number,
                        const char *what, const char *to)
{
    an_onnx_name constant;
    const float value = (float)number;
    an_onnx_put_floats(&w->e->nodes, inner(w, what, constant), an_shape_of(0), &value);
    an_onnx_export_binary(w->e, op, from, constant, to);
}

/* Input `index` in the form that is wanted: a row for each picture, or maps. */
static const char *input_as(const writing *w, int index, bool flat, an_onnx_name name)
{
    const an_onnx_place *place = &w->e->places[w->node->inputs[index]];
    const an_chw in = w->node->desc.in[index];
    char what[16];
    if (place->flat == flat)
        return place->name;
    snprintf(what, sizeof what, "%s%d", flat ? "flat" : "maps", index);
    inner(w, what, name);
    if (flat) {
        an_onnx_export_unary(w->e, "Flatten", place->name, name, "axis", 1);
    } else {
        an_onnx_name shape;
        snprintf(shape, sizeof shape, "%.*s/shape", (int)sizeof shape - 8, name);
        an_onnx_put_longs(&w->e->nodes, shape, (const int64_t[]){0, in.c, in.h, in.w}, 4);
        an_onnx_export_binary(w->e, "Reshape", place->name, shape, name);
    }
    return name;
}

/* A parameter as float32: from half precision through a Cast. */
static const char *parameter(const writing *w, int which, an_onnx_name name)
{
    enum { TO_FLOAT = 1 };
    an_param_info params[AN_MAX_PARAMS];
    an_onnx_name stored;
    an_op_params(&w->node->desc, params);
    snprintf(stored, sizeof stored, "%s.%s", w->e->network->layers[w->node->layer].name,
             params[which].name);
    if (w->e->weights == AN_F32) {
        memcpy(name, stored, sizeof stored);
        return name;
    }
    snprintf(name, sizeof(an_onnx_name), "%.*s/float", (int)sizeof stored - 8, stored);
    an_onnx_export_unary(w->e, "Cast", stored, name, "to", TO_FLOAT);
    return name;
}

/* ---- Windows ---- */

/* The padding at the end of a dimension that makes the size, rounded down, `out`. */
static int pad_end(int in, int low, int declared, int window, int stride, int out)
{
    if ((in + low + declared - window) / stride + 1 == out)
        return declared;
    const int needed = (out - 1) * stride + window - in - low;
    return needed > 0 ? needed : 0;
}

static void put_windows(const writing *w, an_wire_buffer *node, int window, int stride,
                        const int padding[4])
{
    const an_chw in = w->node->desc.in[0], out = w->node->desc.out;
    const int pads[4] = {padding[0], padding[1],
                         pad_end(in.h, padding[0], padding[2], window, stride, out.h),
                         pad_end(in.w, padding[1], padding[3], window, stride, out.w)};
    an_onnx_put_ints(node, "kernel_shape", (const int[]){window, window}, 2);
    an_onnx_put_ints(node, "strides", (const int[]){stride, stride}, 2);
    an_onnx_put_ints(node, "pads", pads, 4);
}

/* The beginning of a node that reads its input, weights and biases. */
static an_wire_buffer with_weights(const writing *w, const char *op)
{
    an_onnx_name weight, bias;
    const char *with = parameter(w, 0, weight), *plus = parameter(w, 1, bias);
    an_wire_buffer node = an_onnx_node_new(op, w->out);
    an_onnx_put_input(&node, w->from);
    an_onnx_put_input(&node, with);
    an_onnx_put_input(&node, plus);
    an_onnx_put_output(&node, w->out);
    return node;
}

static void conv(const writing *w)
{
    const an_conv_desc *d = &w->node->desc.u.conv;
    an_wire_buffer node = with_weights(w, "Conv");
    put_windows(w, &node, d->r, d->stride, (const int[]){d->top, d->left, d->bottom, d->right});
    an_onnx_put_int(&node, "group", d->groups);
    an_onnx_put_node(&w->e->nodes, &node);
}

/* Padding never wins in ONNX's MaxPool, and is not counted in its averages. */
static void pool(const writing *w)
{
    const an_pool_desc *d = &w->node->desc.u.pool;
    an_wire_buffer node =
        an_onnx_node_new(d->kind == AN_POOL_MAX ? "MaxPool" : "AveragePool", w->out);
    an_onnx_put_input(&node, w->from);
    an_onnx_put_output(&node, w->out);
    put_windows(w, &node, d->size, d->stride, (const int[]){d->pad, d->pad, d->pad, d->pad});
    an_onnx_put_node(&w->e->nodes, &node);
}

static void fully_connected(const writing *w)
{
    an_wire_buffer node = with_weights(w, "Gemm");
    an_onnx_put_int(&node, "transB", 1);
    an_onnx_put_node(&w->e->nodes, &node);
}

/* ---- Normalisation ---- */

/* ONNX divides alpha by the window. */
static void put_lrn(const writing *w, const char *from, const char *to)
{
    const an_lrn_desc *d = &w->node->desc.u.lrn;
    an_wire_buffer node = an_onnx_node_new("LRN", to);
    an_onnx_put_input(&node, from);
    an_onnx_put_output(&node, to);
    an_onnx_put_int(&node, "size", d->size);
    an_onnx_put_float(&node, "alpha", d->alpha * d->size);
    an_onnx_put_float(&node, "beta", d->beta);
    an_onnx_put_float(&node, "bias", d->k);
    an_onnx_put_node(&w->e->nodes, &node);
}

static const char *numbered(const writing *w, const char *what, int number, an_onnx_name name)
{
    char word[24];
    snprintf(word, sizeof word, "%s%d", what, number);
    return inner(w, word, name);
}

/* Normalise each tower by itself. Split without sizes makes equal parts. */
static void lrn_of_towers(const writing *w)
{
    const int groups = w->node->desc.u.lrn.groups;
    an_onnx_name part, normal;
    an_wire_buffer split = an_onnx_node_new("Split", inner(w, "split", part));
    an_wire_buffer concat = an_onnx_node_new("Concat", w->out);
    an_onnx_put_input(&split, w->from);
    for (int g = 0; g < groups; g++) {
        an_onnx_put_output(&split, numbered(w, "part", g, part));
        an_onnx_put_input(&concat, numbered(w, "normal", g, normal));
    }
    an_onnx_put_int(&split, "axis", 1);
    an_onnx_put_node(&w->e->nodes, &split);
    for (int g = 0; g < groups; g++)
        put_lrn(w, numbered(w, "part", g, part), numbered(w, "normal", g, normal));
    an_onnx_put_output(&concat, w->out);
    an_onnx_put_int(&concat, "axis", 1);
    an_onnx_put_node(&w->e->nodes, &concat);
}

/* y = x * (k + alpha * sum of squares)^-beta; the sum is size^2 times an average over the map with
 * zeros around it. A separate node adds the zeros, because some runtimes average over the map
 * only. */
static void lrn_within(const writing *w)
{
    const an_lrn_desc *d = &w->node->desc.u.lrn;
    const int half = d->size / 2;
    const int64_t zeros[8] = {0, 0, half, half, 0, 0, half, half};
    an_onnx_name square, pads, padded, mean, sum, base, factor;
    an_onnx_export_binary(w->e, "Mul", w->from, w->from, inner(w, "square", square));
    an_onnx_put_longs(&w->e->nodes, inner(w, "pads", pads), zeros, 8);
    an_onnx_export_binary(w->e, "Pad", square, pads, inner(w, "padded", padded));
    an_wire_buffer node = an_onnx_node_new("AveragePool", inner(w, "mean", mean));
    an_onnx_put_input(&node, padded);
    an_onnx_put_output(&node, mean);
    an_onnx_put_ints(&node, "kernel_shape", (const int[]){d->size, d->size}, 2);
    an_onnx_put_ints(&node, "strides", (const int[]){1, 1}, 2);
    an_onnx_put_node(&w->e->nodes, &node);
    with_number(w, "Mul", mean, d->alpha * d->size * d->size, "alpha", inner(w, "sum", sum));
    with_number(w, "Add", sum, d->k, "k", inner(w, "base", base));
    with_number(w, "Pow", base, -d->beta, "beta", inner(w, "factor", factor));
    an_onnx_export_binary(w->e, "Mul", w->from, factor, w->out);
}

static void lrn(const writing *w)
{
    if (w->node->desc.u.lrn.groups > 1)
        lrn_of_towers(w);
    else
        put_lrn(w, w->from, w->out);
}

/* ---- The rest ---- */

static void neuron(const writing *w)
{
    const an_neuron_desc *d = &w->node->desc.u.neuron;
    an_onnx_name scaled, bent;
    switch (d->kind) {
    case AN_RELU: an_onnx_export_unary(w->e, "Relu", w->from, w->out, NULL, 0); break;
    case AN_LOGISTIC: an_onnx_export_unary(w->e, "Sigmoid", w->from, w->out, NULL, 0); break;
    case AN_TANH:
        with_number(w, "Mul", w->from, d->b, "b", inner(w, "scaled", scaled));
        an_onnx_export_unary(w->e, "Tanh", scaled, inner(w, "tanh", bent), NULL, 0);
        with_number(w, "Mul", bent, d->a, "a", w->out);
    }
}

/* Join several inputs, all as rows or all as maps. */
static void join(const writing *w, const char *op, bool flat)
{
    an_onnx_name names[AN_MAX_INPUTS];
    const char *inputs[AN_MAX_INPUTS];
    for (int i = 0; i < AN_MAX_INPUTS && i < w->node->desc.n_inputs; i++)
        inputs[i] = input_as(w, i, flat, names[i]);
    an_wire_buffer node = an_onnx_node_new(op, w->out);
    for (int i = 0; i < w->node->desc.n_inputs; i++)
        an_onnx_put_input(&node, inputs[i]);
    an_onnx_put_output(&node, w->out);
    if (strcmp(op, "Concat") == 0)
        an_onnx_put_int(&node, "axis", 1);
    an_onnx_put_node(&w->e->nodes, &node);
}

/* Whether a node reads and writes rows. Nodes that can do either keep the form of their input.
 * @param given whether the input is rows */
static bool takes_rows(const an_node *node, bool given)
{
    switch (node->desc.kind) {
    case AN_OP_FC:
    case AN_OP_SOFTMAX: return true;
    case AN_OP_NEURON:
    case AN_OP_DROPOUT:
    case AN_OP_CONCAT:
    case AN_OP_ELTSUM: return given;
    default: return false;
    }
}

/* The last node of a layer has the layer's name; the name of an earlier one has its operator
 * appended. */
static void name_output(const an_onnx_export *e, int index, an_onnx_name name)
{
    const an_graph *graph = &e->network->graph;
    const an_node *node = &graph->nodes[index];
    const char *layer = e->network->layers[node->layer].name;
    if (graph->layer_node[node->layer] == index)
        snprintf(name, sizeof(an_onnx_name), "%s", layer);
    else
        snprintf(name, sizeof(an_onnx_name), "%s/%s", layer, an_op_table[node->desc.kind]->name);
}

void an_onnx_export_node(an_onnx_export *e, int index)
{
    const an_node *node = &e->network->graph.nodes[index];
    const an_op_desc *desc = &node->desc;
    an_onnx_place *place = &e->places[index];
    an_onnx_name from;
    name_output(e, index, place->name);
    place->flat = takes_rows(node, e->places[node->inputs[0]].flat);
    writing w = {e, node, place->name, NULL};
    if (desc->kind != AN_OP_CONCAT && desc->kind != AN_OP_ELTSUM)
        w.from = input_as(&w, 0, place->flat, from);
    switch (desc->kind) {
    case AN_OP_CONV: conv(&w); break;
    case AN_OP_FC: fully_connected(&w); break;
    case AN_OP_NEURON: neuron(&w); break;
    case AN_OP_POOL: pool(&w); break;
    case AN_OP_LRN: lrn(&w); break;
    case AN_OP_LRN_WITHIN: lrn_within(&w); break;
    case AN_OP_CONCAT: join(&w, "Concat", place->flat); break;
    case AN_OP_ELTSUM: join(&w, "Sum", place->flat); break;
    case AN_OP_SOFTMAX: an_onnx_export_unary(e, "Softmax", w.from, w.out, "axis", 1); break;
    case AN_OP_DROPOUT:
        if (desc->u.dropout.kind == AN_DROPOUT_MASK)
            with_number(&w, "Mul", w.from, desc->u.dropout.keep, "keep", place->name);
        else /* does nothing at test time */
            *place = e->places[node->inputs[0]];
        break;
    default: break; /* augment is node 0 */
    }
}
