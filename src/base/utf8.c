#include "base/utf8.h"

#include <stdint.h>

/* Bytes that follow a first byte; -1 if none may begin with it. */
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

bool an_is_utf8(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const int more = following(*p);
        if (more < 0)
            return false;
        uint32_t code = more ? *p & (0x3Fu >> more) : *p;
        p++;
        for (int i = 0; i < more; i++, p++) { /* the NUL at the end is no such byte */
            if ((*p & 0xC0) != 0x80)
                return false;
            code = code << 6 | (*p & 0x3Fu);
        }
        if ((more == 2 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) ||
            (more == 3 && (code < 0x10000 || code > 0x10FFFF)))
            return false;
    }
    return true;
}
