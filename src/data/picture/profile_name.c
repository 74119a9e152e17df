/* Identifies a profile by its tags (ICC.1:2022, 7 and 9; ICC.1:2001-04, 6.5.17). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/picture/bytes.h"
#include "data/picture/profile.h"

enum { HEADER = 128, TAG = 12, TAGS_MAX = 256 };

#define CODE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static an_bytes bytes_of(const an_profile *profile)
{
    return (an_bytes){profile->bytes, profile->length};
}

static bool is_profile(an_bytes all)
{
    return all.length > HEADER + 4 && an_bytes_big(all, 36, 4) == CODE('a', 'c', 's', 'p');
}

static an_bytes tag_of(an_bytes all, uint32_t wanted)
{
    uint32_t count = an_bytes_big(all, HEADER, 4);
    for (uint32_t i = 0; i < count && i < TAGS_MAX; i++) {
        const size_t at = HEADER + 4 + (size_t)i * TAG;
        if (an_bytes_big(all, at, 4) == wanted)
            return an_bytes_part(all, an_bytes_big(all, at + 4, 4), an_bytes_big(all, at + 8, 4));
    }
    return (an_bytes){all.at, 0};
}

/* ---- Its name ---- */

/* Append a character as UTF-8 if it is printable and fits. @return false at the end of the text or
 * of the room */
static bool put(char name[AN_PROFILE_NAME], size_t *length, uint32_t c)
{
    if (c == 0 || *length + 4 > AN_PROFILE_NAME)
        return false;
    if (c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0xD800 && c < 0xE000))
        return true; /* skip control characters and halves of a surrogate pair */
    if (c < 0x80) {
        name[(*length)++] = (char)c;
    } else if (c < 0x800) {
        name[(*length)++] = (char)(0xC0 | c >> 6);
        name[(*length)++] = (char)(0x80 | (c & 0x3F));
    } else {
        name[(*length)++] = (char)(0xE0 | c >> 12);
        name[(*length)++] = (char)(0x80 | (c >> 6 & 0x3F));
        name[(*length)++] = (char)(0x80 | (c & 0x3F));
    }
    return true;
}

/* The bytes of the name, and how many each character takes: ASCII, or UTF-16, possibly in several
 * languages, of which the first is used. */
static an_bytes name_bytes(an_bytes description, int *each)
{
    *each = 1;
    if (an_bytes_big(description, 0, 4) == CODE('d', 'e', 's', 'c'))
        return an_bytes_part(description, 12, an_bytes_big(description, 8, 4));
    if (an_bytes_big(description, 0, 4) != CODE('m', 'l', 'u', 'c') ||
        an_bytes_big(description, 8, 4) == 0)
        return an_bytes_part(description, 0, 0);
    *each = 2;
    return an_bytes_part(description, an_bytes_big(description, 24, 4),
                         an_bytes_big(description, 20, 4));
}

bool an_profile_name(char name[AN_PROFILE_NAME], const an_profile *profile)
{
    const an_bytes all = bytes_of(profile);
    size_t length = 0;
    int each;
    *name = '\0';
    if (!is_profile(all))
        return false;
    const an_bytes text = name_bytes(tag_of(all, CODE('d', 'e', 's', 'c')), &each);
    for (size_t i = 0; i + (size_t)each <= text.length; i += (size_t)each)
        if (!put(name, &length, an_bytes_big(text, i, each)))
            break;
    while (length > 0 && name[length - 1] == ' ')
        length--;
    name[length] = '\0';
    if (length == 0)
        snprintf(name, AN_PROFILE_NAME, "without a name");
    return true;
}

/* ---- sRGB ---- */

static double fixed(an_bytes all, size_t at)
{
    return (double)(int32_t)an_bytes_big(all, at, 4) / 65536;
}

/* Whether the three primaries are those of sRGB, adapted to D50 as profiles have them. */
static bool has_srgb_primaries(an_bytes all)
{
    static const struct {
        uint32_t tag;
        double xyz[3];
    } primaries[] = {{CODE('r', 'X', 'Y', 'Z'), {0.4361, 0.2225, 0.0139}},
                     {CODE('g', 'X', 'Y', 'Z'), {0.3851, 0.7169, 0.0971}},
                     {CODE('b', 'X', 'Y', 'Z'), {0.1431, 0.0606, 0.7141}}};
    for (int i = 0; i < 3; i++) {
        const an_bytes tag = tag_of(all, primaries[i].tag);
        for (size_t k = 0; k < 3; k++)
            if (tag.length < 20 || fabs(fixed(tag, 8 + 4 * k) - primaries[i].xyz[k]) > 0.005)
                return false;
    }
    return true;
}

/* A tone curve's value at 0.5; < 0 if the curve is of an unknown kind. */
static double curve_at_half(an_bytes curve)
{
    if (an_bytes_big(curve, 0, 4) == CODE('c', 'u', 'r', 'v')) {
        const uint32_t count = an_bytes_big(curve, 8, 4);
        if (count == 0)
            return 0.5;
        if (count == 1)
            return pow(0.5, an_bytes_big(curve, 12, 2) / 256.0);
        return an_bytes_big(curve, 12 + (size_t)count / 2 * 2, 2) / 65535.0;
    }
    if (an_bytes_big(curve, 0, 4) != CODE('p', 'a', 'r', 'a'))
        return -1;
    const double gamma = fixed(curve, 12);
    if (an_bytes_big(curve, 8, 2) == 0)
        return pow(0.5, gamma);
    return pow(fmax(0, fixed(curve, 16) * 0.5 + fixed(curve, 20)), gamma); /* types 1 to 4 */
}

bool an_profile_is_srgb(const an_profile *profile)
{
    const an_bytes all = bytes_of(profile);
    char name[AN_PROFILE_NAME];
    if (!an_profile_name(name, profile))
        return false;
    if (strncmp(name, "sRGB", 4) == 0)
        return true;
    const double half = curve_at_half(tag_of(all, CODE('g', 'T', 'R', 'C')));
    return has_srgb_primaries(all) && fabs(half - 0.2140) < 0.02; /* IEC 61966-2-1 */
}
