/*
 * Opening what stands in the place of MODEL, with plain words for what does not belong there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "cli.h"

/**
 * Load a model file, or the best model of a run folder.
 * @param place  what the command calls this argument, for the message about a wrong order
 * @return CLI_DONE, or the exit code of a reported failure with *out NULL
 */
int model_open(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *place);

/** The file of a model: of a run folder its best.safetensors. Owned by the caller. */
char *model_file(const char *path);

#endif
