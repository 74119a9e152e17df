#include "opt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* A row and the struct that its value goes to. */
typedef struct found {
    const opt *row;
    const opt_group *group;
    bool negated; /* --no-NAME of a flag */
} found;

int opt_wrong(const opt_page *page, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length >= 0) {
        cli_error(0, "%s", text);
        free(text);
    }
    fprintf(stderr, "Usage: alexnet %s\n", page->usage[0]);
    fprintf(stderr, "'alexnet help %s' says more.\n", page->command);
    return CLI_USAGE;
}

static bool same_name(const opt *row, const char *name, size_t length)
{
    return strlen(row->name) == length && strncmp(row->name, name, length) == 0;
}

static bool find_name(const opt_args *args, const char *name, size_t length, found *out)
{
    bool no = length > 3 && strncmp(name, "no-", 3) == 0;
    for (size_t g = 0; g < OPT_GROUPS; g++) {
        const opt_group *group = &args->groups[g];
        for (size_t i = 0; i < group->count; i++) {
            const opt *row = &group->rows[i];
            bool negated = no && row->type == OPT_FLAG && same_name(row, name + 3, length - 3);
            if (negated || same_name(row, name, length)) {
                *out = (found){row, group, negated};
                return true;
            }
        }
    }
    return false;
}

static bool find_letter(const opt_args *args, char letter, found *out)
{
    for (size_t g = 0; g < OPT_GROUPS; g++)
        for (size_t i = 0; i < args->groups[g].count; i++)
            if (args->groups[g].rows[i].letter == letter) {
                *out = (found){&args->groups[g].rows[i], &args->groups[g], false};
                return true;
            }
    return false;
}

static int wrong_name(const opt_args *args, const char *name, size_t length)
{
    char *word = cli_format("%.*s", (int)(length < 200 ? length : 200), name);
    text_nearest nearest = {.word = word};
    text_nearest_try(&nearest, "help");
    for (size_t g = 0; g < OPT_GROUPS; g++)
        for (size_t i = 0; i < args->groups[g].count; i++)
            text_nearest_try(&nearest, args->groups[g].rows[i].name);
    int code = nearest.best ? opt_wrong(args->page, "unknown option --%s; did you mean --%s?", word,
                                        nearest.best)
                            : opt_wrong(args->page, "unknown option --%s", word);
    free(word);
    return code;
}

static int wrong_value(const opt_args *args, const opt *row, const char *value)
{
    const opt_page *page = args->page;
    if (row->type == OPT_CHOICE)
        return opt_wrong(page, "--%s takes one of %s, not '%s'", row->name, row->arg, value);
    if (row->type == OPT_SETTING)
        return opt_wrong(page, "--%s takes KEY=VALUE, such as conv1.rate=0, not '%s'", row->name,
                         value);
    const char *kind = row->type == OPT_INTEGER ? "an integer" : "a number";
    return opt_wrong(page, "--%s takes %s from %.15g to %.15g, not '%s'", row->name, kind, row->low,
                     row->high, value);
}

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

/* The position of `value` among the words of "auto|fp32|bf16". */
static bool store_choice(const opt *row, const char *value, int *target)
{
    size_t length = strlen(value);
    *target = 0;
    for (const char *word = row->arg; word; (*target)++) {
        const char *bar = strchr(word, '|');
        size_t span = bar ? (size_t)(bar - word) : strlen(word);
        if (span == length && strncmp(word, value, span) == 0)
            return true;
        word = bar ? bar + 1 : NULL;
    }
    return false;
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

static bool store(const opt *row, void *target, const char *value)
{
    void *place = (char *)target + row->offset;
    switch (row->type) {
    case OPT_FLAG: *(bool *)place = strcmp(value, "yes") == 0; return true;
    case OPT_TEXT: *(const char **)place = value; return true;
    case OPT_INTEGER: return store_integer(row, value, place);
    case OPT_NUMBER: return store_number(row, value, place);
    case OPT_CHOICE: return store_choice(row, value, place);
    case OPT_SETTING: return store_setting(value, place);
    case OPT_KEY: return store_key(row, value, place);
    }
    return false;
}

static void store_defaults(const opt_args *args)
{
    for (size_t g = 0; g < OPT_GROUPS; g++)
        for (size_t i = 0; i < args->groups[g].count; i++) {
            const opt *row = &args->groups[g].rows[i];
            if (row->standard && row->type != OPT_KEY && row->type != OPT_SETTING)
                store(row, args->groups[g].target, row->standard);
        }
}

/*
 * Store an option. `value` is what stood in the same word, or NULL; then the next word is taken,
 * unless it looks like another option, which is nearly always a value that was forgotten.
 * *code >= 0 reports a mistake. Returns how many further words were used.
 */
static int take(opt_args *args, const found *option, const char *value, char **next, int *code)
{
    const opt *row = option->row;
    int used = 0;
    args->given[args->given_count++] = row;
    if (row->type == OPT_FLAG) {
        if (value) {
            *code = opt_wrong(args->page, "--%s takes no value", row->name);
            return 0;
        }
        value = option->negated ? "no" : "yes";
    } else if (!value && *next && strncmp(*next, "--", 2) != 0) {
        value = *next;
        used = 1;
    }
    if (!value || !*value)
        *code = *next && !value
                    ? opt_wrong(args->page, "--%s needs a value (%s), but %s follows", row->name,
                                row->arg, *next)
                    : opt_wrong(args->page, "--%s needs a value (%s)", row->name, row->arg);
    else if (!store(row, option->group->target, value))
        *code = wrong_value(args, row, value);
    return used;
}

static int take_long(opt_args *args, char *word, char **next, int *code)
{
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    found option;
    if (!find_name(args, word, length, &option)) {
        *code = wrong_name(args, word, length);
        return 0;
    }
    return take(args, &option, equals ? equals + 1 : NULL, next, code);
}

static int take_letter(opt_args *args, char *word, char **next, int *code)
{
    found option;
    if (!find_letter(args, word[0], &option)) {
        *code = opt_wrong(args->page, "unknown option -%s", word);
        return 0;
    }
    return take(args, &option, word[1] ? word + 1 : NULL, next, code);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

bool opt_parse(opt_args *args, int argc, char **argv, int *code)
{
    *code = -1;
    args->files = argv;
    args->file_count = args->given_count = 0;
    args->given = cli_alloc((size_t)(argc + 1) * sizeof(const opt *));
    store_defaults(args);
    if (asks_for_help(argc, argv)) {
        opt_print_help(args, stdout);
        *code = CLI_DONE;
    }
    bool options = true;
    for (int i = 0; i < argc && *code < 0; i++) {
        char *word = argv[i];
        if (options && strcmp(word, "--") == 0)
            options = false;
        else if (options && strncmp(word, "--", 2) == 0)
            i += take_long(args, word + 2, &argv[i + 1], code);
        else if (options && word[0] == '-' && word[1])
            i += take_letter(args, word + 1, &argv[i + 1], code);
        else
            args->files[args->file_count++] = word;
    }
    return *code < 0;
}

void opt_free(opt_args *args)
{
    free(args->given);
    args->given = NULL;
}
