/*
 * Lists of pictures with their labels, as text.
 *
 *     list_rows.c  lines "path label", as Caffe has them
 *     list_csv.c   tables with a header, as in RFC 4180
 */
#ifndef AN_DATA_LIST_ROWS_H
#define AN_DATA_LIST_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_list_row {
    const char *path;  /* without "./" in front; points into the text */
    const char *label; /* NULL: none; likewise */
    int64_t line;      /* from 1 */
    int class;         /* -1; for the caller, who numbers the labels */
} an_list_row;

/** Starts as all zero. */
typedef struct an_list_rows {
    an_list_row *at;
    int64_t count;
} an_list_rows;

/**
 * Cut a text into rows, in place.
 * @param text    `length` bytes and a zero byte; it must outlive the rows
 * @param name    of the file, for error texts; a table if it ends in .csv
 * @param labels  whether each row must have one; otherwise labels are ignored
 * @return ALEXNET_ERROR_FORMAT with file and line. Free the rows in that case too
 */
alexnet_status an_list_parse(an_list_rows *out, char *text, size_t length, const char *name,
                             bool labels);
void an_list_free(an_list_rows *rows);

/** Check and add a row; for list_*.c. @param label  or NULL */
alexnet_status an_list_add(an_list_rows *rows, char *path, char *label, int64_t line,
                           const char *name);
/** Parse a table; as an_list_parse(), but `text` begins after any byte order mark. */
alexnet_status an_list_parse_csv(an_list_rows *out, char *text, size_t length, const char *name,
                                 bool labels);
/** Trim spaces, tabs and carriage returns from both ends, in place. */
char *an_list_trim(char *text);

#endif
