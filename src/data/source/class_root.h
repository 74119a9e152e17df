/*
 * The root of a tree of class folders: whether its folders can be classes, and otherwise what it
 * holds, for the error.
 */
#ifndef AN_DATA_SOURCE_CLASS_ROOT_H
#define AN_DATA_SOURCE_CLASS_ROOT_H

#include "base/ending_counts.h"
#include "base/folder.h"

/** Whether there are several names, and all are parts of a split, such as train and test. */
bool an_are_parts(const an_strings *names);
/** Whether these two are among the names. */
bool an_have_train_and_val(const an_strings *names);

/** Count the files that are called like pictures, and add the others by their endings. */
int64_t an_count_pictures(const an_strings *files, an_endings *others);

/**
 * Check that the folders in a root can be classes.
 * @return ALEXNET_ERROR_FORMAT, ALEXNET_ERROR_INVALID_ARGUMENT for a data set in parts,
 *         ALEXNET_ERROR_IO for a link that leads nowhere, ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_class_root_check(const an_folder *root, const char *path, an_work *work);

#endif
