/*
 * Small additions to jansson for what the commands print.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>

/**
 * A JSON string. A file name may hold bytes that are no UTF-8: each becomes a character of its own,
 * U+EF80 for the byte 80 to U+EFFF for FF, and so do the bytes of these characters themselves, so
 * that every string leads back to its bytes.
 */
json_t *json_text(const char *bytes);
/** A JSON number; null if it is not finite. */
json_t *json_number(double value);
/** Print a document as one line on stdout, without characters that a terminal obeys; release it. */
void json_print(json_t *document);
/** The same on another stream. */
void json_print_to(FILE *to, json_t *document);

#endif
