/*
 * Settings for single layers: keys set for layers that match a pattern, and frozen layers.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "model/network/network.h"
#include "train/recipe_impl.h"

const char *an_recipe_layer_text(const alexnet_recipe *recipe, an_key key, const char *layer)
{
    for (int i = recipe->n_layers; i-- > 0;)
        if (recipe->layers[i].key == key && an_text_matches(recipe->layers[i].pattern, layer))
            return recipe->layers[i].value;
    return NULL;
}

const char *an_recipe_layer_key(const alexnet_recipe *recipe, int i)
{
    return i >= 0 && i < recipe->n_layers ? recipe->layers[i].name : NULL;
}

bool an_recipe_frozen(const alexnet_recipe *recipe, const char *layer)
{
    char pattern[AN_LAYER_MAX + 1];
    const char *at = recipe->value[AN_KEY_FREEZE];
    if (strcmp(at, "none") == 0)
        return false;
    while (an_recipe_next_layer(&at, pattern))
        if (an_text_matches(pattern, layer))
            return true;
    return false;
}

/* Remove an earlier setting of the same name, because the new one goes to the end of the list.
 * @return whether there was one */
static bool forget(alexnet_recipe *recipe, const char *name)
{
    for (int i = 0; i < recipe->n_layers; i++)
        if (strcmp(recipe->layers[i].name, name) == 0) {
            recipe->n_layers--;
            memmove(&recipe->layers[i], &recipe->layers[i + 1],
                    (size_t)(recipe->n_layers - i) * sizeof *recipe->layers);
            return true;
        }
    return false;
}

static alexnet_status make_room(alexnet_recipe *recipe)
{
    if (recipe->n_layers == AN_LAYER_KEYS_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "a recipe sets at most %d keys for layers",
                       AN_LAYER_KEYS_MAX);
    an_layer_value *grown = an_realloc(recipe->layers, (size_t)recipe->n_layers + 1, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(sizeof *grown, "a recipe");
    recipe->layers = grown;
    return ALEXNET_OK;
}

static alexnet_status fail_not_by_layer(const char *name)
{
    char others[256] = "";
    for (int k = 0; k < AN_KEY_COUNT; k++)
        if (an_recipe_keys[k].per_layer)
            an_text_add(others, sizeof others, "%s%s", *others ? ", " : "", an_recipe_keys[k].name);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s cannot differ by layer; keys that can are %s", name, others);
}

alexnet_status an_recipe_set_layer(alexnet_recipe *recipe, an_key key, const char *name,
                                   const char *value)
{
    size_t length = (size_t)(strrchr(name, '.') - name);
    const char *key_name = an_recipe_keys[key].name;
    if (!an_recipe_keys[key].per_layer)
        return fail_not_by_layer(key_name);
    if (!an_recipe_is_pattern(name, length))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%.*s is not a layer's name, of letters, digits, _ and -, or a pattern of "
                       "names, in which * is any text and ? any character, such as conv1.%s or "
                       "conv?.%s",
                       (int)length, name, key_name, key_name);
    an_layer_value set = {.key = key}; /* name and value may be texts of this recipe, which move */
    memcpy(set.pattern, name, length);
    memcpy(set.name, name, strlen(name) + 1);
    memcpy(set.value, value, strlen(value) + 1);
    if (!forget(recipe, set.name))
        AN_CHECK(make_room(recipe));
    recipe->layers[recipe->n_layers++] = set;
    return ALEXNET_OK;
}

/* ---- Checked against a network ---- */

static bool has_parameters(const alexnet_network *network, int layer)
{
    an_param_info infos[AN_MAX_PARAMS];
    const an_graph *graph = &network->graph;
    for (int i = 0; i < graph->count; i++)
        if (graph->nodes[i].layer == layer && an_op_params(&graph->nodes[i].desc, infos) > 0)
            return true;
    return false;
}

bool an_recipe_layer_key_is_idle(const alexnet_recipe *recipe, int i,
                                 const alexnet_network *network)
{
    bool idle = true;
    for (int k = 0; k < network->count; k++) {
        const char *layer = network->layers[k].name;
        if (has_parameters(network, k) && an_text_matches(recipe->layers[i].pattern, layer))
            idle &= an_recipe_frozen(recipe, layer);
    }
    return idle;
}

/* "conv1, conv2, fc3", truncated to `room` bytes. */
static void list_layers(const alexnet_network *network, char *text, size_t room)
{
    text[0] = '\0';
    for (int i = 0; i < network->count; i++)
        if (has_parameters(network, i))
            an_text_add(text, room, "%s%s", *text ? ", " : "", network->layers[i].name);
}

/* @param said  the setting that has the pattern, for the error: "conv9.rate" */
static alexnet_status check_pattern(const char *pattern, const char *said,
                                    const alexnet_network *network)
{
    bool found = false;
    char those[512];
    for (int i = 0; i < network->count; i++) {
        bool fits = an_text_matches(pattern, network->layers[i].name);
        if (fits && has_parameters(network, i))
            return ALEXNET_OK;
        found |= fits;
    }
    list_layers(network, those, sizeof those);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "the recipe has %s, but %s %s; layers with parameters are %s", said, pattern,
                   found ? "has no parameters" : "is not a layer of the network", those);
}

alexnet_status an_recipe_check_layers(const alexnet_recipe *recipe, const alexnet_network *network)
{
    char pattern[AN_LAYER_MAX + 1], said[AN_VALUE_LENGTH + 16];
    const char *at = recipe->value[AN_KEY_FREEZE];
    for (int i = 0; i < recipe->n_layers; i++)
        AN_CHECK(check_pattern(recipe->layers[i].pattern, recipe->layers[i].name, network));
    snprintf(said, sizeof said, "freeze = %s", at);
    while (strcmp(at, "none") != 0 && an_recipe_next_layer(&at, pattern))
        AN_CHECK(check_pattern(pattern, said, network));
    return ALEXNET_OK;
}
