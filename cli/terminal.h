/*
 * Text for a terminal: what it shows and does not obey, its width, and lines that fit into it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Names, metadata and words of the command line come from anybody. Whatever holds them is printed
 * by terminal_line(), as a table's cells (table.h), as messages and progress (progress.h) or as
 * JSON (json.h): these make every control character visible, so that no text can colour, move or
 * forge a line.
 */

/**
 * A text with its control characters, marks of direction and bytes that are no UTF-8 escaped, as
 * "\x1b", "\u202e" and "\xff". Owned by the caller.
 * @param but  ASCII control characters that stay
 */
char *terminal_text(const char *bytes, const char *but);
/** Print one line: formatted, escaped, and ended. */
void terminal_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void terminal_line_in(FILE *out, const char *format, va_list args);
/** The bytes of the first character of a text, and its code; 0 if it is no UTF-8. */
int terminal_character(const char *text, uint32_t *code);
/** Whether a character is one of those that are escaped. */
bool terminal_obeys(uint32_t code);

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
