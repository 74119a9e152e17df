/*
 * Text for a terminal: control characters escaped, its width, and lines that fit into it.
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
 * Names, metadata and words of the command line may come from anybody. They are printed by
 * terminal_line(), as a table's cells (table.h), as messages and progress (progress.h) or as JSON
 * (json.h): all of these escape control characters, so that no text can colour, move or forge a
 * line.
 */

/**
 * A copy of a text in which control characters, direction marks and bytes that are not valid UTF-8
 * are escaped, as "\x1b", "\u202e" and "\xff". Owned by the caller.
 * @param but  ASCII control characters that are kept
 */
char *terminal_text(const char *bytes, const char *but);
/** Print one line: formatted, escaped, and ended. */
void terminal_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void terminal_line_in(FILE *out, const char *format, va_list args);
/**
 * Decode the first character of a text.
 * @return its bytes; 0, with *code unchanged, if it is not valid UTF-8
 */
int terminal_character(const char *text, uint32_t *code);
/** Whether terminal_text() escapes a character. */
bool terminal_obeys(uint32_t code);

/** The width of a line in columns: from COLUMNS, else from the terminal of the file, else 80. */
int terminal_width(FILE *file);
/** The same for what would have to be cut: if neither says a width, as for a pipe or a file, there
 * is room for all. */
int terminal_room(FILE *file);

/**
 * Print words in the columns from `column` up to `width`, in as many lines as needed.
 * @param at  columns of the first line that are used already; at most `column`
 */
void terminal_wrap(FILE *out, int width, int column, int at, const char *text);

/** Columns that a UTF-8 text takes: two for wide characters, none for combining ones. */
int terminal_columns(const char *text);

/**
 * The bytes of a text that fit into `width` columns. With `words`, the text is cut at the last pair
 * of blanks that fits, as between the parts of a progress line, else at the last blank, if any.
 */
int terminal_fit(const char *text, int width, bool words);

#endif
