/*
 * Numbers and times for people.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Room for any of the texts below. */
enum { TEXT_SIZE = 32 };

/** "60,965,224". @return `out` */
const char *text_count(char out[TEXT_SIZE], int64_t value);
/** "1.13 MiB". @return `out` */
const char *text_bytes(char out[TEXT_SIZE], double bytes);
/** "45 s", "12 min", "3 h 05 min", "2 d 4 h". @return `out` */
const char *text_duration(char out[TEXT_SIZE], double seconds);

bool text_starts_with(const char *text, const char *start);

/** `one` or `many`, whichever agrees with a count: "1 class", "0 classes". */
const char *text_plural(int64_t count, const char *one, const char *many);

#endif
