#include "recipe.h"

#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "terminal.h"

/* The name of an option for a key, with dashes; NULL for NULL. Owned by the caller. */
static char *with_dashes(const char *key)
{
    char *name = key ? cli_copy(key) : NULL;
    for (char *c = name; c && *c; c++)
        if (*c == '_')
            *c = '-';
    return name;
}

/* What help calls a value of a key. */
static const char *arg_of(const alexnet_recipe_key *key)
{
    static const char *const args[][2] = {{"integer", "N"},
                                          {"number", "X"},
                                          {"schedule", "X"},
                                          {"range", "A,B"},
                                          {"layers", "LAYERS"}};
    for (size_t i = 0; i < COUNT_OF(args); i++)
        if (strcmp(key->type, args[i][0]) == 0)
            return args[i][1];
    return key->range; /* the choices */
}

static opt row_of_key(const alexnet_recipe_key *key)
{
    const char *arg = arg_of(key);
    bool choice = arg == key->range;
    opt row = {
        .name = with_dashes(key->name),
        .type = OPT_KEY,
        .arg = arg,
        .standard = key->standard,
        .help = cli_format("%s%s%s%s", key->help, choice ? "" : "; ", choice ? "" : key->range,
                           key->per_layer ? "; also for some layers, with --set" : ""),
    };
    _Static_assert(COUNT_OF(row.also) >= COUNT_OF(key->also), "every name has room");
    for (size_t i = 0; i < COUNT_OF(key->also); i++)
        row.also[i] = with_dashes(key->also[i]);
    return row;
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
    return (opt_group){"Recipe; the defaults are those of --recipe default", rows, count,
                       .target = settings};
}

void recipe_group_free(opt_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        free((char *)group->rows[i].name);
        free((char *)group->rows[i].help);
        for (size_t k = 0; k < OPT_ALSO; k++)
            free((char *)group->rows[i].also[k]);
    }
    free((opt *)group->rows);
    group->rows = NULL;
    group->count = 0;
}

/* Keys that have an effect only with some values of another key. */
static const struct {
    const char *key, *with;
    const char *values[2]; /* without any: all but 0 */
} depends[] = {
    {"step_epochs", "schedule", {"step"}},
    {"step_factor", "schedule", {"step", "plateau"}},
    {"fall", "schedule", {"exponential"}},
    {"fall_steps", "schedule", {"exponential"}},
    {"poly_power", "schedule", {"poly"}},
    {"restart_epochs", "schedule", {"cosine"}},
    {"restart_growth", "schedule", {"cosine"}},
    {"restart_growth", "restart_epochs", {NULL}}, /* a key may need two others */
    {"patience", "schedule", {"plateau"}},
    {"beta2", "rule", {"adam", "adamw"}},
    {"epsilon", "rule", {"adam", "adamw"}},
    {"crop_area", "crop", {"scaled"}},
    {"crop_aspect", "crop", {"scaled"}},
    {"erase_area", "erase", {NULL}},
    {"erase_aspect", "erase", {NULL}},
    {"colour_axes", "colour_noise", {NULL}},
};

static bool is_one_of(const char *const values[2], const char *value)
{
    if (!values[0])
        return strcmp(value, "0") != 0;
    return strcmp(value, values[0]) == 0 || (values[1] && strcmp(value, values[1]) == 0);
}

/* Warn about a key that was set and has no effect. */
static void warn_if_idle(const alexnet_recipe *recipe, const char *key)
{
    for (size_t i = 0; i < COUNT_OF(depends); i++) {
        const char *value = alexnet_recipe_get(recipe, depends[i].with);
        if (strcmp(depends[i].key, key) == 0 && value && !is_one_of(depends[i].values, value))
            progress_say("warning: %s has no effect with %s = %s", key, depends[i].with, value);
    }
}

int recipe_open(alexnet_recipe **out, const char *name_or_path, const string_list *settings)
{
    alexnet_status status = alexnet_recipe_load(out, name_or_path);
    if (status)
        return cli_input_code(status);
    for (size_t i = 0; settings && i + 1 < settings->count && !status; i += 2)
        status = alexnet_recipe_set(*out, settings->items[i], settings->items[i + 1]);
    for (size_t i = 0; settings && i + 1 < settings->count && !status; i += 2)
        warn_if_idle(*out, settings->items[i]);
    if (!status)
        return CLI_DONE;
    int code = cli_code(status);
    alexnet_recipe_free(*out);
    *out = NULL;
    return code;
}

void recipe_describe(const alexnet_recipe *recipe)
{
    char line[512] = "";
    const char *title = "recipe ";
    int room = terminal_width(stderr) - (int)strlen(title);
    room = room < (int)sizeof line - 1 ? room : (int)sizeof line - 1;
    alexnet_recipe_key key;
    for (int i = 0; alexnet_recipe_key_get(i, &key); i++) {
        const char *value = alexnet_recipe_get(recipe, key.name);
        char item[256];
        int length = snprintf(item, sizeof item, "  %s %s", key.name, value ? value : "");
        if (*line && (int)strlen(line) + length > room) {
            progress_note("%s%s", title, line);
            title = "       ";
            *line = '\0';
        }
        strncat(line, item, sizeof line - strlen(line) - 1);
    }
    if (*line)
        progress_note("%s%s", title, line);
}
