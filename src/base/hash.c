#include "base/hash.h"

#include <string.h>

#include "base/byte_order.h"

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
    an_put_little(bytes, (uint64_t)number, sizeof bytes);
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

/* ---- SipHash ---- */

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
    for (int i = 0; i < count; i++) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

an_hash128 an_hash_content(uint64_t start, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    const size_t whole = length & ~(size_t)7;
    an_hash128 out;
    uint64_t v[4] = {0x736f6d6570736575u ^ start, 0x646f72616e646f6du ^ 0xee,
                     0x6c7967656e657261u ^ start, 0x7465646279746573u};
    for (size_t i = 0; i < whole; i += 8)
        absorb(v, an_little(p + i, 8));
    absorb(v, (uint64_t)length << 56 | an_little(p + whole, (int)(length - whole)));
    v[2] ^= 0xee;
    rounds(v, 4);
    out.word[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xdd;
    rounds(v, 4);
    out.word[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
    return out;
}
