/*
 * Text for a terminal: its width, and lines that fit into it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/**
 * The columns of a line: what COLUMNS says, else the terminal that the file leads to, else 80.
 */
int terminal_width(FILE *file);

/**
 * Print words in the columns from `column` up to `width`, in as many lines as it takes.
 * @param at  columns of the first line that are taken already; at most `column`
 */
void terminal_wrap(FILE *out, int width, int column, int at, const char *text);

/** Columns that a UTF-8 text takes: two for wide characters, none for combining ones. */
int terminal_columns(const char *text);

/**
 * The bytes of a text that fit into `width` columns. Cut at the last blank that fits, if `words` is
 * set and there is one; two blanks, which stand between the parts of a progress line, come first.
 */
int terminal_fit(const char *text, int width, bool words);

#endif
