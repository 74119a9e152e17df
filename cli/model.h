/*
 * Opening what stands in the place of MODEL, with plain words for what does not belong there.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "opt.h"

/** How MODEL is to be read where it does not say everything itself. */
typedef struct model_options {
    const char *net, *mean, *names;
} model_options;

/** The group "Options of MODEL", for every command that takes one; its target is the struct. */
opt_group model_group(model_options *options);

/**
 * Whether a path can be a model file or a run folder with a best model.
 * @param rule  what belongs there, for the message about something else: "MODEL comes first"
 * @return CLI_DONE, or the exit code of what was reported
 */
int model_check(const char *path, const char *rule);
/** Load a model file, or the best model of a run folder; as model_check(). */
int model_open(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *rule);
/** The same as the options say. */
int model_open_as(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *rule,
                  const model_options *options);

#endif
