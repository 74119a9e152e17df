/*
 * The layers of a file of tensors from another program, and which tensors belong to them. They come
 * from the file's list of layers, or else from the names or shapes of its tensors, and are compared
 * with networks (match.h).
 */
#ifndef AN_MODEL_RECOGNISE_LISTING_H
#define AN_MODEL_RECOGNISE_LISTING_H

#include "model/recognise/binding.h"

/** The bindings of a layer's weight and bias. */
typedef an_binding an_binding_pair[2];

typedef struct an_listing {
    an_outline outline;
    an_binding_pair *bindings; /* one for each layer of the outline, owned */
    bool listed;       /* the file lists its layers: a layer without a bias tensor has no bias */
    bool weights_only; /* only convolutions and fully connected layers are known */
    bool by_name;      /* the outline has names of our networks' layers; some may be missing */
    bool by_position;  /* those names are positions, which depend on the layers without weights */
    char found[160];   /* how the layers were found, for people: "torchvision's names" */
    const char *usual; /* the network to choose for such files if several fit; NULL: none */
    char copies[320];  /* which of several copies of the weights is used, for people; or "" */
} an_listing;

/**
 * List the layers of a file.
 * @param network  look for the names of its layers; NULL: for those of all built-in networks
 * @return ALEXNET_ERROR_FORMAT if the file has no tensors that could be layers, or two copies of
 *         the weights of which neither is preferred
 */
alexnet_status an_listing_make(an_listing *listing, an_tensor_file *file,
                               const alexnet_network *network);
/**
 * List the layers by the order and the shapes of tensors alone. A tensor of four dimensions is the
 * weight of a convolution, one of two dimensions that of a fully connected layer. A vector next to
 * it, with as many elements as the layer has outputs, is its bias. If the weights are in
 * alphabetical order, convolutions come first, and numbers in names count as such.
 * @param listing  without layers
 */
alexnet_status an_listing_by_shape(an_listing *listing, const an_tensor_file *file);
void an_listing_free(an_listing *listing);

/* ---- Between the files of the listing ---- */

/** Add a layer with this name. */
alexnet_status an_listing_add(an_listing *listing, an_outline_kind kind, const char *name,
                              int *index);
/**
 * List layers by the names of tensors, if naming.c knows them; otherwise no layers are added.
 */
alexnet_status an_listing_name(an_listing *listing, const an_tensor_file *file,
                               const alexnet_network *network);
/** Set what the shapes of a layer's tensors reveal: outputs, window. */
void an_listing_measure(an_listing *listing, int layer, const an_tensor_file *file);

#endif
