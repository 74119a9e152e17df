#include "answers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "files.h"

/* Limits of what is read: pictures, columns, bytes of a field. */
enum { ROWS_MAX = 100000000, COLUMNS_MAX = 100000, FIELD_MAX = 1 << 16 };

/* The columns that are used. */
enum { NAME, CORRECT, LOSS, USED };
static const char *const used[USED] = {"file", "correct", "loss"};

typedef struct reading {
    csv_reader csv;
    int columns;
    int at[USED]; /* which column; -1: none */
} reading;

static int read_heading(reading *r)
{
    do {
        if (!csv_next(&r->csv) || r->columns == COLUMNS_MAX)
            return csv_wrong(&r->csv, "the names of columns, as 'eval --images' writes them");
        for (int i = 0; i < USED; i++)
            if (strcmp(r->csv.field, used[i]) == 0)
                r->at[i] = r->columns;
        r->columns++;
    } while (!r->csv.last);
    if (r->at[NAME] < 0 || r->at[CORRECT] < 0)
        return csv_wrong(&r->csv, "the columns file and correct, as 'eval --images' writes them");
    return CLI_DONE;
}

static int take_field(answer *row, int what, const csv_reader *csv)
{
    switch (what) {
    case NAME: row->file = cli_copy(csv->field); return CLI_DONE;
    case CORRECT:
        row->correct = strcmp(csv->field, "1") == 0;
        if (row->correct || strcmp(csv->field, "0") == 0)
            return CLI_DONE;
        return csv_wrong(csv, "1 or 0 in the column correct");
    case LOSS:
        if (csv_number(csv, &row->loss) && isfinite(row->loss))
            return CLI_DONE;
        return csv_wrong(csv, "a number in the column loss");
    default: return CLI_DONE;
    }
}

/* Read a line. @param row  to be freed also after a failure */
static int read_row(reading *r, answer *row)
{
    *row = (answer){.loss = NAN};
    for (int column = 0; column < r->columns; column++) {
        if (column > 0 && (r->csv.last || !csv_next(&r->csv)))
            return csv_wrong(&r->csv, "as many fields as the first line has");
        for (int i = 0; i < USED; i++)
            if (r->at[i] == column) {
                int code = take_field(row, i, &r->csv);
                if (code != CLI_DONE)
                    return code;
            }
    }
    return r->csv.last ? CLI_DONE : csv_wrong(&r->csv, "the end of the line");
}

static int read_rows(answers *out, reading *r)
{
    size_t room = 0;
    int code = CLI_DONE;
    while (code == CLI_DONE && csv_next(&r->csv)) {
        if (out->count == ROWS_MAX)
            return csv_wrong(&r->csv, "100000000 pictures at most");
        if (out->count == room) {
            room = 2 * room + 1024;
            out->rows = cli_realloc(out->rows, room * sizeof *out->rows);
        }
        code = read_row(r, &out->rows[out->count++]);
    }
    return code;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const answer *)a)->file, ((const answer *)b)->file);
}

static int sort(answers *a, const char *path)
{
    qsort(a->rows, a->count, sizeof *a->rows, compare);
    for (size_t i = 1; i < a->count; i++)
        if (compare(&a->rows[i - 1], &a->rows[i]) == 0)
            return cli_error(CLI_BAD_INPUT, "%s has %s twice", path, a->rows[i].file);
    return CLI_DONE;
}

int answers_read(answers *out, const char *path)
{
    FILE *file;
    *out = (answers){0};
    int code = file_open(&file, path, NULL);
    if (code != CLI_DONE)
        return code;
    reading r = {.csv = {.file = file, .path = path, .most = FIELD_MAX}, .at = {-1, -1, -1}};
    csv_begin(&r.csv);
    code = read_heading(&r);
    if (code == CLI_DONE)
        code = read_rows(out, &r);
    code = csv_end(&r.csv, code);
    return code == CLI_DONE ? sort(out, path) : code;
}

void answers_free(answers *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->rows[i].file);
    free(a->rows);
    *a = (answers){0};
}
