#include "model/model_file.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/utf8.h"
#include "format/safetensors.h"

/* ---- Classes ---- */

alexnet_status an_classes_copy(an_classes *out, int count, char *const *ids, char *const *names)
{
    *out = (an_classes){.count = count};
    out->ids = an_calloc((size_t)count, sizeof *out->ids);
    out->names = an_calloc((size_t)count, sizeof *out->names);
    bool full = !out->ids || !out->names;
    for (int i = 0; i < count && !full; i++) {
        out->ids[i] = an_strdup(ids[i]);
        out->names[i] = an_strdup(names[i]);
        full = !out->ids[i] || !out->names[i];
    }
    if (!full)
        return ALEXNET_OK;
    an_classes_free(out);
    return AN_FAIL_MEMORY((size_t)count * 2 * sizeof *out->ids, "class names");
}

static void free_strings(char **strings, int count)
{
    for (int i = 0; strings && i < count; i++)
        an_free(strings[i]);
    an_free(strings);
}

void an_classes_free(an_classes *classes)
{
    free_strings(classes->ids, classes->count);
    free_strings(classes->names, classes->count);
    *classes = (an_classes){0};
}

an_class_list an_classes_list(const an_classes *classes)
{
    return (an_class_list){classes->count, (const char *const *)classes->ids,
                           (const char *const *)classes->names};
}

/* A JSON array of strings as text for the metadata; owned, NULL if memory is short. */
static char *strings_to_json(char *const *strings, int count)
{
    json_t *array = json_array();
    bool full = !array;
    for (int i = 0; i < count && !full; i++)
        full = json_array_append_new(array, json_string(strings[i])) != 0;
    char *raw = full ? NULL : json_dumps(array, JSON_COMPACT);
    char *text = raw ? an_strdup(raw) : NULL;
    free(raw);
    json_decref(array);
    return text;
}

static alexnet_status strings_from_json(char ***out, int *count, const char *text, const char *file,
                                        const char *key)
{
    *out = NULL;
    *count = 0;
    json_t *array = json_loads(text, 0, NULL);
    size_t n = json_array_size(array);
    alexnet_status rc = ALEXNET_OK;
    if (!json_is_array(array) || n < 1 || n > AN_CLASSES_MAX) {
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s is not a JSON array of 1 to %d strings", file,
                     key, AN_CLASSES_MAX);
        goto cleanup;
    }
    *out = an_calloc(n, sizeof **out);
    if (!*out) {
        rc = AN_FAIL_MEMORY(n * sizeof **out, "class names");
        goto cleanup;
    }
    *count = (int)n;
    for (size_t i = 0; i < n; i++) {
        const char *string = json_string_value(json_array_get(array, i));
        if (!string) {
            rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: entry %zu of %s is not a string", file, i, key);
            goto cleanup;
        }
        if (!((*out)[i] = an_strdup(string))) {
            rc = AN_FAIL_MEMORY(strlen(string), "class names");
            goto cleanup;
        }
    }
cleanup:
    json_decref(array);
    return rc;
}

/* ---- Reading ---- */

alexnet_status an_model_file_reader(an_reader **out, const char *path)
{
    *out = NULL;
    if (!an_is_folder(path))
        return an_reader_open(out, path);
    char *best = an_path_join(path, "best.safetensors");
    if (!best)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    alexnet_status rc = an_reader_open(out, best);
    an_free(best);
    return rc;
}

static alexnet_status need(an_tensor_file *file, const char *key, const char **value)
{
    *value = an_tensor_file_metadata(file, key);
    if (*value)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is not a model of this program: its metadata has no %s",
                   an_tensor_file_name(file), key);
}

