/*
 * What `alexnet info` says about a network: the arithmetic of each size, and the one-line
 * structure.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "model/network/network.h"

/* "ceil((224 + 2*1 - 11)/4) + 1 = 55" */
static char *window_arithmetic(int in, int low, int high, int window, int stride, bool ceil,
                               int out)
{
    char pads[48] = "";
    const int steps = in + low + high - window;
    if (low == high && low > 0)
        snprintf(pads, sizeof pads, " + 2*%d", low);
    else if (low != high)
        snprintf(pads, sizeof pads, " + %d + %d", low, high);
    if (stride == 1)
        return an_format("%d%s - %d + 1 = %d", in, pads, window, out);
    if (steps % stride == 0)
        return an_format("(%d%s - %d)/%d + 1 = %d", in, pads, window, stride, out);
    /* a last window wholly beyond the edge is left out */
    const bool beyond = ceil && out == steps / stride + 1;
    return an_format("%s((%d%s - %d)/%d) + 1%s = %d", ceil ? "ceil" : "floor", in, pads, window,
                     stride, beyond ? " - 1 beyond the edge" : "", out);
}

static char *arithmetic_along(const an_op_desc *desc, bool columns)
{
    const an_conv_desc *conv = &desc->u.conv;
    const an_pool_desc *pool = &desc->u.pool;
    const int in = columns ? desc->in[0].w : desc->in[0].h;
    const int out = columns ? desc->out.w : desc->out.h;
    if (desc->kind == AN_OP_POOL)
        return window_arithmetic(in, pool->pad, pool->pad, pool->size, pool->stride, pool->ceil,
                                 out);
    if (columns)
        return window_arithmetic(in, conv->left, conv->right, conv->s, conv->stride, conv->ceil,
                                 out);
    return window_arithmetic(in, conv->top, conv->bottom, conv->r, conv->stride, conv->ceil, out);
}

/* Of rows and columns; once if it is the same for both. */
static char *windows_arithmetic(const an_op_desc *desc)
{
    char *rows = arithmetic_along(desc, false), *columns = arithmetic_along(desc, true);
    char *text = NULL;
    if (rows && columns)
        text = strcmp(rows, columns) == 0 ? an_strdup(rows)
                                          : an_format("%s rows, %s columns", rows, columns);
    an_free(rows);
    an_free(columns);
    return text;
}

static char *arithmetic_of(const an_op_desc *desc)
{
    if (desc->kind == AN_OP_CONV || desc->kind == AN_OP_POOL)
        return windows_arithmetic(desc);
    if (desc->kind == AN_OP_FC && desc->in[0].h * desc->in[0].w > 1)
        return an_format("%d*%d*%d = %lld inputs", desc->in[0].c, desc->in[0].h, desc->in[0].w,
                         (long long)an_chw_count(desc->in[0]));
    return an_strdup("");
}

static const char *token_of(const alexnet_network *network, int index)
{
    const an_layer *layer = &network->layers[index];
    switch (layer->type) {
    case AN_LAYER_CONV: return "CNN";
    case AN_LAYER_FC: return layer->has_neuron ? "FC" : "Linear";
    case AN_LAYER_POOL: return layer->pool ? "AP" : "MP";
    case AN_LAYER_CMRNORM:
    case AN_LAYER_RNORM: return "RN";
    case AN_LAYER_DROPOUT: return "DO";
    case AN_LAYER_NEURON: return "N";
    case AN_LAYER_CONCAT: return "concat";
    case AN_LAYER_ELTSUM: return "sum";
    case AN_LAYER_SOFTMAX: return "softmax";
    }
    return "?";
}

static bool same_run(const char *const *tokens, int a, int b, int length)
{
    for (int i = 0; i < length; i++)
        if (strcmp(tokens[a + i], tokens[b + i]) != 0)
            return false;
    return true;
}

/* The repetition that starts at `at` and covers the most tokens; among equals, the one with the
 * shortest period. */
