/*
 * Read numbers from the bytes of picture files, in either byte order. Bytes beyond the end are 0.
 */
#ifndef AN_DATA_PICTURE_BYTES_H
#define AN_DATA_PICTURE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a file; borrowed. */
typedef struct an_bytes {
    const uint8_t *at;
    size_t length;
} an_bytes;

/** A part of the bytes, cut off at their end; empty if it begins beyond it. */
static inline an_bytes an_bytes_part(an_bytes all, size_t first, size_t length)
{
    if (first >= all.length)
        return (an_bytes){all.at, 0};
    const size_t left = all.length - first;
    return (an_bytes){all.at + first, length < left ? length : left};
}

static inline uint32_t an_bytes_big(an_bytes all, size_t first, int count)
{
    const an_bytes part = an_bytes_part(all, first, (size_t)count);
    uint32_t value = 0;
    for (size_t i = 0; i < (size_t)count; i++)
        value = value << 8 | (i < part.length ? part.at[i] : 0);
    return value;
}

static inline uint32_t an_bytes_little(an_bytes all, size_t first, int count)
{
    const an_bytes part = an_bytes_part(all, first, (size_t)count);
    uint32_t value = 0;
    for (size_t i = part.length; i-- > 0;)
        value = value << 8 | part.at[i];
    return value;
}

#endif
