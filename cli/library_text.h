/*
 * Texts of the library, in the words of the command.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_LIBRARY_TEXT_H
#define CLI_LIBRARY_TEXT_H

/**
 * An error text, log line or remark of the library, in which names of its C API, which it has
 * between backquotes, are replaced by what does the same in the command: `accept_changes` by
 * --accept-changes. Such a name is a word of its own and not the first of the text; in a path or a
 * name from outside, as that of a file called `seed`.jpg, it is left as it is.
 * @return valid until the next call in the same thread
 */
const char *library_text(const char *text);
/** The same of alexnet_error_text(). */
const char *library_error(void);

#endif
