#include "opt_impl.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"

bool opt_next(const opt_args *args, opt_place *at)
{
    while (at->g < OPT_GROUPS && at->i == args->groups[at->g].count) {
        at->g++;
        at->i = 0;
    }
    if (at->g == OPT_GROUPS)
        return false;
    at->group = &args->groups[at->g];
    at->row = &at->group->rows[at->i++];
    return true;
}

/* ---- Words ---- */

opt_words opt_cut_up(const char *text)
{
    opt_words w = {.text = cli_copy(text)};
    for (char *rest, *word = strtok_r(w.text, "|", &rest); word;
         word = strtok_r(NULL, "|", &rest)) {
        assert(w.count < OPT_WORDS);
        w.at[w.count++] = word;
    }
    return w;
}

/* ---- Values ---- */

static bool store_integer(const opt *row, const char *value, int64_t *target)
{
    char *end;
    errno = 0;
    intmax_t number = strtoimax(value, &end, 10);
    *target = (int64_t)number;
    return *end == '\0' && errno == 0 && (double)number >= row->low && (double)number <= row->high;
}

static bool store_number(const opt *row, const char *value, double *target)
{
    char *end;
    *target = strtod(value, &end);
    return *end == '\0' && *target >= row->low && *target <= row->high;
}

/* The position of `value` among the words. */
static bool store_choice(const opt *row, const char *value, int *target)
{
    opt_words choices = opt_cut_up(row->arg);
    int i = 0;
    while (i < choices.count && strcmp(choices.at[i], value) != 0)
        i++;
    const bool there = i < choices.count;
    if (there)
        *target = i;
    free(choices.text);
    return there;
}

static bool store_setting(const char *value, string_list *target)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value)
        return false;
    string_list_add(target, cli_format("%.*s", (int)(equals - value), value));
    string_list_add(target, cli_copy(equals + 1));
    return true;
}

static bool store_key(const opt *row, const char *value, string_list *target)
{
    char *key = cli_copy(row->name);
    for (char *c = key; *c; c++)
        if (*c == '-')
            *c = '_';
    string_list_add(target, key);
    string_list_add(target, cli_copy(value));
    return true;
}

/* A file whose name says that it is of another kind, such as a photograph, is not replaced. */
static bool store_text(const opt *row, const char *value, const char **target)
{
    *target = value;
    if (!row->ends)
        return true;
    opt_words endings = opt_cut_up(row->ends);
    bool ends = false;
    for (int i = 0; i < endings.count && !ends; i++)
        ends = path_ends_in(value, endings.at[i]);
    free(endings.text);
    return ends;
}

bool opt_store(const opt *row, void *options, const char *value)
{
    void *place = (char *)options + row->offset;
    switch (row->type) {
    case OPT_FLAG: *(bool *)place = strcmp(value, "yes") == 0; return true;
    case OPT_TEXT: return store_text(row, value, place);
    case OPT_INTEGER: return store_integer(row, value, place);
    case OPT_NUMBER: return store_number(row, value, place);
    case OPT_CHOICE: return store_choice(row, value, place);
    case OPT_SETTING: return store_setting(value, place);
    case OPT_KEY: return store_key(row, value, place);
    }
    return false;
}
