/*
 * The pictures that the command line names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PICTURES_H
#define CLI_PICTURES_H

#include "opt.h"

/**
 * The files and folders behind MODEL on the command line; "-" is a list on standard input. Called
 * before signals are caught: a read that waits must end with Ctrl-C.
 * @return CLI_DONE, or the code of a reported mistake
 */
int pictures_gather(string_list *paths, const opt_page *page, char **names, int count);
/** Open them as a data set without labels. @return as pictures_gather() */
int pictures_open(alexnet_dataset **out, alexnet_ctx *ctx, const string_list *paths);
/** Say how many of several pictures could not be read. @return CLI_BAD_INPUT if some could not */
int pictures_count_bad(int64_t bad, int64_t count);

#endif
