/*
 * Changing a network: its text is edited and parsed again.
 */
#ifndef AN_MODEL_NETWORK_NETWORK_EDIT_H
#define AN_MODEL_NETWORK_NETWORK_EDIT_H

#include "model/network/network.h"

/** Set a key of [input]. *network is replaced; on failure it stays as it was. */
alexnet_status an_network_set_input(alexnet_network **network, const char *key, const char *value);
/** Make a network take one channel, grey. A scale or fixed mean of three channels is reduced to one
 * number with the weights that turn red, green and blue into grey. *network is replaced; on failure
 * it is still a valid network. */
alexnet_status an_network_make_grey(alexnet_network **network);

#endif
