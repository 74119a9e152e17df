#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

enum { GAP = 2, DOTS = 3, NARROWEST = 8, WRAPPED = 40 };

table table_new(const char *align)
{
    return (table){.align = align, .columns = (int)strlen(align)};
}

void table_add(table *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *cell = NULL;
    int length = vasprintf(&cell, format, args);
    va_end(args);
    string_list_add(&t->cells, length < 0 ? cli_copy("?") : terminal_text(cell, ""));
    if (length >= 0)
        free(cell);
}

void table_add_row(table *t, const char *const *cells)
{
    for (int i = 0; i < t->columns; i++)
        table_add(t, "%s", cells[i]);
}

static const char *cell_at(const table *t, size_t row, int column)
{
    return t->cells.items[row * (size_t)t->columns + (size_t)column];
}

/* Print a cell; if it is wider than its column, it is cut and three dots show that. */
static void print_cell(const char *cell, int width, bool end, FILE *out)
{
    if (terminal_columns(cell) <= width) {
        fputs(cell, out);
    } else if (end) {
        while (terminal_columns(cell) > width - DOTS)
            do
                cell++;
            while (((unsigned char)*cell & 0xC0) == 0x80); /* within a character */
        fprintf(out, "...%s", cell);
    } else {
        fprintf(out, "%.*s...", terminal_fit(cell, width - DOTS, false), cell);
    }
}

static void print_row(const table *t, size_t row, const int *widths, FILE *out)
{
    int owed = 0, at = 0; /* blanks are held back, so that no line ends in them */
    for (int i = 0; i < t->columns; i++) {
        const char *cell = cell_at(t, row, i);
        if (t->align[i] == 'w' && *cell) {
            int width = terminal_width(out);
            terminal_wrap(out, width < at + WRAPPED ? at + WRAPPED : width, at, at - owed, cell);
            return;
        }
        int columns = terminal_columns(cell);
        int pad = columns < widths[i] ? widths[i] - columns : 0;
        bool right = t->align[i] == 'r';
        owed += right ? pad : 0;
        if (*cell) {
            fprintf(out, "%*s", owed, "");
            print_cell(cell, widths[i], t->align[i] == 'e', out);
            owed = 0;
        }
        owed += GAP + (right ? 0 : pad);
        at += widths[i] + GAP;
    }
    fputc('\n', out);
}

static int total_width(const table *t, const int *widths)
{
    int width = -GAP;
    for (int i = 0; i < t->columns; i++)
        width += widths[i] + GAP;
    return width;
}

/* Narrow the widest of the columns of a kind, until the table fits or all of them are narrow. */
static void narrow(const table *t, int *widths, int room, char kind)
{
    while (total_width(t, widths) > room) {
        int widest = -1;
        for (int i = 0; i < t->columns; i++)
            if (t->align[i] == kind && (widest < 0 || widths[i] > widths[widest]))
                widest = i;
        if (widest < 0 || widths[widest] <= NARROWEST)
            return;
        widths[widest]--;
    }
}

/* Paths, which people copy, are cut last, and only where that makes the table fit. */
static void fit(const table *t, int *widths, int room)
{
    narrow(t, widths, room, 'c');
    int least = total_width(t, widths);
    for (int i = 0; i < t->columns; i++)
        if (t->align[i] == 'e' && widths[i] > NARROWEST)
            least -= widths[i] - NARROWEST;
    if (least <= room)
        narrow(t, widths, room, 'e');
}

static void print_rule(const table *t, const int *widths, FILE *out)
{
    int width = total_width(t, widths), room = terminal_width(out);
    if (t->align[t->columns - 1] == 'w' && width > room)
        width = room;
    for (int i = 0; i < width; i++)
        fputc('-', out);
    fputc('\n', out);
}

void table_print(table *t, FILE *out)
{
    size_t rows = t->cells.count / (size_t)t->columns;
    int *widths = cli_alloc((size_t)t->columns * sizeof *widths);
    for (size_t r = 0; r < rows; r++)
        for (int i = 0; i < t->columns; i++) {
            int width = terminal_columns(cell_at(t, r, i));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    fit(t, widths, terminal_room(out));
    for (size_t r = 0; r < rows; r++) {
        print_row(t, r, widths, out);
        if (r == 0)
            print_rule(t, widths, out);
    }
    free(widths);
    string_list_free(&t->cells);
}
