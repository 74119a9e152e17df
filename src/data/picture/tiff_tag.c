#include "data/picture/tiff_tag.h"

#include <string.h>

/* Where numbers are in the file, and how wide. */
typedef struct layout {
    bool little;
    int offset, entries;            /* bytes of an offset and of a count; of a directory's size */
    size_t directory, entry, value; /* where its offset is; bytes of an entry; where its value is */
} layout;

static bool begins(an_bytes file, const char signature[4])
{
    return file.length >= 4 && memcmp(file.at, signature, 4) == 0;
}

static layout layout_of(an_bytes file)
{
    const bool little = begins(file, "II*\0") || begins(file, "II+\0");
    return begins(file, "II+\0") || begins(file, "MM\0+") ? (layout){little, 8, 8, 8, 20, 12}
                                                          : (layout){little, 4, 2, 4, 12, 8};
}

bool an_tiff_is(an_bytes file)
{
    return begins(file, "II*\0") || begins(file, "MM\0*") || begins(file, "II+\0") ||
           begins(file, "MM\0+");
}

static uint64_t number(an_bytes file, const layout *l, size_t at, int width)
{
    uint32_t (*read)(an_bytes, size_t, int) = l->little ? an_bytes_little : an_bytes_big;
    if (width <= 4)
        return read(file, at, width);
    const uint64_t first = read(file, at, 4), second = read(file, at + 4, 4);
    return l->little ? second << 32 | first : first << 32 | second;
}

bool an_tiff_find(an_tiff_tag *out, an_bytes file, unsigned tag)
{
    const layout l = layout_of(file);
    const uint64_t directory = number(file, &l, l.directory, l.offset);
    if (!an_tiff_is(file) || directory > file.length)
        return false;
    const size_t first = (size_t)directory + (size_t)l.entries;
    const uint64_t claimed = number(file, &l, (size_t)directory, l.entries);
    const uint64_t most = file.length / l.entry, entries = claimed < most ? claimed : most;
    for (uint64_t i = 0; i < entries; i++) {
        const size_t at = first + (size_t)i * l.entry;
        if (number(file, &l, at, 2) != tag)
            continue;
        *out = (an_tiff_tag){.count = number(file, &l, at + 4, l.offset),
                             .number = (uint32_t)number(file, &l, at + l.value, 2),
                             .offset = number(file, &l, at + l.value, l.offset)};
        return true;
    }
    return false;
}
