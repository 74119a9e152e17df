#include "data/picture/resize_kernels.h"

#include <string.h>

enum { HALF = 1 << (AN_WEIGHT_BITS - 1) };

static uint8_t round_sum(int32_t sum)
{
    int32_t value = sum >> AN_WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* ---- In plain C ---- */

static void resize_pixel(uint8_t *dst, const uint8_t *src, const an_taps *t, int x)
{
    const uint8_t *from = src + 3 * (size_t)t->first[x];
    const int32_t *weight = t->weight + (size_t)x * t->stride;
    int32_t r = HALF, g = r, b = r;
    for (int j = 0; j < t->count[x]; j++, from += 3) {
        r += weight[j] * from[0];
        g += weight[j] * from[1];
        b += weight[j] * from[2];
    }
    dst[0] = round_sum(r);
    dst[1] = round_sum(g);
    dst[2] = round_sum(b);
}

void an_resize_row_plain(uint8_t *dst, const uint8_t *src, const an_taps *t)
{
    for (int x = 0; x < t->outputs; x++)
        resize_pixel(dst + 3 * (size_t)x, src, t, x);
}

/* A row is computed in pieces whose sums stay in registers or the first-level cache. */
void an_blend_rows_plain(uint8_t *dst, const uint8_t *src, size_t row, size_t length,
                         const an_taps *t, int y)
{
    enum { PIECE = 256 };
    const int32_t *weight = t->weight + (size_t)y * t->stride;
    int32_t sums[PIECE];
    for (size_t begin = 0; begin < length; begin += PIECE) {
        const size_t n = length - begin < PIECE ? length - begin : PIECE;
        for (size_t i = 0; i < n; i++)
            sums[i] = HALF;
        for (int j = 0; j < t->count[y]; j++) {
            const uint8_t *from = src + (size_t)j * row + begin;
            for (size_t i = 0; i < n; i++)
                sums[i] += weight[j] * from[i];
        }
        for (size_t i = 0; i < n; i++)
            dst[begin + i] = round_sum(sums[i]);
    }
}

#ifdef __x86_64__

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* ---- With AVX2: two taps per multiplication, each weight in two parts of 16 bits ---- */

/* Sum the taps of an output pixel, four at a time. The lower half of a register has R R G G B B of
 * the first two input pixels, the upper half those of the other two; the halves are added at the
 * end. */
AVX2 static __m128i sum_pixel(const uint8_t *from, const int16_t *high, const int16_t *low,
                              int count)
{
    const __m256i spread =
        _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1, 7,
                         -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    const __m256i pairs = _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6,
                                           7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
    __m256i upper = _mm256_setzero_si256(), lower = upper;
    for (int j = 0; j < count; j += 4) {
        const __m256i pixels = _mm256_shuffle_epi8(
            _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(from + 3 * j))), spread);
        const __m256i h = _mm256_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)(high + j)));
        const __m256i l = _mm256_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)(low + j)));
        upper = _mm256_add_epi32(upper, _mm256_madd_epi16(pixels, _mm256_shuffle_epi8(h, pairs)));
        lower = _mm256_add_epi32(lower, _mm256_madd_epi16(pixels, _mm256_shuffle_epi8(l, pairs)));
    }
    const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(upper, AN_WEIGHT_LOW_BITS), lower);
    return _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

AVX2 static void resize_row(uint8_t *dst, const uint8_t *src, size_t length, const an_taps *t)
{
    for (int x = 0; x < t->outputs; x++, dst += 3) {
        const size_t at = 3 * (size_t)t->first[x], weights = (size_t)x * (size_t)t->stride;
        /* Four taps are read as 16 bytes, the last four of which are ignored. */
        if (at + 3 * (size_t)((t->count[x] + 3) & ~3) + 4 > length) {
            resize_pixel(dst, src, t, x);
            continue;
        }
        __m128i sum = sum_pixel(src + at, t->high + weights, t->low + weights, t->count[x]);
        sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(HALF)), AN_WEIGHT_BITS);
        sum = _mm_packus_epi16(_mm_packs_epi32(sum, sum), sum);
        const int pixel = _mm_cvtsi128_si32(sum);
        memcpy(dst, &pixel, 3);
    }
}

