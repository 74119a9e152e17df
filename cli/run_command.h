/*
 * The command that a run began with, and those by which it went on with other settings or data, as
 * they must be typed to repeat it: command.txt in its folder.
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
/** Add the command by which it goes on, if it says more than that. @return exit code: reported */
int run_command_go_on(const training_again *again);

#endif
