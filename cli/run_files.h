/*
 * What the command keeps in the folder of a run under way beside what the library writes there:
 *
 *     log.csv           the log as a table
 *     curves.png        loss and error over the epochs
 *     filters.png       the filters of conv1
 *     events.out.*      the same for TensorBoard, with the distribution of all weights
 *
 * All of it can be made again, so a failure is said once and the run goes on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RUN_FILES_H
#define CLI_RUN_FILES_H

#include "cli.h"

typedef struct run_files {
    const char *run;
    alexnet_trainer *trainer;
    alexnet_events *events; /* NULL: none is begun yet, or it failed */
    bool begun;             /* with the events */
    bool failed;            /* something could not be written, which was said */
    double drawn;           /* when the pictures were */
} run_files;

/** Take a step's progress: pictures and table are made at the end of an epoch, and at reports when
 *  a minute has passed. */
void run_files_take(run_files *files, const alexnet_progress *progress);
void run_files_end(run_files *files);

/** Write log.csv of a run. @return exit code: reported */
int run_csv_write(const char *run);

#endif
