/*
 * The options that all computing commands share, and the context that is made from them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "opt.h"

typedef struct machine_options {
    const char *device, *tuning;
    int precision; /* an alexnet_precision */
    int64_t threads;
    bool deterministic, quiet, json;
} machine_options;

/** The group "Common options", which sets the members of `options`. */
opt_group machine_group(machine_options *options);

/**
 * The rows of this group for commands without a network: threads, quiet, json. The device is cpu.
 */
opt_group machine_group_plain(machine_options *options);

/**
 * Make the context and let SIGINT and SIGTERM cancel it. What the library logs goes to stderr.
 * @return CLI_DONE, or the exit code of a reported failure with *out NULL
 */
int machine_open(alexnet_ctx **out, const machine_options *options);
/** What a training run on this context computes with: device, processor, instruction set, library,
 *  precision, threads. Owned by the caller. */
char *machine_text(const alexnet_ctx *ctx, const machine_options *options);
/** The same as options to be typed: " --device cpu --precision bf16". Owned by the caller. */
char *machine_arguments(const machine_options *options);
/** The same without those that were left to their defaults. Owned by the caller. */
char *machine_arguments_given(const machine_options *options);
/** Print machine_text() as a note. */
void machine_describe(const alexnet_ctx *ctx, const machine_options *options);
void machine_close(alexnet_ctx *ctx);

/**
 * Report a lack of memory before the work, not after it.
 * @param what    the things that take these bytes, in the plural
 * @param remedy  "; ..." to end the message, or ""
 * @return CLI_DONE or CLI_FAILED
 */
int machine_check_memory(double bytes, const char *what, const char *remedy);

#endif
