/*
 * `alexnet bench --mode loader DATA`: how fast pictures are read, decoded and resized.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_BENCH_LOADER_H
#define CLI_BENCH_LOADER_H

#include "cli.h"

typedef struct bench_loader_options {
    const char *data, *net, *recipe; /* recipe: a name or a file; NULL: "paper" */
    int64_t batch, rounds, pictures;
    bool json;
} bench_loader_options;

/** Measure and print. @return CLI_DONE, or the exit code of a reported failure */
int bench_loader(alexnet_ctx *ctx, const bench_loader_options *options);

#endif
