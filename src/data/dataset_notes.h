/*
 * What is said about a data set beside its errors: files that were left out, and what looks like a
 * mistake. ctx may be NULL.
 */
#ifndef AN_DATA_DATASET_NOTES_H
#define AN_DATA_DATASET_NOTES_H

#include "data/dataset.h"

/** Files that are no pictures, by their endings, and pictures of no class. */
void an_note_left_out(alexnet_ctx *ctx, const alexnet_dataset *dataset);
/** Classes that differ only in case, readable names that two classes share, doubts of the source.
 */
alexnet_status an_note_classes(alexnet_ctx *ctx, const alexnet_dataset *dataset);
/** A names file none of whose lines names a class. */
void an_note_strangers(alexnet_ctx *ctx, const alexnet_dataset *dataset, const char *names_file);

/** The class whose identifier is most like a text; by case alone if there is one. NULL: none is. */
const char *an_class_like(const char *id, int count, char *const *ids);

#endif
