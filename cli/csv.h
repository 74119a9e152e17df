/*
 * Fields of CSV files (RFC 4180), whose lines may also end with LF or CR alone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** Write a text as a quoted field: quotes in it are doubled, other bytes are unchanged. */
void csv_text(FILE *file, const char *text);

/**
 * Reads one field after the other. The caller sets the first three members and calls csv_begin().
 */
typedef struct csv_reader {
    FILE *file;
    const char *path; /* for error texts */
    size_t most;      /* bytes of a field */
    char separator;   /* of fields */
    long line, ends;  /* where the latest field begins, from 1; line ends so far */
    char *field;      /* the latest field, NUL-terminated, without its quotes */
    size_t length;
    bool last; /* the latest field ends its line */
    bool cut;  /* it was longer, or had a zero byte: nothing after that is read */
} csv_reader;

/**
 * Go to the beginning of the file, past the mark with which spreadsheets begin UTF-8, and see from
 * its first lines what separates fields: commas, semicolons or tabs.
 */
void csv_begin(csv_reader *csv);
/** Read the next field. @return false at the end, with an empty field, and after a cut one */
bool csv_next(csv_reader *csv);
/**
 * The number that the latest field is. Where semicolons separate fields, it may have a decimal
 * comma.
 * @return false if it is none
 */
bool csv_number(const csv_reader *csv, double *value);
/** Report that the latest field is another than expected. @return CLI_BAD_INPUT */
int csv_wrong(const csv_reader *csv, const char *expected);
/**
 * Close the file.
 * @param code  of what the fields were taken for
 * @return `code` or, if the file could not be read to its end, CLI_BAD_INPUT: reported
 */
int csv_end(csv_reader *csv, int code);

#endif
