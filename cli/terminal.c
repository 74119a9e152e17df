#include "terminal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { STANDARD_WIDTH = 80, NARROWEST = 20, WIDEST = 10000 };

/* @param otherwise  the width if nothing says one */
static int find_width(FILE *file, int otherwise)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    if (width <= 0 && ioctl(fileno(file), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        width = otherwise;
    return (int)(width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width);
}

int terminal_width(FILE *file)
{
    return find_width(file, STANDARD_WIDTH);
}

int terminal_room(FILE *file)
{
    return find_width(file, WIDEST);
}

/* Characters that take no column or two, by Unicode's East Asian widths; all others take one. */
static const struct {
    uint32_t first, last;
    int columns;
} widths[] = {
    {0x0300, 0x036F, 0},   {0x200B, 0x200F, 0},   {0x1100, 0x115F, 2}, {0x2E80, 0x303E, 2},
    {0x3041, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2}, {0xFE00, 0xFE0F, 0},
    {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1F64F, 2},
    {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2},
};

static int columns_of(uint32_t character)
{
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        if (character >= widths[i].first && character <= widths[i].last)
            return widths[i].columns;
    return 1;
}

/* The next character and its length; a byte that begins no character stands for itself. */
static uint32_t next_character(const char *text, int *bytes)
{
    uint32_t character = (unsigned char)*text;
    int length = terminal_character(text, &character);
    *bytes = length ? length : 1;
    return character;
}

int terminal_character(const char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *c = (const unsigned char *)text;
    int more = *c < 0x80 ? 0 : *c < 0xC2 ? -1 : *c < 0xE0 ? 1 : *c < 0xF0 ? 2 : *c < 0xF5 ? 3 : -1;
    if (more < 0)
        return 0;
    uint32_t character = more ? *c & (0x3Fu >> more) : *c;
    for (int i = 1; i <= more; i++) { /* the NUL at the end fails this test */
        if ((c[i] & 0xC0) != 0x80)
            return 0;
        character = character << 6 | (c[i] & 0x3Fu);
    }
    if (character < least[more] || character > 0x10FFFF || (character >> 11) == 0x1B)
        return 0;
    *code = character;
    return more + 1;
}

bool terminal_obeys(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x61C || code == 0x200E ||
           code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

char *terminal_text(const char *bytes, const char *but)
{
    char *text = calloc(6 * strlen(bytes) + 1, 1), *end = text;
    if (!text) {
        fputs("alexnet: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    for (int length; *bytes; bytes += length ? length : 1) {
        uint32_t code = (unsigned char)*bytes;
        length = terminal_character(bytes, &code);
        if (length && (!terminal_obeys(code) || strchr(but, *bytes)))
            end = (char *)memcpy(end, bytes, (size_t)length) + length;
        else
            end += sprintf(end, code < 0x80 || !length ? "\\x%02x" : "\\u%04x", (unsigned)code);
    }
    return text;
}

void terminal_line(FILE *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    terminal_line_in(out, format, args);
    va_end(args);
}

void terminal_line_in(FILE *out, const char *format, va_list args)
{
    char *raw = NULL;
    if (vasprintf(&raw, format, args) < 0)
        raw = NULL;
    char *text = terminal_text(raw ? raw : "out of memory", "");
    fprintf(out, "%s\n", text);
    free(text);
    free(raw);
}

int terminal_columns(const char *text)
{
    int columns = 0;
    for (int bytes; *text; text += bytes)
        columns += columns_of(next_character(text, &bytes));
    return columns;
}

int terminal_fit(const char *text, int width, bool words)
{
    int columns = 0, length = 0, blank = 0, gap = 0;
    for (int bytes; text[length]; length += bytes) {
        if (text[length] == ' ' && length && text[length - 1] != ' ') {
            blank = length;
            gap = text[length + 1] == ' ' ? length : gap;
        }
        columns += columns_of(next_character(text + length, &bytes));
        if (columns > width)
            return words && gap ? gap : words && blank ? blank : length;
    }
    return length;
}

void terminal_wrap(FILE *out, int width, int column, int at, const char *text)
{
    fprintf(out, "%*s", column - at, "");
    at = column;
    while (*text) {
        int length = (int)strcspn(text, " ");
        int columns = 0;
        for (int i = 0, bytes; i < length; i += bytes)
            columns += columns_of(next_character(text + i, &bytes));
        if (at > column && at + 1 + columns > width) {
            fprintf(out, "\n%*s", column, "");
            at = column;
        } else if (at > column) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", length, text);
        at += columns;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}
