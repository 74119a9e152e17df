/*
 * Files that the command itself reads and writes. It reads only plain files: a pipe or a device
 * could block, or never end. It writes to a temporary file, which is then renamed, so that no file
 * is ever half written, and it never writes through a link. Where it may write: outputs.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>
#include <stdio.h>

#include "cli.h"

/**
 * Open a plain file for reading.
 * @param missing  the message if the file does not exist; NULL: the system's own words
 * @return CLI_DONE, or CLI_BAD_INPUT: reported
 */
int file_open(FILE **out, const char *path, const char *missing);

/** Lock an open file. @return false: another process has. Where files have no locks, none has. */
bool file_lock(int fd);

/** A file being written. */
typedef struct file_output {
    int folder; /* of both, which may be moved meanwhile */
    char *path, *temporary;
    FILE *file;
    struct file_sink *sink; /* where its bytes go */
} file_output;

/** Begin a file. @return CLI_DONE, or the code of a reported failure, with nothing to end */
int file_begin(file_output *out, const char *path);
/**
 * End a file: with CLI_DONE it gets its final name, with any other code it is removed.
 * @return `code`, or CLI_FAILED: reported
 */
int file_end(file_output *out, int code);

#endif
