/*
 * Places in a network whose values can be read: the output of a layer, the value before its neuron,
 * and the network's input.
 */
#ifndef AN_MODEL_NETWORK_PLACE_H
#define AN_MODEL_NETWORK_PLACE_H

#include "model/network/network.h"

/** A place is the index of a layer, for its output, or one of these: the network's input, or the
 * softmax at its end. */
enum { AN_LAYER_INPUT = -1, AN_LAYER_LAST = -2 };

/** The place before a layer's neuron. The layer must have one. */
static inline int an_place_before_neuron(int layer)
{
    return AN_LAYERS_MAX + layer;
}

/** The node that computes the values at a place. */
int an_place_node(const an_graph *graph, int place);
/** The shape of these values for one picture. */
an_chw an_place_shape(const alexnet_network *network, int place);

/**
 * The place that a name refers to; alexnet_features_options describes the names.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT: the text makes a suggestion
 */
alexnet_status an_place_find(int *place, const alexnet_network *network, const char *name);

#endif
