/*
 * What is printed about a run that is trained: what it needs, how far it is, and its result.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_REPORT_TRAINING_H
#define CLI_REPORT_TRAINING_H

#include "training.h"

/** How many classes and pictures there are. */
void report_training_data(const train_data *data);
/** The network, its memory, and what will be written; warns if the disk has no room for it. */
void report_training_needs(const alexnet_trainer *trainer, const char *run_dir);
/** How far the run is: a bar, or at the end of an epoch a line. */
void report_training_progress(const alexnet_progress *progress, int classes);
/** The result on stdout, as text or as a JSON document. */
void report_training_result(const training_result *result, bool json);

#endif
