/*
 * A matrix of dissimilarities as a table: numbers alone, or below a line of headings, with or
 * without a first column of names.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "files.h"
#include "rdm.h"

enum { COUNT_MAX = 60000, FIELD_MAX = 4096 };

/* The table of a file, as far as it has been read. */
typedef struct table {
    csv_reader csv;
    int64_t rows, columns; /* without the line of headings */
    bool headings;
} table;

static bool is_number(const char *field, double *value)
{
    char *end;
    *value = strtod(field, &end);
    return end != field && end[strspn(end, " \t")] == '\0';
}

static int wrong(const table *t, const char *expected)
{
    return cli_error(CLI_BAD_INPUT, "%s:%ld: expected %s, found '%.60s'", t->csv.path, t->csv.line,
                     expected, t->csv.field);
}

/* Read the next field; blank lines do not count, as at the end of what spreadsheets save.
 * @param begins  whether it is the first of its line */
static bool next_field(table *t, bool begins)
{
    bool found = csv_next(&t->csv);
    while (found && begins && t->csv.last && !t->csv.length)
        found = csv_next(&t->csv);
    return found;
}

/* Take a field of the first line: of headings, if one of them is not a number. */
static int take_first(table *t)
{
    double value;
    t->headings |= !is_number(t->csv.field, &value);
    if (t->columns++ > COUNT_MAX)
        return wrong(t, "60000 pictures at most");
    t->rows = t->csv.last && !t->headings;
    return CLI_DONE;
}

/* Find out how large the table is: every line has as many fields as the first. */
static int measure(table *t)
{
    static const char expected[] = "as many fields as the first line has";
    int64_t column = 0;
    int code = CLI_DONE;
    csv_begin(&t->csv);
    for (bool more = true; more && code == CLI_DONE; more = !t->csv.last) {
        if (!next_field(t, t->columns == 0))
            return wrong(t, "a matrix of dissimilarities");
        code = take_first(t);
    }
    while (code == CLI_DONE && next_field(t, column == 0)) {
        column++;
        if (t->csv.last != (column == t->columns))
            return wrong(t, expected);
        if (t->csv.last) {
            column = 0;
            if (t->rows++ >= COUNT_MAX)
                return wrong(t, "60000 pictures at most");
        }
    }
    return column ? wrong(t, expected) : code;
}

static int read_numbers(table *t, int64_t count, double *rdm, string_list *names)
{
    const bool named = t->columns == count + 1;
    csv_begin(&t->csv);
    for (int64_t i = 0; t->headings && i < t->columns; i++)
        next_field(t, i == 0);
    for (int64_t row = 0; row < count; row++) {
        if (named && next_field(t, true))
            string_list_add(names, cli_copy(t->csv.field));
        for (int64_t i = 0; i < count; i++)
            if (!next_field(t, i == 0 && !named) || !is_number(t->csv.field, &rdm[row * count + i]))
                return wrong(t, "a number");
    }
    return CLI_DONE;
}

/* @param rdm  NULL: only count */
static int read_table(table *t, int64_t *count, double *rdm, string_list *names)
{
    int code = measure(t);
    if (code != CLI_DONE)
        return code;
    if (t->columns != t->rows && !(t->headings && t->columns == t->rows + 1))
        return cli_error(
            CLI_BAD_INPUT,
            "%s: expected a square matrix, found %" PRId64 " lines of %" PRId64 " fields%s",
            t->csv.path, t->rows, t->columns, t->headings ? " below a line of headings" : "");
    if (rdm && *count != t->rows)
        return cli_error(CLI_BAD_INPUT, "%s was changed while it was read", t->csv.path);
    *count = t->rows;
    return rdm ? read_numbers(t, *count, rdm, names) : CLI_DONE;
}

int rdm_read_csv(const char *path, int64_t *count, double *rdm, string_list *names)
{
    FILE *file;
    int code = file_open(&file, path, NULL);
    if (code != CLI_DONE)
        return code;
    table t = {.csv = {.file = file, .path = path, .most = FIELD_MAX}};
    code = read_table(&t, count, rdm, names);
    if (ferror(file))
        code = cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    csv_reader_free(&t.csv);
    fclose(file);
    return code;
}
