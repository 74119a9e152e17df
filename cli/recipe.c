#include "recipe.h"

#include <stdlib.h>
#include <string.h>

#include "progress.h"

/* The option of a key: its name with dashes. */
static opt row_of_key(const alexnet_recipe_key *key)
{
    bool choice = strcmp(key->type, "choice") == 0;
    char *name = cli_copy(key->name);
    for (char *c = name; *c; c++)
        if (*c == '_')
            *c = '-';
    return (opt){
        .name = name,
        .type = OPT_KEY,
        .arg = choice                              ? key->range
               : strcmp(key->type, "integer") == 0 ? "N"
                                                   : "X",
        .standard = key->standard,
        .help = cli_format("%s%s%s%s", key->help, choice ? "" : "; ", choice ? "" : key->range,
                           key->per_layer ? "; also for one layer, with --set" : ""),
    };
}

opt_group recipe_group(string_list *settings)
{
    alexnet_recipe_key key;
    size_t count = 0;
    while (alexnet_recipe_key_get((int)count, &key))
        count++;
    opt *rows = cli_alloc(count * sizeof *rows);
    for (size_t i = 0; i < count && alexnet_recipe_key_get((int)i, &key); i++)
        rows[i] = row_of_key(&key);
    return (opt_group){"Recipe; the defaults are those of --recipe default", rows, count, settings};
}

void recipe_group_free(opt_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        free((char *)group->rows[i].name);
        free((char *)group->rows[i].help);
    }
    free((opt *)group->rows);
    group->rows = NULL;
    group->count = 0;
}

int recipe_open(alexnet_recipe **out, const char *name_or_path, const string_list *settings)
{
    alexnet_status status = alexnet_recipe_load(out, name_or_path);
    if (status)
        return cli_input_failed(status);
    for (size_t i = 0; settings && i + 1 < settings->count && !status; i += 2)
        status = alexnet_recipe_set(*out, settings->items[i], settings->items[i + 1]);
    if (!status)
        return CLI_DONE;
    int code = cli_failed(status);
    alexnet_recipe_free(*out);
    *out = NULL;
    return code;
}

void recipe_describe(const alexnet_recipe *recipe)
{
    enum { WIDTH = 88 };
    char line[512] = "";
    const char *title = "recipe ";
    alexnet_recipe_key key;
    for (int i = 0; alexnet_recipe_key_get(i, &key); i++) {
        const char *value = alexnet_recipe_get(recipe, key.name);
        char item[256];
        int length = snprintf(item, sizeof item, "  %s %s", key.name, value ? value : "");
        if (*line && strlen(line) + (size_t)length > WIDTH) {
            progress_note("%s%s", title, line);
            title = "       ";
            *line = '\0';
        }
        strncat(line, item, sizeof line - strlen(line) - 1);
    }
    if (*line)
        progress_note("%s%s", title, line);
}
