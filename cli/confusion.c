#include "confusion.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "files.h"

confusion confusion_of(const alexnet_evaluation *evaluation, const alexnet_model *model)
{
    confusion m = {.classes = alexnet_model_class_count(model)};
    size_t n = (size_t)m.classes;
    m.counts = cli_alloc(n * n * sizeof *m.counts);
    for (int i = 0; i < m.classes; i++) {
        string_list_add(&m.names, cli_copy(alexnet_model_class_name(model, i)));
        for (int j = 0; j < m.classes; j++)
            m.counts[(size_t)i * n + (size_t)j] = alexnet_evaluation_confusion(evaluation, i, j);
    }
    return m;
}

void confusion_free(confusion *m)
{
    string_list_free(&m->names);
    free(m->counts);
    *m = (confusion){0};
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
    for (int i = 0; i < m->classes; i++) {
        const int64_t *row = m->counts + (size_t)i * (size_t)m->classes;
        csv_text(file, m->names.items[i]);
        for (int j = 0; j < m->classes; j++)
            fprintf(file, ",%" PRId64, row[j]);
        fputc('\n', file);
    }
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
    return m->classes ? CLI_DONE : wrong(csv, "names of classes after class");
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
    size_t n = (size_t)m->classes;
    if (!csv_next(csv) || strcmp(csv->field, m->names.items[label]) != 0)
        return wrong(csv, "the rows in the order of the columns, each with its name first");
    m->counts = cli_realloc(m->counts, ((size_t)label + 1) * n * sizeof *m->counts);
    for (size_t j = 0; j < n; j++) {
        if (csv->last || !csv_next(csv))
            return wrong(csv, "as many counts as there are columns");
        int code = read_count(&m->counts[(size_t)label * n + j], csv);
        if (code != CLI_DONE)
            return code;
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
    code = read_heading(out, &csv);
    for (int i = 0; code == CLI_DONE && i < out->classes; i++)
        code = read_row(out, &csv, i);
    if (code == CLI_DONE && csv_next(&csv))
        code = wrong(&csv, "the end of the file");
    if (ferror(file))
        code = cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    csv_reader_free(&csv);
    fclose(file);
    if (code != CLI_DONE)
        confusion_free(out);
    return code;
}
