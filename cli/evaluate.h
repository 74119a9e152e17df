/*
 * Running an evaluation with progress, and showing what came out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_EVALUATE_H
#define CLI_EVALUATE_H

#include <stdio.h>

#include "cli.h"

/**
 * Evaluate to the end.
 * @return CLI_DONE, or the exit code of a reported failure with *out NULL
 */
int evaluate(alexnet_evaluation **out, alexnet_session *session, const alexnet_dataset *data);

/** How many pictures of each class were evaluated and recognised, and the commonest mistake. */
typedef struct class_result {
    int64_t images, correct;
    int mistaken_for; /* class, or -1 if there was no mistake */
} class_result;

class_result evaluate_class(const alexnet_evaluation *evaluation, int classes, int label);

enum { METRICS_SIZE = 64 };

/**
 * "top-1 error 3.20%, top-5 error 0.40%". Up to five classes leave no top-5 error: it is left out.
 * @return `out`
 */
const char *metrics_text(char out[METRICS_SIZE], const alexnet_metrics *metrics, int classes);

/** Print a table with a row per class. */
void report_classes(const alexnet_evaluation *evaluation, const alexnet_model *model);
/** Write the confusion matrix as CSV: a row per class, a column per answer. @return exit code */
int write_confusion(const alexnet_evaluation *evaluation, const alexnet_model *model,
                    const char *path);

#endif
