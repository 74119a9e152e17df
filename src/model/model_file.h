/*
 * Model files and checkpoints: safetensors whose metadata makes them complete (model_metadata.h).
 *
 * Tensors have the names and shapes of the net's parameters; a checkpoint adds the state of the
 * optimiser, such as `momentum.NAME`, of each learned one, and metadata and tensors of its own.
 */
#ifndef AN_MODEL_MODEL_FILE_H
#define AN_MODEL_MODEL_FILE_H

#include "model/mean_file.h"
#include "model/model_metadata.h"
#include "model/recognise/match.h"

/** How to interpret a file. */
typedef struct an_model_options {
    bool ours;         /* accept only a file that this program wrote */
    bool part;         /* layers may be missing in a file of another program */
    const char *net;   /* name or path of the network, instead of recognising it; or NULL */
    const char *mean;  /* a file with the mean to subtract (mean_file.h), or NULL */
    const char *names; /* a file of class names, or NULL */
} an_model_options;

/** A model's file, open for reading its tensors. */
typedef struct an_model_file {
    an_tensor_file *tensors;
    alexnet_network *network; /* with the file's number of classes */
    an_classes classes;
    bool ours;               /* its metadata describes it */
    bool bound;              /* it has a graph, or its tensors have other names; then these say */
    an_match match;          /*   where the parameters of layers are, */
    an_binding mean;         /*   and where input.mean is */
    an_mean_file other_mean; /* used instead of the file's mean; none if its values are NULL */
} an_model_file;

void an_model_file_close(an_model_file *file);

/** Whether a file has a tensor with the name of the weight of one of the network's layers. */
bool an_model_file_has_our_names(const an_tensor_file *file, const alexnet_network *network);
/** Read all parameters of a net that was made for the file's network. If the file holds only a part
 * of the network, an_net.lacks is set for the layers that it does not have. */
alexnet_status an_model_file_weights(an_model_file *file, an_net *net);
/** Read `ARENA.*` for all learned parameters into every arena that checkpoints hold. */
alexnet_status an_model_file_state(an_model_file *file, an_net *net);

/** A string of metadata. */
typedef struct an_metadata {
    const char *key, *value;
} an_metadata;

/** A tensor that is no parameter of the net; it is borrowed. */
typedef struct an_model_tensor {
    const char *name;
    an_dtype dtype;
    an_shape shape;
    const void *data;
} an_model_tensor;

/** What a file holds besides the model. */
typedef struct an_model_more {
    const an_metadata *metadata;
    const an_model_tensor *tensors; /* they come first: no element type is wider than theirs */
    int n_metadata, n_tensors;
} an_model_more;

/** Bytes of the tensors of such a file, which are nearly all of it. */
uint64_t an_model_file_bytes(const an_net *net, bool state);
/**
 * Write a net's weights with classes and what is more; atomic.
 * @param values the arena of the learned parameters: AN_VALUES, or that of their averages
 * @param state  also write the state of the optimiser: a checkpoint
 * @param more   NULL: nothing
 */
alexnet_status an_model_file_write(const char *path, an_net *net, an_arena values,
                                   const an_classes *classes, bool state,
                                   const an_model_more *more);

#endif
