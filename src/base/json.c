#include "base/json.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"

alexnet_status an_json_parse(json_t **root, const char *text, size_t length, size_t flags,
                             json_error_t *error)
{
    const locale_t host = an_text_enter_c();
    errno = 0; /* malloc() sets it when it fails, and then jansson gives up at once */
    *root = json_loadb(text, length, flags, error);
    const bool full = !*root && errno == ENOMEM;
    an_text_leave_c(host);
    if (full)
        return AN_FAIL_MEMORY(length, "a text in JSON");
    return ALEXNET_OK;
}

/* Not by json_dumps(), whose result only jansson's allocator can free: the host may have set it. */
char *an_json_text(const json_t *value, size_t flags)
{
    const locale_t host = an_text_enter_c();
    const size_t length = value ? json_dumpb(value, NULL, 0, flags) : 0;
    char *text = length > 0 ? an_malloc(length + 1) : NULL;
    const bool whole = text && json_dumpb(value, text, length, flags) == length;
    an_text_leave_c(host);
    if (!whole) {
        an_free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}

static void keep_whole(json_t **value, int failed)
{
    if (failed) {
        json_decref(*value);
        *value = NULL;
    }
}

void an_json_append(json_t **array, json_t *value)
{
    keep_whole(array, json_array_append_new(*array, value));
}

void an_json_set(json_t **object, const char *key, json_t *value)
{
    keep_whole(object, json_object_set_new(*object, key, value));
}
