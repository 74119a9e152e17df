/* Opening a store: a new one, or one that an earlier run left or completed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feature_store.h"
#include "files.h"
#include "npy.h"
#include "outputs.h"
#include "paths.h"

static int open_file(FILE **out, const char *path, bool create)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT | O_EXCL : 0), 0666);
    struct stat info;
    if (fd < 0)
        return feature_cannot_write(path);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return cli_error(CLI_BAD_INPUT, "cannot write %s: it is not a file", path);
    }
    *out = fdopen(fd, "r+");
    if (*out)
        return CLI_DONE;
    close(fd);
    return feature_cannot_write(path);
}

static int64_t size_of(FILE *file)
{
    struct stat info;
    return fstat(fileno(file), &info) == 0 ? (int64_t)info.st_size : 0;
}

static int64_t row_bytes(const feature_layer *layer)
{
    return layer->info.length * (int64_t)sizeof(float);
}

static int begin_layer(const feature_store *s, feature_layer *layer)
{
    char head[FEATURE_HEADER];
    int code = open_file(&layer->file, layer->partial, true);
    if (code != CLI_DONE)
        return code;
    feature_options_line(s, layer, head);
    return fwrite(head, 1, sizeof head, layer->file) == sizeof head && fflush(layer->file) == 0
               ? CLI_DONE
               : feature_cannot_write(layer->partial);
}

static int in_use(const feature_store *s)
{
    return cli_error(CLI_BAD_INPUT, "another process is writing %s", s->names_partial);
}

/* Open the file of names and lock it, so that only one process writes the files. */
static int open_names(feature_store *s, bool create)
{
    int code = open_file(&s->names, s->names_partial, create);
    if (code == CLI_DONE && !file_lock(fileno(s->names))) {
        fclose(s->names);
        s->names = NULL;
        code = in_use(s);
    }
    return code;
}

static int begin(feature_store *s)
{
    int code = open_names(s, true);
    for (int i = 0; i < s->count && code == CLI_DONE; i++)
        code = begin_layer(s, &s->layers[i]);
    return code;
}

/* Whether this is exactly the header that we write for an array of the layer; *rows: of how many
 * rows. */
static bool is_array_head(const feature_layer *layer, const char found[FEATURE_HEADER],
                          int64_t *rows)
{
    static const char before[] = "'shape': (";
    char expected[FEATURE_HEADER];
    const int *c = layer->info.shape;
    const char *at = memmem(found, FEATURE_HEADER, before, sizeof before - 1);
    *rows = 0;
    for (at = at ? at + sizeof before - 1 : ""; *at >= '0' && *at <= '9' && *rows < 1LL << 40; at++)
        *rows = 10 * *rows + (*at - '0');
    const int64_t shape[] = {*rows, c[0], c[1], c[2]};
    npy_header(expected, "<f4", c[1] * c[2] == 1 ? 2 : 4, shape);
    return memcmp(found, expected, FEATURE_HEADER) == 0;
}

/* A file can be continued if it has exactly the header that we write, and was computed in the same
 * way.
 * *rows: how many rows it has. */
static int check_head(const feature_store *s, const feature_layer *layer, const char *path,
                      FILE *file, int64_t *rows)
{
    char found[FEATURE_HEADER + 1] = "", expected[FEATURE_HEADER];
    int64_t announced;
    *rows = (size_of(file) - FEATURE_HEADER) / row_bytes(layer);
    rewind(file);
    const bool read = fread(found, 1, FEATURE_HEADER, file) == FEATURE_HEADER;
    feature_options_line(s, layer, expected);
    if (read && memcmp(found, expected, FEATURE_HEADER) == 0)
        return CLI_DONE;
    if (!read || !is_array_head(layer, found, &announced))
        return cli_error(CLI_BAD_INPUT,
                         "%s is damaged, or was begun with another model or other options: it "
                         "cannot be resumed; remove it to start over",
                         path);
    if (*rows < announced)
        return cli_error(CLI_BAD_INPUT,
                         "%s is cut short: it announces %" PRId64 " rows and has %" PRId64
                         "; remove it to start over",
                         path, announced, *rows);
    *rows = announced;
    return feature_options_check(s, path);
}

/* Read the names that are complete lines, at most `rows`; *end is where the last one ends. */
static void read_names(feature_store *s, int64_t rows, int64_t *end)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    *end = 0;
    rewind(s->names);
    while (s->rows < rows && (length = getline(&line, &room, s->names)) > 0 &&
           line[length - 1] == '\n') {
        *end += length;
        line[length - 1] = '\0';
        feature_name_unescape(line);
        string_list_add(&s->done, cli_copy(line));
        s->rows++;
    }
    free(line);
}

static int cut(FILE *file, const char *path, int64_t size)
{
    if (fflush(file) == 0 && ftruncate(fileno(file), size) == 0 &&
        fseeko(file, size, SEEK_SET) == 0)
        return CLI_DONE;
    return feature_cannot_write(path);
}

