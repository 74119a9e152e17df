#include "opt.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "paths.h"

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

/* Words that mean an option of this command, and the option that each means. */
typedef struct vocabulary {
    const char **words;
    const opt **rows;
    int count;
} vocabulary;

static void learn(vocabulary *v, const char *word, const opt *row)
{
    if (!word)
        return;
    v->words[v->count] = word;
    v->rows[v->count++] = row;
}

static vocabulary vocabulary_of(const opt_args *args)
{
    size_t rows = 1;
    for (size_t g = 0; g < OPT_GROUPS; g++)
        rows += args->groups[g].count;
    vocabulary v = {cli_alloc(rows * (1 + OPT_ALSO) * sizeof(const char *)),
                    cli_alloc(rows * (1 + OPT_ALSO) * sizeof(const opt *)), 0};
    learn(&v, opt_help_row.name, &opt_help_row);
    for (size_t g = 0; g < OPT_GROUPS; g++)
        for (size_t i = 0; i < args->groups[g].count; i++) {
            const opt *row = &args->groups[g].rows[i];
            learn(&v, row->name, row);
            for (int k = 0; k < OPT_ALSO; k++)
                learn(&v, row->also[k], row);
        }
    return v;
}

static const char *word_in(const vocabulary *v, const char *word)
{
    for (int i = 0; i < v->count; i++)
        if (strcmp(v->words[i], word) == 0)
            return v->words[i];
    return NULL;
}

/* The option that a word of another program, or a mistyped one, means; or NULL. Of a longer word,
 * "confusion-matrix", the beginning may be the option. */
static const opt *row_meant(const opt_args *args, const char *word)
{
    const opt *meant = NULL;
    vocabulary v = vocabulary_of(args);
    char *begin = cli_copy(word), *dash;
    const char *near = alexnet_word_nearest(word, v.words, v.count);
    while (!near && (dash = strrchr(begin, '-'))) {
        *dash = '\0';
        near = word_in(&v, begin);
    }
    for (int i = 0; near && i < v.count && !meant; i++)
        if (v.words[i] == near)
            meant = v.rows[i];
    free(begin);
    free(v.words);
    free(v.rows);
    return meant;
}

/* What the page says of a word that is set elsewhere; NULL: nothing. */
static const char *hint_for(const opt_page *page, const char *word)
{
    const opt_elsewhere *e = page->elsewhere;
    while (e && e->word && strcmp(e->word, word) != 0)
        e++;
    return e ? e->hint : NULL;
}

/* @param dashes  "-" or "--", as it was typed */
static int wrong_name(const opt_args *args, const char *dashes, const char *name, size_t length)
{
    char *typed = cli_format("%.*s", (int)(length < 200 ? length : 200), name);
    char *word = cli_copy(typed);
    for (char *c = word; *c; c++)
        if (*c == '_')
            *c = '-';
    const opt *meant = row_meant(args, word);
    const char *hint = hint_for(args->page, word);
    int code = hint    ? opt_wrong(args->page, "there is no option %s%s: %s", dashes, typed, hint)
               : meant ? opt_wrong(args->page, "unknown option %s%s; did you mean --%s?", dashes,
                                   typed, meant->name)
                       : opt_wrong(args->page, "unknown option %s%s", dashes, typed);
    free(word);
    free(typed);
    return code;
}

enum { WORDS = 16 };

/* "auto|fp32|bf16" cut up into words. */
typedef struct words {
    char *text; /* which the words are parts of */
    const char *at[WORDS];
    int count;
} words;

static words cut_up(const char *text)
{
    words w = {.text = cli_copy(text)};
    for (char *rest, *word = strtok_r(w.text, "|", &rest); word;
         word = strtok_r(NULL, "|", &rest)) {
        assert(w.count < WORDS);
        w.at[w.count++] = word;
    }
    return w;
}

/* The choices of a row; one that this build lacks is NULL. */
static words choices_of(const opt *row)
{
    words w = cut_up(row->arg);
    for (int i = 0; i < w.count && row->absent; i++)
        if (strcmp(w.at[i], row->absent) == 0)
            w.at[i] = NULL;
    return w;
}

/* The choice that a word of another program, or a mistyped one, means; or NULL. */
static const char *choice_meant(const opt *row, const char *value, const words *choices)
{
    int count = 0;
    while (row->words && row->words[count])
        count++;
    const char *near = alexnet_word_nearest(value, row->words, count);
    for (int i = 0; near && i < count; i++)
        if (row->words[i] == near)
            return row->words[i | 1];
    return alexnet_word_nearest(value, choices->at, choices->count);
}

