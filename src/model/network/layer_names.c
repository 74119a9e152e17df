#include "model/network/layer_names.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"

/* ---- torchvision's names ---- */

/*
 * Modules are counted as in torch.nn.Sequential: every layer is one and its ReLU is another.
 * `features` ends, and `classifier` begins with 0, before the first dropout or fully connected
 * layer; the softmax belongs to neither.
 */
static void name_as_torchvision(const alexnet_network *network, int layer, char *name)
{
    bool classifier = false;
    int index = 0;
    for (int i = 0; i <= layer; i++) {
        if (!classifier && network->layers[i].type & (AN_LAYER_FC | AN_LAYER_DROPOUT)) {
            classifier = true;
            index = 0;
        }
        if (i < layer)
            index += 1 + network->layers[i].has_neuron;
    }
    snprintf(name, AN_LAYER_NAME, "%s.%d", classifier ? "classifier" : "features", index);
}

/* Check for a sequence of modules: nothing branches, PyTorch has a module for each layer, and
 * convolutions come first. */
static alexnet_status check_sequential(const alexnet_network *network)
{
    const int modules = AN_LAYER_CONV | AN_LAYER_FC | AN_LAYER_POOL | AN_LAYER_CMRNORM |
                        AN_LAYER_DROPOUT | AN_LAYER_NEURON | AN_LAYER_SOFTMAX;
    bool classifier = false;
    for (int i = 0; i < network->count; i++) {
        const an_layer *layer = &network->layers[i];
        if (!(layer->type & modules) || layer->n_inputs != 1 || layer->inputs[0] != i - 1)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "torchvision's names do not suit %s: its layer %s is not one of "
                           "torch.nn's in sequence",
                           network->name, layer->name);
        classifier |= layer->type == AN_LAYER_FC || layer->type == AN_LAYER_DROPOUT;
        if (classifier && layer->type == AN_LAYER_CONV)
            return AN_FAIL(
                ALEXNET_ERROR_UNSUPPORTED,
                "torchvision's names do not suit %s: the convolution %s comes after layers of the "
                "classifier",
                network->name, layer->name);
    }
    return ALEXNET_OK;
}

/* ---- Towers ---- */

enum { TOWERS_FC = 3 }; /* fully connected layers of the network of 2012 */

/* How many fully connected layers there are before a layer. */
static int count_fc(const alexnet_network *network, int until)
{
    int count = 0;
    for (int i = 0; i < until; i++)
        count += network->layers[i].type == AN_LAYER_FC;
    return count;
}

static int outputs_of(const an_layer *layer)
{
    return layer->type == AN_LAYER_FC ? layer->outputs : layer->filters * layer->groups;
}

/* Whether a layer is split in half: all with weights are, except the last fully connected one. */
static bool is_halved(const alexnet_network *network, int layer)
{
    const an_layer_type type = network->layers[layer].type;
    return type == AN_LAYER_CONV ||
           (type == AN_LAYER_FC && count_fc(network, layer) < TOWERS_FC - 1);
}

static alexnet_status check_towers(const alexnet_network *network)
{
    bool grouped = false;
    for (int i = 0; i < network->count; i++) {
        const an_layer *layer = &network->layers[i];
        if (layer->type == AN_LAYER_CONV && layer->groups > 2)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "%s does not have two towers: %s has %d groups", network->name,
                           layer->name, layer->groups);
        grouped |= layer->type == AN_LAYER_CONV && layer->groups == 2;
    }
    if (!grouped)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has no towers: none of its convolutions has groups = 2", network->name);
    if (count_fc(network, network->count) != TOWERS_FC)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "the towers of 2012 have three fully connected layers, but %s has %d",
                       network->name, count_fc(network, network->count));
    for (int i = 0; i < network->count; i++)
        if (is_halved(network, i) && outputs_of(&network->layers[i]) % 2)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "%s.weight of %s has %d outputs, which two towers cannot share",
                           network->layers[i].name, network->name, outputs_of(&network->layers[i]));
    return ALEXNET_OK;
}

/*
 * conv1a, conv1b; fc2048a, fc2048b, then fc2048ba, fc2048bb, by the outputs of a tower; fc1000,
 * which is whole.
 */
static int name_towers(const alexnet_network *network, int layer, char out[2][AN_LAYER_NAME],
                       bool *swapped)
{
    const an_layer *l = &network->layers[layer];
    const int fc = l->type == AN_LAYER_FC ? count_fc(network, layer) : -1;
    if (!is_halved(network, layer)) {
        snprintf(out[0], AN_LAYER_NAME, "fc%d", l->outputs);
        return 1;
    }
    *swapped = fc == 1;
    for (int tower = 0; tower < 2; tower++)
        if (fc < 0)
            snprintf(out[tower], AN_LAYER_NAME, "%s%c", l->name, "ab"[tower]);
        else
            snprintf(out[tower], AN_LAYER_NAME, "fc%d%s%c", l->outputs / 2, fc ? "b" : "",
                     "ab"[tower]);
    return 2;
}

/* ---- Any ---- */

alexnet_status an_layer_names_check(const alexnet_network *network, an_export_names names)
{
    if (names == AN_NAMES_TORCHVISION)
        return check_sequential(network);
    return names == AN_NAMES_TOWERS ? check_towers(network) : ALEXNET_OK;
}

int an_layer_names(const alexnet_network *network, int layer, an_export_names names,
                   char out[2][AN_LAYER_NAME], bool *swapped)
{
    *swapped = false;
    if (an_layer_names_check(network, names) != ALEXNET_OK)
        return 0;
    if (names == AN_NAMES_TOWERS)
        return name_towers(network, layer, out, swapped);
    if (names == AN_NAMES_TORCHVISION)
        name_as_torchvision(network, layer, out[0]);
    else
        snprintf(out[0], AN_LAYER_NAME, "%s", network->layers[layer].name);
    return 1;
}
