/*
 * What `alexnet info` says of a network: the arithmetic of each size, and the one-line structure.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/network.h"

/* "ceil((224 + 2*1 - 11)/4) + 1 = 55" */
static char *window_arithmetic(int in, int low, int high, int window, int stride, bool ceil,
                               int out)
{
    char pads[48] = "";
    if (low == high && low > 0)
        snprintf(pads, sizeof pads, " + 2*%d", low);
    else if (low != high)
        snprintf(pads, sizeof pads, " + %d + %d", low, high);
    if (stride == 1)
        return an_format("%d%s - %d + 1 = %d", in, pads, window, out);
    if ((in + low + high - window) % stride == 0)
        return an_format("(%d%s - %d)/%d + 1 = %d", in, pads, window, stride, out);
    return an_format("%s((%d%s - %d)/%d) + 1 = %d", ceil ? "ceil" : "floor", in, pads, window,
                     stride, out);
}

static char *arithmetic_of(const an_op_desc *desc)
{
    const an_conv_desc *conv = &desc->u.conv;
    const an_pool_desc *pool = &desc->u.pool;
    if (desc->kind == AN_OP_CONV)
        return window_arithmetic(desc->in[0].h, conv->top, conv->bottom, conv->r, conv->stride,
                                 conv->ceil, desc->out.h);
    if (desc->kind == AN_OP_POOL)
        return window_arithmetic(desc->in[0].h, pool->pad, pool->pad, pool->size, pool->stride,
                                 pool->ceil, desc->out.h);
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

/* The repetition that starts at `at` and covers most; of equals the shortest period. */
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
    size_t room = (size_t)count * 24 + 1, length = 0;
    char *text = an_calloc(room, 1);
    for (int at = 0; text && at < count;) {
        int period, times;
        longest_repeat(tokens, count, at, &period, &times);
        length += (size_t)snprintf(text + length, room - length, "%s%s", at ? "-" : "",
                                   times > 1 ? "(" : "");
        for (int i = 0; i < period; i++)
            length += (size_t)snprintf(text + length, room - length, "%s%s", i ? "-" : "",
                                       tokens[at + i]);
        if (times > 1)
            length += (size_t)snprintf(text + length, room - length, ")x%d", times);
        at += period * times;
    }
    return text;
}

alexnet_status an_network_describe(alexnet_network *network)
{
    const char *tokens[AN_LAYERS_MAX];
    network->arithmetic = an_calloc((size_t)network->count, sizeof *network->arithmetic);
    if (!network->arithmetic)
        return AN_FAIL_MEMORY(network->count * sizeof(char *), "a network's description");
    for (int i = 0; i < network->count; i++) {
        const an_node *node = &network->graph.nodes[network->graph.layer_node[i]];
        while (node->desc.kind == AN_OP_NEURON && node[-1].layer == i)
            node--; /* the layer's own operator */
        network->arithmetic[i] = arithmetic_of(&node->desc);
        if (!network->arithmetic[i])
            return AN_FAIL_MEMORY(64, "a network's description");
        tokens[i] = token_of(network, i);
    }
    network->structure = structure_of(tokens, network->count);
    return network->structure ? ALEXNET_OK : AN_FAIL_MEMORY(64, "a network's description");
}
