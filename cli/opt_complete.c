/*
 * The part of a command in the scripts that complete command lines, printed from its page and its
 * option tables. Scripts contain all that they offer, so that nothing runs while somebody types;
 * names of files are left to the shell, which quotes them. cmd_completion.c has the rest of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "opt_impl.h"

/* Step through all rows and --help, the last. */
static const opt *next_row(const opt_args *args, opt_place *at)
{
    if (at->row == &opt_help_row)
        return NULL;
    if (!opt_next(args, at))
        at->row = &opt_help_row;
    return at->row;
}

/* All words with a blank between them. Owned by the caller. */
static char *join(const complete_value *value)
{
    char *all = cli_copy("");
    for (size_t i = 0; i < value->words.count; i++) {
        char *longer = cli_format("%s%s%s", all, i ? " " : "", value->words.items[i]);
        free(all);
        all = longer;
    }
    return all;
}

/* ---- bash: cases that set the variables options, words and paths ---- */

static void bash_value(FILE *out, complete_value value)
{
    static const char *const paths[] = {"", "folders", "files"};
    char *words = join(&value);
    fprintf(out, "words=(%s) paths=%s", words, paths[value.paths]);
    free(words);
    string_list_free(&value.words);
}

static void bash_parts(const opt_page *page, FILE *out)
{
    fprintf(out, "    'help %s ') ", page->command);
    bash_value(out, complete_argument(page, true));
    fprintf(out, " ;;\n");
}

void opt_print_bash(const opt_args *args, FILE *out)
{
    const opt_page *page = args->page;
    const opt *row;
    fprintf(out, "    '%s '%s)\n        options=(", page->command, page->parts ? "" : "*");
    for (opt_place at = {0}; (row = next_row(args, &at));)
        fprintf(out, " --%s", row->name);
    fprintf(out, " )\n        ");
    bash_value(out, complete_argument(page, false));
    complete_value first = complete_argument(page, true);
    if (first.words.count && first.paths == COMPLETE_NO_PATHS) {
        fprintf(out, "\n        [[ $line == '%s ' ]] && ", page->command);
        bash_value(out, first);
    } else {
        string_list_free(&first.words);
    }
    fprintf(out, "\n        case $before in\n");
    for (opt_place at = {0}; (row = next_row(args, &at));)
        if (row->type != OPT_FLAG) {
            const char letter[] = {'-', row->letter, '|', '\0'};
            fprintf(out, "        %s--%s) options=() ", row->letter ? letter : "", row->name);
            bash_value(out, complete_option(row));
            fprintf(out, " ;;\n");
        }
    fprintf(out, "        esac ;;\n");
    if (page->parts)
        bash_parts(page, out);
}

/* ---- zsh: cases with the specifications that _arguments takes ---- */

/* A copy with a backslash before each of some characters. Owned by the caller. */
static char *zsh_escape(const char *text, const char *characters)
{
    char *copy = cli_alloc(2 * strlen(text) + 1), *end = copy;
    for (; *text; text++) {
        if (strchr(characters, *text))
            *end++ = '\\';
        *end++ = *text;
    }
    return copy;
}

/* Print the specification of one option or argument as a word of its own. */
static void zsh_spec(FILE *out, const char *name, const char *help, const char *value)
{
    char *spec = cli_format("%s%s%s", name, help, value), *quoted = cli_quote(spec);
    fprintf(out, " \\\n            %s", quoted);
    free(quoted);
    free(spec);
}

/* ":what:action". Owned by the caller. */
static char *zsh_value(const char *what, const char *ends, complete_value value)
{
    char *words = join(&value), *name = zsh_escape(what, ":"), *all;
    if (value.paths == COMPLETE_FOLDERS)
        all = cli_format(":%s:_files -/", name);
    else if (value.paths && *words)
        all = cli_format(":%s: _alexnet_or_files %s", name, words);
    else if (value.paths)
        all = ends ? cli_format(":%s:_files -g \"*(%s)\"", name, ends)
                   : cli_format(":%s:_files", name);
    else
        all = *words ? cli_format(":%s:(%s)", name, words) : cli_format(":%s: ", name);
    free(name);
    free(words);
    string_list_free(&value.words);
    return all;
}

