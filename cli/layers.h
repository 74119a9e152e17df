/*
 * Layers named on the command line, and the features object that computes them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_LAYERS_H
#define CLI_LAYERS_H

#include "cli.h"

/**
 * Make a features object for layers.
 * @param list     names with commas between them; "all": the outputs of all convolutions and fully
 *                 connected layers; of a part of a network, those before the first without weights
 * @param options  everything but the layers, which `list` gives
 * @return CLI_DONE, or the code of a reported failure
 */
int layers_open(alexnet_features **out, alexnet_model *model, const char *list,
                const alexnet_features_options *options);

#endif
