/*
 * What `train --preview` draws: pictures as a network will see them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PREVIEW_H
#define CLI_PREVIEW_H

#include "training.h"

/**
 * Draw a sheet, a row per picture, a column per draw, and say on stdout what it holds. Nothing is
 * trained.
 * @param path  of the PNG
 * @return CLI_DONE, or the exit code of a reported failure
 */
int preview_write(alexnet_ctx *ctx, const training_request *request, const char *path, bool json);

#endif
