/*
 * Several models that answer together, or one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_ENSEMBLE_H
#define CLI_ENSEMBLE_H

#include "model.h"

typedef struct ensemble {
    alexnet_model **models;
    alexnet_session **sessions;
    double *weights; /* as they were given, or equal ones */
    int count;
} ensemble;

/** Make room for models; ensemble_free() in any case. */
ensemble ensemble_new(int count);
void ensemble_free(ensemble *m);
/**
 * Read one number per model, with commas between them, and scale them to the sum 1. Without a text
 * all are equal.
 * @return CLI_DONE, or the exit code of a reported failure, as all here
 */
int ensemble_read_weights(ensemble *m, const char *text, const opt_page *page);
int ensemble_open(ensemble *m, alexnet_ctx *ctx, char **files, const model_options *how);
int ensemble_open_sessions(ensemble *m, const alexnet_session_options *settings);
/** Find the weights that measure best, and restart the evaluation with them. */
int ensemble_search(ensemble *m, alexnet_evaluation *evaluation, alexnet_weight_measure measure);

#endif