alexnet_status an_model_file_classes(an_classes *classes, an_tensor_file *file)
{
    const char *name = an_tensor_file_name(file), *text;
    char **names = NULL;
    int n_names = 0;
    AN_CHECK(need(file, AN_METADATA_CLASSES, &text));
    AN_CHECK(strings_from_json(&classes->ids, &classes->count, text, name, AN_METADATA_CLASSES));
    AN_CHECK(need(file, AN_METADATA_NAMES, &text));
    alexnet_status rc = strings_from_json(&names, &n_names, text, name, AN_METADATA_NAMES);
    if (rc == ALEXNET_OK && n_names != classes->count)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %d classes and %d names for them", name,
                     classes->count, n_names);
    if (rc == ALEXNET_OK)
        classes->names = names;
    else
        free_strings(names, n_names);
    return rc;
}

static alexnet_status read_header(an_tensor_file *file, alexnet_network **network,
                                  an_classes *classes)
{
    const char *version, *text;
    AN_CHECK(need(file, AN_METADATA_FORMAT, &version));
    if (strcmp(version, AN_MODEL_FILE_VERSION) != 0)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has format version %s; this program reads " AN_MODEL_FILE_VERSION
                       ": use a newer one",
                       an_tensor_file_name(file), version);
    AN_CHECK(need(file, AN_METADATA_NETWORK, &text));
    AN_CHECK(an_model_file_classes(classes, file));
    char *source = an_format("%s, alexnet.network", an_tensor_file_name(file));
    if (!source)
        return AN_FAIL_MEMORY(256, "a name");
    alexnet_status rc = an_network_parse(network, text, source, "network", classes->count);
    an_free(source);
    return rc;
}

alexnet_status an_model_file_open(an_tensor_file **file, alexnet_network **network,
                                  an_classes *classes, an_reader *reader)
{
    *network = NULL;
    *classes = (an_classes){0};
    AN_CHECK(an_tensor_file_open(file, reader));
    alexnet_status rc = read_header(*file, network, classes);
    if (rc != ALEXNET_OK) {
        an_classes_free(classes);
        an_tensor_file_close(*file);
        *file = NULL;
    }
    return rc;
}

static bool all_finite(const void *block, int64_t count, an_dtype type)
{
    const float *floats = block;
    const double *doubles = block;
    bool finite = true;
    for (int64_t i = 0; i < count; i++)
        finite &= type == AN_F64 ? isfinite(doubles[i]) != 0 : isfinite(floats[i]) != 0;
    return finite;
}

alexnet_status an_model_file_tensor(an_tensor_file *file, const char *name, an_net *net,
                                    an_arena arena, int index)
{
    const an_param *param = &net->params[index];
    const an_dtype type = net->backend->param_dtype;
    size_t bytes = (size_t)param->count * an_dtype_bytes(type);
    void *block = an_malloc(bytes);
    if (!block)
        return AN_FAIL_MEMORY(bytes, name);
    alexnet_status rc = an_tensor_file_read(file, name, param->shape, type, block);
    if (rc == ALEXNET_OK && !all_finite(block, param->count, type))
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s has values that are not finite numbers",
                     an_tensor_file_name(file), name);
    if (rc == ALEXNET_OK)
        rc = an_net_write(net, arena, index, block, type);
    an_free(block);
    return rc;
}

typedef char state_text[AN_NAME_MAX + 9 + 17];

alexnet_status an_model_file_weights(an_tensor_file *file, an_net *net)
{
    for (int i = 0; i < net->count; i++)
        AN_CHECK(an_model_file_tensor(file, net->params[i].name, net, AN_VALUES, i));
    return ALEXNET_OK;
}

/* The name of a learned parameter's value in an arena. */
static const char *state_name(const an_net *net, an_arena arena, int param, state_text name)
{
    snprintf(name, sizeof(state_text), "%s.%s", net->arenas[arena].name, net->params[param].name);
    return name;
}

alexnet_status an_model_file_state(an_tensor_file *file, an_net *net)
{
    state_text name;
    for (an_arena arena = 0; arena < net->n_arenas; arena++)
        for (int i = 0; net->arenas[arena].saved && i < net->count; i++)
            if (net->params[i].learned)
                AN_CHECK(
                    an_model_file_tensor(file, state_name(net, arena, i, name), net, arena, i));
    return ALEXNET_OK;
}

