/*
 * Text: parsing numbers, words of a list, patterns, the nearest word.
 */
#ifndef AN_BASE_TEXT_H
#define AN_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The whole of `text` as a number (blanks around it allowed); locale-independent, finite. */
bool an_text_to_double(const char *text, double *value);
bool an_text_to_int(const char *text, int64_t *value);

/** vsnprintf() with a decimal point, whatever the locale of the host. */
int an_format_in(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
/** snprintf() likewise: for text that numbers with fractions go into. */
int an_print_in(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Position of `word` in "a|b|c", or -1. */
int an_text_choice(const char *choices, const char *word);

/** Whether a whole name fits a pattern, in which `*` is any text and `?` any one byte. */
bool an_text_matches(const char *pattern, const char *name);

/**
 * Text that may have any bytes as one line that leads back to it: control characters, the percent
 * sign and, if it is not UTF-8, all bytes beyond ASCII are %XX. Owned; NULL if memory is short.
 */
char *an_text_percent(const char *text);
/** Back, in place. @return false for what is not %XX, or is a zero byte */
bool an_text_unpercent(char *text);

/** `one` or `many`, as it agrees with a count: "1 class", "0 classes". */
const char *an_text_plural(int64_t count, const char *one, const char *many);

/** Edits (insert, delete, replace, swap of neighbours) between two words, capped at 99. */
int an_text_distance(const char *a, const char *b);

/**
 * The nearest of `count` words, if it is near enough to suggest: a third of the letters and one
 * more may differ, or `word` is the beginning of it, of three letters at least. The first of
 * equals.
 * @param word_at  gives word i, NULL to pass over it
 * @return NULL if none is near
 */
const char *an_text_nearest(const char *word, int count, const char *(*word_at)(void *, int),
                            void *user);

#endif
