/*
 * The built-in networks and recipes, and what `info` shows of them without a name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_REPORT_BUILTINS_H
#define CLI_REPORT_BUILTINS_H

#include <stdbool.h>

#include <alexnet/alexnet.h>

/** alexnet_network_builtin() or alexnet_recipe_builtin(). */
typedef const alexnet_builtin *(*builtin_fn)(int index);
/** @return NULL if there is none of that name */
const alexnet_builtin *builtin_find(builtin_fn list, const char *name);

/** Print a row for each built-in network and recipe; as JSON, a line for each. */
void report_builtins(bool json);

#endif
