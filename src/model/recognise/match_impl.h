/*
 * The inside of a match, for match_*.c alone: the comparison of whole lists of layers
 * (match_lists.c) and that of one layer (match_layer.c).
 */
#ifndef AN_MODEL_RECOGNISE_MATCH_IMPL_H
#define AN_MODEL_RECOGNISE_MATCH_IMPL_H

#include "model/recognise/match.h"

/** A comparison of two lists of layers that compute something at test time, in the same order. A
 * ReLU after max pooling is moved before it: the two commute. */
typedef struct an_matching {
    an_match *match;
    const alexnet_network *network;
    const an_listing *listing;
    const an_tensor_file *file;
    an_match_mode mode;
    int *ours, n_ours;     /* nodes of the graph */
    int *theirs, n_theirs; /* layers of the outline */
} an_matching;

static inline const char *an_match_layer_name(const an_matching *c, const an_node *node)
{
    return c->network->layers[node->layer].name;
}

/** The kind that a file would have for a layer of ours. */
an_outline_kind an_match_kind(const an_op_desc *desc);
bool an_match_has_weights(an_outline_kind kind);
/** Whether a layer of ours computes at test time what no layer of an outline does. */
bool an_match_is_ours_alone(const an_op_desc *desc);

/** Record the first difference. @param theirs  NULL: the file has no such layer. @return false */
bool an_match_differs(an_matching *c, const an_node *node, const an_outline_layer *theirs,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/** Compare a layer with one of the file. @param theirs  its index in the outline */
bool an_match_same_layer(an_matching *c, const an_node *node, int theirs);

#endif
