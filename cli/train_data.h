/*
 * The pictures of a training run: what DATA and --val mean together.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRAIN_DATA_H
#define CLI_TRAIN_DATA_H

#include "opt.h"

typedef struct train_data {
    alexnet_dataset *train, *val; /* val is NULL if there is none */
} train_data;

/**
 * Decide what to validate with.
 * @param out  a share below 1 as text ("0" is none), or a folder. Owned by the caller.
 * @param val       what the user gave, or NULL: what DATA holds as `val`, else `standard`
 * @param standard  a share
 * @return CLI_DONE, or the exit code of a reported failure with *out NULL
 */
int train_data_val(char **out, alexnet_ctx *ctx, const char *data, const char *val,
                   const char *standard);
/** The share that `train` takes by default. */
#define TRAIN_DATA_SHARE "0.1"

/**
 * Open the pictures.
 * @param val      as from train_data_val()
 * @param options  of both data sets; NULL: the defaults
 * @param seed     of the choice of the validation share
 * @return CLI_DONE, or the exit code of a reported failure with *out empty
 */
int train_data_open(train_data *out, alexnet_ctx *ctx, const char *data, const char *val,
                    const alexnet_dataset_options *options, uint64_t seed);
/**
 * The folder of classes for a path: `part` of it if it is divided into train and val.
 * @param out   owned by the caller; NULL if `path` is
 * @param part  "train" or "val"
 * @return CLI_DONE, or the exit code of a reported failure
 */
int train_data_part(char **out, alexnet_ctx *ctx, const char *path, const char *part);
void train_data_free(train_data *data);

/** Report that there is a second DATA, most likely since the shell has put names in the place of a
 * pattern. @return CLI_USAGE */
int train_data_several(const opt_page *page, const char *second);

#endif
