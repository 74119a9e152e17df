#include "run_log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

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

static int read_lines(run_log *out, FILE *file, const char *path)
{
    char *line = NULL;
    size_t room = 0, number = 0, points = 0;
    int code = CLI_DONE;
    while (code == CLI_DONE && getline(&line, &room, file) >= 0) {
        json_error_t error;
        json_t *object = json_loads(line, 0, &error);
        number++;
        if (!json_is_object(object)) {
            code = cli_error(CLI_BAD_INPUT, "%s:%zu: not a JSON object: %s", path, number,
                             object ? "another value" : error.text);
        } else {
            if (out->count == points) {
                points = points ? 2 * points : 64;
                out->points = cli_realloc(out->points, points * sizeof *out->points);
            }
            out->points[out->count++] = point_of(object);
        }
        json_decref(object);
    }
    free(line);
    return code;
}

int run_log_read(run_log *out, const char *path)
{
    *out = (run_log){0};
    FILE *file = fopen(path, "r");
    if (!file)
        return cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    int code = read_lines(out, file, path);
    fclose(file);
    if (code != CLI_DONE) {
        free(out->points);
        *out = (run_log){0};
    }
    return code;
}
