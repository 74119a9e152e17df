#include "base/lines.h"

#include <stdbool.h>
#include <string.h>

#include "base/compressed.h"
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

/* Whether there are control characters that no text has. */
static bool is_binary(const unsigned char *bytes, size_t length)
{
    static const char in_text[] = {'\t', '\n', '\f', '\r'};
    size_t i = 0;
    while (i < length && (bytes[i] >= ' ' || memchr(in_text, bytes[i], sizeof in_text)))
        i++;
    return i < length;
}

alexnet_status an_refuse_encoded(const void *text, size_t length, const char *path)
{
    const an_compressed *compressed = an_compressed_of(text, length);
    if (length >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is UTF-16 text; save it as UTF-8", path);
    if (compressed && is_binary(text, length)) /* a text may begin as they do */
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not text but compressed; unpack it with %s",
                       path, compressed->tool);
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
    AN_CHECK(an_refuse_encoded(text, length, path));
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
