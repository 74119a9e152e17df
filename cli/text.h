/*
 * Numbers and times for people, and the nearest word to a mistyped one.
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

/** Columns that a UTF-8 text takes on a terminal, one per code point. */
size_t text_width(const char *text);
bool text_starts_with(const char *text, const char *start);

/**
 * The edit distance of two words: insertions, deletions, replacements and swaps of neighbours.
 * Words longer than 63 bytes compare as far apart.
 */
int text_distance(const char *a, const char *b);

/** Remembers the nearest of the words that it is shown. Start with {word}. */
typedef struct text_nearest {
    const char *word; /* what was typed */
    const char *best; /* NULL until something near enough was seen */
    int distance;
} text_nearest;

/** Show a candidate; it is kept if it is nearest so far and within a third of its length. */
void text_nearest_try(text_nearest *nearest, const char *candidate);

#endif
