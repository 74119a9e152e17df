#include "run_log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "json.h"
#include "paths.h"
#include "progress.h"

static double number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static log_point point_of(const json_t *line)
{
    const json_t *val = json_object_get(line, "val");
    return (log_point){
        .epoch = number_at(line, "epoch"),
        .step = number_at(line, "step"),
        .loss = number_at(line, "loss"),
        .top1_error = number_at(line, "top1_error"),
        .val_loss = number_at(val, "loss"),
        .val_top1_error = number_at(val, "top1_error"),
    };
}

/* Longer lines are no reports; a file of another kind may have one without end. */
enum { LINE_BYTES = 1 << 16 };

static void add_point(run_log *log, size_t *room, const json_t *line)
{
    if (log->count == *room) {
        *room = *room ? 2 * *room : 64;
        log->points = cli_realloc(log->points, *room * sizeof *log->points);
    }
    log->points[log->count++] = point_of(line);
}

/* A last line without its end is what a machine leaves that stopped while it was written. */
static int bad_line(const char *path, size_t number, bool whole, const char *reason)
{
    if (whole)
        return cli_error(CLI_BAD_INPUT, "%s:%zu: not a JSON object: %s", path, number, reason);
    progress_say("warning: %s:%zu: the last line is not whole and is left out", path, number);
    return CLI_DONE;
}

static int read_lines(run_log *out, FILE *file, const char *path)
{
    char *line = cli_alloc(LINE_BYTES);
    size_t room = 0;
    int code = CLI_DONE;
    for (size_t number = 1; code == CLI_DONE && fgets(line, LINE_BYTES, file); number++) {
        json_error_t error;
        json_t *object = json_loads(line, 0, &error);
        bool whole = strchr(line, '\n') || !feof(file);
        if (json_is_object(object))
            add_point(out, &room, object);
        else
            code = bad_line(path, number, whole, object ? "another value" : error.text);
        json_decref(object);
    }
    free(line);
    if (code == CLI_DONE && ferror(file))
        code = cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    return code;
}

int run_log_read(run_log *out, const char *run)
{
    FILE *file;
    char *path = path_join(run, "log.jsonl");
    char *missing = cli_format("%s is not the folder of a training run: it has no log.jsonl", run);
    *out = (run_log){0};
    int code = file_open(&file, path, missing);
    if (code == CLI_DONE) {
        code = read_lines(out, file, path);
        fclose(file);
    }
    if (code == CLI_DONE && out->count == 0)
        code = cli_error(CLI_BAD_INPUT, "%s has no whole line yet", path);
    if (code != CLI_DONE) {
        free(out->points);
        *out = (run_log){0};
    }
    free(missing);
    free(path);
    return code;
}
