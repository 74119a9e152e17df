/*
 * How data sets are put together; for the files dataset*.c only.
 */
#ifndef AN_DATA_DATASET_MAKE_H
#define AN_DATA_DATASET_MAKE_H

#include "data/dataset.h"
#include "data/tree.h"

/** An empty data set whose classes are still to be set. `root` is copied. */
alexnet_status an_dataset_new(alexnet_dataset **out, const char *root, int classes);
/** Copies both strings. */
alexnet_status an_dataset_set_class(alexnet_dataset *dataset, int index, const char *id,
                                    const char *name);
/** Append samples; takes the strings over and leaves `paths` empty. */
alexnet_status an_dataset_add(alexnet_dataset *dataset, an_names *paths, int label);
/** A sample's path below the root; its whole path if there is no root. */
const char *an_dataset_relative(const alexnet_dataset *dataset, int64_t index);

#endif
