#include "feature_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "npy.h"

_Static_assert((int)FEATURE_HEADER == (int)NPY_HEADER, "a header is written over");

/* ---- Names ---- */

static const char *const endings[] = {".npy", ".csv", ".safetensors"};

bool feature_format_of(const char *path, feature_format *format)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    for (int i = 0; dot && dot > name && i < (int)COUNT_OF(endings); i++)
        if (strcasecmp(dot, endings[i]) == 0) {
            *format = (feature_format)i;
            return true;
        }
    return false;
}

char *feature_name_escape(const char *name)
{
    char *line = cli_alloc(2 * strlen(name) + 1), *end = line;
    for (; *name; name++)
        if (*name == '\n' || *name == '\r' || *name == '\\') {
            *end++ = '\\';
            *end++ = *name == '\n' ? 'n' : *name == '\r' ? 'r' : '\\';
        } else {
            *end++ = *name;
        }
    *end = '\0';
    return line;
}

void feature_name_unescape(char *line)
{
    char *end = line;
    for (; *line; line++)
        if (*line == '\\' && line[1]) {
            line++;
            *end++ = *line == 'n' ? '\n' : *line == 'r' ? '\r' : *line;
        } else {
            *end++ = *line;
        }
    *end = '\0';
}

/* Make the paths of a layer. Characters of its name that have a meaning in paths become dashes. */
static void name_layer(feature_store *s, feature_layer *layer, int stem, int layers)
{
    char *name = cli_copy(layer->info.name);
    for (char *c = name; *c; c++)
        if (strchr(":/\\", *c))
            *c = '-';
    layer->partial = cli_format("%.*s.%s.partial", stem, s->out, name);
    layer->final = s->format == FEATURE_SAFETENSORS || layers == 1
                       ? cli_copy(s->out)
                       : cli_format("%.*s.%s%s", stem, s->out, name, s->out + stem);
    free(name);
}

static void name_files(feature_store *s, const alexnet_features *features)
{
    const int stem = (int)(strrchr(s->out, '.') - s->out);
    int layers = 0;
    for (alexnet_feature_info info; alexnet_features_get(features, layers, &info);)
        layers++;
    for (int i = 0; i < layers && i < FEATURE_LAYERS; i++, s->count++) {
        alexnet_features_get(features, i, &s->layers[i].info);
        name_layer(s, &s->layers[i], stem, layers);
    }
    s->names_partial = cli_format("%.*s.names.partial", stem, s->out);
    s->names_final = cli_format("%.*s.names.txt", stem, s->out);
    s->options = cli_format("%.*s.options.txt", stem, s->out);
}

/* ---- Opening ---- */

static int cannot(const char *path)
{
    return cli_error(CLI_FAILED, "cannot write %s: %s", path,
                     errno ? strerror(errno) : "write failed");
}

static int open_file(FILE **out, const char *path, bool create)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT | O_EXCL : 0), 0666);
    struct stat info;
    if (fd < 0)
        return cannot(path);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return cli_error(CLI_BAD_INPUT, "cannot write %s: it is not a file", path);
    }
    *out = fdopen(fd, "r+");
    if (*out)
        return CLI_DONE;
    close(fd);
    return cannot(path);
}

static bool exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
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
               : cannot(layer->partial);
}

static int in_use(const feature_store *s)
{
    return cli_error(CLI_BAD_INPUT, "another process is writing %s", s->names_partial);
}

