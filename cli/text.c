#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *text_count(char out[TEXT_SIZE], int64_t value)
{
    char digits[TEXT_SIZE];
    int length = snprintf(digits, sizeof digits, "%" PRId64, value);
    int first = digits[0] == '-';
    size_t n = 0;
    for (int i = 0; i < length; i++) {
        if (i > first && (length - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = digits[i];
    }
    out[n] = '\0';
    return out;
}

const char *text_bytes(char out[TEXT_SIZE], double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    int places = unit == 0 || bytes >= 100 ? 0 : bytes >= 10 ? 1 : 2;
    snprintf(out, TEXT_SIZE, "%.*f %s", places, bytes, units[unit]);
    return out;
}

const char *text_duration(char out[TEXT_SIZE], double seconds)
{
    int64_t s = seconds < 1e15 ? (int64_t)ceil(seconds) : (int64_t)1e15;
    const int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
    if (s < 100)
        snprintf(out, TEXT_SIZE, "%" PRId64 " s", s);
    else if (s < 100 * minute)
        snprintf(out, TEXT_SIZE, "%" PRId64 " min", (s + minute / 2) / minute);
    else if (s < 2 * day)
        snprintf(out, TEXT_SIZE, "%" PRId64 " h %02" PRId64 " min", s / hour, s / minute % 60);
    else
        snprintf(out, TEXT_SIZE, "%" PRId64 " d %" PRId64 " h", s / day, s / hour % 24);
    return out;
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

bool text_starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static int least(int a, int b, int c)
{
    int ab = a < b ? a : b;
    return ab < c ? ab : c;
}

int text_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    int rows[3][LONGEST + 1];
    size_t m = strlen(a), n = strlen(b);
    if (m > LONGEST || n > LONGEST)
        return LONGEST;
    int *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= n; j++)
        last[j] = (int)j;
    for (size_t i = 1; i <= m; i++) {
        now[0] = (int)i;
        for (size_t j = 1; j <= n; j++) {
            now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        int *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[n];
}

void text_nearest_try(text_nearest *nearest, const char *candidate)
{
    int distance = text_distance(nearest->word, candidate);
    bool extends = strlen(nearest->word) >= 3 && text_starts_with(candidate, nearest->word);
    if (extends)
        distance = 1;
    if (distance > 1 + (int)strlen(candidate) / 3 || distance >= (int)strlen(candidate))
        return;
    if (nearest->best && distance >= nearest->distance)
        return;
    nearest->best = candidate;
    nearest->distance = distance;
}
