#include "complete.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "opt_impl.h"

static void add_word(complete_value *value, const char *word)
{
    for (size_t i = 0; i < value->words.count; i++)
        if (strcmp(value->words.items[i], word) == 0)
            return;
    string_list_add(&value->words, cli_copy(word));
}

static void add_paths(complete_value *value, complete_paths paths)
{
    if (paths > value->paths)
        value->paths = paths;
}

/* ---- What the words in capitals stand for ---- */

static void add_networks(complete_value *value)
{
    const alexnet_builtin *builtin;
    for (int i = 0; (builtin = alexnet_network_builtin(i)); i++)
        add_word(value, builtin->name);
}

static void add_recipes(complete_value *value)
{
    const alexnet_builtin *builtin;
    for (int i = 0; (builtin = alexnet_recipe_builtin(i)); i++)
        add_word(value, builtin->name);
}

static void add_devices(complete_value *value)
{
    alexnet_device_info device;
    add_word(value, "auto");
    for (int i = 0; alexnet_device_get(i, &device); i++) {
        device.name[strcspn(device.name, ":")] = '\0'; /* the first GPU stands for all */
        add_word(value, device.name);
    }
}

static void add_formats(complete_value *value)
{
    alexnet_format_info format;
    for (int i = 0; alexnet_format_get(i, &format); i++)
        if (format.writes)
            add_word(value, format.name);
}

static const struct {
    const char *name;
    void (*add)(complete_value *value); /* NULL: paths alone */
    complete_paths paths;
} kinds[] = {
    {"NET", add_networks, COMPLETE_FILES},
    {"RECIPE", add_recipes, COMPLETE_FILES},
    {"DEVICE", add_devices, COMPLETE_NO_PATHS},
    {"FORMAT", add_formats, COMPLETE_NO_PATHS},
    {"FILE", NULL, COMPLETE_FILES},
    {"PREFIX", NULL, COMPLETE_FILES},
    {"DIR", NULL, COMPLETE_FOLDERS},
    {"FOLDER", NULL, COMPLETE_FOLDERS},
    {"RUN", NULL, COMPLETE_FOLDERS},
};

/* Add what one of the words "NET|MODEL|all" stands for. @param other  paths, for any other word */
static void add_part(complete_value *value, const char *part, complete_paths other)
{
    if (!isupper((unsigned char)*part)) {
        add_word(value, part);
        return;
    }
    const size_t length = strcspn(part, "."); /* of "FILE.csv" */
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, part, length) == 0) {
            if (kinds[i].add)
                kinds[i].add(value);
            other = kinds[i].paths;
        }
    add_paths(value, other);
}

static void add_parts(complete_value *value, const char *text, complete_paths other)
{
    opt_words parts = opt_cut_up(text);
    for (int i = 0; i < parts.count; i++)
        add_part(value, parts.at[i], other);
    free(parts.text);
}

complete_value complete_option(const opt *row)
{
    complete_value value = {.paths = COMPLETE_NO_PATHS};
    add_parts(&value, row->arg, row->reads || row->ends ? COMPLETE_FILES : COMPLETE_NO_PATHS);
    return value;
}

/* ---- Arguments, as the lines of the usage have them ---- */

static void add_commands(complete_value *value, const command_list *list)
{
    for (const command *c = list->rows; c->name; c++)
        add_word(value, c->name);
}

/* Add one line of the usage, after the name of the command. Those that are not the first may come
 * after options, and be the first still; what is one of few words comes first only. */
static void add_usage(complete_value *value, const opt_page *page, const char *line, bool first)
{
    char *copy = cli_copy(line), *rest;
    int position = 0;
    bool option = false; /* the word before is one, so that this may be its value */
    for (char *word = strtok_r(copy, " []", &rest); word; word = strtok_r(NULL, " []", &rest)) {
        const bool counts = !option && *word != '-' && *word != '|' && strcmp(word, "options") != 0;
        option = *word == '-';
        if (!counts)
            continue;
        word[strcspn(word, ".")] = '\0';
        const bool fixed = !isupper((unsigned char)*word) || strcmp(word, "COMMAND") == 0;
        if (first ? position++ > 0 : fixed)
            continue;
        if (strcmp(word, "COMMAND") == 0)
            add_commands(value, page->parts ? page->parts : &commands);
        else
            add_parts(value, word, COMPLETE_FILES);
    }
    free(copy);
}

complete_value complete_argument(const opt_page *page, bool first)
{
    complete_value value = {.paths = COMPLETE_NO_PATHS};
    for (size_t i = 0; i < COUNT_OF(page->usage) && page->usage[i]; i++)
        add_usage(&value, page, page->usage[i] + strlen(page->command), first);
    return value;
}
