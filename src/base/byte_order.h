/*
 * Numbers as files hold them: without alignment, their lowest or their highest byte first.
 */
#ifndef AN_BASE_BYTE_ORDER_H
#define AN_BASE_BYTE_ORDER_H

#include <stdint.h>

/** The number in 0 to 8 bytes, of which the first is the lowest. */
static inline uint64_t an_little(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

/** The number in 0 to 8 bytes, of which the first is the highest. */
static inline uint64_t an_big(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static inline uint32_t an_little32(const unsigned char *bytes)
{
    return (uint32_t)an_little(bytes, 4);
}

static inline uint32_t an_big32(const unsigned char *bytes)
{
    return (uint32_t)an_big(bytes, 4);
}

/** Write the lowest bytes of a number, the lowest first. @return the byte after them */
static inline unsigned char *an_put_little(unsigned char *to, uint64_t value, int count)
{
    for (int i = 0; i < count; i++)
        *to++ = (unsigned char)(value >> 8 * i);
    return to;
}

#endif
