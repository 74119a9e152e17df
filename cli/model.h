/*
 * Opening what stands in the place of MODEL, with plain words for what does not belong there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "cli.h"

/**
 * Whether a path can be a model file or a run folder with a best model.
 * @param rule  what belongs there, for the message about something else: "MODEL comes first"
 * @return CLI_DONE, or the exit code of what was reported
 */
int model_check(const char *path, const char *rule);
/** Load a model file, or the best model of a run folder; as model_check(). */
int model_open(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *rule);

#endif