/* ---- Writing ---- */

alexnet_status an_model_file_metadata(an_tensor_writer *writer, const alexnet_network *network,
                                      const an_classes *classes)
{
    assert(classes->count >= 1 && classes->count <= AN_CLASSES_MAX); /* a network has no more */
    for (int i = 0; i < classes->count; i++)
        if (!an_is_utf8(classes->ids[i]) || !an_is_utf8(classes->names[i]))
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "the class %s has a name that is not UTF-8; rename its folder",
                           classes->ids[i]);
    char *ids = strings_to_json(classes->ids, classes->count);
    char *names = strings_to_json(classes->names, classes->count);
    alexnet_status rc = ALEXNET_OK;
    if (!ids || !names) {
        rc = AN_FAIL_MEMORY((size_t)classes->count * 64, "class names");
        goto cleanup;
    }
    AN_TRY(an_tensor_writer_metadata(writer, AN_METADATA_FORMAT, AN_MODEL_FILE_VERSION));
    AN_TRY(an_tensor_writer_metadata(writer, AN_METADATA_NETWORK, network->text));
    AN_TRY(an_tensor_writer_metadata(writer, AN_METADATA_CLASSES, ids));
    AN_TRY(an_tensor_writer_metadata(writer, AN_METADATA_NAMES, names));
cleanup:
    an_free(ids);
    an_free(names);
    return rc;
}

static alexnet_status declare(an_tensor_writer *writer, const an_net *net, bool state)
{
    const an_dtype type = net->backend->param_dtype;
    state_text name;
    for (int i = 0; i < net->count; i++)
        AN_CHECK(an_tensor_writer_declare(writer, net->params[i].name, type, net->params[i].shape));
    for (an_arena arena = 0; state && arena < net->n_arenas; arena++)
        for (int i = 0; net->arenas[arena].saved && i < net->count; i++)
            if (net->params[i].learned)
                AN_CHECK(an_tensor_writer_declare(writer, state_name(net, arena, i, name), type,
                                                  net->params[i].shape));
    return ALEXNET_OK;
}

static alexnet_status put_tensors(an_tensor_writer *writer, an_net *net, an_arena arena)
{
    const an_dtype type = net->backend->param_dtype;
    alexnet_status rc = ALEXNET_OK;
    for (int i = 0; i < net->count && rc == ALEXNET_OK; i++) {
        size_t bytes = (size_t)net->params[i].count * an_dtype_bytes(type);
        if (arena != AN_VALUES && !net->params[i].learned)
            continue;
        void *block = an_malloc(bytes);
        if (!block)
            return AN_FAIL_MEMORY(bytes, net->params[i].name);
        rc = an_net_read(net, arena, i, block, type);
        if (rc == ALEXNET_OK)
            rc = an_tensor_writer_data(writer, block, bytes);
        an_free(block);
    }
    return rc;
}

alexnet_status an_model_file_write(const char *path, an_net *net, const an_classes *classes,
                                   bool state, const an_metadata *more, int n_more)
{
    alexnet_status rc = ALEXNET_OK;
    an_tensor_writer *writer;
    AN_CHECK(an_tensor_writer_new(&writer, path));
    AN_TRY(an_model_file_metadata(writer, net->network, classes));
    for (int i = 0; i < n_more; i++)
        AN_TRY(an_tensor_writer_metadata(writer, more[i].key, more[i].value));
    AN_TRY(declare(writer, net, state));
    AN_TRY(put_tensors(writer, net, AN_VALUES));
    for (an_arena arena = 0; state && arena < net->n_arenas; arena++)
        if (net->arenas[arena].saved)
            AN_TRY(put_tensors(writer, net, arena));
    return an_tensor_writer_commit(writer);
cleanup:
    an_tensor_writer_abort(writer);
    return rc;
}
