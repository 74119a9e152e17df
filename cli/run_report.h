/*
 * The page that a finished run leaves in its folder: report.html, one file with everything in it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RUN_REPORT_H
#define CLI_RUN_REPORT_H

#include "cli.h"

/**
 * Measure the best model on the validation pictures of the run, if there are any, and write
 * confusion.png and report.html: curves, filters, confusion, the worst mistakes with their
 * pictures, data, machine, recipe, and the command to repeat it.
 * @param machine  what it was trained with
 * @return CLI_DONE, also if it failed, which is said as a warning; or the exit code of a signal
 */
int run_report_write(alexnet_ctx *ctx, const char *run, const char *machine);

#endif
