#include "base/ini.h"

#include <ctype.h>
#include <ini.h>
#include <string.h>

#include "base/status.h"

typedef struct reader {
    const char *text; /* what is left */
    const char *name;
    int line;         /* the line that inih is parsing */
    int section_line; /* line of the latest section; 0 before the first */
    int section_keys; /* keys seen in it */
    bool ended;
    an_ini_fn fn;
    void *user;
    alexnet_status status;
} reader;

/* Refuse an empty section: inih reports only keys, so it would go unnoticed. */
static void close_section(reader *r)
{
    if (r->status == ALEXNET_OK && r->section_line && !r->section_keys)
        r->status = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: this section has no keys", r->name,
                            r->section_line);
}

/* fgets() over the text, for inih. */
static char *next_line(char *dst, int room, void *user)
{
    reader *r = user;
    size_t length = strcspn(r->text, "\n");
    if (r->status != ALEXNET_OK || *r->text == '\0') {
        if (!r->ended)
            close_section(r);
        r->ended = true;
        return NULL;
    }
    r->line++;
    if (length > AN_INI_LINE_MAX || (int)length + 2 > room) {
        r->status =
            AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: the line has %zu bytes; at most %d are read",
                    r->name, r->line, length, AN_INI_LINE_MAX);
        return NULL;
    }
    const char *first = r->text;
    while (isspace((unsigned char)*first) && *first != '\n')
        first++;
    if (*first == '[') {
        close_section(r);
        if (r->status == ALEXNET_OK && !memchr(first, ']', length - (size_t)(first - r->text)))
            r->status = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: expected [section], with its ]",
                                r->name, r->line);
        r->section_line = r->line;
        r->section_keys = 0;
    }
    /* Drop leading blanks: inih would treat the line as a continuation of the value above. */
    length -= (size_t)(first - r->text);
    memcpy(dst, first, length);
    dst[length] = '\n';
    dst[length + 1] = '\0';
    r->text = first + length;
    if (*r->text == '\n')
        r->text++;
    return dst;
}

static alexnet_status fail_line(const char *name, int line)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: expected [section] or key = value", name, line);
}

static int on_key(void *user, const char *section, const char *key, const char *value)
{
    reader *r = user;
    if (r->status == ALEXNET_OK && !*key)
        r->status = fail_line(r->name, r->line);
    if (r->status == ALEXNET_OK && !r->section_line)
        r->status = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: %s comes before the first [section]",
                            r->name, r->line, key);
    if (r->status == ALEXNET_OK && r->section_keys++ == 0)
        r->status = r->fn(r->user, r->section_line, section, NULL, NULL);
    if (r->status == ALEXNET_OK)
        r->status = r->fn(r->user, r->line, section, key, value ? value : "");
    return r->status == ALEXNET_OK;
}

alexnet_status an_ini_read(const char *text, const char *name, an_ini_fn fn, void *user)
{
    static const char mark[] = "\xEF\xBB\xBF";
    reader r = {.text = text, .name = name, .fn = fn, .user = user};
    if (strncmp(text, mark, sizeof mark - 1) == 0)
        r.text += sizeof mark - 1;
    int bad_line = ini_parse_stream(next_line, &r, on_key, &r);
    if (r.status != ALEXNET_OK)
        return r.status;
    if (bad_line > 0)
        return fail_line(name, bad_line);
    if (bad_line < 0)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory while reading %s", name);
    return ALEXNET_OK;
}