/* Reopen the files that a run left or finished, and cut them after the last complete picture. */
static int reopen(feature_store *s)
{
    int64_t least = INT64_MAX, end;
    int code = open_names(s, false);
    for (int i = 0; i < s->count && code == CLI_DONE; i++) {
        feature_layer *layer = &s->layers[i];
        int64_t rows = 0;
        code = open_file(&layer->file, layer->partial, !path_exists(layer->partial));
        if (code == CLI_DONE && size_of(layer->file) >= FEATURE_HEADER)
            code = check_head(s, layer, layer->partial, layer->file, &rows);
        least = rows < least ? rows : least;
    }
    if (code == CLI_DONE)
        read_names(s, least, &end);
    if (code == CLI_DONE)
        code = cut(s->names, s->names_partial, end);
    for (int i = 0; i < s->count && code == CLI_DONE; i++) {
        feature_layer *layer = &s->layers[i];
        char head[FEATURE_HEADER];
        feature_options_line(s, layer, head);
        rewind(layer->file);
        fwrite(head, 1, sizeof head, layer->file);
        code = cut(layer->file, layer->partial, FEATURE_HEADER + s->rows * row_bytes(layer));
    }
    return code;
}

/* Make the arrays of a finished run partial again. */
static int take_arrays(feature_store *s)
{
    for (int i = 0; i < s->count; i++) {
        const feature_layer *layer = &s->layers[i];
        if (!path_exists(layer->partial) && path_exists(layer->final) &&
            rename(layer->final, layer->partial) != 0)
            return feature_cannot_write(layer->partial);
    }
    return CLI_DONE;
}

static int check_outputs(const feature_store *s)
{
    int code = s->names_inside ? CLI_DONE : output_check(s->names_final);
    if (code == CLI_DONE && s->format == FEATURE_NPY)
        code = output_check(s->options);
    for (int i = 0; i < s->count && code == CLI_DONE; i++)
        code = output_check(s->layers[i].final);
    return code;
}

/* Whether a process has the lock of open_names(). */
static bool is_in_use(const feature_store *s)
{
    const int fd = open(s->names_partial, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return locked;
}

static int check_start(const feature_store *s, bool resume)
{
    if (is_in_use(s))
        return in_use(s);
    if (!resume && path_exists(s->names_partial))
        return cli_error(
            CLI_BAD_INPUT,
            "%s was left by a run that did not finish: --resume continues it; to start "
            "over, remove it and the other files beside it that end in .partial",
            s->names_partial);
    if (resume && s->format != FEATURE_NPY && !path_exists(s->names_partial) &&
        path_exists(s->layers[0].final))
        return cli_error(CLI_BAD_INPUT, "%s is complete; only .npy files can be added to",
                         s->layers[0].final);
    for (int i = 0; i < s->count; i++)
        if (!path_exists(s->names_partial) && !(resume && path_exists(s->names_final)) &&
            path_exists(s->layers[i].partial))
            return cli_error(CLI_BAD_INPUT, "%s exists, but %s with the names of its rows does not",
                             s->layers[i].partial, s->names_partial);
    return CLI_DONE;
}

static int64_t count_lines(FILE *file)
{
    int64_t lines = 0;
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    return lines;
}

/* @param names  how many the file of names has; others than the array's own would name its rows */
static int check_finished(const feature_store *s, const feature_layer *layer, int64_t names)
{
    FILE *file;
    int64_t rows;
    if (!path_exists(layer->final))
        return CLI_DONE; /* it is computed again */
    int code = file_open(&file, layer->final, NULL);
    if (code != CLI_DONE)
        return code;
    code = check_head(s, layer, layer->final, file, &rows);
    fclose(file);
    if (code == CLI_DONE && rows != names)
        return cli_error(CLI_BAD_INPUT,
                         "%s has %" PRId64 " rows, but %s has %" PRId64
                         " names: it cannot be added to",
                         layer->final, rows, s->names_final, names);
    return code;
}

/* Continue what is complete: check it before any file is renamed. Of the files, those of names are
 * renamed first, as a run renames them last: if this is interrupted, it can be repeated. */
static int continue_finished(feature_store *s)
{
    FILE *file;
    if (!path_exists(s->names_final))
        return CLI_DONE;
    int code = file_open(&file, s->names_final, NULL);
    if (code != CLI_DONE)
        return code;
    const int64_t names = count_lines(file);
    fclose(file);
    code = feature_options_check(s, s->layers[0].final);
    for (int i = 0; i < s->count && code == CLI_DONE; i++)
        code = check_finished(s, &s->layers[i], names);
    if (code == CLI_DONE && rename(s->names_final, s->names_partial) != 0)
        code = feature_cannot_write(s->names_partial);
    return code;
}

int feature_store_open(feature_store *s, const char *out, const alexnet_features *features,
                       const char *about, bool resume)
{
    *s = (feature_store){.out = out};
    feature_format_of(out, &s->format);
    snprintf(s->about, sizeof s->about, "%s", about);
    feature_name_files(s, features);
    int code = check_outputs(s);
    if (code == CLI_DONE)
        code = check_start(s, resume);
    if (code != CLI_DONE)
        return code;
    if (resume && s->format == FEATURE_NPY && !path_exists(s->names_partial))
        code = continue_finished(s);
    const bool there = path_exists(s->names_partial);
    if (code == CLI_DONE && there && s->format == FEATURE_NPY)
        code = take_arrays(s);
    if (code == CLI_DONE)
        code = there ? reopen(s) : begin(s);
    s->ready = code == CLI_DONE;
    return code;
}
