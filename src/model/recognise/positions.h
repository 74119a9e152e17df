/*
 * The numbers in names such as features.4.weight. In a torch.nn.Sequential they are the positions
 * of modules, and those of two convolutions tell how many layers without weights are between them.
 */
#ifndef AN_MODEL_RECOGNISE_POSITIONS_H
#define AN_MODEL_RECOGNISE_POSITIONS_H

#include "model/recognise/match.h"

enum { AN_POSITIONS_TEXT = 400 };

typedef enum an_positions {
    AN_POSITIONS_NONE, /* the names have none, or number the convolutions one by one */
    AN_POSITIONS_AGREE,
    AN_POSITIONS_DIFFER,
} an_positions;

/**
 * Compare the positions of a file's convolutions with those in a network that fits it.
 * @param doubt  receives the first difference, for people, or ""
 */
an_positions an_positions_compare(const alexnet_network *network, const an_match *match,
                                  const an_tensor_file *file, char doubt[AN_POSITIONS_TEXT]);

#endif
