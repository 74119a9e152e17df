#include "data/source/pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { ARCHIVES_MAX = 100000 };

/* The first "{...}" of a text. @return whether there is one; *open and *close: its brackets */
static bool find_braces(const char *text, const char **open, const char **close)
{
    *open = strchr(text, '{');
    *close = *open ? strchr(*open, '}') : NULL;
    return *close != NULL;
}

bool an_is_pattern(const char *path)
{
    const char *open, *close;
    return find_braces(path, &open, &close);
}

/* Add the text with its first "{...}" replaced by one of the values. */
static alexnet_status add_one(an_strings *out, const char *text, const char *open,
                              const char *close, const char *value)
{
    if (out->count >= ARCHIVES_MAX)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s names more than %d archives", text,
                       ARCHIVES_MAX);
    return an_strings_add(out, an_format("%.*s%s%s", (int)(open - text), text, value, close + 1));
}

/* Parse "000..146". @return whether it is a range; *width: its digits if it begins with zero, else
 * 1 */
static bool parse_range(const char *inside, unsigned *first, unsigned *last, int *width)
{
    int read = 0, digits = 0;
    if (!isdigit((unsigned char)inside[0]) ||
        sscanf(inside, "%9u%n..%n", first, &digits, &read) != 1 || read == 0 ||
        !isdigit((unsigned char)inside[read]))
        return false;
    int more = 0;
    if (sscanf(inside + read, "%9u%n", last, &more) != 1 || inside[read + more] != '}')
        return false;
    *width = inside[0] == '0' ? digits : 1;
    return *first <= *last;
}

static alexnet_status expand_first(an_strings *out, const char *text, const char *open,
                                   const char *close)
{
    unsigned first, last;
    int width;
    if (parse_range(open + 1, &first, &last, &width)) {
        char value[16];
        for (unsigned i = first; i <= last; i++) {
            snprintf(value, sizeof value, "%0*u", width, i);
            AN_CHECK(add_one(out, text, open, close, value));
        }
        return ALEXNET_OK;
    }
    if (!memchr(open, ',', (size_t)(close - open)))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s: %.*s is not a pattern; {000..146} and {a,b} are", text,
                       (int)(close - open) + 1, open);
    for (const char *word = open + 1; word <= close; word += strcspn(word, ",}") + 1) {
        char *value = an_strndup(word, strcspn(word, ",}"));
        alexnet_status rc =
            value ? add_one(out, text, open, close, value) : AN_FAIL_MEMORY(1, "a pattern");
        an_free(value);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

/* Expand the first "{...}" of all texts, again and again until there is none. */
alexnet_status an_pattern_expand(an_strings *out, const char *pattern)
{
    an_strings now = {0}, next = {0};
    const char *open, *close;
    *out = (an_strings){0};
    alexnet_status rc;
    AN_TRY(an_strings_add(&now, an_strdup(pattern)));
    while (find_braces(now.at[0], &open, &close)) {
        for (int64_t i = 0; i < now.count; i++) {
            if (find_braces(now.at[i], &open, &close))
                AN_TRY(expand_first(&next, now.at[i], open, close));
            else
                AN_TRY(an_strings_add(&next, an_strdup(now.at[i])));
        }
        an_strings_free(&now);
        now = next;
        next = (an_strings){0};
    }
    *out = now;
    now = (an_strings){0};
cleanup:
    an_strings_free(&now);
    an_strings_free(&next);
    return rc;
}
