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

void csv_begin(csv_reader *csv)
{
    static const char mark[] = "\xEF\xBB\xBF";
    char start[sizeof mark - 1];
    rewind(csv->file);
    if (fread(start, 1, sizeof start, csv->file) != sizeof start ||
        memcmp(start, mark, sizeof start) != 0)
        rewind(csv->file);
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
    for (; c != EOF && (quoted || (c != ',' && c != '\n')); c = fgetc(csv->file)) {
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
    csv->last = c != ',';
    csv->ends += c == '\n';
    return found;
}

void csv_reader_free(csv_reader *csv)
{
    free(csv->field);
    csv->field = NULL;
}
