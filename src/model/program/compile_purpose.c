/*
 * The part of the graph that a purpose needs: nodes to compute, and nodes whose gradients are
 * wanted.
 */
#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/program/compiling.h"

an_program_options an_program_training(int slots, int split)
{
    return (an_program_options){.slots = slots,
                                .pictures = slots,
                                .split = split,
                                .masks = true,
                                .loss = true,
                                .gradients = AN_OF_PARAMETERS,
                                .update = true};
}

an_program_options an_program_inference(int slots, int pictures)
{
    static const int last = AN_LAYER_LAST;
    return (an_program_options){
        .slots = slots, .pictures = pictures, .loss = true, .keep = &last, .n_keep = 1};
}

bool an_node_learns(const an_program *p, int node)
{
    an_param_info infos[AN_MAX_PARAMS];
    const int layer = p->graph.nodes[node].layer;
    if (!(p->options.gradients & AN_OF_PARAMETERS))
        return false;
    if (p->options.frozen && layer >= 0 && p->options.frozen[layer])
        return false;
    int n = an_op_params(&p->graph.nodes[node].desc, infos);
    for (int i = 0; i < n; i++)
        if (infos[i].learned)
            return true;
    return false;
}

/* Check where backward begins if there is no loss. A softmax has a gradient only as part of the
 * loss. */
static alexnet_status check_start(const an_program *p)
{
    const an_program_options *o = &p->options;
    if (!o->gradients || o->loss)
        return ALEXNET_OK;
    for (int i = 0; i < o->n_keep; i++) {
        int node = an_place_node(&p->graph, o->keep[i]);
        if (node == 0 || p->graph.nodes[node].desc.kind == AN_OP_SOFTMAX)
            return AN_FAIL(
                ALEXNET_ERROR_INVALID_ARGUMENT,
                "gradients without a loss begin at layers after the input and before the softmax");
    }
    return ALEXNET_OK;
}

static void find_needed(compiling *c)
{
    const an_graph *graph = &c->p->graph;
    for (int i = graph->count; i-- > 0;) {
        const an_node *node = &graph->nodes[i];
        if (!c->needed[i])
            continue;
        for (int j = 0; j < node->desc.n_inputs; j++) {
            c->needed[node->inputs[j]] = true;
            c->readers[node->inputs[j]]++;
        }
    }
}

static void find_wanted(compiling *c)
{
    const an_graph *graph = &c->p->graph;
    int gradients = c->p->options.gradients;
    for (int i = 0; i < graph->count; i++) {
        const an_node *node = &graph->nodes[i];
        c->wants[i] = an_node_learns(c->p, i) || (gradients & AN_OF_INPUT && i == 0);
        for (int j = 0; j < node->desc.n_inputs; j++)
            c->wants[i] |= c->wants[node->inputs[j]];
    }
}

/* A node of a layer whose weights the net lacks; those before it can be computed. */
static alexnet_status fail_without_weights(const compiling *c, const an_node *node)
{
    const an_layer *layers = c->p->net->network->layers;
    const int before = c->p->graph.nodes[node->inputs[0]].layer;
    char last[AN_NAME_MAX + 16] = "";
    if (before >= 0)
        snprintf(last, sizeof last, ", up to %s", layers[before].name);
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "the model's file has no weights for layer %s; only the layers before it can be "
                   "computed%s",
                   layers[node->layer].name, last);
}

/* A layer whose weights the net does not have cannot be computed. */
static alexnet_status check_weights(const compiling *c)
{
    const an_net *net = c->p->net;
    for (int i = 0; net->lacks && i < c->p->graph.count; i++) {
        const an_node *node = &c->p->graph.nodes[i];
        if (c->needed[i] && node->layer >= 0 && net->lacks[node->layer])
            return fail_without_weights(c, node);
    }
    return ALEXNET_OK;
}

alexnet_status an_compile_purpose(compiling *c)
{
    an_program *p = c->p;
    const an_program_options *o = &p->options;
    assert(!(o->gradients & AN_OF_PARAMETERS) || p->net->n_arenas > AN_GRADIENTS);
    assert(!o->update || (o->gradients & AN_OF_PARAMETERS && o->loss));
    assert(o->loss || o->n_keep);
    assert(!o->rows == !o->columns && !(o->rows && o->loss));
    AN_CHECK(check_start(p));
    for (int i = 0; i < o->n_keep; i++) {
        assert(o->keep[i] >= AN_LAYER_LAST && o->keep[i] % AN_LAYERS_MAX < p->net->network->count);
        int node = an_place_node(&p->graph, o->keep[i]);
        c->kept[node] = c->needed[node] = true;
    }
    c->needed[p->graph.count - 1] |= o->loss;
    if (o->gradients & AN_OF_INPUT)
        c->needed[0] = true;
    find_needed(c);
    find_wanted(c);
    return check_weights(c);
}
