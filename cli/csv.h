/*
 * Fields of CSV files (RFC 4180).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** Write a text as a field, its bytes as they are: in quotes, a quote within doubled. */
void csv_text(FILE *file, const char *text);

/** Fields being read one after the other. Set the first three. */
typedef struct csv_reader {
    FILE *file;
    const char *path; /* for error texts */
    size_t most;      /* bytes of a field; what is beyond is dropped */
    long line, ends;  /* where the latest field begins, from 1; ends of lines so far */
    char *field;      /* the latest, NUL-terminated, without its quotes */
    size_t length;
    bool last; /* it ends its line */
} csv_reader;

/** Read the next field. @return false at the end of the file, with an empty field */
bool csv_next(csv_reader *csv);
void csv_reader_free(csv_reader *csv);

#endif
