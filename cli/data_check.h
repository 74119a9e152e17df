/*
 * Shared by the files of `alexnet data check`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DATA_CHECK_H
#define CLI_DATA_CHECK_H

#include <stdio.h>

#include "json.h"
#include "train_data.h"

typedef struct data_check_options {
    const char *val, *names, *report, *sheet;
    bool near;
    int64_t distance, side, seed;
} data_check_options;

/** A finished examination, and the data that it examined. */
typedef struct data_checked {
    const char *name; /* DATA as it was typed */
    char *root;       /* its real path; NULL if it is not a file or folder */
    const data_check_options *options;
    train_data data;
    alexnet_check *check;
    int64_t unreadable;
} data_checked;

/** The name of a part, "train" or "val"; "" if there is only one part. */
const char *data_checked_part(const data_checked *checked, int part);
/** A part, 0 for train or 1 for val; NULL if there is no such part. */
const alexnet_dataset *data_checked_data(const data_checked *checked, int part);
/** A finding, as alexnet_check_get() gives it, in the words of the command: library_text(). */
bool data_checked_get(const data_checked *checked, int64_t index, alexnet_finding *finding);
/** The path of a finding as it is shown: relative to DATA if it is below it, and DATA itself as it
 * was typed. Borrowed. */
const char *data_checked_place(const data_checked *checked, const alexnet_finding *finding);
/** Pictures of each class of a part. Owned by the caller. */
int64_t *data_checked_counts(const alexnet_dataset *data);

/** The summary for people, on stdout. */
void data_check_summary(const data_checked *checked);
/** The document of --json, with the first findings of each problem. Owned by the caller. */
json_t *data_check_json(const data_checked *checked);
/** Write all findings as CSV. @return CLI_DONE, or the code of a reported failure */
int data_check_report(const data_checked *checked);
/**
 * Write a page that shows the pictures in question.
 * @return CLI_DONE, or the code of a reported failure
 */
int data_check_sheet(const data_checked *checked);

#endif
