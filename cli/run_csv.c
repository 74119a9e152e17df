/* The log of a run as a table: a row per report and epoch of log.jsonl, its keys as columns. */
#include <math.h>
#include <stdlib.h>

#include "files.h"
#include "paths.h"
#include "run_files.h"
#include "run_log.h"

static const char *const columns[] = {"epoch",      "step",       "images", "loss",
                                      "top1_error", "top5_error", "lr",     "images_per_second",
                                      "waiting"};
static const char *const val_columns[] = {"images", "skipped", "loss", "top1_error", "top5_error"};

static void put_number(FILE *file, const json_t *value)
{
    if (json_is_number(value) && isfinite(json_number_value(value)))
        fprintf(file, "%.9g", json_number_value(value));
}

static void put_row(void *user, const json_t *line)
{
    FILE *file = user;
    const json_t *val = json_object_get(line, "val");
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        fputs(i ? "," : "", file);
        put_number(file, json_object_get(line, columns[i]));
    }
    for (size_t i = 0; i < COUNT_OF(val_columns); i++) {
        fputc(',', file);
        put_number(file, json_object_get(val, val_columns[i]));
    }
    fputc('\n', file);
}

int run_csv_write(const char *run)
{
    file_output out;
    char *path = path_join(run, "log.csv");
    int code = file_begin(&out, path);
    free(path);
    if (code != CLI_DONE)
        return code;
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        fprintf(out.file, "%s%s", i ? "," : "", columns[i]);
    for (size_t i = 0; i < COUNT_OF(val_columns); i++)
        fprintf(out.file, ",val_%s", val_columns[i]);
    fputc('\n', out.file);
    return file_end(&out, run_log_lines(run, put_row, out.file));
}
