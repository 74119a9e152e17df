#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/status.h"
#include "data/source/names.h"
#include "data/tar/tar_index.h"

alexnet_status an_tar_label_cls(char **out, const char *bytes, size_t length)
{
    static const char blanks[] = " \t\r\n";
    *out = NULL;
    while (length > 0 && bytes[length - 1] && strchr(blanks, bytes[length - 1]))
        length--;
    for (; length > 0 && *bytes && strchr(blanks, *bytes); length--)
        bytes++;
    if (length == 0 || memchr(bytes, 0, length))
        return ALEXNET_OK;
    char *text = an_strndup(bytes, length);
    if (!text)
        return AN_FAIL_MEMORY(length, "a label");
    if (an_text_fault(text))
        an_free(text);
    else
        *out = text;
    return ALEXNET_OK;
}

static alexnet_status take_value(char **out, const char *key, const json_t *value)
{
    if (json_is_integer(value)) {
        *out = an_format("%lld", (long long)json_integer_value(value));
        return *out ? ALEXNET_OK : AN_FAIL_MEMORY(32, "a label");
    }
    if (json_is_string(value) && json_string_length(value) <= AN_TAR_CLS_MAX)
        AN_CHECK(an_tar_label_cls(out, json_string_value(value), json_string_length(value)));
    if (!*out)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "\"%s\" is neither a whole number nor a class's name",
                       key);
    return ALEXNET_OK;
}

alexnet_status an_tar_label_json(char **out, const char *bytes, size_t length)
{
    static const char *const keys[] = {"cls", "label", "class"};
    json_error_t error;
    *out = NULL;
    json_t *root;
    AN_CHECK(an_json_parse(&root, bytes, length, JSON_REJECT_DUPLICATES, &error));
    if (!root)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "not JSON: line %d: %s", error.line, error.text);
    const json_t *value = NULL;
    size_t i = 0;
    while (i < sizeof keys / sizeof *keys && !(value = json_object_get(root, keys[i])))
        i++;
    alexnet_status rc =
        value && !json_is_null(value) ? take_value(out, keys[i], value) : ALEXNET_OK;
    json_decref(root);
    return rc;
}
