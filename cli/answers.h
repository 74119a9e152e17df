/*
 * The answers of models for single pictures, as 'eval --images' writes them, and their comparison.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_ANSWERS_H
#define CLI_ANSWERS_H

#include "cli.h"

/** A model's answer for a picture. */
typedef struct answer {
    char *file;
    bool correct;
    double loss; /* NAN if the file has no column of that name */
} answer;

typedef struct answers {
    answer *rows; /* sorted by file; no two are equal */
    size_t count;
} answers;

/**
 * Read the columns `file`, `correct` and `loss` of a CSV file; others are ignored.
 * @param out  to be freed also after a failure
 * @return CLI_DONE, or CLI_BAD_INPUT: reported
 */
int answers_read(answers *out, const char *path);
void answers_free(answers *answers);

/** Print whether one of two models is better than the other on the pictures of both files. */
int answers_compare(char **files, bool json);

#endif
