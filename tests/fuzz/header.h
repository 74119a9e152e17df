/* Safetensors files for fuzz targets. */
#ifndef FUZZ_HEADER_H
#define FUZZ_HEADER_H

#include <string.h>

#include "fuzz/require.h"

/** Text up to the first zero byte, and data after it, as a safetensors file: a fuzzer that adds to
 *  the header would otherwise have to find its new length. Freed by the caller. */
static inline uint8_t *with_header_length(const uint8_t *bytes, size_t length, size_t *whole)
{
    const size_t header = length ? strnlen((const char *)bytes, length) : 0;
    const size_t data = header < length ? length - header - 1 : 0;
    uint8_t *file = malloc(8 + header + data);
    require(file);
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)header >> (8 * i));
    if (header)
        memcpy(file + 8, bytes, header);
    if (data)
        memcpy(file + 8 + header, bytes + header + 1, data);
    *whole = 8 + header + data;
    return file;
}

#endif
