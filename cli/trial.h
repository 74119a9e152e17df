/*
 * `train --overfit-one-batch` and `train --find-rate`: trial runs, which are not kept.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRIAL_H
#define CLI_TRIAL_H

#include "training.h"

/**
 * Train on one batch until the network has memorised it, and report whether it could.
 * @return CLI_DONE, CLI_FAILED if it could not, or the exit code of a reported failure
 */
int trial_overfit(alexnet_ctx *ctx, const training_request *request, bool json);

/**
 * Train with rising rates, draw the losses over them, and suggest a rate.
 * @param path  of the PNG; the numbers go to the same path with the ending .csv
 * @return CLI_DONE, CLI_FAILED if no rate makes the loss fall, or the exit code of a failure
 */
int trial_rates(alexnet_ctx *ctx, const training_request *request, const char *path, bool json);

#endif