/* The weights of two rows, for all columns. */
AVX2 static __m256i pair_of(const int16_t *part)
{
    int both;
    memcpy(&both, part, sizeof both);
    return _mm256_set1_epi32(both);
}

/* 32 columns of one output row. @param step  from one input row to the next */
AVX2 static void blend_32(uint8_t *dst, const uint8_t *from, size_t step, const int16_t *high,
                          const int16_t *low, int count)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i upper[4] = {zero, zero, zero, zero}, lower[4] = {zero, zero, zero, zero};
    for (int j = 0; j < count; j += 2, from += 2 * step) {
        const __m256i a = _mm256_loadu_si256((const __m256i *)from);
        /* If the count is odd, the weight after the last is 0 and its row may not exist. */
        const __m256i b = j + 1 < count ? _mm256_loadu_si256((const __m256i *)(from + step)) : zero;
        const __m256i left = _mm256_unpacklo_epi8(a, b), right = _mm256_unpackhi_epi8(a, b);
        const __m256i pixels[4] = {
            _mm256_unpacklo_epi8(left, zero), _mm256_unpackhi_epi8(left, zero),
            _mm256_unpacklo_epi8(right, zero), _mm256_unpackhi_epi8(right, zero)};
        const __m256i h = pair_of(high + j), l = pair_of(low + j);
        for (int i = 0; i < 4; i++) {
            upper[i] = _mm256_add_epi32(upper[i], _mm256_madd_epi16(pixels[i], h));
            lower[i] = _mm256_add_epi32(lower[i], _mm256_madd_epi16(pixels[i], l));
        }
    }
    for (int i = 0; i < 4; i++) {
        const __m256i sum =
            _mm256_add_epi32(_mm256_slli_epi32(upper[i], AN_WEIGHT_LOW_BITS), lower[i]);
        upper[i] =
            _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(HALF)), AN_WEIGHT_BITS);
    }
    const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(upper[0], upper[1]),
                                              _mm256_packs_epi32(upper[2], upper[3]));
    _mm256_storeu_si256((__m256i *)dst, bytes);
}

AVX2 static void blend_rows(uint8_t *dst, const uint8_t *src, size_t row, size_t length,
                            const an_taps *t, int y)
{
    enum { COLUMNS = 32 };
    const size_t weights = (size_t)y * (size_t)t->stride;
    for (size_t i = 0; i < length; i += COLUMNS) {
        const size_t at = i + COLUMNS <= length ? i : length - COLUMNS; /* the last ones overlap */
        blend_32(dst + at, src + at, row, t->high + weights, t->low + weights, t->count[y]);
    }
}

void an_resize_row(uint8_t *dst, const uint8_t *src, size_t length, const an_taps *t)
{
    if (__builtin_cpu_supports("avx2"))
        resize_row(dst, src, length, t);
    else
        an_resize_row_plain(dst, src, t);
}

void an_blend_rows(uint8_t *dst, const uint8_t *src, size_t row, size_t length, const an_taps *t,
                   int y)
{
    if (length >= 32 && __builtin_cpu_supports("avx2"))
        blend_rows(dst, src, row, length, t, y);
    else
        an_blend_rows_plain(dst, src, row, length, t, y);
}

#else

void an_resize_row(uint8_t *dst, const uint8_t *src, size_t length, const an_taps *t)
{
    (void)length;
    an_resize_row_plain(dst, src, t);
}

void an_blend_rows(uint8_t *dst, const uint8_t *src, size_t row, size_t length, const an_taps *t,
                   int y)
{
    an_blend_rows_plain(dst, src, row, length, t, y);
}

#endif
