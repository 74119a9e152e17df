/*
 * Interruption: the first SIGINT or SIGTERM says so and asks the library to stop, a second one ends
 * the program at once. SIGHUP can be kept as a request for a checkpoint. SIGPIPE is ignored: a
 * reader that goes away must not end a training run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "cli.h"

/** Ignore SIGPIPE and SIGXFSZ. Called once, at the start. */
void signals_init(void);
/** From now on SIGINT and SIGTERM cancel `ctx`. Pass NULL before the context is freed. */
void signals_watch(alexnet_ctx *ctx);
/**
 * From now on SIGHUP is kept for signals_take_hangup() instead of ending the program, and the first
 * SIGINT or SIGTERM says that the step is being finished.
 */
void signals_guard_training(void);
/** From now on it no longer says that: nothing is left to save. */
void signals_end_training(void);
/** Whether SIGHUP came since the last call. */
bool signals_take_hangup(void);
/** Whether SIGINT or SIGTERM came. */
bool signals_stopped(void);
/** 128 + the number of the signal that stopped us; CLI_FAILED if none did. */
int signals_exit_code(void);

#endif
