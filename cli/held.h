/*
 * The folder of a run that is being trained, which may be moved meanwhile: files that are begun in
 * it by its path go there, and not into another folder that has taken its name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_HELD_H
#define CLI_HELD_H

#include "cli.h"

/** Hold a folder until held_end(). One at a time. */
void held_begin(const char *folder);
/** The folder that is held has another path now. */
void held_moved_to(const char *folder);
/** Whether the folder that is held was removed, and not only unmounted: it has no name left. */
bool held_is_removed(void);
void held_end(void);

/** Open the folder of a path: the one that is held, if the path is in it. @return -1 with errno */
int held_open(const char *path);

#endif
