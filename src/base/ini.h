/*
 * INI texts: inih, fed line by line so that an error can name file, line and key.
 */
#ifndef AN_BASE_INI_H
#define AN_BASE_INI_H

#include "alexnet/alexnet.h"

/** Longest line, in bytes: inih's own limit minus the terminator. */
enum { AN_INI_LINE_MAX = 190 };

/**
 * Called at the beginning of each section, with `key` and `value` NULL, and for each `key = value`.
 * A failure ends the reading and is returned by an_ini_read().
 */
typedef alexnet_status (*an_ini_fn)(void *user, int line, const char *section, const char *key,
                                    const char *value);

/**
 * Read a text. A section without keys, a key before the first section, a line that is neither, and
 * a line that is too long are errors. A byte order mark is skipped.
 * @param name  of the file, for error texts: "nets/x.ini:12: ..."
 */
alexnet_status an_ini_read(const char *text, const char *name, an_ini_fn fn, void *user);

#endif
