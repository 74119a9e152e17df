/*
 * How `eval` shows what it measured.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_REPORT_EVALUATION_H
#define CLI_REPORT_EVALUATION_H

#include "cli.h"

/** What a report is about. */
typedef struct evaluation_report {
    const alexnet_evaluation *evaluation;
    const alexnet_model *model; /* the first one; its class names are shown */
    int views;
    bool per_class;
    const double *weights; /* of the models, with the sum 1; NULL for one model */
    int models;
} evaluation_report;

/** Print it on stdout, as text or as one JSON document. @return exit code */
int report_evaluation(const evaluation_report *report, bool json);
/** Write the bins of the calibration as a CSV file. @return exit code */
int write_calibration(const alexnet_evaluation *evaluation, const char *path);

#endif
