#include "run_log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "paths.h"
#include "progress.h"

/* Numbers and counts beyond these are treated as missing, so that what is drawn and printed stays
 * in range. No run has larger ones. */
static const double NUMBER_MAX = 1e38, COUNT_MAX = 1e15;

static double number_at(const json_t *object, const char *key)
{
    const double value = json_number_value(json_object_get(object, key));
    return json_is_number(json_object_get(object, key)) && fabs(value) <= NUMBER_MAX ? value : NAN;
}

static double count_at(const json_t *object, const char *key)
{
    const double value = number_at(object, key);
    return value >= 0 && value <= COUNT_MAX ? value : NAN;
}

static log_point point_of(const json_t *line)
{
    const json_t *val = json_object_get(line, "val");
    return (log_point){
        .whole_epoch = val != NULL,
        .epoch = count_at(line, "epoch"),
        .step = count_at(line, "step"),
        .images = count_at(line, "images"),
        .loss = number_at(line, "loss"),
        .top1_error = number_at(line, "top1_error"),
        .images_per_second = number_at(line, "images_per_second"),
        .val_loss = number_at(val, "loss"),
        .val_top1_error = number_at(val, "top1_error"),
        .val_top5_error = number_at(val, "top5_error"),
    };
}

/* No report is longer; a file of another kind may have a line without end. The norms of the largest
 * network take a quarter of this. */
enum { LINE_BYTES = 1 << 19 };

/* A last line without its end is from a machine that stopped while writing it. */
static int bad_line(const char *path, size_t number, bool whole, const char *reason)
{
    if (whole)
        return cli_error(CLI_BAD_INPUT, "%s:%zu: not a JSON object: %s", path, number, reason);
    progress_say("warning: %s:%zu: the last line is incomplete and is left out", path, number);
    return CLI_DONE;
}

typedef struct reading {
    void (*take)(void *user, const json_t *line);
    void *user;
} reading;

static int read_lines(const reading *r, FILE *file, const char *path)
{
    char *line = cli_alloc(LINE_BYTES);
    int code = CLI_DONE;
    for (size_t number = 1; code == CLI_DONE && fgets(line, LINE_BYTES, file); number++) {
        json_error_t error;
        json_t *object = json_loads(line, 0, &error);
        bool whole = strchr(line, '\n') || !feof(file);
        if (json_is_object(object)) {
            if (!json_object_get(object, "norms"))
                r->take(r->user, object);
        } else {
            code = bad_line(path, number, whole, object ? "another value" : error.text);
        }
        json_decref(object);
    }
    free(line);
    if (code == CLI_DONE && ferror(file))
        code = cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    return code;
}

int run_log_lines(const char *run, void (*take)(void *user, const json_t *line), void *user)
{
    FILE *file;
    const reading r = {.take = take, .user = user};
    char *path = path_join(run, "log.jsonl");
    char *missing = cli_format("%s is not the folder of a training run: it has no log.jsonl", run);
    int code = file_open(&file, path, missing);
    if (code == CLI_DONE) {
        code = read_lines(&r, file, path);
        fclose(file);
    }
    free(missing);
    free(path);
    return code;
}

/* The array is full when the count is 0 or a power of two. */
static void add_point(void *user, const json_t *line)
{
    run_log *log = user;
    if ((log->count & (log->count - 1)) == 0)
        log->points =
            cli_realloc(log->points, (log->count ? 2 * log->count : 1) * sizeof *log->points);
    log->points[log->count++] = point_of(line);
}

int run_log_read_new(run_log *out, const char *run)
{
    *out = (run_log){0};
    int code = run_log_lines(run, add_point, out);
    if (code != CLI_DONE) {
        free(out->points);
        *out = (run_log){0};
    }
    return code;
}

int run_log_read(run_log *out, const char *run)
{
    int code = run_log_read_new(out, run);
    if (code != CLI_DONE || out->count > 0)
        return code;
    char *path = path_join(run, "log.jsonl");
    cli_error(0, "%s has no report yet", path);
    free(path);
    return CLI_BAD_INPUT;
}

double run_log_seconds(const run_log *log)
{
    double seconds = 0;
    for (size_t i = 0; i < log->count; i++)
        if (!log->points[i].whole_epoch)
            seconds += log->points[i].images / log->points[i].images_per_second;
    return seconds;
}
