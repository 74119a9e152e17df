#include "opt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "opt_impl.h"
#include "outputs.h"

/* An option of the line. */
typedef struct found {
    const opt *row;
    void *target; /* the struct that its value goes to */
    bool negated; /* --no-NAME of a flag */
} found;

static bool has_name(const opt *row, const char *name, size_t length)
{
    return strlen(row->name) == length && strncmp(row->name, name, length) == 0;
}

static bool find_name(found *out, const opt_args *args, const char *name, size_t length)
{
    const bool no = length > 3 && strncmp(name, "no-", 3) == 0;
    for (opt_place at = {0}; opt_next(args, &at);) {
        const bool negated =
            no && at.row->type == OPT_FLAG && has_name(at.row, name + 3, length - 3);
        if (negated || has_name(at.row, name, length)) {
            *out = (found){at.row, at.group->target, negated};
            return true;
        }
    }
    return false;
}

static bool find_letter(found *out, const opt_args *args, char letter)
{
    for (opt_place at = {0}; opt_next(args, &at);)
        if (at.row->letter == letter) {
            *out = (found){at.row, at.group->target, false};
            return true;
        }
    return false;
}

static void store_defaults(const opt_args *args)
{
    for (opt_place at = {0}; opt_next(args, &at);)
        if (at.row->standard && at.row->type != OPT_KEY && at.row->type != OPT_SETTING)
            opt_store(at.row, at.group->target, at.row->standard);
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
    if (row->list && opt_given(args, row->name)) {
        *code = opt_wrong(args->page, "--%s is given twice; give all at once: --%s %s", row->name,
                          row->name, row->arg);
        return 0;
    }
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
    else if (!opt_store(row, option->target, value))
        *code = opt_wrong_value(args, row, value);
    return used;
}

static int take_long(opt_args *args, char *word, char **next, int *code)
{
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    found option;
    if (!find_name(&option, args, word, length)) {
        *code = opt_wrong_name(args, "--", word, length);
        return 0;
    }
    return take(args, &option, equals ? equals + 1 : NULL, next, code);
}

static int take_letter(opt_args *args, char *word, char **next, int *code)
{
    found option;
    if (!find_letter(&option, args, word[0])) {
        *code = opt_wrong_name(args, "-", word, strlen(word));
        return 0;
    }
    return take(args, &option, word[1] ? word + 1 : NULL, next, code);
}

/* Print the help that the line asks for, if it does. `manual` and `completion` ask for the other
 * forms, because the tables of a command are known only here. */
static bool print_help(const opt_args *args, int argc, char **argv)
{
    static const struct {
        const char *word;
        void (*print)(const opt_args *args, FILE *out);
    } forms[] = {
        {"--help", opt_print_help},    {"-h", opt_print_help},
        {"--help=man", opt_print_man}, {"--help=bash", opt_print_bash},
        {"--help=zsh", opt_print_zsh}, {"--help=fish", opt_print_fish},
    };
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        for (size_t f = 0; f < COUNT_OF(forms); f++)
            if (strcmp(argv[i], forms[f].word) == 0) {
                forms[f].print(args, stdout);
                return true;
            }
    return false;
}

/* Protect what the line names as read: most files, and the values of options that say so. */
static void protect_inputs(const opt_args *args)
{
    for (int i = 0; i < args->file_count - args->page->writes; i++)
        output_protect(args->files[i]);
    for (opt_place at = {0}; opt_next(args, &at);) {
        const void *value = (const char *)at.group->target + at.row->offset;
        const char *path = at.row->reads ? *(const char *const *)value : NULL;
        if (path)
            output_protect(path);
    }
}

bool opt_parse(opt_args *args, int argc, char **argv, int *code)
{
    *code = -1;
    args->files = argv;
    args->file_count = args->given_count = 0;
    store_defaults(args);
    if (print_help(args, argc, argv))
        *code = CLI_DONE;
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
    opt_words w = opt_cut_up(names);
    int code = CLI_DONE;
    for (int i = 0; i < w.count && !there && code == CLI_DONE; i++)
        if (opt_given(args, w.at[i]))
            code = opt_wrong(args->page, "--%s needs %s", w.at[i], what);
    free(w.text);
    return code;
}
