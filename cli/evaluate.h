/*
 * Run an evaluation with progress, and format its results.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_EVALUATE_H
#define CLI_EVALUATE_H

#include <stdio.h>

#include "cli.h"
#include "files.h"

/** A CSV file with a row for each picture. */
typedef struct picture_rows {
    file_output out;
    const alexnet_model *model;
    alexnet_prediction *best;
    int top;           /* classes of a row */
    const char *given; /* the folder of the pictures, as the user named it; or NULL */
    char *real;        /* where it is */
} picture_rows;

/**
 * Begin the file with its heading: file, label (its number), class, correct (0 or 1), loss, and for
 * each of the best classes index1, class1, probability1, ...
 * @param top   the number of best classes; no more than the model has are written
 * @param data  the data set as the user named it: files below it are named likewise, as classify
 *              does. NULL: all paths are absolute
 * @return exit code; after a failure there is nothing to end
 */
int picture_rows_begin(picture_rows *rows, const char *path, const alexnet_model *model, int top,
                       const char *data);
/** For evaluation_watch: write the rows of the latest step; `rows` is a picture_rows. */
void picture_rows_take(void *rows, const alexnet_evaluation *evaluation);
/** Complete the file, or with a code other than CLI_DONE leave none. @return exit code */
int picture_rows_end(picture_rows *rows, int code);

/** A function that is called with the pictures of every step. */
typedef struct evaluation_watch {
    void (*take)(void *user, const alexnet_evaluation *evaluation);
    void *user;
} evaluation_watch;

/**
 * Run an evaluation to its end.
 * @param watch  called after every step; or NULL
 * @return exit code; failures are reported
 */
int evaluate_all(alexnet_evaluation *evaluation, int64_t total, const evaluation_watch *watch);
/**
 * Make an evaluation and run it to its end.
 * @param options  as for alexnet_evaluation_new_ensemble(); NULL: the defaults
 * @return CLI_DONE, or the exit code of a reported failure with *out NULL
 */
int evaluate(alexnet_evaluation **out, alexnet_session *session, const alexnet_dataset *data,
             const alexnet_ensemble_options *options, const evaluation_watch *watch);

enum { METRICS_SIZE = 64 };

/**
 * "top-1 error 3.20%, top-5 error 0.40%". With five classes or fewer the top-5 error is left out.
 * @return `out`
 */
const char *metrics_text(char out[METRICS_SIZE], const alexnet_metrics *metrics, int classes);

#endif
