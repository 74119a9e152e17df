/*
 * A table of text: columns as wide as their widest cell, two blanks between them. Columns that may
 * be cut or wrapped keep a table within the terminal.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdio.h>

#include "alloc.h"

typedef struct table {
    const char *align; /* per column: 'l' left; 'r' right; 'c' left, and cells are cut if the table
                          is too wide; 'e' the same, but they keep their ends, and are cut last
                          and only if the table then fits, as for paths; 'w' left, in the last
                          column only, and cells are wrapped */
    int columns;
    string_list cells; /* row by row */
} table;

/** An empty table. `align` has a letter per column and is borrowed. */
table table_new(const char *align);
/** Add the next cell, from left to right, row by row. */
void table_add(table *t, const char *format, ...) CLI_PRINTF(2, 3);
/** Add the cells of a heading. */
void table_add_row(table *t, const char *const *cells);
/** Print and empty the table. The first row is the heading, and gets a line under it. */
void table_print(table *t, FILE *out);

#endif
