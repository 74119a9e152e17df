/*
 * Make the files that the user asked for from the rows of a store. A .npy file needs only another
 * header and its final name; the other formats are copied.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "feature_store.h"
#include "files.h"
#include "json.h"
#include "npy.h"

static int cannot_read(const char *path)
{
    return cli_error(CLI_FAILED, "cannot read %s: %s", path,
                     errno ? strerror(errno) : "it is shorter than it was");
}

/* ---- .npy ---- */

static int write_npy(const feature_store *s, feature_layer *layer)
{
    char head[NPY_HEADER];
    const int *c = layer->info.shape;
    const int64_t shape[] = {s->rows, c[0], c[1], c[2]};
    npy_header(head, "<f4", c[1] * c[2] == 1 ? 2 : 4, shape);
    rewind(layer->file);
    if (fwrite(head, 1, sizeof head, layer->file) == sizeof head && fflush(layer->file) == 0 &&
        fsync(fileno(layer->file)) == 0 && rename(layer->partial, layer->final) == 0)
        return CLI_DONE;
    return feature_cannot_write(layer->final);
}

/* ---- .csv ---- */

/* A row for each picture: its name, then the values in the order C, H, W. Nine digits are enough to
 * recover the float. */
static int put_rows(const feature_store *s, const feature_layer *layer, FILE *out)
{
    const size_t n = (size_t)layer->info.length;
    float *values = cli_alloc(n * sizeof *values);
    char *line = NULL;
    size_t room = 0;
    int code = CLI_DONE;
    rewind(s->names);
    for (int64_t row = 0; row < s->rows && code == CLI_DONE; row++) {
        ssize_t length = getline(&line, &room, s->names);
        if (length <= 0 || fread(values, sizeof *values, n, layer->file) != n) {
            code = cannot_read(layer->partial);
            break;
        }
        line[length - 1] = '\0';
        feature_name_unescape(line);
        csv_text(out, line);
        for (size_t i = 0; i < n; i++)
            fprintf(out, ",%.9g", (double)values[i]);
        fputc('\n', out);
    }
    free(values);
    free(line);
    return code;
}

static int write_csv(const feature_store *s, feature_layer *layer)
{
    file_output out;
    int code = file_begin(&out, layer->final);
    if (code != CLI_DONE)
        return code;
    fputs("file", out.file);
    for (int64_t i = 0; i < layer->info.length; i++)
        fprintf(out.file, ",%" PRId64, i);
    fputc('\n', out.file);
    fseeko(layer->file, FEATURE_HEADER, SEEK_SET);
    return file_end(&out, put_rows(s, layer, out.file));
}

/* ---- .safetensors ---- */

/* Readers refuse headers of more than 100 MB. */
enum { MOST_NAMES = 64 << 20 };

/* The names as a JSON list within a string, because metadata are strings; NULL: they are too
 * many. */
static char *list_names(const feature_store *s)
{
    json_t *list = json_array();
    char *line = NULL, *text = NULL;
    size_t room = 0, bytes = 0;
    ssize_t length;
    rewind(s->names);
    while (bytes <= MOST_NAMES && (length = getline(&line, &room, s->names)) > 0) {
        line[length - 1] = '\0';
        feature_name_unescape(line);
        json_array_append_new(list, json_text(line));
        bytes += (size_t)length + 8;
    }
    if (bytes <= MOST_NAMES)
        text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    free(line);
    return text;
}

/* The header, padded with blanks so that the elements are aligned. */
static char *describe(feature_store *s)
{
    json_t *header = json_object(), *metadata = json_object();
    char *names = list_names(s);
    int64_t at = 0;
    s->names_inside = names != NULL;
    if (names)
        json_object_set_new(metadata, "names", json_string(names));
    json_object_set_new(metadata, "made by", json_string("alexnet features"));
    json_object_set_new(metadata, "options", json_string(s->about));
    json_object_set_new(header, "__metadata__", metadata);
    for (int i = 0; i < s->count; i++) {
        const alexnet_feature_info *info = &s->layers[i].info;
        const int64_t bytes = s->rows * info->length * (int64_t)sizeof(float);
        json_t *shape = json_array(), *tensor = json_object();
        json_array_append_new(shape, json_integer(s->rows));
        for (int j = 0; j < (info->shape[1] * info->shape[2] == 1 ? 1 : 3); j++)
            json_array_append_new(shape, json_integer(info->shape[j]));
        json_object_set_new(tensor, "dtype", json_string("F32"));
        json_object_set_new(tensor, "shape", shape);
        json_object_set_new(tensor, "data_offsets",
                            json_pack("[I, I]", (json_int_t)at, (json_int_t)(at + bytes)));
        json_object_set_new(header, info->name, tensor);
        at += bytes;
    }
    char *text = json_dumps(header, JSON_COMPACT), *padded = NULL;
    if (text)
        padded = cli_format("%s%*s", text, (int)((8 - strlen(text) % 8) % 8), "");
    json_decref(header);
    free(names);
    free(text);
    return padded;
}

static int copy_rows(const feature_store *s, const feature_layer *layer, FILE *out)
{
    char block[1 << 16];
    int64_t left = s->rows * layer->info.length * (int64_t)sizeof(float);
    fseeko(layer->file, FEATURE_HEADER, SEEK_SET);
    while (left > 0) {
        size_t n = left < (int64_t)sizeof block ? (size_t)left : sizeof block;
        errno = 0;
        if (fread(block, 1, n, layer->file) != n)
            return cannot_read(layer->partial);
        if (fwrite(block, 1, n, out) != n)
            return CLI_DONE; /* file_end() reports it */
        left -= (int64_t)n;
    }
    return CLI_DONE;
}

static int write_safetensors(feature_store *s)
{
    file_output out;
    char *header = describe(s);
    if (!header)
        return cli_error(CLI_FAILED, "out of memory for the header of %s", s->out);
    int code = file_begin(&out, s->out);
    if (code == CLI_DONE) {
        const uint64_t length = strlen(header);
        for (int i = 0; i < 8; i++)
            fputc((int)(length >> 8 * i & 255), out.file);
        fwrite(header, 1, length, out.file);
        for (int i = 0; i < s->count && code == CLI_DONE; i++)
            code = copy_rows(s, &s->layers[i], out.file);
        code = file_end(&out, code);
    }
    free(header);
    return code;
}

/* ---- All of it ---- */

static int write_names(const feature_store *s)
{
    errno = 0;
    if (s->names_inside)
        return unlink(s->names_partial) == 0 ? CLI_DONE : feature_cannot_write(s->names_partial);
    if (fsync(fileno(s->names)) != 0 || rename(s->names_partial, s->names_final) != 0)
        return feature_cannot_write(s->names_final);
    return CLI_DONE;
}

int feature_write(feature_store *s)
{
    int code = feature_store_flush(s);
    if (code == CLI_DONE && s->format == FEATURE_NPY)
        code = feature_options_write(s); /* first, so that it is there whenever an array is */
    if (code == CLI_DONE && s->format == FEATURE_SAFETENSORS)
        code = write_safetensors(s);
    for (int i = 0; i < s->count && code == CLI_DONE; i++)
        if (s->format != FEATURE_SAFETENSORS)
            code = s->format == FEATURE_NPY ? write_npy(s, &s->layers[i])
                                            : write_csv(s, &s->layers[i]);
    if (code == CLI_DONE)
        code = write_names(s);
    for (int i = 0; i < s->count && code == CLI_DONE; i++)
        if (s->format != FEATURE_NPY)
            unlink(s->layers[i].partial);
    return code;
}
