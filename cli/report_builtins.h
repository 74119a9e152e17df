/*
 * What `info` shows without a name: the built-in networks and recipes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_REPORT_BUILTINS_H
#define CLI_REPORT_BUILTINS_H

#include <stdbool.h>

/** Print a row for each built-in network and recipe; as JSON, a line for each. */
void report_builtins(bool json);

#endif
