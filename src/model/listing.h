/*
 * What a file of tensors from another program holds: its layers, and which tensors are theirs. Made
 * from the layers that the file lists, or else from the names of its tensors, and compared with
 * networks (match.h).
 */
#ifndef AN_MODEL_LISTING_H
#define AN_MODEL_LISTING_H

#include "model/binding.h"

/** Of a layer of the outline: weight, bias. */
typedef an_binding an_binding_pair[2];

typedef struct an_listing {
    an_outline outline;
    an_binding_pair *bindings; /* one for each layer of the outline, owned */
    bool listed;               /* by the file itself: a layer without biases has none */
    bool weights_only;         /* convolutions and fully connected layers alone are known */
    bool by_name; /* the outline's names are those of our networks' layers, and some may be missing
                   */
    char found[160];   /* by what the layers are known, for people: "torchvision's names" */
    const char *usual; /* network that such files hold where several fit; NULL: none */
    char prefix[256];  /* of the tensors' names */
} an_listing;

/**
 * List the layers of a file.
 * @param network  whose layers' names count too; NULL: none
 * @return ALEXNET_ERROR_FORMAT if the file has no tensors that could be layers
 */
alexnet_status an_listing_make(an_listing *listing, an_tensor_file *file,
                               const alexnet_network *network);
void an_listing_free(an_listing *listing);

/* ---- Between the files of the listing ---- */

/** Add a layer that `name` is to be known by. */
alexnet_status an_listing_add(an_listing *listing, an_outline_kind kind, const char *name,
                              int *index);
/**
 * List layers by the names of tensors, in one of the ways that naming.c knows; no layers: there are
 * no such names.
 */
alexnet_status an_listing_name(an_listing *listing, const an_tensor_file *file,
                               const alexnet_network *network);
/** Set what the shapes of a layer's tensors show: outputs, window. */
void an_listing_measure(an_listing *listing, int layer, const an_tensor_file *file);

#endif
