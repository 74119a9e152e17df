/*
 * Paths on the command line: what they name, new paths made from them, lists of them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include <stdio.h>
#include <sys/types.h>

#include "cli.h"

bool path_exists(const char *path);
bool path_is_folder(const char *path);
/** Whether a folder has something of this name. */
bool path_has(const char *folder, const char *name);
/** What kind of thing this is, if it is not a plain file, such as "a folder"; NULL if it is one. */
const char *path_kind(mode_t mode);
/** A link, whatever it leads to. */
bool path_is_link(const char *path);
/**
 * A file that begins like a picture, or any path that ends like a picture's name and is not a
 * folder.
 */
bool path_is_picture(const char *path);
/** A file that begins like one of the model formats. */
bool path_is_model(const char *path);

/** Whether a path ends in `ending` and is longer than it; case is ignored. */
bool path_ends_in(const char *path, const char *ending);

/** A file whose first section is [recipe], as in a recipe file. */
bool path_is_recipe(const char *path);

/** "folder/name", owned by the caller. */
char *path_join(const char *folder, const char *name);
/** The folder of a path as it is written, "." for a name alone. Owned by the caller. */
char *path_folder(const char *path);
/** What is after the last slash of a path, in the path. */
const char *path_last(const char *path);
/** The last part of a path's real location: "flowers" for "../flowers/". Owned by the caller. */
char *path_name(const char *path);
/** The first of STEM-1, STEM-2, ... that does not exist. Owned by the caller. */
char *path_unused(const char *stem);
/**
 * Make the first folder of STEM-1, STEM-2, ... that does not exist, and its parents. If several
 * processes do this at once, each gets a folder of its own.
 * @param out  owned by the caller; NULL on failure
 * @return CLI_DONE, or the code of a reported failure
 */
int path_new_folder(char **out, const char *stem);
/** Make a folder and its parents. @return CLI_DONE, or the code of a reported failure */
int path_make_folder(const char *path);

/**
 * Add the lines of a stream, or the names in it if they end with zero bytes, whatever else is in
 * them; empty ones are left out. A byte order mark and the carriage returns of Windows are removed.
 * @return CLI_DONE, or CLI_BAD_INPUT: reported
 */
int paths_read(string_list *list, FILE *stream);

#endif
