/*
 * The log of a training run, log.jsonl: a JSON object per line, one for each report.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RUN_LOG_H
#define CLI_RUN_LOG_H

#include "cli.h"
#include "json.h"

/**
 * Give every line of the log of a run's folder to a function, as the JSON object that it is, but
 * for those of norms, which are no reports. A last line that is not whole is left out, and said.
 * @return CLI_DONE, or CLI_BAD_INPUT: there is none, no line, or a line that is none: reported
 */
int run_log_lines(const char *run, void (*take)(void *user, const json_t *line), void *user);

/** A line of the log. What it does not say, or no run could, is NAN. Errors are fractions. */
typedef struct log_point {
    bool whole_epoch; /* the second line of an epoch, which has its means and the validation */
    double epoch, step, images;
    double loss, top1_error;
    double images_per_second;
    double val_loss, val_top1_error, val_top5_error;
} log_point;

/** Points in the order of the log. Owned by the caller, freed with free(points). */
typedef struct run_log {
    log_point *points;
    size_t count;
} run_log;

/** Read the log of a run's folder; as run_log_lines(). */
int run_log_read(run_log *out, const char *run);

/** Seconds that its updates took, without validation; NAN if a line does not say. */
double run_log_seconds(const run_log *log);

#endif
