/*
 * Small additions to jansson for what the commands print.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>

/**
 * A JSON string. A file name may hold bytes that are not valid UTF-8: each becomes one character,
 * U+EF80 for byte 80 to U+EFFF for byte FF. The bytes of these characters themselves are treated in
 * the same way, so that the original bytes can be recovered from every string.
 */
json_t *json_text(const char *bytes);
/** A JSON number; null if it is not finite. */
json_t *json_number(double value);
/** Print a document as one line on stdout, with control characters escaped, and release it. */
void json_print(json_t *document);
/** json_print() on another stream. */
void json_print_to(FILE *to, json_t *document);

#endif
