#include "feature_store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "npy.h"
#include "paths.h"

_Static_assert((int)FEATURE_HEADER == (int)NPY_HEADER, "a header is written over");

/* ---- Names ---- */

static const char *const endings[] = {".npy", ".csv", ".safetensors"};

bool feature_format_of(const char *path, feature_format *format)
{
    const char *name = path_last(path), *dot = strrchr(name, '.');
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

void feature_name_files(feature_store *s, const alexnet_features *features)
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
    s->names_inside = s->format == FEATURE_CSV;
    s->names_final = s->format == FEATURE_NPY ? cli_format("%.*s.names.txt", stem, s->out)
                                              : cli_format("%s.names.txt", s->out);
    s->options = cli_format("%.*s.options.txt", stem, s->out);
}

/* ---- Growing ---- */

int feature_cannot_write(const char *path)
{
    return cli_error(CLI_FAILED, "cannot write %s: %s", path,
                     errno ? strerror(errno) : "write failed");
}

int feature_store_add(feature_store *s, const char *name, const float *values)
{
    for (int i = 0; i < s->count; i++) {
        feature_layer *layer = &s->layers[i];
        const size_t n = (size_t)layer->info.length;
        if (fwrite(values + layer->info.offset, sizeof *values, n, layer->file) != n)
            return feature_cannot_write(layer->partial);
    }
    string_list_add(&s->pending, feature_name_escape(name));
    return CLI_DONE;
}

int feature_store_flush(feature_store *s)
{
    for (int i = 0; i < s->count; i++)
        if (fflush(s->layers[i].file) != 0)
            return feature_cannot_write(s->layers[i].partial);
    for (size_t i = 0; i < s->pending.count; i++)
        fprintf(s->names, "%s\n", s->pending.items[i]);
    s->rows += (int64_t)s->pending.count;
    string_list_free(&s->pending);
    return fflush(s->names) == 0 ? CLI_DONE : feature_cannot_write(s->names_partial);
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
