/*
 * Open the argument MODEL, with clear errors for anything that is not a model.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "opt.h"

/** How to read a MODEL that does not say everything itself. */
typedef struct model_options {
    const char *net, *mean, *names;
} model_options;

/**
 * The group "Options of MODEL", which sets the members of `options`; for every command with MODEL.
 */
opt_group model_group(model_options *options);

/**
 * Check that a path can be a model file or a run folder with a best model.
 * @param rule  what is expected, to end the message about anything else: "MODEL comes first"
 * @return CLI_DONE, or the exit code of a reported failure
 */
int model_check(const char *path, const char *rule);
/** Load a model file, or the best model of a run folder; as model_check(). */
int model_open(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *rule);
/** model_open() with options. */
int model_open_as(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *rule,
                  const model_options *options);

#endif
