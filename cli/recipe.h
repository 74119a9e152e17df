/*
 * Recipes on the command line: every key of the library's table is an option.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RECIPE_H
#define CLI_RECIPE_H

#include "opt.h"

/** The group "Recipe": an option for each key, which adds key and value to `settings`. */
opt_group recipe_group(string_list *settings);
void recipe_group_free(opt_group *group);

/**
 * Load a recipe and apply settings to it. Warns about those that have no effect.
 * @param settings  keys and values in turn, or NULL
 * @return CLI_DONE, or the exit code of a reported failure with *out NULL
 */
int recipe_open(alexnet_recipe **out, const char *name_or_path, const string_list *settings);

/** Print all values of a recipe as notes. */
void recipe_describe(const alexnet_recipe *recipe);

#endif
