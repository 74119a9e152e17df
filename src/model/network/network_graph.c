/*
 * Layers to operators. A layer becomes one operator, preceded by a concat if it has several inputs
 * (but eltsum and concat take them directly), and followed by another for its neuron.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/network/network.h"

typedef struct building {
    const alexnet_network *network;
    an_graph *graph;
    const an_graph_extent *extent;
    uint32_t dropouts;
} building;

static an_mean_kind mean_kind(const an_input *input)
{
    switch (input->mean) {
    case AN_INPUT_MEAN_IMAGE:
        return input->mean_crop ? AN_MEAN_IMAGE_ALIGNED : AN_MEAN_IMAGE_CENTRE;
    case AN_INPUT_MEAN_NONE: return AN_MEAN_NONE;
    default: return AN_MEAN_CHANNEL;
    }
}

/* Fill in the operator's own part of a descriptor. As in the 2012 code, `filters` is per group. */
static alexnet_status describe(const an_layer *layer, an_op_desc *desc, uint32_t dropout)
{
    switch (layer->type) {
    case AN_LAYER_CONV:
        desc->kind = AN_OP_CONV;
        if ((int64_t)layer->filters * layer->groups > INT32_MAX)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%d filters in %d groups are too many",
                           layer->filters, layer->groups);
        desc->u.conv = (an_conv_desc){.k = layer->filters * layer->groups,
                                      .r = layer->filter_size,
                                      .s = layer->filter_size,
                                      .stride = layer->stride,
                                      .groups = layer->groups,
                                      .top = layer->padding[0],
                                      .left = layer->padding[1],
                                      .bottom = layer->padding[2],
                                      .right = layer->padding[3],
                                      .ceil = layer->round == 1};
        return ALEXNET_OK;
    case AN_LAYER_FC:
        desc->kind = AN_OP_FC;
        desc->u.fc.k = layer->outputs;
        return ALEXNET_OK;
    case AN_LAYER_POOL:
        desc->kind = AN_OP_POOL;
        desc->u.pool = (an_pool_desc){layer->pool ? AN_POOL_AVG : AN_POOL_MAX, layer->size,
                                      layer->stride, layer->padding[0], layer->round == 1};
        return ALEXNET_OK;
    case AN_LAYER_CMRNORM:
    case AN_LAYER_RNORM: {
        bool across = layer->type == AN_LAYER_CMRNORM;
        double window = across ? layer->size : (double)layer->size * layer->size;
        desc->kind = across ? AN_OP_LRN : AN_OP_LRN_WITHIN;
        desc->u.lrn =
            (an_lrn_desc){layer->size, across ? layer->groups : 1, layer->min_div,
                          layer->divide ? layer->scale / window : layer->scale, layer->pow};
        return ALEXNET_OK;
    }
    case AN_LAYER_DROPOUT:
        desc->kind = AN_OP_DROPOUT;
        desc->u.dropout = (an_dropout_desc){
            layer->keep_kind ? AN_DROPOUT_INVERTED : AN_DROPOUT_MASK, layer->keep, dropout};
        return ALEXNET_OK;
    case AN_LAYER_NEURON:
        desc->kind = AN_OP_NEURON;
        desc->u.neuron = layer->neuron;
        return ALEXNET_OK;
    case AN_LAYER_CONCAT: desc->kind = AN_OP_CONCAT; return ALEXNET_OK;
    case AN_LAYER_ELTSUM: desc->kind = AN_OP_ELTSUM; return ALEXNET_OK;
    case AN_LAYER_SOFTMAX: desc->kind = AN_OP_SOFTMAX; return ALEXNET_OK;
    }
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "layer of type %d", (int)layer->type);
}

/* Say where an error is: "12: [conv1] ...", to which network_read.c adds the file. It builds the
 * graph for one picture of the network's own size. With any other extent the file is right and the
 * extent is wrong, so the text names only the layer. */
static alexnet_status at_layer(const building *b, int layer, alexnet_status rc)
{
    const an_layer *at = layer >= 0 ? &b->network->layers[layer] : NULL;
    if (b->extent->slots > 1 || b->extent->rows)
        return an_fail(rc, "layer %s: %s", at ? at->name : "input", an_error_text());
    return an_fail(rc, "%d: [%s] %s",
                   at ? an_layer_line_of(at, an_error_text())
                      : an_input_line_of(&b->network->input, an_error_text()),
                   at ? at->name : "input", an_error_text());
}

