/*
 * What the files of `alexnet data check` share.
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

/** An examination that is done, and what it was of. */
typedef struct data_checked {
    const char *name; /* DATA as it was typed */
    char *root;       /* where it really is; NULL: no file or folder */
    const data_check_options *options;
    train_data data;
    alexnet_check *check;
    int64_t unreadable;
} data_checked;

/** The name of a part; "" where there is only one. */
const char *data_checked_part(const data_checked *checked, int part);
/** A part; NULL: there is none. */
const alexnet_dataset *data_checked_data(const data_checked *checked, int part);
/** What a finding is in, for people: below DATA if it is there. Borrowed. */
const char *data_checked_place(const data_checked *checked, const alexnet_finding *finding);
/** Pictures of each class of a part. Owned by the caller. */
int64_t *data_checked_counts(const alexnet_dataset *data);

/** The summary for people, on stdout. */
void data_check_summary(const data_checked *checked);
/** The document of --json: of each problem the first findings. Owned by the caller. */
json_t *data_check_json(const data_checked *checked);
/** All findings, as CSV. @return CLI_DONE, or the code of a reported failure */
int data_check_report(const data_checked *checked);
/** A page with the pictures in question. @return CLI_DONE, or the code of a reported failure */
int data_check_sheet(const data_checked *checked);

#endif
