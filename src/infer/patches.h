/*
 * The patches of pictures that excite a unit of a layer most (Zeiler, Fergus: Visualizing and
 * Understanding Convolutional Networks, 2014, figure 2; Girshick et al., 2014, section 3.1): in
 * each picture of a data set the place where a channel is largest, and of these places the best.
 */
#ifndef AN_INFER_PATCHES_H
#define AN_INFER_PATCHES_H

#include "infer/row_pass.h"
#include "model/program/program.h"

/** A place among the best. */
typedef struct an_found {
    int64_t sample; /* of the data set */
    float value;
    int row, column; /* in the layer's map */
    uint8_t *pixels; /* what the network sees of the picture, see centre.h */
} an_found;

struct alexnet_patches {
    an_net *net;
    an_program *program;
    an_row_pass pass; /* of the layer's outputs, [channels][rows][columns] */
    an_slot *slots;
    an_chw shape; /* of one of the outputs */
    int layer, channel, batch;
    int count, found;             /* capacity of `best`, and how many it holds */
    an_found *best;               /* best first */
    int64_t done, skipped, named; /* pictures; named: an_bad_picture_name() */
};
typedef struct alexnet_patches an_patches;

/** @param options  layer, channel and numbers must be in range */
alexnet_status an_patches_new(an_patches **out, an_net *net, const alexnet_dataset *dataset,
                              const alexnet_patches_options *options);
/** Compute a batch. Bad pictures are counted, and reported in the log. */
alexnet_status an_patches_step(an_patches *patches, bool *more);
void an_patches_free(an_patches *patches); /* NULL allowed */

#endif
