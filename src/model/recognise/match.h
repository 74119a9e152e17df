/*
 * Whether a network is the one that a file holds.
 */
#ifndef AN_MODEL_RECOGNISE_MATCH_H
#define AN_MODEL_RECOGNISE_MATCH_H

#include "model/recognise/listing.h"

typedef struct an_match {
    bool fits;
    int found;              /* layers with weights that are in the file */
    int alike;              /* layers before the first one that does not fit */
    char difference[576];   /* that layer, what was expected and what was found; "" if all fits */
    an_binding_pair *pairs; /* per layer of the network, owned: its weight and bias; AN_BINDING_NONE
                               if the file has no such layer, and for layers without parameters */
    char copies[320];       /* of the listing */
    char doubt[400];        /* why its results may be wrong; or "" */
    bool listed;            /* the file lists its layers */
    bool *lacks;            /* per layer, owned: its weights are missing or do not fit */
} an_match;

typedef enum an_match_mode {
    AN_MATCH_WHOLE,  /* every layer */
    AN_MATCH_PART,   /* layers may be missing in the file */
    AN_MATCH_SHAPES, /* only the shapes of weights and biases, whatever else the file says;
                        continues after a layer that is missing or does not fit */
} an_match_mode;

/** Compare a network with what a file lists. */
alexnet_status an_match_make(an_match *match, const alexnet_network *network,
                             const an_listing *listing, const an_tensor_file *file,
                             an_match_mode mode);
void an_match_free(an_match *match);

#endif