/* Append a node that reads `inputs` and check it. */
static alexnet_status append(building *b, an_op_desc desc, int layer, const int *inputs, int n)
{
    an_node *node = &b->graph->nodes[b->graph->count];
    memset(node, 0, sizeof *node);
    node->layer = layer;
    node->desc = desc;
    node->desc.n = b->extent->slots;
    node->desc.n_inputs = n;
    for (int i = 0; i < n; i++) {
        node->inputs[i] = inputs[i];
        node->desc.in[i] = b->graph->nodes[inputs[i]].desc.out;
    }
    alexnet_status rc = an_op_resolve(&node->desc);
    if (rc != ALEXNET_OK)
        return at_layer(b, layer, rc);
    b->graph->count++;
    return ALEXNET_OK;
}

static alexnet_status append_input(building *b)
{
    const an_input *input = &b->network->input;
    an_op_desc desc = {.kind = AN_OP_AUGMENT};
    desc.u.augment = (an_augment_desc){.pictures = b->extent->pictures,
                                       .side = input->side,
                                       .crop = input->size,
                                       .mean = mean_kind(input),
                                       .channels = (an_channels)input->channels};
    memcpy(desc.u.augment.scale, input->scale, sizeof input->scale);
    AN_CHECK(append(b, desc, -1, NULL, 0));
    if (b->extent->rows)
        b->graph->nodes[0].desc.out =
            (an_chw){b->graph->nodes[0].desc.out.c, b->extent->rows, b->extent->columns};
    return ALEXNET_OK;
}

static alexnet_status append_layer(building *b, int index)
{
    const an_layer *layer = &b->network->layers[index];
    an_graph *graph = b->graph;
    int inputs[AN_MAX_INPUTS], n = layer->n_inputs;
    an_op_desc desc;
    for (int i = 0; i < n; i++)
        inputs[i] = layer->inputs[i] < 0 ? 0 : graph->layer_node[layer->inputs[i]];
    if (n > 1 && (layer->type & (AN_LAYER_CONV | AN_LAYER_FC))) {
        memset(&desc, 0, sizeof desc);
        desc.kind = AN_OP_CONCAT;
        AN_CHECK(append(b, desc, index, inputs, n));
        inputs[0] = graph->count - 1;
        n = 1;
    }
    memset(&desc, 0, sizeof desc);
    alexnet_status rc = describe(layer, &desc, b->dropouts);
    if (rc != ALEXNET_OK)
        return at_layer(b, index, rc);
    b->dropouts += layer->type == AN_LAYER_DROPOUT;
    AN_CHECK(append(b, desc, index, inputs, n));
    if (layer->has_neuron && layer->type != AN_LAYER_NEURON) {
        memset(&desc, 0, sizeof desc);
        desc.kind = AN_OP_NEURON;
        desc.u.neuron = layer->neuron;
        inputs[0] = graph->count - 1;
        AN_CHECK(append(b, desc, index, inputs, 1));
    }
    graph->layer_node[index] = graph->count - 1;
    return ALEXNET_OK;
}

alexnet_status an_graph_build(an_graph *out, const alexnet_network *network,
                              const an_graph_extent *extent)
{
    an_graph graph = {0};
    alexnet_status rc = ALEXNET_OK;
    size_t most = 3 * (size_t)network->count + 1;
    *out = graph;
    graph.nodes = an_calloc(most, sizeof *graph.nodes);
    graph.layer_node = an_calloc((size_t)network->count, sizeof *graph.layer_node);
    if (!graph.nodes || !graph.layer_node) {
        rc = AN_FAIL_MEMORY(most * sizeof *graph.nodes, "a network's graph");
        goto cleanup;
    }
    building b = {.network = network, .graph = &graph, .extent = extent};
    AN_TRY(append_input(&b));
    for (int i = 0; i < (extent->layers ? extent->layers : network->count); i++)
        AN_TRY(append_layer(&b, i));
    *out = graph;
    return ALEXNET_OK;
cleanup:
    an_graph_free(&graph);
    return rc;
}

void an_graph_free(an_graph *graph)
{
    an_free(graph->nodes);
    an_free(graph->layer_node);
    *graph = (an_graph){0};
}
