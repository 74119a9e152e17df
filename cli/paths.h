/*
 * What the paths on the command line are, and the files under them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include <stdio.h>

#include "cli.h"

bool path_exists(const char *path);
bool path_is_folder(const char *path);
/** A file that begins as JPEG, PNG or GIF does, or a path, even of no file, that is called so. */
bool path_is_picture(const char *path);
/** A file that begins as one of the formats of models. */
bool path_is_model(const char *path);

/** Whether a path ends so, in capitals or not. */
bool path_ends_in(const char *path, const char *ending);

/** A file whose first section is [recipe], as in a recipe file. */
bool path_is_recipe(const char *path);

/** "folder/name", owned by the caller. */
char *path_join(const char *folder, const char *name);
/** The last part of a path's real location: "flowers" for "../flowers/". Owned by the caller. */
char *path_name(const char *path);
/** The first of STEM-1, STEM-2, ... that does not exist. Owned by the caller. */
char *path_unused(const char *stem);
/**
 * Make the first folder of STEM-1, STEM-2, ... that does not exist, and those above it: of several
 * processes each gets its own.
 * @param out  owned by the caller; NULL on failure
 * @return CLI_DONE, or the code of a reported failure
 */
int path_new_folder(char **out, const char *stem);
/** Make a folder and those above it. @return CLI_DONE, or the code of a reported failure */
int path_make_folder(const char *path);

/**
 * Add the lines of a stream, or names that zero bytes end; empty ones are left out. A byte order
 * mark and the carriage returns of Windows are no part of them.
 * @return CLI_DONE, or CLI_BAD_INPUT: reported
 */
int paths_read(string_list *list, FILE *stream);

#endif
