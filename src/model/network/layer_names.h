/*
 * The names of a network's layers in files, of three kinds.
 */
#ifndef AN_MODEL_NETWORK_LAYER_NAMES_H
#define AN_MODEL_NETWORK_LAYER_NAMES_H

#include "model/network/network.h"

typedef enum an_export_names {
    AN_NAMES_OURS,        /* conv1 */
    AN_NAMES_TORCHVISION, /* features.0, classifier.1 */
    AN_NAMES_TOWERS,      /* conv1a, conv1b: the two halves, as in 2012 */
} an_export_names;

enum { AN_LAYER_NAME = AN_NAME_MAX + 9 };

/**
 * Check that a network's layers can have names of this kind.
 * @return ALEXNET_ERROR_UNSUPPORTED if not: the text says why
 */
alexnet_status an_layer_names_check(const alexnet_network *network, an_export_names names);
/**
 * The name of a convolution or fully connected layer, or the names of its towers. The second
 * tower's half of the second fully connected layer reads its own tower first: the halves of its
 * columns are swapped (layers/layers-145.cfg of the 2012 code: inputs hs1b,hs1a).
 * @param swapped  out, whether they are
 * @return how many: 1 or 2; 0 for a network that an_layer_names_check() refuses
 */
int an_layer_names(const alexnet_network *network, int layer, an_export_names names,
                   char out[2][AN_LAYER_NAME], bool *swapped);

#endif
