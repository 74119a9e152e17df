/*
 * The data of a run, for use without training: the pictures to measure it on, and those that it has
 * seen.
 */
#ifndef AN_TRAIN_RUN_DATA_H
#define AN_TRAIN_RUN_DATA_H

#include "data/dataset.h"

/** Whether the metadata of a file have the record of a run. */
bool an_is_checkpoint(const char *path);
/** The validation set of a run folder, with the classes of a model. */
alexnet_status an_run_validation(alexnet_dataset **out, alexnet_ctx *ctx, const char *folder,
                                 const an_class_list *classes);
/** Warn, in the log, if pictures of a data set are training pictures of a run: they have the same
 * place in the same data set. A copy of it elsewhere is not recognised. */
alexnet_status an_run_warn_seen(alexnet_ctx *ctx, const char *folder, const alexnet_dataset *data);

#endif
