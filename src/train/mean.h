/*
 * The mean of the training pictures, which a network subtracts.
 */
#ifndef AN_TRAIN_MEAN_H
#define AN_TRAIN_MEAN_H

#include "data/loader/moments.h"
#include "model/program/net.h"

/** Whether a net has a mean that is computed from the data. */
bool an_mean_wanted(const an_net *net);

/** Write it to `input.mean`, as an image or by channel, in the network's channel order. */
alexnet_status an_mean_store(const an_moments *mean, an_net *net);

#endif
