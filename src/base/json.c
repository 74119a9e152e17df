#include "base/json.h"

#include <errno.h>
#include <stdlib.h>

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

char *an_json_text(const json_t *value, size_t flags)
{
    const locale_t host = an_text_enter_c();
    char *raw = value ? json_dumps(value, flags) : NULL;
    an_text_leave_c(host);
    char *text = raw ? an_strdup(raw) : NULL;
    free(raw); /* jansson's own */
    return text;
}
