/*
 * report.html in the folder of a finished run: one page that contains everything.
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
 * @param machine  as machine_text(); or NULL
 * @return CLI_DONE, also after a failure, which is only a warning; or the exit code of a signal
 */
int run_report_write(alexnet_ctx *ctx, const char *run, const char *machine);

#endif
