/*
 * The metadata that makes a file of tensors a model of this program:
 *
 *     alexnet.format     "1"
 *     alexnet.network    the network's text, its [input] section included
 *     alexnet.classes    JSON array of class identifiers, in order
 *     alexnet.names      JSON array of readable class names, in order
 *     alexnet.provenance what made the file, for people
 *
 * Identifiers that are not UTF-8 cannot be written.
 */
#ifndef AN_MODEL_MODEL_METADATA_H
#define AN_MODEL_MODEL_METADATA_H

#include "format/safetensors.h"
#include "format/tensor_file.h"
#include "model/classes.h"
#include "model/network/network.h"

/** Its keys, besides those of the classes (classes.h). */
#define AN_METADATA_FORMAT "alexnet.format"
#define AN_METADATA_NETWORK "alexnet.network"
#define AN_METADATA_PROVENANCE "alexnet.provenance"

/** The version that is written, and the only one that is read. */
#define AN_MODEL_FILE_VERSION "1"

/** Whether a file says that it is a model of this program. */
bool an_model_metadata_is_ours(const an_tensor_file *file);
/** @return ALEXNET_ERROR_UNSUPPORTED for a file of another version */
alexnet_status an_model_metadata_check_version(const an_tensor_file *file);
/**
 * Read the network and the classes of a file of this program.
 * @param network  out, released by the caller; NULL on failure
 * @param classes  out, freed by the caller, also on failure
 * @return ALEXNET_ERROR_UNSUPPORTED for a file of another version, ALEXNET_ERROR_FORMAT if
 *         metadata is missing or wrong
 */
alexnet_status an_model_metadata_read(alexnet_network **network, an_classes *classes,
                                      an_tensor_file *file);
/** Read the classes alone. The caller frees them, also on failure. */
alexnet_status an_model_metadata_classes(an_classes *classes, an_tensor_file *file);

/** Add the network and classes to a writer's metadata, which makes the file a model. */
alexnet_status an_model_metadata_write(an_tensor_writer *writer, const alexnet_network *network,
                                       const an_classes *classes);
/** The same for any format that stores texts by key: `put` is called for each text. */
typedef alexnet_status (*an_metadata_put)(void *to, const char *key, const char *value);
alexnet_status an_model_metadata_write_to(an_metadata_put put, void *to,
                                          const alexnet_network *network,
                                          const an_classes *classes);

#endif
