/*
 * Files that the command writes to the folder of a run in progress, besides those of the library:
 *
 *     log.csv           the log as a table
 *     curves.png        loss and error over the epochs
 *     filters.png       the filters of conv1
 *     events.out.*      the same for TensorBoard, with the distribution of all weights
 *
 * All of them can be made again, so a failure is reported, training continues, and the next attempt
 * follows the next epoch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RUN_FILES_H
#define CLI_RUN_FILES_H

#include "cli.h"

typedef struct run_files {
    const char *run;
    alexnet_trainer *trainer;
    alexnet_events *events; /* NULL: not opened yet, or writing them failed */
    bool failed;            /* the latest attempt to write, which was reported */
    double drawn;           /* when pictures were last drawn, by progress_clock() */
} run_files;

/**
 * Record the progress of a step. Pictures and table are written at the end of an epoch, and at a
 * report if a minute has passed since.
 */
void run_files_take(run_files *files, const alexnet_progress *progress);
void run_files_end(run_files *files);

/** Write log.csv of a run. @return exit code: reported */
int run_csv_write(const char *run);

#endif
