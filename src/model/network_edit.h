/*
 * Changing a network: its text is changed, and read again.
 */
#ifndef AN_MODEL_NETWORK_EDIT_H
#define AN_MODEL_NETWORK_EDIT_H

#include "model/network.h"

/** Set a key of [input]. The network in *network is replaced, which stays on failure. */
alexnet_status an_network_set_input(alexnet_network **network, const char *key, const char *value);

#endif
