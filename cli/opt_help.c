/* The help of a command, printed from its page and its option tables, and errors of usage. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt_impl.h"
#include "terminal.h"

enum { HELP_COLUMN = 26, LINE_WIDTH = 80 };

void opt_describe(const opt *row, char *out, size_t size)
{
    char range[80] = "", standard[120] = "";
    bool numeric = row->type == OPT_INTEGER || row->type == OPT_NUMBER;
    if (numeric && row->high < 1e9)
        snprintf(range, sizeof range, "%.15g to %.15g", row->low, row->high);
    if (row->standard && row->type != OPT_FLAG)
        snprintf(standard, sizeof standard, "default %s", row->standard);
    if (*range && *standard)
        snprintf(out, size, "%s (%s; %s)", row->help, range, standard);
    else if (*range || *standard)
        snprintf(out, size, "%s (%s)", row->help, *range ? range : standard);
    else
        snprintf(out, size, "%s", row->help);
}

static void print_row(FILE *out, const opt *row)
{
    char left[120], right[400];
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    const char *arg = row->arg ? row->arg : "";
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name, *arg ? " " : "", arg);
    opt_describe(row, right, sizeof right);
    int width = terminal_columns(left);
    fputs(left, out);
    if (width + 2 > HELP_COLUMN) {
        fputc('\n', out);
        width = 0;
    }
    terminal_wrap(out, LINE_WIDTH, HELP_COLUMN, width, right);
}

const opt opt_help_row = {
    .name = "help", .letter = 'h', .type = OPT_FLAG, .help = "print this text"};

static void print_usage(const opt_page *page, FILE *out)
{
    for (size_t i = 0; i < COUNT_OF(page->usage) && page->usage[i]; i++)
        fprintf(out, "%s alexnet %s\n", i ? "      " : "Usage:", page->usage[i]);
}

void opt_print_help(const opt_args *args, FILE *out)
{
    const opt_page *page = args->page;
    print_usage(page, out);
    fputc('\n', out);
    terminal_wrap(out, LINE_WIDTH, 0, 0, page->about);
    if (page->parts) {
        fprintf(out, "\nCommands:\n");
        for (const command *part = page->parts->rows; part->name; part++)
            fprintf(out, "  %-10s %s\n", part->name, part->help);
        fprintf(out, "\nOptions:\n");
    }
    for (size_t g = 0; g < OPT_GROUPS; g++) {
        if (args->groups[g].count == 0)
            continue;
        fprintf(out, "\n%s:\n", args->groups[g].title);
        for (size_t i = 0; i < args->groups[g].count; i++)
            print_row(out, &args->groups[g].rows[i]);
    }
    print_row(out, &opt_help_row);
    fprintf(out, "\nExamples:\n");
    for (size_t i = 0; i < COUNT_OF(page->examples); i++)
        fprintf(out, "  alexnet %s\n      %s\n", page->examples[i].line, page->examples[i].does);
}

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
    print_usage(page, stderr);
    fprintf(stderr, "'alexnet help %s' says more.\n", page->command);
    return CLI_USAGE;
}
