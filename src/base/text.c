#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static bool only_blanks(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return *p == '\0';
}

bool an_text_to_double(const char *text, double *value)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char *end;
    pthread_once(&once, make_locale);
    if (!c_locale || only_blanks(text))
        return false;
    *value = strtod_l(text, &end, c_locale);
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

int an_text_choice(const char *choices, const char *word)
{
    size_t length = strlen(word);
    int index = 0;
    for (const char *p = choices;; p++, index++) {
        size_t n = strcspn(p, "|");
        if (n == length && strncmp(p, word, n) == 0)
            return index;
        p += n;
        if (*p == '\0')
            return -1;
    }
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
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
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
    int least = (int)strlen(word) / 3 + 2; /* a third of the letters and one more may differ */
    for (int i = 0; i < count; i++) {
        const char *candidate = word_at(user, i);
        int distance = candidate ? an_text_distance(word, candidate) : 99;
        if (distance < least) {
            least = distance;
            nearest = candidate;
        }
    }
    return nearest;
}
