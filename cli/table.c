#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { GAP = 2 };

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
    string_list_add(&t->cells, length < 0 ? cli_copy("?") : cell);
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

static void print_row(const table *t, size_t row, const int *widths, FILE *out)
{
    int owed = 0; /* blanks are held back, so that no line ends in them */
    for (int i = 0; i < t->columns; i++) {
        const char *cell = cell_at(t, row, i);
        int pad = widths[i] - (int)text_width(cell);
        bool right = t->align[i] == 'r';
        owed += right ? pad : 0;
        if (*cell) {
            fprintf(out, "%*s%s", owed, "", cell);
            owed = 0;
        }
        owed += GAP + (right ? 0 : pad);
    }
    fputc('\n', out);
}

static void print_rule(const table *t, const int *widths, FILE *out)
{
    int width = -GAP;
    for (int i = 0; i < t->columns; i++)
        width += widths[i] + GAP;
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
            int width = (int)text_width(cell_at(t, r, i));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    for (size_t r = 0; r < rows; r++) {
        print_row(t, r, widths, out);
        if (r == 0)
            print_rule(t, widths, out);
    }
    free(widths);
    string_list_free(&t->cells);
}
