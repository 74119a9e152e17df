/*
 * Initial weights from a file of tensors: a model, a checkpoint, or a file of another program.
 */
#ifndef AN_TRAIN_INIT_FROM_H
#define AN_TRAIN_INIT_FROM_H

#include "model/model_file.h"

/** The network of a model file, or the one that a file of another program is recognised as, with
 * `classes` classes. */
alexnet_status an_init_from_network(alexnet_network **out, alexnet_ctx *ctx, const char *path,
                                    int classes);

/**
 * Copy the tensors of a file that have the shape of a parameter of the net. In a file of this
 * program they are found by name, in others as model/recognise/recognise.h describes. The log names
 * the parameters and the tensors that are left over, with the reason, and says how the file's
 * [input] differs from the net's.
 *
 * The layer before the softmax is copied from a file of this program only if the ids of its classes
 * are the same. A file of another program names no classes; there their number has to be the same.
 *
 * The mean (input.mean) is copied too, and then not computed from the data, unless the network file
 * fixes it or the channels are in another order.
 *
 * @param classes  in/out: missing readable names are copied from a file with the same classes
 * @param has_mean out, whether the mean was copied
 * @return ALEXNET_ERROR_FORMAT if nothing fits
 */
alexnet_status an_init_from(an_net *net, an_classes *classes, const char *path, bool *has_mean);

#endif
