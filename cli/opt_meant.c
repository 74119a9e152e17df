/* What a wrong name or value of an option was meant to be. */
#include <stdlib.h>
#include <string.h>

#include "opt_impl.h"

/* ---- Names ---- */

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
    for (opt_place at = {0}; opt_next(args, &at);)
        rows++;
    vocabulary v = {cli_alloc(rows * (1 + OPT_ALSO) * sizeof(const char *)),
                    cli_alloc(rows * (1 + OPT_ALSO) * sizeof(const opt *)), 0};
    learn(&v, opt_help_row.name, &opt_help_row);
    for (opt_place at = {0}; opt_next(args, &at);) {
        const opt *row = at.row;
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

int opt_wrong_name(const opt_args *args, const char *dashes, const char *name, size_t length)
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

/* ---- Values ---- */

/* The choice that a word of another program, or a mistyped one, means; or NULL. */
static const char *choice_meant(const opt *row, const char *value, const opt_words *choices)
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

int opt_wrong_value(const opt_args *args, const opt *row, const char *value)
{
    const opt_page *page = args->page;
    if (row->type == OPT_CHOICE) {
        opt_words choices = opt_cut_up(row->arg);
        const char *meant = choice_meant(row, value, &choices);
        int code =
            opt_wrong(page, "--%s takes one of %s, not '%s'%s%s%s", row->name, row->arg, value,
                      meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
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
