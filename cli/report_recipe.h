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
 * Print recipes side by side, a row for each key and for each that one of them sets for layers; of
 * a single one also what the keys mean.
 */
void report_recipes(const alexnet_recipe *const *recipes, const char *const *names, int count);
/** The document of `info --json`. */
json_t *report_recipe_json(const alexnet_recipe *recipe, const char *name);

#endif
