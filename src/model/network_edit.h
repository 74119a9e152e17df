/*
 * Changing a network: its text is changed, and read again.
 */
#ifndef AN_MODEL_NETWORK_EDIT_H
#define AN_MODEL_NETWORK_EDIT_H

#include "model/network.h"

/** Set a key of [input]. The network in *network is replaced, which stays on failure. */
alexnet_status an_network_set_input(alexnet_network **network, const char *key, const char *value);
/** Let a network see one channel: grey, with what was given for three channels weighted as grey is
 *  of red, green and blue. The same of *network. */
alexnet_status an_network_make_grey(alexnet_network **network);

#endif
