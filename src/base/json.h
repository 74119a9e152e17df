/*
 * Parsing JSON. The library for it, jansson, reports a lack of memory as a fault of the text.
 */
#ifndef AN_BASE_JSON_H
#define AN_BASE_JSON_H

#include <jansson.h>

#include "alexnet/alexnet.h"

/**
 * Parse a text.
 * @param flags  of json_loadb()
 * @param root   out, NULL: it is not JSON, as `error` says; the caller releases it
 * @param error  may be NULL
 * @return ALEXNET_ERROR_NO_MEMORY, and nothing else
 */
alexnet_status an_json_parse(json_t **root, const char *text, size_t length, size_t flags,
                             json_error_t *error);

#endif
