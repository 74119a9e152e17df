/*
 * Model files and checkpoints: safetensors whose metadata makes them complete.
 *
 *     alexnet.format     "1"
 *     alexnet.network    the network's text, its [input] section included
 *     alexnet.classes    JSON array of class identifiers, in order
 *     alexnet.names      JSON array of readable class names, in order
 *     alexnet.provenance what made the file, for people
 *
 * Tensors have the names and shapes of the net's parameters; a checkpoint adds the state of the
 * optimiser, such as `momentum.NAME`, of each learned one, and metadata of its own. Identifiers
 * that are not UTF-8 cannot be written.
 */
#ifndef AN_MODEL_MODEL_FILE_H
#define AN_MODEL_MODEL_FILE_H

#include "data/dataset.h"
#include "format/safetensors.h"
#include "format/tensor_file.h"
#include "model/net.h"

/** The keys of metadata. */
#define AN_METADATA_FORMAT "alexnet.format"
#define AN_METADATA_NETWORK "alexnet.network"
#define AN_METADATA_CLASSES "alexnet.classes"
#define AN_METADATA_NAMES "alexnet.names"
#define AN_METADATA_PROVENANCE "alexnet.provenance"

/** The version that is written, and the only one that is read. */
#define AN_MODEL_FILE_VERSION "1"

/** Class names of a model; owned. */
typedef struct an_classes {
    int count;
    char **ids, **names;
} an_classes;

alexnet_status an_classes_copy(an_classes *out, int count, char *const *ids, char *const *names);
void an_classes_free(an_classes *classes);
/** The same, borrowed, as data sets take it. */
an_class_list an_classes_list(const an_classes *classes);

/** Open the file of a model: `path`, or best.safetensors in it if it is a run folder. */
alexnet_status an_model_file_reader(an_reader **out, const char *path);

/**
 * Open a model file and understand its metadata.
 * @param reader  taken over, also on failure
 * @param file    out, open for reading tensors
 */
alexnet_status an_model_file_open(an_tensor_file **file, alexnet_network **network,
                                  an_classes *classes, an_reader *reader);

/** Read the classes of an open file; on failure too they are the caller's to free. */
alexnet_status an_model_file_classes(an_classes *classes, an_tensor_file *file);

/** Read a tensor of a file into parameter `index`; its shape must be the parameter's and its values
 * finite. */
alexnet_status an_model_file_tensor(an_tensor_file *file, const char *name, an_net *net,
                                    an_arena arena, int index);
/** Read all parameters of a net; every one must be there, in its shape. */
alexnet_status an_model_file_weights(an_tensor_file *file, an_net *net);
/** Read `ARENA.*` of all learned parameters into every arena that checkpoints hold. */
alexnet_status an_model_file_state(an_tensor_file *file, an_net *net);

/** Give a writer the network and classes as metadata: what makes a file a model. */
alexnet_status an_model_file_metadata(an_tensor_writer *writer, const alexnet_network *network,
                                      const an_classes *classes);

/** A string of metadata. */
typedef struct an_metadata {
    const char *key, *value;
} an_metadata;

/**
 * Write a net's weights with classes and further metadata; atomic.
 * @param state  also write the state of the optimiser: a checkpoint
 */
alexnet_status an_model_file_write(const char *path, an_net *net, const an_classes *classes,
                                   bool state, const an_metadata *more, int n_more);

#endif
