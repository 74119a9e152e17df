/* What the tests of recipes share. Includes cmocka. */
#ifndef TESTS_UNIT_RECIPE_RIG_H
#define TESTS_UNIT_RECIPE_RIG_H

#include "expect.h"

#include "train/recipe.h"

static inline void expect_number(const alexnet_recipe *r, an_key key, const char *layer,
                                 double epoch, double expected)
{
    double got = an_recipe_number(r, key, layer, epoch);
    if (got != expected)
        fail_msg("%s, epoch %g: %g, expected %g", layer ? layer : "all", epoch, got, expected);
}

#endif
