#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "terminal.h"

/* Bytes that are not valid UTF-8 become U+EF80 for 80 to U+EFFF for FF; so do the bytes of these
 * characters. */
enum { ESCAPED_FIRST = 0xEF80, ESCAPED_LAST = 0xEFFF };

static char *put_byte(char *end, unsigned char byte)
{
    uint32_t code = ESCAPED_FIRST + byte - 0x80u;
    *end++ = (char)(0xE0 | code >> 12);
    *end++ = (char)(0x80 | (code >> 6 & 0x3F));
    *end++ = (char)(0x80 | (code & 0x3F));
    return end;
}

json_t *json_text(const char *bytes)
{
    char *clean = cli_alloc(9 * strlen(bytes) + 1), *end = clean;
    for (int length; *bytes; bytes += length) {
        uint32_t code;
        length = terminal_character(bytes, &code);
        bool plain = length && (code < ESCAPED_FIRST || code > ESCAPED_LAST);
        length = length ? length : 1;
        for (int i = 0; i < length; i++) {
            if (plain)
                *end++ = bytes[i];
            else
                end = put_byte(end, (unsigned char)bytes[i]);
        }
    }
    json_t *text = json_string(clean);
    free(clean);
    return text;
}

json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void json_print(json_t *document)
{
    json_print_to(stdout, document);
}

/* jansson escapes characters below the blank; other control characters can only be in strings,
 * where an escape is valid. */
void json_print_to(FILE *to, json_t *document)
{
    char *text = json_dumps(document, JSON_REAL_PRECISION(9));
    for (const char *c = text; c && *c;) {
        uint32_t code = 0;
        int length = terminal_character(c, &code);
        length = length ? length : 1;
        if (terminal_obeys(code))
            fprintf(to, "\\u%04x", (unsigned)code);
        else
            fwrite(c, 1, (size_t)length, to);
        c += length;
    }
    fputc('\n', to);
    free(text);
    json_decref(document);
}
