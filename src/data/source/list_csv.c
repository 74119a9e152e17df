/*
 * Tables whose first line has titles. A field in quotes may have separators, line ends and doubled
 * quotes in it (RFC 4180).
 */
#include <string.h>

#include "base/status.h"
#include "data/source/list_rows.h"

typedef struct scanner {
    char *at, *end;
    int64_t line;
    char separator;
    const char *name;
} scanner;

/* The number of columns, and which are path and label; -1: there is none. */
typedef struct columns {
    int count, path, label;
} columns;

/* Read a quoted field and unquote it in place. *stop: its end, where the caller puts a zero byte */
static alexnet_status take_quoted(scanner *s, char **text, char **stop)
{
    const int64_t first = s->line;
    char *to = s->at++;
    *text = to;
    for (; s->at < s->end; *to++ = *s->at++) {
        if (*s->at == '"' && s->at[1] != '"')
            break;
        s->at += *s->at == '"';
        s->line += *s->at == '\n';
    }
    if (s->at >= s->end)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%lld: a quote is not closed", s->name,
                       (long long)first);
    s->at++;
    s->at += s->at[0] == '\r' && s->at[1] == '\n';
    if (s->at < s->end && *s->at != s->separator && *s->at != '\n')
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "%s:%lld: text follows a closing quote; quotes within a quoted field must be doubled",
            s->name, (long long)s->line);
    *stop = to;
    return ALEXNET_OK;
}

/* Read a field and end it with a zero byte; *last: it is the last of its row. */
static alexnet_status take_field(scanner *s, char **text, bool *last)
{
    char *stop = NULL;
    const bool quoted = s->at < s->end && *s->at == '"';
    if (quoted) {
        AN_CHECK(take_quoted(s, text, &stop));
    } else {
        *text = s->at;
        while (s->at < s->end && *s->at != s->separator && *s->at != '\n')
            s->at++;
        stop = s->at;
    }
    *last = s->at >= s->end || *s->at == '\n';
    s->at += s->at < s->end;
    *stop = '\0';
    if (!quoted)
        *text = an_list_trim(*text);
    return ALEXNET_OK;
}

/* Take the column with the best title. */
static void choose(int *column, int *best, int rank, int index)
{
    if (rank < 0 || (*column >= 0 && rank >= *best))
        return;
    *column = index;
    *best = rank;
}

static alexnet_status read_header(scanner *s, columns *out, an_list_rows *rows, bool labels)
{
    int best_path = 0, best_label = 0;
    bool last = false;
    *out = (columns){0, -1, -1};
    for (; !last; out->count++) {
        char *title;
        AN_CHECK(take_field(s, &title, &last));
        choose(&out->path, &best_path, an_list_path_rank(title, strlen(title)), out->count);
        choose(&out->label, &best_label, an_list_label_rank(title, strlen(title)), out->count);
        rows->path_title = out->path == out->count ? title : rows->path_title;
        rows->label_title = out->label == out->count ? title : rows->label_title;
    }
    if (out->path < 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:1: no column is called " AN_LIST_PATH_TITLES
                       "; the first line must name the columns",
                       s->name);
    if (labels && out->label < 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:1: no column is called " AN_LIST_LABEL_TITLES,
                       s->name);
    s->line++;
    return ALEXNET_OK;
}

static alexnet_status read_row(scanner *s, an_list_rows *out, const columns *table, bool labels)
{
    const int64_t line = s->line;
    char *path = NULL, *label = NULL;
    bool last = false;
    int count = 0;
    for (; !last; count++) {
        char *text;
        AN_CHECK(take_field(s, &text, &last));
        if (count == table->path)
            path = text;
        if (count == table->label)
            label = text;
        if (count == 0 && last && !*text && table->count > 1) {
            s->line++;
            return ALEXNET_OK; /* an empty line */
        }
    }
    s->line++;
    if (count != table->count)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%lld: %d fields, but the first line has %d; a field with a %s in it "
                       "must be in quotes",
                       s->name, (long long)line, count, table->count,
                       s->separator == '\t'  ? "tab"
                       : s->separator == ',' ? "comma"
                                             : "semicolon");
    if (count == 1 && !*path)
        return ALEXNET_OK;
    return an_list_add(out, path, labels ? label : NULL, line, s->name);
}

alexnet_status an_list_parse_csv(an_list_rows *out, char *text, size_t length, const char *name,
                                 bool labels, char separator)
{
    scanner s = {text, text + length, 1, separator, name};
    columns table;
    AN_CHECK(read_header(&s, &table, out, labels));
    while (s.at < s.end)
        AN_CHECK(read_row(&s, out, &table, labels));
    return ALEXNET_OK;
}
