/*
 * The first line of a list: a picture, or the titles of columns. Titles are known by their words,
 * as any file may have any name; both words are needed, because a picture may be called "image".
 */
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "data/source/list_rows.h"

static int rank(const char *title, size_t length, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strlen(words[i]) == length && an_text_same_part(title, words[i], length))
            return i;
    return -1;
}

int an_list_path_rank(const char *title, size_t length)
{
    static const char *const words[] = {"path", "file", "filename", "file_name", "image", NULL};
    return rank(title, length, words);
}

int an_list_label_rank(const char *title, size_t length)
{
    static const char *const words[] = {"label", "class", NULL};
    return rank(title, length, words);
}

/* Leave out blanks and quotes around a title. */
static const char *trim(const char *title, size_t *length)
{
    static const char around[] = " \t\r\"";
    const size_t before = strspn(title, around);
    const size_t skipped = before < *length ? before : *length;
    title += skipped;
    *length -= skipped;
    while (*length > 0 && strchr(around, title[*length - 1]))
        --*length;
    return title;
}

static bool has_titles(const char *line, char separator)
{
    const char stops[] = {separator, '\n', '\0'};
    bool path = false, label = false;
    for (;; line++) {
        const size_t field = strcspn(line, stops);
        size_t length = field;
        const char *title = trim(line, &length);
        path = path || an_list_path_rank(title, length) >= 0;
        label = label || an_list_label_rank(title, length) >= 0;
        line += field;
        if (*line != separator)
            return path && label;
    }
}

/* Whether the line is "path label". More columns between blanks would not be found again in the
 * rows, where paths may have blanks in them. */
static bool is_path_and_label(const char *line)
{
    static const char blanks[] = " \t\r";
    const char *path = line + strspn(line, blanks);
    const size_t path_length = strcspn(path, " \t\r\n");
    const char *label = path + path_length + strspn(path + path_length, blanks);
    const size_t label_length = strcspn(label, " \t\r\n");
    const char *end = label + label_length + strspn(label + label_length, blanks);
    return (*end == '\n' || !*end) && an_list_path_rank(path, path_length) >= 0 &&
           an_list_label_rank(label, label_length) >= 0;
}

char an_list_find_titles(const char *text)
{
    for (const char *separator = "\t,;"; *separator; separator++)
        if (has_titles(text, *separator))
            return *separator;
    return is_path_and_label(text) ? ' ' : '\0';
}
