#include "data/picture/codec.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* TIFF 6.0, section 2. Every offset comes from the file and is checked before use. */
typedef struct tiff {
    const uint8_t *bytes;
    size_t length;
    bool big_endian;
} tiff;

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, TYPE_LONG = 4, ENTRY_BYTES = 12 };
enum { PROFILE_MAX = 4096 };

static uint32_t get16(const tiff *t, size_t at)
{
    const uint8_t *p = t->bytes + at;
    return t->big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const tiff *t, size_t at)
{
    uint32_t first = get16(t, at), second = get16(t, at + 2);
    return t->big_endian ? first << 16 | second : second << 16 | first;
}

static int orientation_of_entry(const tiff *t, size_t at)
{
    uint32_t type = get16(t, at + 2), count = get32(t, at + 4), value = 0;
    if (count == 1 && type == TYPE_SHORT)
        value = get16(t, at + 8);
    else if (count == 1 && type == TYPE_LONG)
        value = get32(t, at + 8);
    return value >= 1 && value <= 8 ? (int)value : 1;
}

int an_exif_orientation(const uint8_t *data, size_t length)
{
    static const char prefix[6] = "Exif\0"; /* some programs prepend one to an existing one */
    while (length >= sizeof prefix && memcmp(data, prefix, sizeof prefix) == 0) {
        data += sizeof prefix;
        length -= sizeof prefix;
    }
    if (length < 8)
        return 0;
    tiff t = {data, length, data[0] == 'M'};
    if (memcmp(data, t.big_endian ? "MM" : "II", 2) != 0 || get16(&t, 2) != 42)
        return 0;
    size_t ifd = get32(&t, 4);
    if (ifd > length - 2)
        return 0;
    size_t entries = get16(&t, ifd);
    for (size_t i = 0; i < entries; i++) {
        size_t at = ifd + 2 + i * ENTRY_BYTES;
        if (at > length || length - at < ENTRY_BYTES)
            return 0;
        if (get16(&t, at) == TAG_ORIENTATION)
            return orientation_of_entry(&t, at);
    }
    return 0;
}

int an_xmp_orientation(const uint8_t *text, size_t length)
{
    static const char name[] = "tiff:Orientation";
    const size_t size = sizeof name - 1;
    const uint8_t *end = text + length;
    while ((text = memmem(text, (size_t)(end - text), name, size))) {
        text += size;
        size_t quote = end - text > 1 && text[0] == '=' && text[1] == '"' ? 2 : 1;
        bool value = quote == 2 || (end > text && text[0] == '>');
        if (value && (size_t)(end - text) > quote && text[quote] >= '0' && text[quote] <= '9') {
            int found = text[quote] - '0';
            return found >= 1 && found <= 8 ? found : 1;
        }
    }
    return 0;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int an_exif_text_orientation(const char *text)
{
    /* IFD 0 comes first; what does not fit into PROFILE_MAX is a thumbnail. */
    uint8_t bytes[PROFILE_MAX];
    size_t digits = 0;
    int skipped = 0;
    if (sscanf(text, " %*[a-zA-Z] %*d%n", &skipped) < 0 || skipped == 0)
        return 0;
    for (const char *p = text + skipped; *p && digits / 2 < PROFILE_MAX; p++) {
        int digit = digit_of(*p);
        if (digit < 0 && *p != '\n')
            return 0;
        if (digit < 0)
            continue;
        bytes[digits / 2] = (uint8_t)(digits % 2 ? bytes[digits / 2] | digit : digit << 4);
        digits++;
    }
    return an_exif_orientation(bytes, digits / 2);
}
