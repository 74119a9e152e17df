#include "model/network/place.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

int an_place_node(const an_graph *graph, int place)
{
    if (place == AN_LAYER_INPUT)
        return 0;
    if (place == AN_LAYER_LAST)
        return graph->count - 1;
    if (place < AN_LAYERS_MAX)
        return graph->layer_node[place];
    const an_node *neuron = &graph->nodes[graph->layer_node[place - AN_LAYERS_MAX]];
    assert(neuron->desc.kind == AN_OP_NEURON);
    return neuron->inputs[0];
}

an_chw an_place_shape(const alexnet_network *network, int place)
{
    return network->graph.nodes[an_place_node(&network->graph, place)].desc.out;
}

/* ---- torchvision's names ---- */

/* The modules of torchvision's AlexNet: convolution, ReLU, pooling; dropout, linear, ReLU. */
static const char features[] = "CRPCRPCRCRCRP", classifier[] = "DLRDLRL";
enum { FEATURES = sizeof features - 1, MODULES = FEATURES + sizeof classifier - 1 };

static char module_of(const an_layer *layer)
{
    switch (layer->type) {
    case AN_LAYER_CONV: return 'C';
    case AN_LAYER_POOL: return 'P';
    case AN_LAYER_DROPOUT: return 'D';
    case AN_LAYER_FC: return 'L';
    case AN_LAYER_NEURON: return 'R';
    default: return '?';
    }
}

/* List the places of the modules' outputs, in order. @return false for a network of other layers */
static bool list_modules(int places[MODULES], const alexnet_network *network)
{
    char kinds[MODULES + 3];
    int n = 0;
    for (int i = 0; i < network->count && network->layers[i].type != AN_LAYER_SOFTMAX; i++) {
        const an_layer *layer = &network->layers[i];
        const bool split = layer->has_neuron && layer->type != AN_LAYER_NEURON;
        if (n + split >= MODULES)
            return false;
        places[n] = split ? an_place_before_neuron(i) : i;
        kinds[n++] = module_of(layer);
        if (!split)
            continue;
        places[n] = i;
        kinds[n++] = 'R';
    }
    return n == MODULES && memcmp(kinds, features, FEATURES) == 0 &&
           memcmp(kinds + FEATURES, classifier, MODULES - FEATURES) == 0;
}

/* The number in "features.10" if it is below `count`; -1 for any other name. */
static int number_after(const char *name, const char *start, int count)
{
    const size_t length = strlen(start);
    if (strncmp(name, start, length) != 0)
        return -1;
    for (int i = 0; i < count; i++) {
        char digits[16];
        snprintf(digits, sizeof digits, "%d", i);
        if (strcmp(name + length, digits) == 0)
            return i;
    }
    return -1;
}

/* The index of a module among all modules; -1 if the name is not one of torchvision's. */
static int module_number(const char *name)
{
    if (strcmp(name, "avgpool") == 0) /* does nothing for pictures of 224 pixels */
        return FEATURES - 1;
    int number = number_after(name, "classifier.", MODULES - FEATURES);
    return number >= 0 ? FEATURES + number : number_after(name, "features.", FEATURES);
}

static alexnet_status find_module(int *place, const alexnet_network *network, int number,
                                  const char *name)
{
    int places[MODULES];
    if (!list_modules(places, network))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "layer %s: torchvision's names are for networks with the layers of its "
                       "AlexNet, and %s has others; `alexnet_network_layer()` lists them",
                       name, network->name);
    *place = places[number];
    return ALEXNET_OK;
}

/* ---- Our names ---- */

static alexnet_status unknown(const alexnet_network *network, const char *name)
{
    const char *near = an_network_nearest_layer(network, network->count, name);
    char rest[128];
    if (near)
        snprintf(rest, sizeof rest, "did you mean %s?", near);
    else
        snprintf(rest, sizeof rest, "its layers are %s to %s", network->layers[0].name,
                 network->layers[network->count - 1].name);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "network %s has no layer '%s'; %s",
                   network->name, name, rest);
}

static alexnet_status find_before(int *place, const alexnet_network *network, const char *name,
                                  size_t length)
{
    char layer[AN_NAME_MAX + 1];
    snprintf(layer, sizeof layer, "%.*s", (int)(length < AN_NAME_MAX ? length : AN_NAME_MAX), name);
    const int index = an_network_find_layer(network, layer);
    const bool is_input = index < 0 && strcmp(layer, "input") == 0;
    if (index < 0 && !is_input)
        return unknown(network, layer);
    if (is_input || !network->layers[index].has_neuron)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s: layer %s has no neuron; its output is called %s", name, layer, layer);
    *place = an_place_before_neuron(index);
    return ALEXNET_OK;
}

alexnet_status an_place_find(int *place, const alexnet_network *network, const char *name)
{
    static const char before[] = ":pre";
    const size_t length = strlen(name), end = sizeof before - 1;
    const int number = module_number(name);
    *place = an_network_find_layer(network, name);
    if (*place >= 0)
        return ALEXNET_OK;
    if (strcmp(name, "input") == 0) {
        *place = AN_LAYER_INPUT;
        return ALEXNET_OK;
    }
    if (length > end && strcmp(name + length - end, before) == 0)
        return find_before(place, network, name, length - end);
    return number >= 0 ? find_module(place, network, number, name) : unknown(network, name);
}
