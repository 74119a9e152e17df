/*
 * Which kind of list a text is.
 */
#include <string.h>

#include "base/lines.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/list_rows.h"

static alexnet_status check_text(const char *text, size_t length, const char *name)
{
    AN_CHECK(an_refuse_encoded(text, length, name));
    const char *zero = memchr(text, '\0', length);
    if (!zero)
        return ALEXNET_OK;
    long long line = 1;
    for (const char *p = text; p < zero; p++)
        line += *p == '\n';
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%lld: not text: it has a zero byte", name, line);
}

/* The separator of a table whose titles are not known, and to be refused, or has one column. */
static char guess_separator(const char *text)
{
    const size_t header = strcspn(text, "\n");
    if (memchr(text, ',', header))
        return ',';
    return memchr(text, ';', header) ? ';' : memchr(text, '\t', header) ? '\t' : ',';
}

alexnet_status an_list_parse(an_list_rows *out, char *text, size_t length, const char *name,
                             bool labels)
{
    *out = (an_list_rows){.work = out->work};
    an_lines_convert(text, length);
    AN_CHECK(check_text(text, length, name));
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3; /* a byte order mark */
        length -= 3;
    }
    char separator = an_list_find_titles(text);
    if (an_text_ends_in(name, ".csv") && (separator == '\0' || separator == ' '))
        separator = guess_separator(text);
    if (separator == '\0' || separator == ' ')
        return an_list_parse_lines(out, text, length, name, labels, separator == ' ');
    return an_list_parse_csv(out, text, length, name, labels, separator);
}
