/*
 * Places in a network at which values can be looked at: the output of a layer, what it computes
 * before its neuron, and the network's input.
 */
#ifndef AN_MODEL_PLACE_H
#define AN_MODEL_PLACE_H

#include "model/network.h"

/** A place is the index of a layer, for its output, or one of these: the network's input, the
 * softmax at its end. */
enum { AN_LAYER_INPUT = -1, AN_LAYER_LAST = -2 };

/** The place before a layer's neuron. The layer must have one. */
static inline int an_place_before_neuron(int layer)
{
    return AN_LAYERS_MAX + layer;
}

/** The node that computes the values at a place. */
int an_place_node(const an_graph *graph, int place);
/** The shape of these values, of one picture. */
an_chw an_place_shape(const alexnet_network *network, int place);

/**
 * The place that a name means; alexnet_features_options says which names there are.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT: the text suggests
 */
alexnet_status an_place_find(int *place, const alexnet_network *network, const char *name);

#endif
