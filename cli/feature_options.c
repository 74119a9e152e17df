/*
 * What the rows of a store were computed with. A partial file begins with its own line; for
 * complete .npy files, whose headers have no room, STEM.options.txt has the lines of all layers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "feature_store.h"
#include "files.h"
#include "paths.h"

void feature_options_line(const feature_store *s, const feature_layer *layer,
                          char out[FEATURE_HEADER])
{
    const int *c = layer->info.shape;
    memset(out, 0, FEATURE_HEADER);
    snprintf(out, FEATURE_HEADER, "features of %s, %d x %d x %d, %s\n", layer->info.name, c[0],
             c[1], c[2], s->about);
}

/* The lines of all layers. Owned. */
static char *all_lines(const feature_store *s)
{
    char line[FEATURE_HEADER];
    char *text = cli_alloc((size_t)s->count * FEATURE_HEADER + 1), *end = text;
    for (int i = 0; i < s->count; i++) {
        feature_options_line(s, &s->layers[i], line);
        end = stpcpy(end, line);
    }
    return text;
}

int feature_options_write(const feature_store *s)
{
    file_output out;
    int code = file_begin(&out, s->options);
    if (code != CLI_DONE)
        return code;
    char *text = all_lines(s);
    fputs(text, out.file);
    free(text);
    return file_end(&out, CLI_DONE);
}

/* Whether a file holds this text and nothing else. */
static bool holds(FILE *file, const char *text)
{
    const size_t length = strlen(text);
    char *found = cli_alloc(length + 2);
    const bool same =
        fread(found, 1, length + 1, file) == length && memcmp(found, text, length) == 0;
    free(found);
    return same;
}

int feature_options_check(const feature_store *s, const char *array)
{
    FILE *file;
    if (!path_exists(s->options))
        return cli_error(CLI_BAD_INPUT,
                         "%s cannot be added to: %s, which says with what model and options it was "
                         "computed, is missing; earlier versions wrote none",
                         array, s->options);
    int code = file_open(&file, s->options, NULL);
    if (code != CLI_DONE)
        return code;
    char *text = all_lines(s);
    const bool same = holds(file, text);
    free(text);
    fclose(file);
    return same ? CLI_DONE
                : cli_error(CLI_BAD_INPUT,
                            "%s was computed with another model, other layers or other options, "
                            "as %s says: it cannot be added to; give -o another name",
                            array, s->options);
}
