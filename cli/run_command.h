/*
 * command.txt in the folder of a run: the command that started it, and those that resumed it with
 * other settings or data, as they must be typed to repeat the run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RUN_COMMAND_H
#define CLI_RUN_COMMAND_H

#include "training.h"

/** The command with all defaults written out; `split` is the value in use. Owned by the caller. */
char *run_command(const training_request *request, const char *val, const char *run, int split);
/** Write it to the run's folder, after a `cd` to the working folder. @return exit code: reported */
int run_command_write(const char *run, const char *words);
/**
 * Append the command that resumes the run, if it says more than --resume.
 * @return exit code: reported
 */
int run_command_resume(const training_again *again);

#endif
