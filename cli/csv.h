/*
 * Fields of CSV files (RFC 4180).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <stdio.h>

/** Write a text as a field, its bytes as they are: in quotes, a quote within doubled. */
void csv_text(FILE *file, const char *text);

#endif
