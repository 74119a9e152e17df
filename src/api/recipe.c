#include "train/recipe.h"
#include "api/options.h"
#include "base/status.h"

#include "base/builtin.h"

alexnet_status alexnet_recipe_load(alexnet_recipe **out, const char *name_or_path)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(name_or_path);
    return an_recipe_load(out, name_or_path);
}

const alexnet_builtin *alexnet_recipe_builtin(int index)
{
    return an_builtin_get(an_builtin_recipes, index);
}

alexnet_status alexnet_recipe_set(alexnet_recipe *recipe, const char *key, const char *value)
{
    AN_NEED(recipe);
    AN_NEED(key);
    AN_NEED(value);
    return an_recipe_set(recipe, key, value);
}

const char *alexnet_recipe_get(const alexnet_recipe *recipe, const char *key)
{
    if (!recipe || !key)
        return NULL;
    return an_recipe_get(recipe, key);
}

const char *alexnet_recipe_layer_key(const alexnet_recipe *recipe, int index)
{
    return recipe ? an_recipe_layer_key(recipe, index) : NULL;
}

void alexnet_recipe_free(alexnet_recipe *recipe)
{
    an_recipe_free(recipe);
}

bool alexnet_recipe_key_get(int index, alexnet_recipe_key *key)
{
    return key && an_recipe_key_info(index, key);
}
