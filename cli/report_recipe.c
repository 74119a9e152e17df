#include "report_recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* Whether a recipe sets exactly this layer key. */
static bool sets(const alexnet_recipe *recipe, const char *key)
{
    const char *own;
    for (int i = 0; (own = alexnet_recipe_layer_key(recipe, i)); i++)
        if (strcmp(own, key) == 0)
            return true;
    return false;
}

static const char *meaning_of(const char *name)
{
    alexnet_recipe_key key;
    for (int i = 0; alexnet_recipe_key_get(i, &key); i++)
        if (strcmp(key.name, name) == 0)
            return key.help;
    return "";
}

static void add_row(table *t, const alexnet_recipe *const *recipes, int count, const char *key)
{
    table_add(t, "%s", key);
    for (int k = 0; k < count; k++)
        table_add(t, "%s",
                  strchr(key, '.') && !sets(recipes[k], key) ? "-"
                                                             : alexnet_recipe_get(recipes[k], key));
}

/* Rows for the layer keys of recipe k that no earlier recipe has. */
static void add_layer_rows(table *t, const alexnet_recipe *const *recipes, int count, int k)
{
    const char *key;
    for (int i = 0; (key = alexnet_recipe_layer_key(recipes[k], i)); i++) {
        bool shown = false;
        for (int earlier = 0; earlier < k && !shown; earlier++)
            shown = sets(recipes[earlier], key);
        if (shown)
            continue;
        add_row(t, recipes, count, key);
        if (count == 1)
            table_add(t, "%s", meaning_of(strrchr(key, '.') + 1));
    }
}

void report_recipes(const alexnet_recipe *const *recipes, const char *const *names, int count)
{
    alexnet_recipe_key key;
    char *columns = cli_alloc((size_t)count + 3);
    memset(columns, 'l', (size_t)count + 1);
    columns[count + 1] = count == 1 ? 'w' : '\0';
    table t = table_new(columns);
    table_add(&t, "key");
    for (int k = 0; k < count; k++)
        table_add(&t, "%s", names[k]);
    if (count == 1)
        table_add(&t, "meaning");
    for (int i = 0; alexnet_recipe_key_get(i, &key); i++) {
        add_row(&t, recipes, count, key.name);
        if (count == 1)
            table_add(&t, "%s", key.help);
    }
    for (int k = 0; k < count; k++)
        add_layer_rows(&t, recipes, count, k);
    table_print(&t, stdout);
    free(columns);
}

static json_t *value_json(const alexnet_recipe *recipe, const char *key)
{
    return json_text(alexnet_recipe_get(recipe, key));
}

json_t *report_recipe_json(const alexnet_recipe *recipe, const char *name)
{
    alexnet_recipe_key key;
    const char *own;
    json_t *document = json_object(), *values = json_object();
    json_object_set_new(document, "name", json_text(name));
    json_object_set_new(document, "kind", json_text("recipe"));
    for (int i = 0; alexnet_recipe_key_get(i, &key); i++)
        json_object_set_new(values, key.name, value_json(recipe, key.name));
    for (int i = 0; (own = alexnet_recipe_layer_key(recipe, i)); i++)
        json_object_set_new(values, own, value_json(recipe, own));
    json_object_set_new(document, "values", values);
    return document;
}
