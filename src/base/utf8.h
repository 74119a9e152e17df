#ifndef AN_BASE_UTF8_H
#define AN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Whether text is UTF-8 as in RFC 3629: no overlong forms, surrogates, or beyond U+10FFFF. */
bool an_is_utf8(const char *text);
/** The length in bytes of the first character of a text, and its code; 0 if it is not UTF-8. */
int an_utf8_next(const char *text, uint32_t *code);
/**
 * Read the next letter of a text, so that texts that file systems may take for the same are read as
 * the same, in every locale: letters of Latin-1, Greek and basic Cyrillic become lower case, and a
 * letter of Latin-1 or Latin Extended-A with an accent is the same as one character or as two (NFC
 * and NFD in Unicode). Returns 0 at the end. A byte that does not begin a character of one or two
 * bytes is returned alone, as a number of no letter.
 */
uint32_t an_utf8_fold(const char **text);
/** strcmp() of the texts as an_utf8_fold() reads them. */
int an_utf8_compare_folded(const char *a, const char *b);
/**
 * Escape text from outside, as one line that is safe to show on a terminal: control characters as
 * "\x1b", those beyond ASCII as "\u202e", bytes that are not UTF-8 as "\xff". Cut at `size`.
 */
void an_text_escape(char *out, size_t size, const char *text);

/**
 * Encode arbitrary text as one line, reversibly: control characters, the percent sign and, if
 * the text is not UTF-8, all bytes beyond ASCII become %XX. Owned; NULL if memory is short.
 */
char *an_text_percent(const char *text);
/** Decode it in place. @return false for a % that is not %XX, and for %00 */
bool an_text_unpercent(char *text);

/**
 * A name in quotation marks, and its characters beyond ASCII by number, because letters with
 * accents have two encodings that look the same: "\"caf\u00e9\" (with U+00E9)". Bytes that are not
 * UTF-8 are numbered as themselves. Cut at `size`. @return `out`
 */
const char *an_text_spell(char *out, size_t size, const char *text);

#endif
