/*
 * The lines of a text file that people write, whatever editor and system it comes from.
 */
#ifndef AN_BASE_LINES_H
#define AN_BASE_LINES_H

#include <stddef.h>

#include "alexnet/alexnet.h"

/**
 * Fail if a text begins with the byte order mark of UTF-16, which Windows editors write, or if it
 * is a compressed file.
 * @param path  for the error text
 * @return ALEXNET_ERROR_FORMAT
 */
alexnet_status an_refuse_encoded(const void *text, size_t length, const char *path);

/** If all lines of a text end with CR alone, as those of old Macs and of some spreadsheets do, end
 * them with a line feed. */
void an_lines_convert(char *text, size_t length);

/** @param line  without its line end and trailing blanks; may be changed */
typedef alexnet_status (*an_line_fn)(void *user, char *line, int number);

/**
 * Call `fn` for each line that is not blank, numbered from 1, until one fails. A byte order mark is
 * skipped; line ends may be those of Windows, or CR alone.
 * @param text  `length` bytes and one more; may be overwritten
 * @param path  for error texts
 * @return ALEXNET_ERROR_FORMAT for UTF-16, compressed files and zero bytes
 */
alexnet_status an_lines_each(char *text, size_t length, const char *path, an_line_fn fn,
                             void *user);

#endif
