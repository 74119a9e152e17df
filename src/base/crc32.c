#include "base/crc32.h"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

/* A checksum is a remainder of polynomials, so 16 bytes may be replaced by any others with the same
 * remainder (Gopal and others, Fast CRC Computation Using PCLMULQDQ Instruction, Intel 2009): 16
 * bytes that n bits follow are, within the n bits, their first half times x^(n+32) plus their
 * second half times x^(n-32). The factors are modulo the polynomial, with their bits reversed. */
#define TARGET __attribute__((target("pclmul")))
enum { BLOCK = 16, BLOCKS = 4 };

/* @param factors  their upper half is that of the second half */
TARGET static __m128i fold(__m128i block, __m128i factors, __m128i next)
{
    const __m128i first = _mm_clmulepi64_si128(block, factors, 0x00);
    const __m128i second = _mm_clmulepi64_si128(block, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

TARGET static __m128i load(const unsigned char *at, size_t block)
{
    return _mm_loadu_si128((const __m128i *)(at + block * BLOCK));
}

/* Replace a multiple of BLOCKS * BLOCK bytes by one block; four blocks at a time, because each
 * product takes some cycles. */
TARGET static void take_blocks(unsigned char rest[BLOCK], uint32_t sum, const unsigned char *at,
                               size_t length)
{
    const __m128i by_four = _mm_set_epi64x(0x1c6e41596, 0x154442bd4); /* n = 512 */
    const __m128i by_one = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);  /* n = 128 */
    const unsigned char *end = at + length;
    __m128i a = _mm_xor_si128(load(at, 0), _mm_cvtsi32_si128((int)~sum));
    __m128i b = load(at, 1), c = load(at, 2), d = load(at, 3);
    for (at += BLOCKS * BLOCK; at < end; at += BLOCKS * BLOCK) {
        a = fold(a, by_four, load(at, 0));
        b = fold(b, by_four, load(at, 1));
        c = fold(c, by_four, load(at, 2));
        d = fold(d, by_four, load(at, 3));
    }
    a = fold(fold(fold(a, by_one, b), by_one, c), by_one, d);
    _mm_storeu_si128((__m128i *)rest, a);
}

/* @return how many bytes it took */
static size_t take_most(uint32_t *sum, const unsigned char *at, size_t length)
{
    const size_t blocks = length - length % (BLOCKS * BLOCK);
    unsigned char rest[BLOCK];
    if (!blocks || !__builtin_cpu_supports("pclmul"))
        return 0;
    take_blocks(rest, *sum, at, blocks);
    *sum = (uint32_t)crc32_z(UINT32_MAX, rest, BLOCK); /* from 0: zlib inverts its sums */
    return blocks;
}
#endif

uint32_t an_crc32(uint32_t sum, const void *bytes, size_t length)
{
    size_t done = 0;
#if defined(__x86_64__)
    done = take_most(&sum, bytes, length);
#endif
    if (done == length) /* zlib starts over if it is given NULL */
        return sum;
    return (uint32_t)crc32_z(sum, (const unsigned char *)bytes + done, length - done);
}
