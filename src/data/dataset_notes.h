/*
 * Log messages about a data set that are not errors: what its files are, and likely mistakes. ctx
 * may be NULL.
 */
#ifndef AN_DATA_DATASET_NOTES_H
#define AN_DATA_DATASET_NOTES_H

#include "data/dataset.h"

/** Pictures by their endings, if there are several; files that are not pictures, by theirs; and
 * pictures without a class. */
void an_note_files(alexnet_ctx *ctx, const alexnet_dataset *dataset);
/** Classes that differ only in case, readable names that two classes share, the source's doubts.
 */
alexnet_status an_note_classes(alexnet_ctx *ctx, const alexnet_dataset *dataset);
/** Warn that no line of a names file names a class. */
void an_note_strangers(alexnet_ctx *ctx, const alexnet_dataset *dataset, const char *names_file);

/** The class identifier most like `id`; preferably one that differs only in case or in how
 * accents are encoded. NULL: none. */
const char *an_class_like(const char *id, int count, char *const *ids);

#endif
