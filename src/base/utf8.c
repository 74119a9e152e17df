#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

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

char *an_text_percent(const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    const bool utf8 = an_is_utf8(text);
    char *out = an_malloc(3 * strlen(text) + 1), *to = out;
    for (; out && *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c >= ' ' && c != 0x7F && c != '%' && (utf8 || c < 0x80)) {
            *to++ = *text;
            continue;
        }
        *to++ = '%';
        *to++ = digits[c >> 4];
        *to++ = digits[c & 15];
    }
    if (out)
        *to = '\0';
    return out;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool an_text_unpercent(char *text)
{
    char *to = text;
    for (; *text; text++) {
        if (*text != '%') {
            *to++ = *text;
            continue;
        }
        const int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || high + low == 0)
            return false;
        *to++ = (char)(16 * high + low);
        text += 2;
    }
    *to = '\0';
    return true;
}

/* The next character in lower case. */
static uint32_t next_lower(const char **text)
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

enum { ACCENTED = 0xC0, ACCENTED_END = 0x180, ACCENTS = 0x300, ACCENTS_END = 0x370 };

/* A letter and its accent as one number. */
static uint32_t join(uint32_t letter, uint32_t accent)
{
    return letter | accent << 16;
}

/* The letter and accent of a character, if it has one of each. The tables follow the canonical
 * decompositions of the Unicode Character Database, from U+00C0 on; '.': none. Accents are counted
 * from '0', which is U+0300. */
static uint32_t decompose(uint32_t code)
{
    static const char letters[] =
        "AAAAAA.CEEEEIIII.NOOOOO..UUUUY..aaaaaa.ceeeeiiii.nooooo..uuuuy.y"
        "AaAaAaCcCcCcCcDd..EeEeEeEeEeGgGgGgGgHh..IiIiIiIiI...JjKk.LlLlLl."
        "...NnNnNn...OoOoOo..RrRrRrSsSsSsSsTtTt..UuUuUuUuUuUuWwYyYZzZzZz.";
    static const char accents[] =
        "01238:.W01280128.301238..01281..01238:.W01280128.301238..01281.8"
        "4466XX112277<<<<..446677XX<<226677WW22..334466XX7...22WW.11WW<<."
        "...11WW<<...4466;;..11WW<<1122WW<<WW<<..334466::;;XX222281177<<.";
    const uint32_t i = code - ACCENTED;
    if (code < ACCENTED || code >= ACCENTED_END || letters[i] == '.')
        return code;
    const uint32_t letter = (uint32_t)letters[i] | 0x20; /* in lower case */
    return join(letter, ACCENTS + (uint32_t)(accents[i] - '0'));
}

uint32_t an_utf8_fold(const char **text)
{
    uint32_t accent;
    const uint32_t code = next_lower(text);
    if (code < 'a' || code > 'z')
        return decompose(code);
    const int bytes = an_utf8_next(*text, &accent);
    if (bytes == 0 || accent < ACCENTS || accent >= ACCENTS_END)
        return code;
    *text += bytes;
    return join(code, accent);
}

int an_utf8_compare_folded(const char *a, const char *b)
{
    uint32_t left, right;
    do {
        left = an_utf8_fold(&a);
        right = an_utf8_fold(&b);
    } while (left == right && left);
    return left < right ? -1 : left > right;
}

/* The length of as many whole characters as fit into `most` bytes. */
static int cut(const char *text, int most)
{
    uint32_t code;
    int length = 0;
    while (text[length]) {
        const int bytes = an_utf8_next(text + length, &code);
        if (length + (bytes ? bytes : 1) > most)
            break;
        length += bytes ? bytes : 1;
    }
    return length;
}

const char *an_text_spell(char *out, size_t size, const char *text)
{
    enum { NUMBER = 16, MOST = 80 };
    uint32_t code;
    size_t length = (size_t)snprintf(out, size, "\"%.*s\"", cut(text, MOST), text);
    const char *before = " (with ";
    for (int bytes; *text && length + NUMBER < size; text += bytes) {
        bytes = an_utf8_next(text, &code);
        if (bytes == 1)
            continue;
        length += bytes ? (size_t)snprintf(out + length, size - length, "%sU+%04X", before, code)
                        : (size_t)snprintf(out + length, size - length, "%sbyte %02X", before,
                                           (unsigned char)*text);
        bytes += bytes == 0;
        before = " ";
    }
    if (*before == ' ' && before[1] == '\0')
        snprintf(out + length, size - length, ")");
    return out;
}
