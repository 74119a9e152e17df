/*
 * A matrix of dissimilarities as a table: numbers alone, or below a line of headings, with or
 * without a first column of names; or the numbers above the diagonal, in a row or column.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "files.h"
#include "rdm.h"

enum { COUNT_MAX = 60000, FIELD_MAX = 4096 };
static const int64_t values_max = (int64_t)COUNT_MAX * (COUNT_MAX + 1);

/* The table of a file, as far as it has been read. */
typedef struct table {
    csv_reader csv;
    int64_t rows, columns; /* without the line of headings */
    bool headings;
    bool corner;    /* the first of these is no number: below it may be names */
    double *values; /* of the rows; NaN for a name */
    int64_t count, room;
    string_list firsts; /* below the corner: the first field of each row, which may be a name */
    bool named;         /* one of these is no number */
} table;

/* Read the next field; blank lines do not count, as at the end of what spreadsheets save.
 * @param begins  whether it is the first of its line */
static bool next_field(table *t, bool begins)
{
    bool found = csv_next(&t->csv);
    while (found && begins && t->csv.last && !t->csv.length)
        found = csv_next(&t->csv);
    return found;
}

/* Check that there is memory for so many numbers. */
static int check_memory(const table *t, int64_t count)
{
    char *what = cli_format("the numbers of %s", t->csv.path);
    const int code = machine_check_memory((double)count * sizeof *t->values, what, "");
    free(what);
    return code;
}

static int add_value(table *t, double value)
{
    if (t->count == values_max)
        return csv_wrong(&t->csv, "60000 pictures at most");
    if (t->count == t->room) {
        t->room = 2 * t->room + 1024;
        const int code = check_memory(t, t->room);
        if (code != CLI_DONE)
            return code;
        t->values = cli_realloc(t->values, (size_t)t->room * sizeof *t->values);
    }
    t->values[t->count++] = value;
    return CLI_DONE;
}

/* Read the first line: of headings, if one of its fields is not a number. */
static int read_first(table *t)
{
    double value;
    do {
        if (!next_field(t, t->columns == 0))
            return csv_wrong(&t->csv, "a matrix of dissimilarities");
        const bool number = csv_number(&t->csv, &value);
        t->headings |= !number;
        t->corner |= !number && t->columns == 0;
        const int code = add_value(t, value);
        if (code != CLI_DONE)
            return code;
        t->columns++;
    } while (!t->csv.last);
    t->rows = !t->headings;
    t->count = t->headings ? 0 : t->columns;
    return CLI_DONE;
}

/* Take a field of the lines after the first. */
static int take_field(table *t, bool begins)
{
    double value;
    const bool number = csv_number(&t->csv, &value);
    const bool name = begins && t->corner && t->columns > 1;
    if (!number && !name)
        return csv_wrong(&t->csv, "a number");
    if (name && t->rows < COUNT_MAX) /* no matrix has more */
        string_list_add(&t->firsts, cli_copy(t->csv.field));
    t->named |= !number;
    return add_value(t, number ? value : NAN);
}

static int read_rows(table *t)
{
    int64_t column = 0;
    csv_begin(&t->csv);
    int code = read_first(t);
    while (code == CLI_DONE && next_field(t, column == 0)) {
        if (t->csv.last != (column + 1 == t->columns))
            return csv_wrong(&t->csv, "as many fields as the first line has");
        code = take_field(t, column == 0);
        column = t->csv.last ? 0 : column + 1;
        t->rows += t->csv.last;
    }
    return code == CLI_DONE && column ? csv_wrong(&t->csv, "as many fields as the first line has")
                                      : code;
}

/* Leave out the first column. */
static void drop_names(table *t)
{
    for (int64_t i = 0; i < t->rows; i++)
        memmove(t->values + i * t->rows, t->values + i * t->columns + 1,
                (size_t)t->rows * sizeof *t->values);
}

/* Of how many pictures a row or column has the pairs; 0: of no number of them, or it is neither. */
static int64_t pictures_of_pairs(const table *t)
{
    const int64_t n = llround((1 + sqrt(1 + 8 * (double)t->count)) / 2);
    return (t->rows == 1 || t->columns == 1) && n * (n - 1) / 2 == t->count ? n : 0;
}

/* Replace the numbers above the diagonal of n pictures by the whole matrix. */
static int expand(table *t, int64_t n)
{
    const int code = check_memory(t, n * n);
    if (code != CLI_DONE)
        return code;
    double *rdm = cli_alloc((size_t)(n * n) * sizeof *rdm);
    const double *next = t->values;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            rdm[i * n + j] = rdm[j * n + i] = *next++;
    free(t->values);
    t->values = rdm;
    return CLI_DONE;
}

/* Make a matrix of what was read.
 * @param count  out: of how many pictures */
static int make_matrix(table *t, int64_t *count, string_list *names)
{
    const bool named = t->corner && t->columns == t->rows + 1;
    const bool square = !t->named && t->columns == t->rows;
    *count = named || square ? t->rows : t->named ? 0 : pictures_of_pairs(t);
    if (*count == 0)
        return cli_error(CLI_BAD_INPUT,
                         "%s: expected a square matrix, or the numbers above its diagonal in a row "
                         "or column, found %" PRId64 " lines of %" PRId64 " numbers%s",
                         t->csv.path, t->rows, t->columns - t->named,
                         t->headings ? " below a line of headings" : "");
    if (named) {
        drop_names(t);
        *names = t->firsts;
        t->firsts = (string_list){0};
    }
    return named || square ? CLI_DONE : expand(t, *count);
}

int rdm_read_table(const char *path, int64_t *count, double **rdm, string_list *names)
{
    FILE *file;
    int code = file_open(&file, path, NULL);
    if (code != CLI_DONE)
        return code;
    table t = {.csv = {.file = file, .path = path, .most = FIELD_MAX}};
    code = csv_end(&t.csv, read_rows(&t));
    if (code == CLI_DONE)
        code = make_matrix(&t, count, names);
    *rdm = t.values;
    string_list_free(&t.firsts);
    return code;
}
