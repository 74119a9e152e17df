#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t plain_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return c_locale;
}

locale_t an_text_enter_c(void)
{
    const locale_t plain = plain_locale();
    return plain ? uselocale(plain) : (locale_t)0;
}

void an_text_leave_c(locale_t host)
{
    if (host)
        uselocale(host);
}

int an_format_in(char *out, size_t size, const char *format, va_list args)
{
    const locale_t host = an_text_enter_c();
    const int length = vsnprintf(out, size, format, args);
    an_text_leave_c(host);
    return length;
}

int an_print_in(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = an_format_in(out, size, format, args);
    va_end(args);
    return length;
}

void an_text_add(char *text, size_t size, const char *format, ...)
{
    const size_t length = strlen(text);
    va_list args;
    va_start(args, format);
    an_format_in(text + length, size - length, format, args);
    va_end(args);
}

static bool only_blanks(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return *p == '\0';
}

bool an_text_to_double(const char *text, double *value)
{
    locale_t plain = plain_locale();
    char *end;
    if (!plain || only_blanks(text) || strpbrk(text, "xX"))
        return false;
    *value = strtod_l(text, &end, plain);
    return end != text && only_blanks(end) && isfinite(*value);
}

bool an_text_to_int(const char *text, int64_t *value)
{
    char *end;
    if (only_blanks(text))
        return false;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && end != text && only_blanks(end);
}

bool an_text_to_count(const char *text, int64_t *value)
{
    return text[strspn(text, "0123456789")] == '\0' && an_text_to_int(text, value);
}

int an_text_position(const char *list, char separator, const char *word)
{
    const size_t length = strlen(word);
    int index = 0;
    for (const char *end; (end = strchr(list, separator)); list = end + 1, index++)
        if ((size_t)(end - list) == length && memcmp(list, word, length) == 0)
            return index;
    return strcmp(list, word) == 0 ? index : -1;
}

int an_text_choice(const char *choices, const char *word)
{
    return an_text_position(choices, '|', word);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool an_text_same_part(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
        if (!a[i])
            return true;
    }
    return true;
}

bool an_text_same(const char *a, const char *b)
{
    return an_text_same_part(a, b, SIZE_MAX);
}

bool an_text_ends_in(const char *path, const char *endings)
{
    const size_t length = strlen(path);
    for (const char *at = endings; *at; at += strspn(at, "|")) {
        const size_t n = strcspn(at, "|");
        if (n < length && an_text_same_part(path + length - n, at, n))
            return true;
        at += n;
    }
    return false;
}

/* A star first matches as little as possible, and more if the rest does not match. Only the latest
 * star ever needs to be tried again. */
bool an_text_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *taken = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            taken = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++taken;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

const char *an_text_plural(int64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

int an_text_distance(const char *a, const char *b)
{
    enum { MAX = 48 };
    size_t la = strlen(a), lb = strlen(b);
    int d[MAX + 1][MAX + 1];
    if (la > MAX || lb > MAX)
        return 99;
    for (size_t i = 0; i <= la; i++)
        d[i][0] = (int)i;
    for (size_t j = 0; j <= lb; j++)
        d[0][j] = (int)j;
    for (size_t i = 1; i <= la; i++)
        for (size_t j = 1; j <= lb; j++) {
            int best = d[i - 1][j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[la][lb];
}

const char *an_text_nearest(const char *word, int count, const char *(*word_at)(void *, int),
                            void *user)
{
    const char *nearest = NULL;
    size_t length = strlen(word);
    int least = (int)(length + 1) / 3 + 1;
    for (int i = 0; i < count; i++) {
        const char *candidate = word_at(user, i);
        int distance = candidate ? an_text_distance(word, candidate) : 99;
        if (distance > 1 && length >= 3 && candidate && strncmp(candidate, word, length) == 0)
            distance = 1;
        size_t longer = candidate && strlen(candidate) > length ? strlen(candidate) : length;
        if (distance < least && distance < (int)longer) { /* at least one letter is the same */
            least = distance;
            nearest = candidate;
        }
    }
    return nearest;
}