/* Open the file of names and lock it, so that only one process writes the files. */
static int open_names(feature_store *s, bool create)
{
    int code = open_file(&s->names, s->names_partial, create);
    if (code == CLI_DONE && flock(fileno(s->names), LOCK_EX | LOCK_NB) != 0) {
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
    return cannot(path);
}

/* Reopen the files that a run left or finished, and cut them after the last complete picture. */
static int reopen(feature_store *s)
{
    int64_t least = INT64_MAX, end;
    int code = open_names(s, false);
    for (int i = 0; i < s->count && code == CLI_DONE; i++) {
        feature_layer *layer = &s->layers[i];
        int64_t rows = 0;
        code = open_file(&layer->file, layer->partial, !exists(layer->partial));
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

/* Make the arrays of a finished run partial again. A run renames its names last, so here they are
 * renamed first: if this is interrupted, it can be repeated. */
static int reopen_finished(feature_store *s)
{
    if (rename(s->names_final, s->names_partial) != 0)
        return cannot(s->names_partial);
    return CLI_DONE;
}

static int take_arrays(feature_store *s)
{
    for (int i = 0; i < s->count; i++) {
        const feature_layer *layer = &s->layers[i];
        if (!exists(layer->partial) && exists(layer->final) &&
            rename(layer->final, layer->partial) != 0)
            return cannot(layer->partial);
    }
    return CLI_DONE;
}

static int check_outputs(const feature_store *s)
{
    int code = file_check_output(s->names_final);
    if (code == CLI_DONE && s->format == FEATURE_NPY)
        code = file_check_output(s->options);
    for (int i = 0; i < s->count && code == CLI_DONE; i++)
        code = file_check_output(s->layers[i].final);
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
    if (!resume && exists(s->names_partial))
        return cli_error(
            CLI_BAD_INPUT,
            "%s was left by a run that did not finish: --resume continues it; to start "
            "over, remove it and the other files beside it that end in .partial",
            s->names_partial);
    if (resume && s->format != FEATURE_NPY && !exists(s->names_partial) &&
        exists(s->layers[0].final))
        return cli_error(CLI_BAD_INPUT, "%s is complete; only .npy files can be added to",
                         s->layers[0].final);
    for (int i = 0; i < s->count; i++)
        if (!exists(s->names_partial) && !(resume && exists(s->names_final)) &&
            exists(s->layers[i].partial))
            return cli_error(CLI_BAD_INPUT, "%s exists, but %s with the names of its rows does not",
                             s->layers[i].partial, s->names_partial);
    return CLI_DONE;
}

static int check_finished(const feature_store *s, const feature_layer *layer)
{
    FILE *file;
    int64_t rows;
    if (!exists(layer->final))
        return CLI_DONE; /* it is computed again */
    int code = file_open(&file, layer->final, NULL);
    if (code != CLI_DONE)
        return code;
    code = check_head(s, layer, layer->final, file, &rows);
    fclose(file);
    return code;
}

/* Continue what is complete: check it before any file is renamed. */
static int continue_finished(feature_store *s)
{
    if (!exists(s->names_final))
        return CLI_DONE;
    int code = feature_options_check(s, s->layers[0].final);
    for (int i = 0; i < s->count && code == CLI_DONE; i++)
        code = check_finished(s, &s->layers[i]);
    return code == CLI_DONE ? reopen_finished(s) : code;
}

int feature_store_open(feature_store *s, const char *out, const alexnet_features *features,
                       const char *about, bool resume)
{
    *s = (feature_store){.out = out};
    feature_format_of(out, &s->format);
    snprintf(s->about, sizeof s->about, "%s", about);
    name_files(s, features);
    int code = check_outputs(s);
    if (code == CLI_DONE)
        code = check_start(s, resume);
    if (code != CLI_DONE)
        return code;
    if (resume && s->format == FEATURE_NPY && !exists(s->names_partial))
        code = continue_finished(s);
    const bool there = exists(s->names_partial);
    if (code == CLI_DONE && there && s->format == FEATURE_NPY)
        code = take_arrays(s);
    if (code == CLI_DONE)
        code = there ? reopen(s) : begin(s);
    s->ready = code == CLI_DONE;
    return code;
}

/* ---- Growing ---- */

int feature_store_add(feature_store *s, const char *name, const float *values)
{
    for (int i = 0; i < s->count; i++) {
        feature_layer *layer = &s->layers[i];
        const size_t n = (size_t)layer->info.length;
        if (fwrite(values + layer->info.offset, sizeof *values, n, layer->file) != n)
            return cannot(layer->partial);
    }
    string_list_add(&s->pending, feature_name_escape(name));
    return CLI_DONE;
}

int feature_store_flush(feature_store *s)
{
    for (int i = 0; i < s->count; i++)
        if (fflush(s->layers[i].file) != 0)
            return cannot(s->layers[i].partial);
    for (size_t i = 0; i < s->pending.count; i++)
        fprintf(s->names, "%s\n", s->pending.items[i]);
    s->rows += (int64_t)s->pending.count;
    string_list_free(&s->pending);
    return fflush(s->names) == 0 ? CLI_DONE : cannot(s->names_partial);
}

void feature_store_close(feature_store *s)
{
    const bool empty = s->ready && s->rows == 0;
    for (int i = 0; i < s->count; i++) {
        feature_layer *layer = &s->layers[i];
        if (layer->file)
            fclose(layer->file);
        if (empty && layer->file)
            unlink(layer->partial);
        free(layer->partial);
        free(layer->final);
    }
    if (s->names)
        fclose(s->names);
    if (empty)
        unlink(s->names_partial);
    free(s->names_partial);
    free(s->names_final);
    free(s->options);
    string_list_free(&s->done);
    string_list_free(&s->pending);
    *s = (feature_store){0};
}
