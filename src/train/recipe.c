#include "train/recipe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "train/recipe_impl.h"

alexnet_status an_recipe_new(alexnet_recipe **out)
{
    *out = an_calloc(1, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(sizeof **out, "a recipe");
    for (int i = 0; i < AN_KEY_COUNT; i++)
        memcpy((*out)->value[i], an_recipe_keys[i].standard,
               strlen(an_recipe_keys[i].standard) + 1);
    return ALEXNET_OK;
}

alexnet_status an_recipe_copy(alexnet_recipe **out, const alexnet_recipe *recipe)
{
    AN_CHECK(an_recipe_new(out));
    memcpy((*out)->value, recipe->value, sizeof recipe->value);
    size_t bytes = (size_t)recipe->n_layers * sizeof *recipe->layers;
    (*out)->layers = an_malloc(bytes);
    if (!(*out)->layers) {
        an_recipe_free(*out);
        *out = NULL;
        return AN_FAIL_MEMORY(bytes, "a recipe");
    }
    if (bytes)
        memcpy((*out)->layers, recipe->layers, bytes);
    (*out)->n_layers = recipe->n_layers;
    return ALEXNET_OK;
}

void an_recipe_free(alexnet_recipe *recipe)
{
    if (!recipe)
        return;
    an_free(recipe->layers);
    an_free(recipe);
}

int64_t an_recipe_integer(const alexnet_recipe *recipe, an_key key)
{
    int64_t value = 0;
    an_text_to_int(recipe->value[key], &value);
    return value;
}

int an_recipe_choice(const alexnet_recipe *recipe, an_key key)
{
    const an_key_spec *spec = &an_recipe_keys[key];
    const int choice = an_text_choice(spec->range, recipe->value[key]);
    return choice < 0 && spec->type == AN_VALUE_FILE ? an_text_choice(spec->range, AN_ANY_FILE)
                                                     : choice;
}

/* The value of a key for a layer; NULL: for the layers that have no value of their own. */
static const char *text_of(const alexnet_recipe *recipe, an_key key, const char *layer)
{
    const char *own = layer ? an_recipe_layer_text(recipe, key, layer) : NULL;
    return own ? own : recipe->value[key];
}

double an_recipe_number(const alexnet_recipe *recipe, an_key key, const char *layer, double epoch)
{
    const char *at = text_of(recipe, key, layer);
    double value, from, result = 0;
    while (an_recipe_next_step(&at, &value, &from) && from <= epoch)
        result = value;
    return result;
}

int64_t an_recipe_epochs_above_zero(const alexnet_recipe *recipe, an_key key, const char *layer,
                                    int64_t epochs)
{
    const char *at = text_of(recipe, key, layer);
    double value, from, begun = INFINITY; /* the epoch since which the value is above 0 */
    int64_t count = 0;
    while (an_recipe_next_step(&at, &value, &from) && from <= (double)epochs) {
        const double first = fmax(1, ceil(from));
        count += first > begun ? (int64_t)(first - begun) : 0;
        begun = value > 0 ? first : INFINITY;
    }
    return count + (begun <= (double)epochs ? epochs - (int64_t)begun + 1 : 0);
}

bool an_recipe_ever(const alexnet_recipe *recipe, an_key key)
{
    const char *at = recipe->value[key];
    double value, from;
    bool ever = false;
    while (an_recipe_next_step(&at, &value, &from))
        ever |= value > 0;
    return ever;
}

void an_recipe_range(const alexnet_recipe *recipe, an_key key, double range[2])
{
    const char *at = recipe->value[key];
    double from;
    an_recipe_next_step(&at, &range[0], &from);
    an_recipe_next_step(&at, &range[1], &from);
}

/* Cut off the blanks around a value: numbers may have some. */
static void trim(char out[AN_VALUE_LENGTH], const char *value)
{
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t", value[length - 1]))
        length--;
    memcpy(out, value, length);
    out[length] = '\0';
}

alexnet_status an_recipe_set(alexnet_recipe *recipe, const char *name, const char *value)
{
    const char *dot = strrchr(name, '.');
    char kept[AN_VALUE_LENGTH];
    an_key key;
    AN_CHECK(an_recipe_key_find(dot ? dot + 1 : name, &key));
    AN_CHECK(an_recipe_key_check(key, name, value));
    trim(kept, value);
    if (dot)
        return an_recipe_set_layer(recipe, key, name, kept);
    memcpy(recipe->value[key], kept, sizeof kept);
    return ALEXNET_OK;
}

/* "epochs, bad_pictures, report" */
static void list_resumable(char *text, size_t room)
{
    text[0] = '\0';
    for (int i = 0; i < AN_KEY_COUNT; i++)
        if (an_recipe_keys[i].at_resume)
            an_text_add(text, room, "%s%s", *text ? ", " : "", an_recipe_keys[i].name);
}

alexnet_status an_recipe_set_at_resume(alexnet_recipe *recipe, const char *name, const char *value)
{
    char those[256];
    an_key key;
    const char *dot = strrchr(name, '.');
    AN_CHECK(an_recipe_key_find(dot ? dot + 1 : name, &key));
    if (!dot && an_recipe_keys[key].at_resume)
        return an_recipe_set(recipe, name, value);
    list_resumable(those, sizeof those);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s is fixed when a run begins; a resumed run may be given new values of %s. "
                   "To continue with another %s, begin a new run with `init_from`",
                   name, those, name);
}

const char *an_recipe_get(const alexnet_recipe *recipe, const char *name)
{
    const char *dot = strrchr(name, '.');
    char layer[AN_LAYER_MAX + 1] = "";
    an_key key;
    if (an_recipe_key_find(dot ? dot + 1 : name, &key) != ALEXNET_OK ||
        (dot && !an_recipe_keys[key].per_layer))
        return NULL;
    if (dot)
        snprintf(layer, sizeof layer, "%.*s", (int)(dot - name), name);
    return text_of(recipe, key, dot ? layer : NULL);
}

char *an_recipe_text(const alexnet_recipe *recipe)
{
    size_t room = 64 + AN_KEY_COUNT * (AN_VALUE_LENGTH + 32) +
                  (size_t)recipe->n_layers * sizeof *recipe->layers;
    char *text = an_malloc(room);
    if (!text)
        return NULL;
    snprintf(text, room, "[recipe]\n");
    for (int i = 0; i < AN_KEY_COUNT; i++)
        an_text_add(text, room, "%s = %s\n", an_recipe_keys[i].name, recipe->value[i]);
    for (int i = 0; i < recipe->n_layers; i++)
        an_text_add(text, room, "%s = %s\n", recipe->layers[i].name, recipe->layers[i].value);
    return text;
}
