/*
 * Reading and writing JSON by jansson, which reports a lack of memory as a fault of the text, and
 * takes the decimal point of the host's locale for a single byte: where it has more, as in Pashto,
 * jansson writes a part of it and ends the process when it reads a number with a fraction.
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

/**
 * A value as text, with the flags of json_dumps().
 * @param value  may be NULL, as of an object for which there was no memory
 * @return owned; NULL if out of memory
 */
char *an_json_text(const json_t *value, size_t flags);

/**
 * Append to an array, or set a member of an object, that is being made.
 * @param array  NULL if memory was short for it; if it is short now, the whole is freed, and this
 *               is NULL from then on
 * @param value  taken over; NULL if memory was short for it
 */
void an_json_append(json_t **array, json_t *value);
void an_json_set(json_t **object, const char *key, json_t *value);

#endif
