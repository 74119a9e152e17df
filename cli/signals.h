/*
 * Interruption: the first SIGINT, SIGTERM or SIGXCPU (of a limit on processor time) says so and
 * asks the library to stop, a second SIGINT or SIGTERM more than a second later ends the program at
 * once. SIGHUP, SIGUSR1 and SIGUSR2, with which batch systems announce the end of a job, can be
 * kept as requests for a checkpoint. SIGPIPE is ignored: a reader that goes away must not end a
 * training run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "cli.h"

/** Ignore SIGPIPE and SIGXFSZ. Called once, at the start. */
void signals_init(void);
/** From now on these signals cancel `ctx`. Pass NULL before the context is freed. */
void signals_watch(alexnet_ctx *ctx);
/** From now on SIGHUP, SIGUSR1 and SIGUSR2 are kept for signals_take_save() instead of ending the
 *  program. */
void signals_keep_requests(void);
/** Between these two the first signal to stop says that the step is being finished, then saved. */
void signals_begin_training(void);
void signals_end_training(void);
/** Whether a checkpoint was asked for since the latest signals_take_save(). */
bool signals_save_asked(void);
bool signals_take_save(void);
/** Whether a signal to stop came. */
bool signals_stopped(void);
/** 128 + the number of the signal that stopped us; CLI_FAILED if none did. */
int signals_exit_code(void);

#endif
