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

bool text_starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

const char *text_plural(int64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}
