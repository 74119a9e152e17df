#include "base/crc32c.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

/* The processor's own instruction takes eight bytes, but the next must wait for its result: three
 * strands at once are three times as fast, about as fast as memory. Their checksums are joined as
 * those of parts of a whole: a checksum times x^n, modulo the polynomial, is that of its strand
 * with n more bits, all zero. A factor is x^(n - 33) with its bits reversed: the instruction
 * multiplies by the rest. */
#define TARGET __attribute__((target("sse4.2,pclmul")))
enum { WORD = 8, STRAND = 256 };
static const int64_t past_one = 0xb9e02b86, past_two = 0xdd7e3b0c; /* strands */

TARGET static uint64_t take_word(uint64_t crc, const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return _mm_crc32_u64(crc, word);
}

TARGET static uint64_t shift(uint64_t crc, int64_t factor)
{
    const __m128i product =
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc), _mm_cvtsi64_si128(factor), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* @return how many bytes it took */
TARGET static size_t take_words(uint32_t *crc, const unsigned char *at, size_t length)
{
    uint64_t a = *crc, b, c;
    size_t done = 0;
    for (; length - done >= 3 * STRAND; done += 3 * STRAND) {
        b = c = 0;
        for (const unsigned char *p = at + done; p < at + done + STRAND; p += WORD) {
            a = take_word(a, p);
            b = take_word(b, p + STRAND);
            c = take_word(c, p + 2 * STRAND);
        }
        a = shift(a, past_two) ^ shift(b, past_one) ^ c;
    }
    for (; length - done >= WORD; done += WORD)
        a = take_word(a, at + done);
    *crc = (uint32_t)a;
    return done;
}
#endif

/* Without these instructions: eight bytes at once. Row k has the remainders of a byte
 * that k bytes of zero follow. */
enum { ROWS = 8 };
static uint32_t remainders[ROWS][256];
static pthread_once_t have_remainders = PTHREAD_ONCE_INIT;

static void make_remainders(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82F63B78 & (0 - (crc & 1)));
        remainders[0][byte] = crc;
    }
    for (int row = 1; row < ROWS; row++)
        for (int byte = 0; byte < 256; byte++) {
            const uint32_t before = remainders[row - 1][byte];
            remainders[row][byte] = before >> 8 ^ remainders[0][before & 0xFF];
        }
}

static uint32_t take_eight(uint32_t crc, const unsigned char *at)
{
    uint32_t word[2];
    memcpy(word, at, sizeof word);
    const uint32_t first = word[0] ^ crc, second = word[1];
    return remainders[7][first & 0xFF] ^ remainders[6][first >> 8 & 0xFF] ^
           remainders[5][first >> 16 & 0xFF] ^ remainders[4][first >> 24] ^
           remainders[3][second & 0xFF] ^ remainders[2][second >> 8 & 0xFF] ^
           remainders[1][second >> 16 & 0xFF] ^ remainders[0][second >> 24];
}

uint32_t an_crc32c_portable(uint32_t sum, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint32_t crc = ~sum;
    pthread_once(&have_remainders, make_remainders);
    for (; length >= ROWS; length -= ROWS, at += ROWS)
        crc = take_eight(crc, at);
    for (; length > 0; length--, at++)
        crc = crc >> 8 ^ remainders[0][(crc ^ *at) & 0xFF];
    return ~crc;
}

uint32_t an_crc32c(uint32_t sum, const void *bytes, size_t length)
{
    size_t done = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
        uint32_t crc = ~sum;
        done = take_words(&crc, bytes, length);
        sum = ~crc;
    }
#endif
    return an_crc32c_portable(sum, (const unsigned char *)bytes + done, length - done);
}
