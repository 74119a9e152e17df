#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/files.h"
#include "base/ini.h"
#include "base/status.h"
#include "format/tensor_file.h"
#include "train/recipe_impl.h"

typedef struct reading {
    alexnet_recipe *recipe;
    const char *source;
    bool has_recipe; /* its section has begun */
    bool seen[AN_KEY_COUNT];
    int earlier; /* number of settings for layers before the text is read */
} reading;

/* A key that a file gives twice is an error, because it is unclear which of the two counts. */
static bool given_twice(reading *r, const char *name)
{
    const char *dot = strrchr(name, '.');
    an_key key;
    if (an_recipe_key_find(dot ? dot + 1 : name, &key) != ALEXNET_OK)
        return false;
    for (int i = r->earlier; dot && i < r->recipe->n_layers; i++)
        if (strcmp(r->recipe->layers[i].name, name) == 0)
            return true;
    if (dot)
        return false;
    bool seen = r->seen[key];
    r->seen[key] = true;
    return seen;
}

static alexnet_status on_key(void *user, int line, const char *section, const char *key,
                             const char *value)
{
    reading *r = user;
    if (strcmp(section, "run") == 0)
        return ALEXNET_OK; /* a run's recipe.ini also says where its data is */
    if (strcmp(section, "recipe") != 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%d: [%s] is not a section of a recipe; it has [recipe]", r->source, line,
                       section);
    if (key ? given_twice(r, key) : r->has_recipe)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: [recipe] %s", r->source, line,
                       key ? "this key is given twice" : "this section appears twice");
    r->has_recipe = true;
    if (!key)
        return ALEXNET_OK;
    alexnet_status rc = an_recipe_set(r->recipe, key, value);
    if (rc != ALEXNET_ERROR_INVALID_ARGUMENT)
        return rc;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: [recipe] %s", r->source, line, an_error_text());
}

alexnet_status an_recipe_read(alexnet_recipe *recipe, const char *text, const char *source)
{
    reading r = {.recipe = recipe, .source = source, .earlier = recipe->n_layers};
    return an_ini_read(text, source, on_key, &r);
}

/* The values of keys that a run's recipe lacks because the run is older than they are. They keep
 * the behaviour of the run, whatever the defaults are now. NULL: the key has always existed. */
static const char *const before[AN_KEY_COUNT] = {
    [AN_KEY_ACCUMULATE] = "1",
    [AN_KEY_FALL] = "250",
    [AN_KEY_FALL_STEPS] = "4",
    [AN_KEY_POLY_POWER] = "1",
    [AN_KEY_RESTART_EPOCHS] = "0",
    [AN_KEY_RESTART_GROWTH] = "1",
    [AN_KEY_PATIENCE] = "5",
    [AN_KEY_RULE] = "2012",
    [AN_KEY_BETA2] = "0.999",
    [AN_KEY_EPSILON] = "1e-8",
    [AN_KEY_CLIP] = "0",
    [AN_KEY_AVERAGE] = "0",
    [AN_KEY_FREEZE] = "none",
    [AN_KEY_CROP_GROUP] = "1",
    [AN_KEY_CROP_AREA] = "0.08 1",
    [AN_KEY_CROP_ASPECT] = "0.75 1.3333",
    [AN_KEY_ROTATE] = "0",
    [AN_KEY_COLOUR_AXES] = "published",
    [AN_KEY_BRIGHTNESS] = "0",
    [AN_KEY_CONTRAST] = "0",
    [AN_KEY_SATURATION] = "0",
    [AN_KEY_HUE] = "0",
    [AN_KEY_ERASE] = "0",
    [AN_KEY_ERASE_AREA] = "0.02 0.33",
    [AN_KEY_ERASE_ASPECT] = "0.3 3.3",
    [AN_KEY_MIXUP] = "0",
    [AN_KEY_CUTMIX] = "0",
    [AN_KEY_LABEL_SMOOTHING] = "0",
    [AN_KEY_CLASS_WEIGHTS] = "none",
    [AN_KEY_BEST_BY] = "top1",
    [AN_KEY_STOP_PATIENCE] = "0",
    [AN_KEY_KEEP] = "0",
    [AN_KEY_ORDER] = "random",
    [AN_KEY_SAMPLING] = "uniform",
    [AN_KEY_BAD_PICTURES] = "5",
    [AN_KEY_NORMS] = "0",
};

alexnet_status an_recipe_read_whole(alexnet_recipe *recipe, const char *text, const char *source)
{
    reading r = {.recipe = recipe, .source = source, .earlier = recipe->n_layers};
    AN_CHECK(an_ini_read(text, source, on_key, &r));
    for (int i = 0; i < AN_KEY_COUNT; i++) {
        if (r.seen[i])
            continue;
        if (!before[i])
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: the recipe of the run lacks %s", source,
                           an_recipe_keys[i].name);
        AN_CHECK(an_recipe_set(recipe, an_recipe_keys[i].name, before[i]));
    }
    return ALEXNET_OK;
}

static alexnet_status read_named(alexnet_recipe *recipe, const char *name_or_path)
{
    const alexnet_builtin *builtin = an_builtin_find(an_builtin_recipes, name_or_path);
    bool there;
    if (builtin)
        return an_recipe_read(recipe, builtin->text, name_or_path);
    AN_CHECK(an_file_exists(name_or_path, &there));
    if (!there)
        return an_builtin_fail(an_builtin_recipes, "recipe", name_or_path);
    char *text;
    AN_CHECK(an_tensor_file_refuse(name_or_path, "a recipe file"));
    AN_CHECK(an_file_read_text(name_or_path, "a recipe file", &text));
    alexnet_status rc = an_recipe_read(recipe, text, name_or_path);
    an_free(text);
    return rc;
}

alexnet_status an_recipe_load(alexnet_recipe **out, const char *name_or_path)
{
    AN_CHECK(an_recipe_new(out));
    alexnet_status rc = read_named(*out, name_or_path);
    if (rc != ALEXNET_OK) {
        an_recipe_free(*out);
        *out = NULL;
    }
    return rc;
}
