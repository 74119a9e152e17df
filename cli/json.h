/*
 * Small additions to jansson for what the commands print.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>

/** A JSON string; bytes that are not UTF-8, as file names may hold, become U+FFFD. */
json_t *json_text(const char *bytes);
/** A JSON number; null if it is not finite. */
json_t *json_number(double value);
/** Print a document as one line on stdout and release it. */
void json_print(json_t *document);

#endif
