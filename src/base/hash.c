#include "base/hash.h"

#include <string.h>

#define FNV_PRIME 0x100000001b3u

static uint64_t fnv(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ p[i]) * FNV_PRIME;
    return hash;
}

uint64_t an_hash_text(uint64_t hash, const char *text)
{
    return fnv(hash, text, strlen(text) + 1);
}

uint64_t an_hash_number(uint64_t hash, int64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)number >> 8 * i);
    return fnv(hash, bytes, sizeof bytes);
}

uint64_t an_hash_bytes(const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    uint64_t hash = AN_HASH_START ^ length, word;
    for (size_t i = 0; i < length; i += sizeof word) {
        word = 0;
        memcpy(&word, p + i, length - i < sizeof word ? length - i : sizeof word);
        hash = (hash ^ word) * FNV_PRIME;
        hash ^= hash >> 29;
    }
    return hash ? hash : 1;
}
