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
 * Call a function with every line of a run's log, as a JSON object. Lines of norms are left out,
 * because they are not reports; so is an incomplete last line, with a warning.
 * @return CLI_DONE; CLI_BAD_INPUT, reported, for no log, or a line that is not an object
 */
int run_log_lines(const char *run, void (*take)(void *user, const json_t *line), void *user);

/** A line of the log. A value that is missing or impossible is NAN. Errors are fractions. */
typedef struct log_point {
    bool whole_epoch; /* it ends an epoch, and has the means of the epoch and the validation */
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
int run_log_read_new(run_log *out, const char *run);
/** The same, but a run that has not reported yet is an error: there is at least one point. */
int run_log_read(run_log *out, const char *run);

/** The seconds that all updates took, without validation; NAN if a line does not say. */
double run_log_seconds(const run_log *log);

#endif
