/*
 * What can be typed for a value, by the words that help calls it: "auto|fp32" are two words,
 * "NET" a built-in network or a file. Completion in a shell offers it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "opt.h"

typedef enum complete_paths { COMPLETE_NO_PATHS, COMPLETE_FOLDERS, COMPLETE_FILES } complete_paths;

typedef struct complete_value {
    string_list words; /* which the caller frees */
    complete_paths paths;
} complete_value;

/** The value of an option that is not a flag. */
complete_value complete_option(const opt *row);
/** An argument of a command that is not an option: the first, or any other. */
complete_value complete_argument(const opt_page *page, bool first);

#endif
