/*
 * The command that a run began with, as it must be typed to repeat it: command.txt in its folder.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RUN_COMMAND_H
#define CLI_RUN_COMMAND_H

#include "training.h"

/** The command with everything that was left to defaults, `split` being what is used. Owned by the
 * caller. */
char *run_command(const training_request *request, const char *val, const char *run, int split);
/** Keep it in the run's folder, with the working folder. @return exit code: reported */
int run_command_write(const char *run, const char *words);

#endif
