#include "csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void csv_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

/* Add a byte to the field. */
static void put(csv_reader *csv, int byte)
{
    csv->cut = !byte || csv->length == csv->most;
    if (!csv->cut)
        csv->field[csv->length++] = (char)byte;
    csv->ends += byte == '\n';
}

/* Go past the mark at the beginning, if there is one. */
static void skip_mark(FILE *file)
{
    static const char mark[] = "\xEF\xBB\xBF";
    char start[sizeof mark - 1];
    rewind(file);
    if (fread(start, 1, sizeof start, file) != sizeof start ||
        memcmp(start, mark, sizeof start) != 0)
        rewind(file);
}

/* The next byte. Outside of quotes CR alone ends a line, as that of old Macs and of some
 * spreadsheets does. */
static int next_byte(FILE *file, bool quoted)
{
    const int c = fgetc(file);
    if (c != '\r' || quoted)
        return c;
    const int next = fgetc(file);
    ungetc(next, file);
    return next == '\r' || next == '\n' || next == EOF ? '\r' : '\n';
}

static const char separators[] = ",;\t";
enum { SEPARATORS = sizeof separators - 1 };

/* Count what may separate fields in the next line that is not blank.
 * @return false at the end, and where a field is no text or too long */
static bool count_separators(const csv_reader *csv, long count[SEPARATORS])
{
    size_t length = 0;
    bool quoted = false, any = false;
    int c;
    memset(count, 0, SEPARATORS * sizeof *count);
    while ((c = next_byte(csv->file, quoted)) != EOF && (quoted || !any || c != '\n')) {
        const char *found = c && !quoted ? strchr(separators, c) : NULL;
        length = found ? 0 : length + 1;
        if (!c || length > csv->most)
            return false;
        quoted ^= c == '"';
        any |= c != '\n' && c != '\r';
        if (found)
            count[found - separators]++;
    }
    return any;
}

/* What separates fields is as often in each line, unlike what is in names. Where more than one is,
 * semicolons or tabs, if they are about as many as commas: these may then be the decimal commas of
 * numbers. */
static char find_separator(const csv_reader *csv)
{
    enum { LINES = 3 };
    long count[SEPARATORS], next[SEPARATORS];
    bool same[SEPARATORS], any = false;
    count_separators(csv, count);
    for (int i = 0; i < SEPARATORS; i++)
        same[i] = count[i] > 0;
    for (int line = 1; line < LINES && count_separators(csv, next); line++)
        for (int i = 0; i < SEPARATORS; i++)
            same[i] &= next[i] == count[i];
    for (int i = 0; i < SEPARATORS; i++)
        any |= same[i];
    for (int i = 0; i < SEPARATORS && any; i++)
        count[i] *= same[i];
    const int other = count[2] > count[1] ? 2 : 1;
    return separators[count[other] && count[other] + 1 >= count[0] ? other : 0];
}

void csv_begin(csv_reader *csv)
{
    skip_mark(csv->file);
    csv->separator = find_separator(csv);
    skip_mark(csv->file);
    csv->ends = 0;
    csv->cut = false;
}

bool csv_next(csv_reader *csv)
{
    bool quoted = false;
    if (csv->cut)
        return false;
    if (!csv->field)
        csv->field = cli_alloc(csv->most + 1);
    csv->length = 0;
    csv->line = csv->ends + 1;
    int c = next_byte(csv->file, false);
    const bool found = c != EOF;
    for (; c != EOF && (quoted || (c != csv->separator && c != '\n'));
         c = csv->cut ? EOF : next_byte(csv->file, quoted)) {
        if (c == '"' && quoted) { /* the closing quote, or a doubled one */
            int next = fgetc(csv->file);
            quoted = next == '"';
            if (quoted)
                put(csv, '"');
            else
                ungetc(next, csv->file);
        } else if (c == '"') {
            quoted = true;
        } else if (quoted || c != '\r') {
            put(csv, c);
        }
    }
    csv->field[csv->length] = '\0';
    csv->last = c != csv->separator;
    csv->ends += c == '\n';
    return found;
}

bool csv_number(const csv_reader *csv, double *value)
{
    char *end;
    *value = strtod(csv->field, &end);
    char *comma = csv->separator == ';' && *end == ',' ? end : NULL;
    if (comma) {
        *comma = '.';
        *value = strtod(csv->field, &end);
        *comma = ','; /* it may be that of a name, after all */
    }
    return end != csv->field && end[strspn(end, " \t")] == '\0';
}

int csv_wrong(const csv_reader *csv, const char *expected)
{
    return cli_error(CLI_BAD_INPUT, "%s:%ld: expected %s, found '%.60s'", csv->path, csv->line,
                     expected, csv->field);
}

int csv_end(csv_reader *csv, int code)
{
    if (ferror(csv->file))
        code = cli_error(CLI_BAD_INPUT, "cannot read %s: %s", csv->path, strerror(errno));
    else if (csv->cut && code == CLI_DONE)
        code = cli_error(
            CLI_BAD_INPUT,
            "%s:%ld: expected a text of at most %zu bytes without a zero byte, found '%.60s'",
            csv->path, csv->line, csv->most, csv->field);
    free(csv->field);
    fclose(csv->file);
    return code;
}
