/* The help of a command, printed from its page and its option tables. */
#include <stdio.h>
#include <string.h>

#include "opt.h"
#include "text.h"

enum { HELP_COLUMN = 26, LINE_WIDTH = 80 };

/* Print words from column `column` on, `start` of which are taken, broken at LINE_WIDTH. */
static void print_wrapped(FILE *out, int column, int start, const char *text)
{
    int at = start;
    fprintf(out, "%*s", column - start, "");
    at = column;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (at > column && at + 1 + length > LINE_WIDTH) {
            fprintf(out, "\n%*s", column, "");
            at = column;
        } else if (at > column) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", length, text);
        at += length;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* "help (1 to 1000; default 5)" */
static void describe(const opt *row, char *out, size_t size)
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
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name, row->arg ? " " : "",
             row->arg ? row->arg : "");
    describe(row, right, sizeof right);
    int width = (int)text_width(left);
    fputs(left, out);
    if (width + 2 > HELP_COLUMN) {
        fputc('\n', out);
        width = 0;
    }
    print_wrapped(out, HELP_COLUMN, width, right);
}

static const opt help_row = {
    .name = "help", .letter = 'h', .type = OPT_FLAG, .help = "print this text"};

void opt_print_help(const opt_args *args, FILE *out)
{
    const opt_page *page = args->page;
    for (size_t i = 0; i < COUNT_OF(page->usage) && page->usage[i]; i++)
        fprintf(out, "%s alexnet %s\n", i ? "      " : "Usage:", page->usage[i]);
    fputc('\n', out);
    print_wrapped(out, 0, 0, page->about);
    for (size_t g = 0; g < OPT_GROUPS; g++) {
        if (args->groups[g].count == 0)
            continue;
        fprintf(out, "\n%s:\n", args->groups[g].title);
        for (size_t i = 0; i < args->groups[g].count; i++)
            print_row(out, &args->groups[g].rows[i]);
    }
    print_row(out, &help_row);
    fprintf(out, "\nExamples:\n");
    for (size_t i = 0; i < COUNT_OF(page->examples); i++)
        fprintf(out, "  alexnet %s\n      %s\n", page->examples[i].line, page->examples[i].does);
}
