/* The section of a command in the manual page, printed from its page and its option tables. */
#include <string.h>

#include "opt_impl.h"
#include "roff.h"

/* Print roff's own text around one that is not. */
static void print(FILE *out, const char *before, const char *text, const char *after)
{
    fputs(before, out);
    roff_text(out, text);
    fputs(after, out);
}

static void print_row(FILE *out, const opt *row)
{
    char text[400];
    const char letter[] = {row->letter, '\0'};
    fputs(".TP\n", out);
    if (row->letter)
        print(out, "\\fB\\-", letter, "\\fR, ");
    print(out, "\\fB\\-\\-", row->name, "\\fR");
    if (row->arg)
        print(out, " \\fI", row->arg, "\\fR");
    fputc('\n', out);
    opt_describe(row, text, sizeof text);
    roff_lines(out, text);
}

void opt_print_man_group(const opt_group *group, FILE *out)
{
    for (size_t i = 0; i < group->count; i++)
        print_row(out, &group->rows[i]);
}

void opt_print_man_commands(const command_list *list, FILE *out)
{
    for (const command *c = list->rows; c->name; c++) {
        print(out, ".TP\n\\fB", c->name, "\\fR\n");
        roff_lines(out, c->help);
    }
}

/* Options that are described elsewhere in the page. */
static void name_options(const opt_group *group, FILE *out)
{
    print(out, ".PP\n", group->title, ":\n");
    for (size_t i = 0; i < group->count; i++)
        print(out, "\\fB\\-\\-", group->rows[i].name, i + 1 < group->count ? "\\fR,\n" : "\\fR.\n");
}

void opt_print_man(const opt_args *args, FILE *out)
{
    const opt_page *page = args->page;
    print(out, ".SS \"alexnet ", page->command, "\"\n.nf\n");
    for (size_t i = 0; i < COUNT_OF(page->usage) && page->usage[i]; i++)
        print(out, "\\fBalexnet ", page->usage[i], "\\fR\n");
    fputs(".fi\n.PP\n", out);
    roff_lines(out, page->about);
    if (page->parts)
        opt_print_man_commands(page->parts, out);
    for (size_t g = 0; g < OPT_GROUPS; g++) {
        const opt_group *group = &args->groups[g];
        if (group->count && group->shared)
            name_options(group, out);
        else if (group->count) {
            print(out, ".PP\n", group->title, ":\n");
            opt_print_man_group(group, out);
        }
    }
    fputs(".PP\nExamples:\n", out);
    for (size_t i = 0; i < COUNT_OF(page->examples); i++) {
        print(out, ".TP\n\\fBalexnet ", page->examples[i].line, "\\fR\n");
        roff_lines(out, page->examples[i].does);
    }
}
