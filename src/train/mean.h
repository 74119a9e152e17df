/*
 * The mean of the training pictures, a batch at a time. Sums are integers: the result does not
 * depend on the order.
 */
#ifndef AN_TRAIN_MEAN_H
#define AN_TRAIN_MEAN_H

#include "data/loader.h"
#include "model/net.h"

typedef struct an_mean {
    int side;
    int64_t pictures;
    uint64_t *sums; /* [side][side][3], R G B */
} an_mean;

/** Whether a net has a mean that the data gives. */
bool an_mean_wanted(const an_net *net);

alexnet_status an_mean_new(an_mean *mean, int side);
/** Add the readable pictures of a batch. */
void an_mean_add(an_mean *mean, const an_batch *batch);
/** Write it to `input.mean`, as an image or by channel, in the network's channel order. */
alexnet_status an_mean_store(const an_mean *mean, an_net *net);
void an_mean_free(an_mean *mean);

#endif
