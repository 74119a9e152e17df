/*
 * Files and folders: whole-file reads with a limit, paths. Writing is in writer.h, reading at any
 * offset in reader.h.
 */
#ifndef AN_BASE_FILES_H
#define AN_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "alexnet/alexnet.h"

/**
 * Read a whole regular file into a new block with a NUL after it (not counted in *length).
 * @param limit  ALEXNET_ERROR_UNSUPPORTED above this many bytes
 * @return ALEXNET_ERROR_IO with path and reason; ALEXNET_ERROR_FORMAT if it is not a regular file
 */
alexnet_status an_file_read(const char *path, size_t limit, unsigned char **bytes, size_t *length);

/**
 * The same for a text of at most 1 MiB, owned by the caller.
 * @param what  the kind of file expected, for the error: "a network file"
 * @return also ALEXNET_ERROR_FORMAT if it has a zero byte
 */
alexnet_status an_file_read_text(const char *path, const char *what, char **text);

/**
 * Open a file that the program keeps in a folder that may come from anybody. Links are not
 * followed; pipes, devices and files with a second name (hard link) are refused.
 * @param flags  of open(2): the access mode, with or without O_CREAT
 * @return ALEXNET_ERROR_FORMAT with path and what is there instead; ALEXNET_ERROR_IO
 */
alexnet_status an_file_open_own(const char *path, int flags, int *fd);
/**
 * Only make that check, before computing a result that goes there; a missing file passes.
 * @param replaced  the file will be replaced and not opened (writer.h): links to files and second
 *                  names pass too, because their target is not changed
 */
alexnet_status an_file_check_own(const char *path, bool replaced);

/**
 * "cannot <verb> <path>: <reason>", the reason from errno; an empty path is shown as "".
 * @return ALEXNET_ERROR_NO_MEMORY if the process may open no more files, or memory is short; else
 *         ALEXNET_ERROR_IO
 */
alexnet_status an_file_fail(const char *verb, const char *path);

/** Whether a path is an existing folder; an existing regular file. */
bool an_is_folder(const char *path);
bool an_is_file(const char *path);

/** What a path leads to: "a file", "a folder", "a pipe", "a device"; NULL if that is unknown, with
 *  the reason in errno. */
const char *an_file_kind(const char *path);

/**
 * Whether a path leads to something other than a folder.
 * @return ALEXNET_ERROR_IO if that cannot be determined, as below a folder without permission
 */
alexnet_status an_file_exists(const char *path, bool *there);

/** Make a folder and its missing parents. */
alexnet_status an_make_folder(const char *path);

/** Whether a path is a folder's own or is below it. Both must be as realpath(3) gives them. */
bool an_path_is_within(const char *path, const char *folder);

/** The path from the root, so that it stays the same when the host changes its folder: a relative
 *  one is put after the path of the current folder. Links are not followed; "" stays "". Owned. */
alexnet_status an_path_absolute(char **out, const char *path);

/** How many bytes of a path are its folder's, with the slash at their end; 0 without a folder. */
size_t an_path_folder(const char *path);
/** What follows that: the last part of a path. Borrowed. */
const char *an_path_last(const char *path);
/** "folder/name" in a new string; NULL if memory is short. */
char *an_path_join(const char *folder, const char *name);

#endif
