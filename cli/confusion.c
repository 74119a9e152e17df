#include "confusion.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "files.h"

/* Add a cell to the last row that was begun. The array is full when its count is 0 or a power of
 * two. */
static void add_cell(confusion *m, int label, int answer, int64_t count)
{
    const size_t cells = m->rows[label + 1];
    if (count == 0)
        return;
    if ((cells & (cells - 1)) == 0)
        m->cells = cli_realloc(m->cells, (cells ? 2 * cells : 1) * sizeof *m->cells);
    m->cells[cells] = (confusion_cell){answer, count};
    m->rows[label + 1]++;
}

static void begin_rows(confusion *m)
{
    m->rows = cli_alloc(((size_t)m->classes + 1) * sizeof *m->rows);
}

static void begin_row(confusion *m, int label)
{
    m->rows[label + 1] = m->rows[label];
}

confusion confusion_of(const alexnet_evaluation *evaluation, const alexnet_model *model)
{
    confusion m = {.classes = alexnet_model_class_count(model)};
    begin_rows(&m);
    for (int i = 0; i < m.classes; i++) {
        int64_t count;
        int answer;
        string_list_add(&m.names, cli_copy(alexnet_model_class_name(model, i)));
        begin_row(&m, i);
        for (int k = 0; (count = alexnet_evaluation_answer(evaluation, i, k, &answer)) > 0; k++)
            add_cell(&m, i, answer, count);
    }
    return m;
}

int64_t confusion_images(const confusion *m, int label)
{
    int64_t images = 0;
    for (size_t k = m->rows[label]; k < m->rows[label + 1]; k++)
        images += m->cells[k].count;
    return images;
}

void confusion_free(confusion *m)
{
    string_list_free(&m->names);
    free(m->rows);
    free(m->cells);
    *m = (confusion){0};
}

static void write_row(FILE *file, const confusion *m, int label)
{
    size_t k = m->rows[label];
    csv_text(file, m->names.items[label]);
    for (int j = 0; j < m->classes; j++) {
        const bool any = k < m->rows[label + 1] && m->cells[k].answer == j;
        fprintf(file, ",%" PRId64, any ? m->cells[k].count : 0);
        k += any;
    }
    fputc('\n', file);
}

int confusion_write(const confusion *m, const char *path)
{
    file_output out;
    int code = file_begin(&out, path);
    if (code != CLI_DONE)
        return code;
    FILE *file = out.file;
    fputs("class", file);
    for (int j = 0; j < m->classes; j++) {
        fputc(',', file);
        csv_text(file, m->names.items[j]);
    }
    fputc('\n', file);
    for (int i = 0; i < m->classes; i++)
        write_row(file, m, i);
    return file_end(&out, CLI_DONE);
}

/* ---- Reading ---- */

/* Limits of what is read: classes, bytes of a name, pictures of a cell. The sums over rows that
 * draw_confusion() makes then fit. */
enum { CLASSES_MAX = 100000, FIELD_MAX = 1 << 16 };
static const int64_t count_max = (int64_t)1 << 40;

static int wrong(const csv_reader *csv, const char *expected)
{
    return cli_error(CLI_BAD_INPUT, "%s:%ld: not a confusion matrix: expected %s, found '%.60s'",
                     csv->path, csv->line, expected, csv->field);
}

static int read_heading(confusion *m, csv_reader *csv)
{
    if (!csv_next(csv) || strcmp(csv->field, "class") != 0)
        return wrong(csv, "a heading that begins with class");
    while (!csv->last && csv_next(csv)) {
        if (m->classes == CLASSES_MAX)
            return wrong(csv, "100000 classes at most");
        string_list_add(&m->names, cli_copy(csv->field));
        m->classes++;
    }
    if (!m->classes)
        return wrong(csv, "names of classes after class");
    begin_rows(m);
    return CLI_DONE;
}

static int read_count(int64_t *out, const csv_reader *csv)
{
    char *end;
    errno = 0;
    long long value = strtoll(csv->field, &end, 10);
    if (csv->field[0] < '0' || csv->field[0] > '9' || *end || errno || value > count_max)
        return wrong(csv, "a count of pictures");
    *out = value;
    return CLI_DONE;
}

static int read_row(confusion *m, csv_reader *csv, int label)
{
    if (!csv_next(csv) || strcmp(csv->field, m->names.items[label]) != 0)
        return wrong(csv, "the rows in the order of the columns, each with its name first");
    begin_row(m, label);
    for (int j = 0; j < m->classes; j++) {
        int64_t count = 0;
        if (csv->last || !csv_next(csv))
            return wrong(csv, "as many counts as there are columns");
        int code = read_count(&count, csv);
        if (code != CLI_DONE)
            return code;
        add_cell(m, label, j, count);
    }
    return csv->last ? CLI_DONE : wrong(csv, "the end of the line");
}

int confusion_read(confusion *out, const char *path)
{
    FILE *file;
    *out = (confusion){0};
    int code = file_open(&file, path, NULL);
    if (code != CLI_DONE)
        return code;
    csv_reader csv = {.file = file, .path = path, .most = FIELD_MAX};
    csv_begin(&csv);
    code = read_heading(out, &csv);
    for (int i = 0; code == CLI_DONE && i < out->classes; i++)
        code = read_row(out, &csv, i);
    if (code == CLI_DONE && csv_next(&csv))
        code = wrong(&csv, "the end of the file");
    code = csv_end(&csv, code);
    if (code != CLI_DONE)
        confusion_free(out);
    return code;
}
