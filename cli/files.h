/*
 * Files that the command itself reads and writes. It reads only plain files: a pipe or a device
 * could block, or never end. It writes to a temporary file, which is then renamed, so that no file
 * is ever half written, and it never writes through a link.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdio.h>

#include "cli.h"

/**
 * Open a plain file for reading.
 * @param missing  the message if the file does not exist; NULL: the system's own words
 * @return CLI_DONE, or CLI_BAD_INPUT: reported
 */
int file_open(FILE **out, const char *path, const char *missing);

/** Remember that the command reads a file or, of a run folder, the best model; "-" is standard
 * input. None of it is written from then on. */
void file_protect(const char *path);

/**
 * Check that a file can be written to this path, before the work for it begins.
 * @return CLI_DONE; CLI_FAILED if the folder is not there or not writable; CLI_BAD_INPUT if the
 * path is something other than a file; CLI_USAGE if it would replace a file that is protected, the
 * checkpoint or the best model of a run, or a picture that this program did not draw: reported
 */
int file_check_output(const char *path);

/** The same for the outputs of a command, which are different files; NULL: none is wanted. */
int file_check_outputs(const char *const *paths, int count);

/** The folder of the run whose best model or checkpoint a file is, owned by the caller; NULL: it is
 * neither. */
char *file_run_of(const char *path);

/** A chunk of PNG (tEXt, "Software") by which a drawing of this program is known, and where it is:
 * after the header. */
enum { FILE_DRAWN_AT = 33, FILE_DRAWN = 28 };
extern const unsigned char file_drawn[FILE_DRAWN];

/** Hold a folder that may be moved: until file_release(), files that are begun in it by its path go
 * there, and not into another folder that has taken its name. */
void file_hold(const char *folder);
/** The folder that is held has another path now. */
void file_held_is(const char *folder);
/** Whether the folder that is held was removed, and not only unmounted: it has no name left. */
bool file_held_is_removed(void);
void file_release(void);

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
