#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* The number of bytes that follow this first byte; -1 if no character begins with it. */
static int following(unsigned char first)
{
    if (first < 0x80)
        return 0;
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF)
        return 2;
    return first >= 0xF0 && first <= 0xF4 ? 3 : -1;
}

int an_utf8_next(const char *text, uint32_t *code)
{
    const unsigned char *p = (const unsigned char *)text;
    const int more = following(*p);
    if (more < 0)
        return 0;
    *code = more ? *p & (0x3Fu >> more) : *p;
    for (int i = 1; i <= more; i++) { /* stops at the NUL, which is not of this form */
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3Fu);
    }
    if ((more == 2 && (*code < 0x800 || (*code >= 0xD800 && *code <= 0xDFFF))) ||
        (more == 3 && (*code < 0x10000 || *code > 0x10FFFF)))
        return 0;
    return more + 1;
}

bool an_is_utf8(const char *text)
{
    uint32_t code;
    for (int bytes; *text; text += bytes) {
        bytes = an_utf8_next(text, &code);
        if (bytes == 0)
            return false;
    }
    return true;
}

/* Characters that act on a terminal instead of being shown: C0, DEL, C1; line and paragraph
 * separators; bidirectional formatting. */
static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x61C || code == 0x200E ||
           code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

void an_text_escape(char *out, size_t size, const char *text)
{
    size_t used = 0;
    for (int bytes; *text; text += bytes) {
        char piece[8];
        uint32_t code;
        bytes = an_utf8_next(text, &code);
        if (bytes == 0 || (is_control(code) && code < 0x80))
            snprintf(piece, sizeof piece, "\\x%02x", (unsigned)(unsigned char)*text);
        else if (is_control(code))
            snprintf(piece, sizeof piece, "\\u%04x", (unsigned)code & 0xFFFF);
        else
            snprintf(piece, sizeof piece, "%.*s", bytes, text);
        bytes = bytes ? bytes : 1;
        size_t length = strlen(piece);
        if (used + length >= size)
            break;
        memcpy(out + used, piece, length);
        used += length;
    }
    out[used] = '\0';
}

uint32_t an_utf8_lower(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    unsigned c = *at++;
    if (c == 0)
        return 0;
    *text = (const char *)at;
    if (c >= 'A' && c <= 'Z')
        return c + 32;
    if (c < 0xC2 || c > 0xDF || (*at & 0xC0) != 0x80)
        return c < 0x80 ? c : 0x1000 + c; /* not a letter's code */
    *text = (const char *)at + 1;
    unsigned code = (c & 0x1F) << 6 | (*at & 0x3F);
    if (code >= 0x400 && code < 0x410)
        return code + 80;
    bool capital = (code >= 0xC0 && code <= 0xDE && code != 0xD7) ||
                   (code >= 0x391 && code <= 0x3A9) || (code >= 0x410 && code <= 0x42F);
    return capital ? code + 32 : code;
}

int an_utf8_compare_cases(const char *a, const char *b)
{
    uint32_t left, right;
    do {
        left = an_utf8_lower(&a);
        right = an_utf8_lower(&b);
    } while (left == right && left);
    return left < right ? -1 : left > right;
}
