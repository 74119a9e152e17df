#include "data/source/list_rows.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/picture/endings.h"
#include "data/source/names.h"

char *an_list_trim(char *text)
{
    static const char blanks[] = " \t\r";
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

static alexnet_status grow(an_list_rows *rows)
{
    an_list_row *grown = an_grow(rows->at, rows->count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * (size_t)rows->count * sizeof *grown, "a list of pictures");
    rows->at = grown;
    return ALEXNET_OK;
}

alexnet_status an_list_add(an_list_rows *rows, char *path, char *label, int64_t line,
                           const char *name)
{
    while (path[0] == '.' && path[1] == '/')
        path += 1 + strspn(path + 1, "/");
    const char *fault = label ? an_text_fault(label) : NULL;
    if (!*path)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%lld: the path of the picture is missing", name,
                       (long long)line);
    if (label && !*label)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%lld: the label of %.200s is missing", name,
                       (long long)line, path);
    if (fault)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%lld: the label %s", name, (long long)line, fault);
    AN_CHECK(grow(rows));
    AN_CHECK(an_work_add(rows->work, 1));
    rows->at[rows->count++] = (an_list_row){path, label, line, -1};
    return ALEXNET_OK;
}

alexnet_status an_list_ask(const an_list_rows *rows, int64_t row)
{
    enum { ROWS = 4096 };
    return row % ROWS ? ALEXNET_OK : an_work_add(rows->work, 0);
}

void an_list_free(an_list_rows *rows)
{
    an_free(rows->at);
    *rows = (an_list_rows){0};
}

/* The last field of a line: after the last tab or, in a line without tabs, the last space. Its
 * separator is the character before it. NULL: the line has only one field. */
static char *last_field(char *line)
{
    char *tab = strrchr(line, '\t'), *blank = strrchr(line, ' ');
    return tab ? tab + 1 : blank ? blank + 1 : NULL;
}

/* A line with the ending of a picture file has no label: "summer holidays/a b.jpg". */
static alexnet_status add_line(an_list_rows *rows, char *line, int64_t number, const char *name,
                               bool labels)
{
    line = an_list_trim(line);
    if (!*line)
        return ALEXNET_OK;
    char *label = an_has_picture_ending(line) ? NULL : last_field(line);
    if (labels && !label)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%lld: \"%.200s\" is not a path, a blank or tab, and a label", name,
                       (long long)number, line);
    if (label) {
        label[-1] = '\0';
        line = an_list_trim(line);
    }
    return an_list_add(rows, line, labels ? label : NULL, number, name);
}

alexnet_status an_list_parse_lines(an_list_rows *out, char *text, size_t length, const char *name,
                                   bool labels, bool titles)
{
    char *end = text + length;
    int64_t number = 1;
    if (titles) {
        char *stop = text + strcspn(text, "\n");
        *stop = '\0';
        out->path_title = an_list_trim(text);
        text = stop + 1;
        number++;
    }
    for (; text < end; number++) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *stop = newline ? newline : end;
        *stop = '\0';
        AN_CHECK(add_line(out, text, number, name, labels));
        text = stop + 1;
    }
    return ALEXNET_OK;
}
