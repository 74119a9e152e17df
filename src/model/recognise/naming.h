/*
 * Listing the layers of a file by the names of its tensors:
 *
 *     tensor_name.c  a tensor's name, taken apart
 *     naming.c       which names of layers, and which prefix, match the most tensors
 *     naming_list.c  the tensors of each layer under these names; other copies, other parts
 */
#ifndef AN_MODEL_RECOGNISE_NAMING_H
#define AN_MODEL_RECOGNISE_NAMING_H

#include "model/network/layer_names.h"
#include "model/recognise/listing.h"
#include "model/recognise/tensor_name.h"

enum { AN_NAMING_PREFIXES = 16 };

/** Names of layers in a file, the layers of ours that they stand for, and what they match. */
typedef struct an_naming {
    const char *what, *usual; /* see an_listing.found, .usual */
    bool positions;
    int count;
    struct {
        char ours[AN_NAME_MAX + 1];
        an_outline_kind kind;
        char theirs[2][AN_LAYER_NAME]; /* [1]: name of the second tower; "" if there is none */
        bool swapped;
    } layer[AN_LAYERS_MAX];
    int n_prefixes;
    struct {
        char text[AN_TENSOR_STEM];
        int tensors; /* that are called so under this prefix */
    } prefix[AN_NAMING_PREFIXES];
    int best; /* the prefix with the most tensors; among equals, the shortest */
} an_naming;

/**
 * List the layers whose tensors have these names: those under the best prefix, and those that only
 * one other prefix has, as in features.conv1, classifier.fc6.
 */
alexnet_status an_naming_list(an_listing *listing, const an_naming *naming,
                              const an_tensor_file *file);

#endif
