/*
 * Corrects the checksums of a PNG file's chunks. Otherwise a fuzzer that changes a chunk would
 * never get past its checksum.
 */
#ifndef FUZZ_PNG_SUMS_H
#define FUZZ_PNG_SUMS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

static inline uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* A copy of the bytes, to be freed; NULL if memory is short. */
static inline uint8_t *with_right_sums(const uint8_t *bytes, size_t length)
{
    enum { SIGNATURE = 8, FRAME = 12 }; /* of a chunk: length, kind, sum */
    uint8_t *copy = malloc(length ? length : 1);
    if (!copy)
        return NULL;
    if (length)
        memcpy(copy, bytes, length);
    for (size_t at = SIGNATURE; length > at && length - at >= FRAME;) {
        const size_t data = big_endian(copy + at);
        if (data > length - at - FRAME)
            break;
        const uint32_t sum = (uint32_t)crc32(0, copy + at + 4, (uInt)(data + 4));
        uint8_t *to = copy + at + 8 + data;
        for (int i = 0; i < 4; i++)
            to[i] = (uint8_t)(sum >> (24 - 8 * i));
        at += data + FRAME;
    }
    return copy;
}

#endif
