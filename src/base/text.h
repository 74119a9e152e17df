/*
 * Text: parsing numbers, words of a list, patterns, the nearest word.
 */
#ifndef AN_BASE_TEXT_H
#define AN_BASE_TEXT_H

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The whole of `text` as a decimal number (blanks around it allowed); locale-independent, finite.
 */
bool an_text_to_double(const char *text, double *value);
bool an_text_to_int(const char *text, int64_t *value);
/** A text of digits alone as a number that int64_t holds. */
bool an_text_to_count(const char *text, int64_t *value);

/** Give this thread the locale "C" instead of the host's, for libraries that read or write numbers,
 *  until an_text_leave_c(), which takes the result. */
locale_t an_text_enter_c(void);
void an_text_leave_c(locale_t host);

/** vsnprintf() with a decimal point, whatever the locale of the host. */
int an_format_in(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
/** The same for snprintf(): for text that contains numbers with fractions. */
int an_print_in(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Append to a text in a buffer of `size` bytes, in which it is cut; printed likewise. */
void an_text_add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Position of `word` in a list such as "a,b,c", whose separator is ','; or -1. */
int an_text_position(const char *list, char separator, const char *word);
/** The same in "a|b|c". */
int an_text_choice(const char *choices, const char *word);

/** Whether two texts are the same but for the case of A to Z. That of strcasecmp() depends on the
 *  host's locale: in Turkish, I is not the capital of i. */
bool an_text_same(const char *a, const char *b);
/** The same for their first `length` bytes. */
bool an_text_same_part(const char *a, const char *b, size_t length);

/** Whether a path ends in one of ".a|.b", in any case, after something else. */
bool an_text_ends_in(const char *path, const char *endings);

/** Whether a whole name matches a pattern, in which `*` is any text and `?` any one byte. */
bool an_text_matches(const char *pattern, const char *name);

/** `one` if the count is 1, else `many`: "1 class", "0 classes". */
const char *an_text_plural(int64_t count, const char *one, const char *many);

/** Edits (insert, delete, replace, swap of neighbours) between two words, capped at 99. Case is
 * ignored. */
int an_text_distance(const char *a, const char *b);

/**
 * The nearest of `count` words, if it is near enough to suggest: at most a third of the letters of
 * `word` and one more may differ, or it begins with `word`, which then has three letters or more.
 * The first of equals.
 * @param word_at  returns word i, or NULL to skip it
 * @return NULL if none is near
 */
const char *an_text_nearest(const char *word, int count, const char *(*word_at)(void *, int),
                            void *user);

#endif
