/*
 * Lists of pictures with their labels.
 *
 *     list_parse.c   which of these a text is
 *     list_rows.c    lines "path label", as Caffe has them
 *     list_titles.c  whether the first line has the titles of columns
 *     list_csv.c     tables with such a line, as in RFC 4180
 *     list_order.c   labels become classes, and the rows are sorted
 */
#ifndef AN_DATA_SOURCE_LIST_ROWS_H
#define AN_DATA_SOURCE_LIST_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/work.h"
#include "data/source/source.h"

typedef struct an_list_row {
    const char *path;  /* without "./" in front; points into the text */
    const char *label; /* NULL: none; likewise */
    int64_t line;      /* from 1 */
    int class;         /* -1; for the caller, who numbers the labels */
} an_list_row;

/** Starts as {.work = ...}, all else zero. */
typedef struct an_list_rows {
    an_work *work; /* counts rows, and can be cancelled; NULL: none. Borrowed */
    an_list_row *at;
    int64_t count;
    /** Titles of the two columns, in the text; both NULL: there are none. `path_title` alone: it is
     *  the whole first line, with both titles. */
    const char *path_title, *label_title;
} an_list_rows;

/**
 * Cut a text into rows, in place.
 * @param text    `length` bytes and a zero byte; it must outlive the rows
 * @param name    of the file, for error texts. What ends in .csv must have titles
 * @param labels  whether each row must have one; otherwise labels are ignored
 * @return ALEXNET_ERROR_FORMAT with file and line; ALEXNET_ERROR_CANCELLED. Free the rows in that
 *         case too
 */
alexnet_status an_list_parse(an_list_rows *out, char *text, size_t length, const char *name,
                             bool labels);
void an_list_free(an_list_rows *rows);

/** Number the rows' labels: as the numbers that they are or, if none is a number, by the byte order
 *  of the names. Sets the source's classes. */
alexnet_status an_list_classify(an_data_source *source, an_list_rows *rows);
/** Sort classified rows by class, then by path, and keep each path once. */
alexnet_status an_list_sort(an_data_source *source, an_list_rows *rows);
/** Called for each row of a pass over all: whether to go on. */
alexnet_status an_list_ask(const an_list_rows *rows, int64_t row);

/** Check and add a row; for list_*.c. @param label  or NULL */
alexnet_status an_list_add(an_list_rows *rows, char *path, char *label, int64_t line,
                           const char *name);
/** Parse lines, or a table; as an_list_parse(), but `text` begins after any byte order mark.
 *  @param titles     whether the first line is "path label"
 *  @param separator  of fields */
alexnet_status an_list_parse_lines(an_list_rows *out, char *text, size_t length, const char *name,
                                   bool labels, bool titles);
alexnet_status an_list_parse_csv(an_list_rows *out, char *text, size_t length, const char *name,
                                 bool labels, char separator);

/** How well a title says that a column has paths, or labels: 0: best; -1: it does not. */
int an_list_path_rank(const char *title, size_t length);
int an_list_label_rank(const char *title, size_t length);
#define AN_LIST_PATH_TITLES "path, file, filename, file_name or image"
#define AN_LIST_LABEL_TITLES "label or class"
/**
 * The separator of columns, if the first line of a text has titles of a column of paths and one of
 * labels: a tab, comma or semicolon, or a blank if it has only these two, in this order. Else '\0'.
 */
char an_list_find_titles(const char *text);
/** Trim spaces, tabs and carriage returns from both ends, in place. */
char *an_list_trim(char *text);

#endif
