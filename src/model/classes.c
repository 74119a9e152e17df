#include "model/classes.h"

#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/json.h"
#include "base/status.h"
#include "model/network/network.h"

static alexnet_status begin(an_classes *out, int count)
{
    *out = (an_classes){.count = count};
    out->ids = an_calloc((size_t)count, sizeof *out->ids);
    out->names = an_calloc((size_t)count, sizeof *out->names);
    return out->ids && out->names
               ? ALEXNET_OK
               : AN_FAIL_MEMORY((size_t)count * 2 * sizeof *out->ids, "class names");
}

/* Set a class to texts that have just been made; takes them over. NULL: memory was short. */
static alexnet_status set(an_classes *out, int index, char *id, char *name)
{
    out->ids[index] = id;
    out->names[index] = name;
    return id && name ? ALEXNET_OK : AN_FAIL_MEMORY((size_t)out->count * 64, "class names");
}

alexnet_status an_classes_copy(an_classes *out, int count, char *const *ids, char *const *names)
{
    alexnet_status rc = begin(out, count);
    for (int i = 0; i < count && rc == ALEXNET_OK; i++)
        rc = set(out, i, an_strdup(ids[i]), an_strdup(names[i]));
    if (rc != ALEXNET_OK)
        an_classes_free(out);
    return rc;
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

/* ---- Assumed ---- */

/* The class of ImageNet on a line, "identifier words". */
static alexnet_status set_from_line(an_classes *out, int index, const char *line)
{
    const int id = (int)strcspn(line, " "), all = (int)strcspn(line, "\n");
    return set(out, index, an_format("%.*s", id, line),
               an_format("%.*s", all - id - 1, line + id + 1));
}

alexnet_status an_classes_presume(an_classes *out, int count, bool in_order)
{
    const char *line = in_order && count == AN_IMAGENET_CLASSES ? an_builtin_classes[0].text : NULL;
    alexnet_status rc = begin(out, count);
    for (int i = 0; i < count && rc == ALEXNET_OK; i++) {
        line = line ? strchr(line, '\n') + 1 : NULL; /* the first line is a comment */
        rc = line ? set_from_line(out, i, line)
                  : set(out, i, an_format("%d", i), an_format("class %d", i));
    }
    if (rc != ALEXNET_OK)
        an_classes_free(out);
    return rc;
}

/* ---- As JSON ---- */

char *an_strings_to_json(char *const *strings, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        an_json_append(&array, json_string(strings[i]));
    char *text = an_json_text(array, JSON_COMPACT);
    json_decref(array);
    return text;
}

static alexnet_status strings_from_json(char ***out, int *count, const char *text, const char *file,
                                        const char *what)
{
    *out = NULL;
    *count = 0;
    json_t *array;
    AN_CHECK(an_json_parse(&array, text, strlen(text), 0, NULL));
    size_t n = json_array_size(array);
    alexnet_status rc = ALEXNET_OK;
    if (!json_is_array(array) || n < 1 || n > AN_CLASSES_MAX) {
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s is not a JSON array of 1 to %d strings", file,
                     what, AN_CLASSES_MAX);
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
            rc =
                AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: entry %zu of %s is not a string", file, i, what);
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

alexnet_status an_classes_from_json(an_classes *out, const char *ids, const char *names,
                                    const char *file)
{
    char **read = NULL;
    int count = 0;
    AN_CHECK(strings_from_json(&out->ids, &out->count, ids, file, AN_METADATA_CLASSES));
    alexnet_status rc = strings_from_json(&read, &count, names, file, AN_METADATA_NAMES);
    if (rc == ALEXNET_OK && count != out->count)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %d classes and %d names for them", file, out->count,
                     count);
    if (rc == ALEXNET_OK)
        out->names = read;
    else
        free_strings(read, count);
    return rc;
}
