/*
 * `alexnet bench --tune FILE`: the fastest implementations of a network's layers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_BENCH_TUNE_H
#define CLI_BENCH_TUNE_H

#include "cli.h"

/**
 * Measure, write the choices to `path` and print them.
 * @return CLI_DONE, or the exit code of a reported failure
 */
int bench_tune(alexnet_ctx *ctx, const alexnet_bench_options *options, const char *path, bool json);

#endif
