#include "roff.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "terminal.h"

enum { LINE_WIDTH = 76 }; /* mandoc's lint calls lines over 80 long */

/* What roff would take for something else, or print as another character. */
static const char *escape_of(char c)
{
    switch (c) {
    case '\\': return "\\e";
    case '-': return "\\-";
    case '\'': return "\\(aq";
    case '`': return "\\(ga";
    case '^': return "\\(ha";
    case '~': return "\\(ti";
    default: return NULL;
    }
}

/* Owned by the caller. */
static char *escaped(const char *text)
{
    enum { LONGEST = 4 };
    char *copy = cli_alloc(LONGEST * strlen(text) + 1), *end = copy;
    for (const char *c = text; *c; c++) {
        const char *escape = escape_of(*c);
        if (escape) {
            end = stpcpy(end, escape);
            continue;
        }
        if (*c == '.' && (c == text || c[-1] == ' ')) /* a request, at the start of a line */
            end = stpcpy(end, "\\&");
        *end++ = *c;
    }
    return copy;
}

void roff_text(FILE *out, const char *text)
{
    char *copy = escaped(text);
    fputs(copy, out);
    free(copy);
}

void roff_lines(FILE *out, const char *text)
{
    char *copy = escaped(text);
    terminal_wrap(out, LINE_WIDTH, 0, 0, copy);
    free(copy);
}
