/* The kernels of wgrad_tiles.h. */
#if defined(__x86_64__)

#include <string.h>

#include "backend/cpu/kernels/dpbf16.h"
#include "backend/cpu/kernels/tiles.h"

enum { MAPS = AN_WGRAD_TILES_MAPS };

/* ---- Layout of x ----------------------------------------------------------------------------- */

/* 16 rows of 16 become 16 columns. Each step puts twice as many rows side by side. */
TILES_INLINE void transpose(__m256i v[16])
{
    __m256i t[16];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) { /* t: columns 0 to 3 and 8 to 11; t + 8: the other columns */
        t[i] = _mm256_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
        t[8 + i] = _mm256_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) { /* v + 4 i: columns 2 i, 2 i + 1 and the same plus 8 */
        const __m256i *pair = t + 8 * (i / 4) + 2 * (i % 4);
        v[i / 4 * 8 + i % 4] = _mm256_unpacklo_epi32(pair[0], pair[1]);
        v[i / 4 * 8 + 4 + i % 4] = _mm256_unpackhi_epi32(pair[0], pair[1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) /* t + 4 i: column 2 i, rows 0 to 7 and 8 to 15, then 2 i + 1 */
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
            t[4 * i + half] = _mm256_unpacklo_epi64(v[4 * i + 2 * half], v[4 * i + 2 * half + 1]);
            t[4 * i + 2 + half] =
                _mm256_unpackhi_epi64(v[4 * i + 2 * half], v[4 * i + 2 * half + 1]);
        }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        v[i] = _mm256_permute2x128_si256(t[2 * i], t[2 * i + 1], 0x20);
        v[8 + i] = _mm256_permute2x128_si256(t[2 * i], t[2 * i + 1], 0x31);
    }
}

TILES_INLINE void lay_out_x_block(const an_wgrad_tiles_layout_run *run)
{
    const an_wgrad_tiles *w = run->shape;
    const an_conv_desc *c = &w->desc->u.conv;
    an_chw in = w->desc->in[0];
    memset(run->to, 0, sizeof(uint16_t) * (size_t)an_wgrad_tiles_of_x(w));
    for (int h = 0; h < in.h && h + c->top < w->desc->out.h + c->r - 1; h++)
        for (int q = 0; q < in.w; q += MAPS) {
            const uint16_t *from = run->from + ((int64_t)h * in.w + q) * run->pixel;
            uint16_t *to = run->to + (int64_t)(h + c->top) * w->pitch + c->left + q;
            int count = in.w - q < MAPS ? in.w - q : MAPS;
            __m256i v[MAPS];
            for (int i = 0; i < MAPS; i++)
                v[i] = i < count ? _mm256_loadu_si256((const __m256i *)(from + i * run->pixel))
                                 : _mm256_setzero_si256();
            transpose(v);
            for (int i = 0; i < MAPS; i++)
                _mm256_mask_storeu_epi16(to + i * w->row, (__mmask16)((1u << count) - 1), v[i]);
        }
}

AN_KERNEL_TILES_INSTANCE(wgrad_tiles_x, an_wgrad_tiles_layout_run, lay_out_x_block)

/* ---- Layout of dy ---------------------------------------------------------------------------- */

/* The position of the next pixel of dy, including the gaps between rows. */
typedef struct place {
    int p, q;
} place;

/* The pixel's maps in 32 bits each; zero between rows and after the last one. Advances `at`. */
TILES_INLINE __m512i next_pixel(const an_wgrad_tiles_layout_run *run, place *at)
{
    an_chw out = run->shape->desc->out;
    __m512i pixel = _mm512_setzero_si512();
    if (at->p < out.h && at->q < out.w) {
        const uint16_t *from = run->from + ((int64_t)at->p * out.w + at->q) * run->pixel;
        pixel = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from));
    }
    if (++at->q == run->shape->pitch)
        *at = (place){at->p + 1, 0};
    return pixel;
}

TILES_INLINE void lay_out_dy_block(const an_wgrad_tiles_layout_run *run)
{
    uint16_t *to = run->to;
    place at = {0, 0};
    for (int j = 0; j < 32 * run->shape->runs; j += 2, to += 2 * MAPS) {
        __m512i even = next_pixel(run, &at), odd = next_pixel(run, &at);
        _mm512_storeu_si512(to, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
    }
}

AN_KERNEL_TILES_INSTANCE(wgrad_tiles_dy, an_wgrad_tiles_layout_run, lay_out_dy_block)

/* ---- Products -------------------------------------------------------------------------------- */

TILES_INLINE void add_bias(const an_wgrad_tiles *w, const uint16_t *dy, float *bias)
{
    const __m512bh ones = dpbf16_ones();
    __m512 sum = _mm512_loadu_ps(bias);
    for (int i = 0; i < 16 * w->runs; i++)
        sum = _mm512_dpbf16_ps(sum, dpbf16_load(dy + i * 2 * MAPS), ones);
    _mm512_storeu_ps(bias, sum);
}

TILES_INLINE void wgrad_tiles_image(const an_wgrad_tiles_run *run)
{
    const an_wgrad_tiles *w = run->shape;
    const an_conv_desc *c = &w->desc->u.conv;
    const an_tile_config config = an_tile_config_of(MAPS);
    an_tiles_sum s = {.b = {run->dy[0], run->dy[1]},
                      .two_a = run->x[1] != NULL,
                      .two_b = run->dy[1] != NULL,
                      .a_row = w->row,
                      .outer = 1,
                      .inner = w->runs,
                      .a_inner = AN_TILE_DEPTH,
                      .b_inner = AN_TILE_B};
    float *sums = run->sums;
    AN_TILES_BEGIN(&config);
    for (int tap = 0; tap < w->taps; tap++) {
        int64_t shift = (int64_t)(tap / c->s) * w->pitch + tap % c->s;
        for (int i = 0; i < 2; i++) {
            s.a[i] = run->x[i] ? run->x[i] + shift : NULL;
            for (int j = 0; j < 2; j++, sums += MAPS * MAPS)
                s.c[i][j] = sums;
        }
        an_tiles_add(&s);
    }
    AN_TILES_END();
    for (int j = 0; j < 2; j++)
        if (run->bias[j])
            add_bias(w, run->dy[j], run->bias[j]);
}

AN_KERNEL_TILES_INSTANCE(wgrad_tiles, an_wgrad_tiles_run, wgrad_tiles_image)

#endif
