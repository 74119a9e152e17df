#include "base/lines.h"

#include <stdbool.h>
#include <string.h>

#include "base/status.h"

/* Cut off the blanks at the end of a line. @return whether anything is left */
static bool trim(char *line)
{
    size_t length = strlen(line);
    while (length > 0 && strchr(" \t\r", line[length - 1]))
        length--;
    line[length] = '\0';
    return length > 0;
}

alexnet_status an_refuse_utf16(const void *text, size_t length, const char *path)
{
    if (length >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is UTF-16 text; save it as UTF-8", path);
    return ALEXNET_OK;
}

void an_lines_convert(char *text, size_t length)
{
    char *const end = text + length;
    if (memchr(text, '\n', length))
        return;
    for (char *at = text; (at = memchr(at, '\r', (size_t)(end - at))); at++)
        *at = '\n';
}

alexnet_status an_lines_each(char *text, size_t length, const char *path, an_line_fn fn, void *user)
{
    char *end = text + length;
    AN_CHECK(an_refuse_utf16(text, length, path));
    an_lines_convert(text, length);
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3; /* a byte order mark */
    for (int number = 1; text < end; number++) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *stop = newline ? newline : end;
        if (memchr(text, '\0', (size_t)(stop - text)))
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: not text", path, number);
        *stop = '\0';
        if (trim(text))
            AN_CHECK(fn(user, text, number));
        text = stop + 1;
    }
    return ALEXNET_OK;
}