static void longest_repeat(const char *const *tokens, int count, int at, int *period, int *times)
{
    *period = 1;
    *times = 1;
    for (int p = 1; at + 2 * p <= count; p++) {
        int n = 1;
        while (at + (n + 1) * p <= count && same_run(tokens, at, at + n * p, p))
            n++;
        if (n > 1 && (*times == 1 || p * n > *period * *times)) {
            *period = p;
            *times = n;
        }
    }
}

static char *structure_of(const char *const *tokens, int count)
{
    const size_t room = (size_t)count * 24 + 1;
    char *text = an_calloc(room, 1);
    for (int at = 0; text && at < count;) {
        int period, times;
        longest_repeat(tokens, count, at, &period, &times);
        an_text_add(text, room, "%s%s", at ? "-" : "", times > 1 ? "(" : "");
        for (int i = 0; i < period; i++)
            an_text_add(text, room, "%s%s", i ? "-" : "", tokens[at + i]);
        if (times > 1)
            an_text_add(text, room, ")x%d", times);
        at += period * times;
    }
    return text;
}

static void write_neuron(const an_layer *layer, char text[48])
{
    static const char *const names[] = {[AN_RELU] = "relu", [AN_LOGISTIC] = "logistic"};
    if (!layer->has_neuron)
        text[0] = '\0';
    else if (layer->neuron.kind == AN_TANH)
        an_print_in(text, 48, "tanh[%.6g,%.6g]", layer->neuron.a, layer->neuron.b);
    else
        snprintf(text, 48, "%s", names[layer->neuron.kind]);
}

void an_network_layer_info(const alexnet_network *network, int index, alexnet_layer_info *info)
{
    const an_layer *layer = &network->layers[index];
    const an_chw out = network->graph.nodes[network->graph.layer_node[index]].desc.out;
    *info = (alexnet_layer_info){.name = layer->name,
                                 .type = an_layer_type_name(layer->type),
                                 .neuron = network->neurons[index],
                                 .arithmetic = network->arithmetic[index],
                                 .output = {out.c, out.h, out.w},
                                 .activation_bytes = an_chw_count(out) * 4};
    for (int i = 0; i < network->graph.count; i++) {
        const an_op_desc *desc = &network->graph.nodes[i].desc;
        an_param_info params[AN_MAX_PARAMS];
        if (network->graph.nodes[i].layer != index)
            continue;
        int n = an_op_params(desc, params);
        for (int j = 0; j < n; j++)
            info->parameters += params[j].learned ? an_shape_count(params[j].shape) : 0;
        info->mult_adds += an_op_mult_adds(desc);
    }
    if (layer->type & (AN_LAYER_CONV | AN_LAYER_FC))
        info->neurons = an_chw_count(out);
}

alexnet_status an_network_describe(alexnet_network *network)
{
    const char *tokens[AN_LAYERS_MAX];
    network->arithmetic = an_calloc((size_t)network->count, sizeof *network->arithmetic);
    network->neurons = an_calloc((size_t)network->count, sizeof *network->neurons);
    if (!network->arithmetic || !network->neurons)
        return AN_FAIL_MEMORY(network->count * sizeof(char *), "a network's description");
    for (int i = 0; i < network->count; i++) {
        const an_node *node = &network->graph.nodes[network->graph.layer_node[i]];
        while (node->desc.kind == AN_OP_NEURON && node[-1].layer == i)
            node--; /* the layer's own operator */
        network->arithmetic[i] = arithmetic_of(&node->desc);
        if (!network->arithmetic[i])
            return AN_FAIL_MEMORY(64, "a network's description");
        write_neuron(&network->layers[i], network->neurons[i]);
        tokens[i] = token_of(network, i);
    }
    network->structure = structure_of(tokens, network->count);
    network->preprocessing = an_input_text(&network->input);
    return network->structure && network->preprocessing
               ? ALEXNET_OK
               : AN_FAIL_MEMORY(64, "a network's description");
}
