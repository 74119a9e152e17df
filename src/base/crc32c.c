#include "base/crc32c.h"

uint32_t an_crc32c(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82F63B78 & (0 - (crc & 1)));
    }
    return ~crc;
}
