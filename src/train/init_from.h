/*
 * First weights from a file of tensors: a model, a checkpoint, or what another program wrote.
 */
#ifndef AN_TRAIN_INIT_FROM_H
#define AN_TRAIN_INIT_FROM_H

#include "model/model_file.h"

/** The network of a model, or as which a file is recognised, for another number of classes. */
alexnet_status an_init_from_network(alexnet_network **out, alexnet_ctx *ctx, const char *path,
                                    int classes);

/**
 * Take every tensor of a file that a net has in its shape, under its name in a file of this
 * program, else as the file is understood (model/recognise.h). The log names those that are not
 * taken, on either side, with the reason, and says how the file's [input] differs from the net's.
 *
 * The layer before the softmax of a file of this program is taken for the same classes alone, by
 * their ids; of another program's file, which names none, for as many.
 *
 * The mean (input.mean) is taken too, so that it is not computed from the data; but not where the
 * network file fixes it, nor in another order of channels.
 *
 * @param classes  where the file has the same classes, readable names that are missing are taken
 * @param has_mean out, whether the mean was taken
 * @return ALEXNET_ERROR_FORMAT if nothing fits
 */
alexnet_status an_init_from(an_net *net, an_classes *classes, const char *path, bool *has_mean);

#endif
