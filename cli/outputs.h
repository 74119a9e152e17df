/*
 * Which paths the command may write to: nothing that it reads, no checkpoint or best model of a
 * run, and no picture that this program did not draw.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OUTPUTS_H
#define CLI_OUTPUTS_H

#include "cli.h"

/** Remember that the command reads a file or, of a run folder, the best model; "-" is standard
 * input. None of it is written from then on. */
void output_protect(const char *path);

/**
 * Check that a file can be written to this path, before the work for it begins.
 * @return CLI_DONE; CLI_FAILED if the folder is not there or not writable; CLI_BAD_INPUT if the
 * path is something other than a file; CLI_USAGE if it would replace a file that is protected, the
 * checkpoint or the best model of a run, or a picture that this program did not draw: reported
 */
int output_check(const char *path);
/** The same for the outputs of a command, which are different files; NULL: none is wanted. */
int output_check_all(const char *const *paths, int count);
/** The same as output_check() for files of the program's own choice, whose pictures it may replace,
 * whoever drew them. */
int output_check_place(const char *path);
/** Check that a path is a plain file, or free. @param replaced  or a link, which will be removed */
int output_check_kind(const char *path, bool replaced);

/** The folder of the run whose best model or checkpoint a file is, owned by the caller; NULL: it is
 * neither. */
char *output_run_of(const char *path);

/** A chunk of PNG (tEXt, "Software") by which a drawing of this program is known, and where it is:
 * after the header. */
enum { OUTPUT_DRAWN_AT = 33, OUTPUT_DRAWN = 28 };
extern const unsigned char output_drawn[OUTPUT_DRAWN];

#endif
