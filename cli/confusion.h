/*
 * Confusion matrices: how many pictures of each class got which answer.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_CONFUSION_H
#define CLI_CONFUSION_H

#include "cli.h"

/** Owns its memory; starts as all zero. */
typedef struct confusion {
    int classes;
    string_list names; /* [classes] */
    int64_t *counts;   /* [label][answer] */
} confusion;

confusion confusion_of(const alexnet_evaluation *evaluation, const alexnet_model *model);
/**
 * Read the CSV file that confusion_write() writes.
 * @return CLI_DONE, or CLI_BAD_INPUT with *out empty: reported
 */
int confusion_read(confusion *out, const char *path);
/** Write it as CSV: a row per class, a column per answer. @return exit code */
int confusion_write(const confusion *matrix, const char *path);
void confusion_free(confusion *matrix);

#endif
