/*
 * Confusion matrices: how many pictures of each class got which answer.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_CONFUSION_H
#define CLI_CONFUSION_H

#include "cli.h"

/** Pictures of a class that got the same answer. */
typedef struct confusion_cell {
    int answer;
    int64_t count; /* > 0 */
} confusion_cell;

/** Only cells that are not 0 are kept: with thousands of classes nearly all are. Owns its memory;
 *  starts as all zero. */
typedef struct confusion {
    int classes;
    string_list names;     /* [classes] */
    size_t *rows;          /* [classes + 1]: the cells of a class are those from rows[class] on, up
                              to rows[class + 1], in the order of answers */
    confusion_cell *cells; /* [rows[classes]] */
} confusion;

confusion confusion_of(const alexnet_evaluation *evaluation, const alexnet_model *model);
/**
 * Read the CSV file that confusion_write() writes.
 * @return CLI_DONE, or CLI_BAD_INPUT with *out empty: reported
 */
int confusion_read(confusion *out, const char *path);
/** Write it as CSV: a row per class, a column per answer. @return exit code */
int confusion_write(const confusion *matrix, const char *path);
/** The pictures of a class. */
int64_t confusion_images(const confusion *matrix, int label);
void confusion_free(confusion *matrix);

#endif
