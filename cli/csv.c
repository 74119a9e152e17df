#include "csv.h"

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

/* Add a byte to the field. Bytes beyond the limit and zero bytes are dropped. */
static void put(csv_reader *csv, int byte)
{
    if (byte && csv->length < csv->most)
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

/* What separates the fields of the first line that has any. Semicolons or tabs, if they are about
 * as many as commas: these may then be the decimal commas of numbers. */
static char find_separator(FILE *file)
{
    static const char separators[] = ",;\t";
    long count[sizeof separators - 1] = {0};
    bool quoted = false, any = false;
    for (int c = fgetc(file); c != EOF && (quoted || !any || c != '\n'); c = fgetc(file)) {
        const char *found = quoted || !c ? NULL : strchr(separators, c);
        quoted ^= c == '"';
        any |= c != '\n' && c != '\r';
        if (found)
            count[found - separators]++;
    }
    const int other = count[2] > count[1] ? 2 : 1;
    return separators[count[other] && count[other] + 1 >= count[0] ? other : 0];
}

void csv_begin(csv_reader *csv)
{
    skip_mark(csv->file);
    csv->separator = find_separator(csv->file);
    skip_mark(csv->file);
    csv->ends = 0;
}

bool csv_next(csv_reader *csv)
{
    bool quoted = false;
    if (!csv->field)
        csv->field = cli_alloc(csv->most + 1);
    csv->length = 0;
    csv->line = csv->ends + 1;
    int c = fgetc(csv->file);
    const bool found = c != EOF;
    for (; c != EOF && (quoted || (c != csv->separator && c != '\n')); c = fgetc(csv->file)) {
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

bool csv_number(csv_reader *csv, double *value)
{
    char *end;
    *value = strtod(csv->field, &end);
    if (csv->separator == ';' && *end == ',') {
        *end = '.';
        *value = strtod(csv->field, &end);
    }
    return end != csv->field && end[strspn(end, " \t")] == '\0';
}

void csv_reader_free(csv_reader *csv)
{
    free(csv->field);
    csv->field = NULL;
}
