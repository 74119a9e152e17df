/*
 * Any text as a recipe: an error that names the file, or values within the ranges of their keys,
 * for any layer and epoch, rates that are numbers at every update, and a text that gives the same
 * recipe again.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "fuzz/require.h"
#include "train/draws.h"
#include "train/recipe_impl.h"
#include "train/schedule.h"

static void check_same(const alexnet_recipe *recipe, const alexnet_recipe *again)
{
    char *first = an_recipe_text(recipe), *second = an_recipe_text(again);
    require(first && second && strcmp(first, second) == 0);
    an_free(first);
    an_free(second);
}

static void try_again(const alexnet_recipe *recipe)
{
    alexnet_recipe *again;
    char *text = an_recipe_text(recipe);
    require(text && an_recipe_new(&again) == ALEXNET_OK);
    require(an_recipe_read_whole(again, text, "again") == ALEXNET_OK);
    check_same(recipe, again);
    an_recipe_free(again);
    an_free(text);
    require(an_recipe_copy(&again, recipe) == ALEXNET_OK);
    check_same(recipe, again);
    an_recipe_free(again);
}

static void check_value(const alexnet_recipe *recipe, an_key key)
{
    static const char *const layers[] = {NULL, "conv1", "fc8", "", "x"};
    static const double epochs[] = {0, 1, 25, 1e6};
    const an_key_spec *spec = &an_recipe_keys[key];
    double range[2];
    switch (spec->type) {
    case AN_VALUE_NUMBER:
    case AN_VALUE_SCHEDULE:
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
            for (size_t e = 0; e < sizeof epochs / sizeof *epochs; e++) {
                const double value = an_recipe_number(recipe, key, layers[i], epochs[e]);
                require(value >= spec->min && value <= spec->max);
            }
        break;
    case AN_VALUE_INTEGER:
        require((double)an_recipe_integer(recipe, key) >= spec->min);
        require((double)an_recipe_integer(recipe, key) <= spec->max);
        break;
    case AN_VALUE_RANGE:
        an_recipe_range(recipe, key, range);
        require(range[0] >= spec->min && range[0] <= range[1] && range[1] <= spec->max);
        break;
    case AN_VALUE_CHOICE:
    case AN_VALUE_FILE: require(an_recipe_choice(recipe, key) >= 0); break;
    case AN_VALUE_LAYERS: an_recipe_frozen(recipe, "conv1"); break;
    }
}

static void check_rates(const alexnet_recipe *recipe)
{
    static const int64_t lengths[] = {1, 7, 20019};
    const an_drops drops = {3, 2};
    an_schedule_has_end(recipe);
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        const int64_t all = lengths[l] * an_recipe_integer(recipe, AN_KEY_EPOCHS);
        const int64_t steps[] = {0, 1, all / 3, all / 2, all - 1, all};
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
            const double factor = an_schedule_factor(recipe, &drops, steps[s], lengths[l]);
            require(factor >= 0 && factor <= 1);
        }
    }
}

static void try_network(const alexnet_recipe *recipe)
{
    static alexnet_network *network;
    an_draws draws;
    if (!network)
        require(an_network_load(&network, "alexnet", 3) == ALEXNET_OK);
    an_recipe_check_layers(recipe, network);
    an_draws_make(&draws, recipe, &network->input);
    an_draws_smoothing(&draws, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    alexnet_recipe *recipe;
    char *text = an_strndup((const char *)bytes, length);
    require(text && an_recipe_new(&recipe) == ALEXNET_OK);
    if (an_recipe_read(recipe, text, "fuzz") == ALEXNET_OK) {
        try_again(recipe);
        for (an_key key = 0; key < AN_KEY_COUNT; key++)
            check_value(recipe, key);
        check_rates(recipe);
        try_network(recipe);
    } else {
        require(strstr(an_error_text(), "fuzz"));
    }
    an_recipe_free(recipe);
    an_free(text);
    return 0;
}
