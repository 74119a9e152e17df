#include "base/json.h"

#include <errno.h>

#include "base/status.h"

alexnet_status an_json_parse(json_t **root, const char *text, size_t length, size_t flags,
                             json_error_t *error)
{
    errno = 0; /* malloc() sets it when it fails, and then jansson gives up at once */
    *root = json_loadb(text, length, flags, error);
    if (!*root && errno == ENOMEM)
        return AN_FAIL_MEMORY(length, "a text in JSON");
    return ALEXNET_OK;
}
