/*
 * Files that the command itself reads and writes. What is read is a plain file: a pipe or device in
 * its place could keep us waiting, or never end. What is written is written beside its final name
 * and then renamed, so that it is never half there, and nothing is written through a link.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdio.h>

#include "cli.h"

/**
 * Open a plain file for reading.
 * @param missing  says that it is not there, in place of the system's own words; NULL: these
 * @return CLI_DONE, or CLI_BAD_INPUT: reported
 */
int file_open(FILE **out, const char *path, const char *missing);

/**
 * Whether a file can be written to this path later; asked before the work for it begins.
 * @return CLI_DONE; CLI_FAILED if the folder is not there or not writable; CLI_BAD_INPUT if the
 * path is something other than a file: reported
 */
int file_check_output(const char *path);

/** A file being written. */
typedef struct file_output {
    char *path, *temporary;
    FILE *file;
} file_output;

/** Begin. @return CLI_DONE, or the code of a reported failure, with nothing to close */
int file_begin(file_output *out, const char *path);
/**
 * Give the file its name, or with a code other than CLI_DONE remove what is written.
 * @return `code`, or CLI_FAILED: reported
 */
int file_end(file_output *out, int code);

#endif