static void zsh_option(FILE *out, const opt *row)
{
    const bool flag = row->type == OPT_FLAG;
    char *value = flag ? cli_copy("") : zsh_value(row->arg, row->ends, complete_option(row));
    char *shown = zsh_escape(row->help, "[]\\"), *help = cli_format("[%s]", shown);
    char *name =
        cli_format("%s--%s%s", row->type == OPT_SETTING ? "*" : "", row->name, flag ? "" : "=");
    zsh_spec(out, name, help, value);
    free(name);
    if (row->letter) {
        name = cli_format("(--%s)-%c%s", row->name, row->letter, flag ? "" : "+");
        zsh_spec(out, name, help, value);
        free(name);
    }
    free(help);
    free(shown);
    free(value);
}

static void zsh_argument(FILE *out, const opt_page *page, bool first)
{
    complete_value value = complete_argument(page, first);
    if (value.paths == COMPLETE_NO_PATHS && value.words.count == 0)
        return;
    char *rest = zsh_value("argument", NULL, value);
    zsh_spec(out, first ? "1" : "*", "", rest);
    free(rest);
}

void opt_print_zsh(const opt_args *args, FILE *out)
{
    const opt_page *page = args->page;
    const opt *row;
    const int before = strchr(page->command, ' ') ? 2 : 1;
    fprintf(out, "    '%s '%s)\n        shift %d words; (( CURRENT -= %d ))\n        _arguments",
            page->command, page->parts ? "" : "*", before, before);
    zsh_argument(out, page, true);
    zsh_argument(out, page, false);
    for (opt_place at = {0}; (row = next_row(args, &at));)
        zsh_option(out, row);
    fprintf(out, " ;;\n");
    if (!page->parts)
        return;
    fprintf(out, "    'help %s ') compadd --", page->command);
    for (const command *part = page->parts->rows; part->name; part++)
        fprintf(out, " %s", part->name);
    fprintf(out, " ;;\n");
}

/* ---- fish: a command for each option ---- */

static void fish_value(FILE *out, complete_value value)
{
    char *words = join(&value);
    fputs(value.paths == COMPLETE_FILES ? " -F" : " -f", out);
    if (value.paths == COMPLETE_FOLDERS)
        fprintf(out, " -a '(__fish_complete_directories)'");
    else if (*words)
        fprintf(out, " -a '%s'", words);
    free(words);
    string_list_free(&value.words);
}

static void fish_parts(const opt_page *page, FILE *out)
{
    for (const command *part = page->parts->rows; part->name; part++) {
        char *help = cli_quote(part->help);
        fprintf(out, "complete -c alexnet -n '__alexnet_after %s' -a %s -d %s\n", page->command,
                part->name, help);
        fprintf(out, "complete -c alexnet -n '__alexnet_after help %s' -a %s -d %s\n",
                page->command, part->name, help);
        free(help);
    }
}

void opt_print_fish(const opt_args *args, FILE *out)
{
    const opt_page *page = args->page;
    const opt *row;
    for (opt_place at = {0}; (row = next_row(args, &at));) {
        char *help = cli_quote(row->help);
        const char letter[] = {' ', '-', 's', ' ', row->letter, '\0'};
        fprintf(out, "complete -c alexnet -n '__alexnet_at %s' -l %s%s -d %s", page->command,
                row->name, row->letter ? letter : "", help);
        free(help);
        if (row->type != OPT_FLAG) {
            fprintf(out, " -r");
            fish_value(out, complete_option(row));
        }
        fputc('\n', out);
    }
    if (page->parts) {
        fish_parts(page, out);
        return;
    }
    fprintf(out, "complete -c alexnet -n '__alexnet_after %s'", page->command);
    fish_value(out, complete_argument(page, true));
    fprintf(out, "\ncomplete -c alexnet -n '__alexnet_past %s'", page->command);
    fish_value(out, complete_argument(page, false));
    fputc('\n', out);
}
