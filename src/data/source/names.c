#include "data/source/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/lines.h"
#include "base/status.h"
#include "base/utf8.h"

enum { NAMES_FILE_MAX = 64 << 20 };

/* A line, cut in two in place. */
typedef struct line {
    const char *id, *words;
    int number;
} line;

typedef struct lines {
    const char *path;
    line *at;
    size_t count;
} lines;

const char *an_text_fault(const char *text)
{
    if (!an_is_utf8(text))
        return "is not UTF-8 text";
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '\t')
            return "has a tab in it";
        if (*p == '\n' || *p == '\r')
            return "has a line end in it";
        if (*p < ' ' || *p == 0x7F || (p[0] == 0xC2 && p[1] < 0xA0)) /* C2 80 is U+0080 */
            return "has a control character in it";
    }
    return NULL;
}

static alexnet_status lines_add(lines *all, line added)
{
    line *grown = an_grow(all->at, (int64_t)all->count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * all->count * sizeof *grown, "class names");
    all->at = grown;
    all->at[all->count++] = added;
    return ALEXNET_OK;
}

/* Split "identifier words". */
static alexnet_status parse_line(void *user, char *text, int number)
{
    lines *all = user;
    char *end = strchr(text, '\t');
    if (!end)
        end = strchr(text, ' ');
    if (!end || end == text)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%d: \"%.60s\" is not an identifier, a space or tab, and words",
                       all->path, number, text);
    *end++ = '\0';
    end += strspn(end, " \t");
    for (size_t last = strlen(text); last > 0 && text[last - 1] == ' ';)
        text[--last] = '\0';
    const char *fault = an_text_fault(text);
    if (!fault)
        fault = an_text_fault(end);
    if (fault)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: the line %s", all->path, number, fault);
    return lines_add(all, (line){text, end, number});
}

static alexnet_status parse(lines *all, unsigned char *text, size_t length)
{
    return an_lines_each((char *)text, length, all->path, parse_line, all);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(((const line *)a)->id, ((const line *)b)->id);
}

static alexnet_status sort_lines(lines *all)
{
    const char *path = all->path;
    if (all->count == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no class names", path);
    qsort(all->at, all->count, sizeof *all->at, compare_lines);
    for (size_t i = 1; i < all->count; i++)
        if (compare_lines(&all->at[i - 1], &all->at[i]) == 0)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s names %s twice, in lines %d and %d", path,
                           all->at[i].id, all->at[i - 1].number, all->at[i].number);
    return ALEXNET_OK;
}

alexnet_status an_names_read(char **names, char *const *ids, int count, const char *path,
                             int *known)
{
    unsigned char *text;
    size_t length;
    *known = 0;
    AN_CHECK(an_file_read(path, NAMES_FILE_MAX, &text, &length));
    alexnet_status rc;
    lines all = {.path = path};
    AN_TRY(parse(&all, text, length));
    AN_TRY(sort_lines(&all));
    for (int i = 0; i < count; i++) {
        line wanted = {.id = ids[i]};
        const line *found = bsearch(&wanted, all.at, all.count, sizeof *all.at, compare_lines);
        char *words = found ? an_strdup(found->words) : NULL;
        if (found && !words) {
            rc = AN_FAIL_MEMORY(strlen(found->words), "a class name");
            goto cleanup;
        }
        if (words) {
            an_free(names[i]);
            names[i] = words;
            ++*known;
        }
    }
cleanup:
    an_free(all.at);
    an_free(text);
    return rc;
}

static void free_list(char **list, size_t count)
{
    for (size_t i = 0; list && i < count; i++)
        an_free(list[i]);
    an_free(list);
}

alexnet_status an_names_list(char ***ids, char ***names, int *count, const char *path)
{
    unsigned char *text;
    size_t length;
    *ids = *names = NULL;
    *count = 0;
    AN_CHECK(an_file_read(path, NAMES_FILE_MAX, &text, &length));
    alexnet_status rc;
    lines all = {.path = path};
    AN_TRY(parse(&all, text, length));
    if (all.count == 0 || all.count > AN_NAMES_MAX)
        AN_TRY(AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has %zu class names; 1 to %d expected", path,
                       all.count, AN_NAMES_MAX));
    *ids = an_calloc(all.count, sizeof **ids);
    *names = an_calloc(all.count, sizeof **names);
    for (size_t i = 0; *ids && *names && i < all.count; i++)
        if (!((*ids)[i] = an_strdup(all.at[i].id)) || !((*names)[i] = an_strdup(all.at[i].words)))
            break;
    if (!*ids || !*names || !(*names)[all.count - 1])
        AN_TRY(AN_FAIL_MEMORY(all.count * 64, "class names"));
    AN_TRY(sort_lines(&all)); /* refuses identifiers that are there twice */
    *count = (int)all.count;
cleanup:
    if (rc != ALEXNET_OK) {
        free_list(*ids, all.count);
        free_list(*names, all.count);
        *ids = *names = NULL;
    }
    an_free(all.at);
    an_free(text);
    return rc;
}
