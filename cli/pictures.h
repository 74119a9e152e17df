/*
 * The pictures that the command line names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PICTURES_H
#define CLI_PICTURES_H

#include "opt.h"

/**
 * Collect the files and folders that follow MODEL on the command line; "-" is a list on standard
 * input. Call this before signals are caught, so that Ctrl-C ends a read that waits.
 * @return CLI_DONE, or the code of a reported mistake
 */
int pictures_gather(string_list *paths, const opt_page *page, char **names, int count);
/** Open them as a data set without labels. @return as pictures_gather() */
int pictures_open(alexnet_dataset **out, alexnet_ctx *ctx, const string_list *paths);
/** Report how many of several pictures could not be read. @return CLI_BAD_INPUT if any could not */
int pictures_count_bad(int64_t bad, int64_t count);

#endif