static int wrong_value(const opt_args *args, const opt *row, const char *value)
{
    const opt_page *page = args->page;
    if (row->type == OPT_CHOICE) {
        char *shown = opt_choices(row);
        words choices = choices_of(row);
        const char *meant = choice_meant(row, value, &choices);
        int code = opt_wrong(page, "--%s takes one of %s, not '%s'%s%s%s", row->name, shown, value,
                             meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
        free(shown);
        free(choices.text);
        return code;
    }
    if (row->type == OPT_TEXT)
        return opt_wrong(page, "--%s takes a file whose name ends in %s, not '%s'", row->name,
                         row->ends, value);
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

char *opt_choices(const opt *row)
{
    char *text = cli_alloc(strlen(row->arg) + 1), *end = text;
    words choices = choices_of(row);
    for (int i = 0; i < choices.count; i++)
        if (choices.at[i])
            end += sprintf(end, "%s%s", end > text ? "|" : "", choices.at[i]);
    free(choices.text);
    return text;
}

/* The position of `value` among the words. */
static bool store_choice(const opt *row, const char *value, int *target)
{
    words choices = choices_of(row);
    int i = 0;
    while (i < choices.count && !(choices.at[i] && strcmp(choices.at[i], value) == 0))
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
    words endings = cut_up(row->ends);
    bool ends = false;
    for (int i = 0; i < endings.count && !ends; i++)
        ends = path_ends_in(value, endings.at[i]);
    free(endings.text);
    return ends;
}

static bool store(const opt *row, void *target, const char *value)
{
    void *place = (char *)target + row->offset;
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

static void store_defaults(const opt_args *args)
{
    for (size_t g = 0; g < OPT_GROUPS; g++)
        for (size_t i = 0; i < args->groups[g].count; i++) {
            const opt *row = &args->groups[g].rows[i];
            if (row->standard && row->type != OPT_KEY && row->type != OPT_SETTING)
                store(row, args->groups[g].target, row->standard);
        }
}

static void note_given(opt_args *args, const opt *row)
{
    if (opt_given(args, row->name))
        return;
    assert(args->given_count < OPT_GIVEN); /* no command has as many options */
    args->given[args->given_count++] = row;
}

/*
 * Store an option. `value` is the value in the same word, or NULL; then the next word is the value,
 * unless it begins with "--": in nearly all such cases the value was forgotten.
 * *code >= 0 reports a mistake. Returns how many further words were used.
 */
static int take(opt_args *args, const found *option, const char *value, char **next, int *code)
{
    const opt *row = option->row;
    int used = 0;
    note_given(args, row);
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
        *code = wrong_name(args, "--", word, length);
        return 0;
    }
    return take(args, &option, equals ? equals + 1 : NULL, next, code);
}

static int take_letter(opt_args *args, char *word, char **next, int *code)
{
    found option;
    if (!find_letter(args, word[0], &option)) {
        *code = wrong_name(args, "-", word, strlen(word));
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

/* The value of an option of type OPT_TEXT. */
static const char *text_of(const opt_group *group, const opt *row)
{
    return *(const char **)((char *)group->target + row->offset);
}

/* Protect what the line names as read: most files, and the values of options that say so. */
static void protect_inputs(const opt_args *args)
{
    for (int i = 0; i < args->file_count - args->page->writes; i++)
        file_protect(args->files[i]);
    for (size_t g = 0; g < OPT_GROUPS; g++)
        for (size_t i = 0; i < args->groups[g].count; i++) {
            const opt *row = &args->groups[g].rows[i];
            const char *path = row->reads ? text_of(&args->groups[g], row) : NULL;
            if (path)
                file_protect(path);
        }
}

bool opt_parse(opt_args *args, int argc, char **argv, int *code)
{
    *code = -1;
    args->files = argv;
    args->file_count = args->given_count = 0;
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
        else if (!*word) /* most likely a variable of the shell that is not set */
            *code = opt_wrong(args->page, "argument %d is empty; a name is expected", i + 1);
        else
            args->files[args->file_count++] = word;
    }
    protect_inputs(args);
    return *code < 0;
}

bool opt_given(const opt_args *args, const char *name)
{
    for (int i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i]->name, name) == 0)
            return true;
    return false;
}

int opt_needs(const opt_args *args, const char *names, bool there, const char *what)
{
    words w = cut_up(names);
    int code = CLI_DONE;
    for (int i = 0; i < w.count && !there && code == CLI_DONE; i++)
        if (opt_given(args, w.at[i]))
            code = opt_wrong(args->page, "--%s needs %s", w.at[i], what);
    free(w.text);
    return code;
}
