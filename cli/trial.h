/*
 * `train --overfit-one-batch` and `train --find-rate`: training of which nothing is kept.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TRIAL_H
#define CLI_TRIAL_H

#include "training.h"

/**
 * Let the network learn one batch by heart, and say whether it could.
 * @return CLI_DONE, CLI_FAILED if it could not, or the exit code of a reported failure
 */
int trial_overfit(alexnet_ctx *ctx, const training_request *request, bool json);

/**
 * Try rates that rise, draw the losses over them, and say which rate to take.
 * @param path  of the PNG; the numbers go to the same with .csv in place of its ending
 * @return CLI_DONE, CLI_FAILED if no rate makes the loss fall, or the exit code of a failure
 */
int trial_rates(alexnet_ctx *ctx, const training_request *request, const char *path, bool json);

#endif
