/*
 * How `info` shows recipes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_REPORT_RECIPE_H
#define CLI_REPORT_RECIPE_H

#include "cli.h"
#include "json.h"

/**
 * Print recipes side by side: a row for each key, and for each layer key that any of them sets. For
 * a single recipe the meaning of the keys is printed too.
 */
void report_recipes(const alexnet_recipe *const *recipes, const char *const *names, int count);
/** The document of `info --json`. */
json_t *report_recipe_json(const alexnet_recipe *recipe, const char *name);

#endif
