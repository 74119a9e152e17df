#ifndef AN_BASE_UTF8_H
#define AN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Whether text is UTF-8 as in RFC 3629: no overlong forms, surrogates, or beyond U+10FFFF. */
bool an_is_utf8(const char *text);
/** The bytes of the first character of a text, and its code; 0 if it is none. */
int an_utf8_next(const char *text, uint32_t *code);
/** The next character of a text, a letter in lower case: Latin, Greek and Cyrillic, in every
 * locale. 0 at the end; a byte that begins no such character stands for itself, as a number of its
 * own. */
uint32_t an_utf8_lower(const char **text);
/** As strcmp(), of the texts in lower case. */
int an_utf8_compare_cases(const char *a, const char *b);
/**
 * Escape text from outside, as one line that is safe to show on a terminal: control characters as
 * "\x1b", those beyond ASCII as "\u202e", bytes that are not UTF-8 as "\xff". Cut at `size`.
 */
void an_text_escape(char *out, size_t size, const char *text);

#endif
