/* The kernel of pixels_tiles.h. */
#if defined(__x86_64__)

#include "backend/cpu/kernels/dpbf16.h"
#include "backend/cpu/kernels/padded_row.h"
#include "backend/cpu/kernels/tiles.h"

enum { A_ROW = AN_TILE_DEPTH }; /* elements */

/* Rows first .. first + rows - 1 of dy, and where their tiles are in work memory. */
typedef struct band {
    int first, rows;
    uint16_t *dy;           /* [rows][runs][blocks][16 pairs][16][2] */
    uint16_t *x;            /* [C][inputs][runs][S][32] */
    uint16_t *phases, *row; /* [stride][columns]; [columns * stride] */
} band;

/* ---- Layout ---------------------------------------------------------------------------------- */

/* The tiles of a row of dy in one block of maps. Adds the row to the bias's sums. */
TILES_INLINE __m512 lay_out_dy_row(const an_pixels_tiles_run *run, const uint16_t *dy, uint16_t *to,
                                   __m512 sum)
{
    const an_pixels_tiles *p = run->shape;
    const __m512bh ones = dpbf16_ones();
    int count = p->desc->out.w;
    for (int q = 0; q < A_ROW * p->runs; q += 2) {
        uint16_t *pair = to + (int64_t)(q / A_ROW) * p->blocks * AN_TILE_B + q % A_ROW / 2 * 32;
        if (q < count) {
            const uint16_t *from = dy + q * run->pixel;
            dpbf16_pair_up(from, q + 1 < count ? from + run->pixel : NULL, pair);
            sum = _mm512_dpbf16_ps(sum, dpbf16_load(pair), ones);
        } else {
            _mm512_storeu_si512(pair, _mm512_setzero_si512());
        }
    }
    return sum;
}

TILES_INLINE void lay_out_dy(const an_pixels_tiles_run *run, const band *b, float *bias)
{
    const an_pixels_tiles *p = run->shape;
    int64_t row = (int64_t)p->runs * p->blocks * AN_TILE_B;
    for (int block = 0; block < p->blocks; block++, bias += AN_PIXELS_TILES_K) {
        __m512 sum = _mm512_loadu_ps(bias);
        for (int i = 0; i < b->rows; i++) {
            int64_t pixel = (int64_t)(b->first + i) * p->desc->out.w;
            sum = lay_out_dy_row(run, run->dy + block * run->block + pixel * run->pixel,
                                 b->dy + i * row + block * AN_TILE_B, sum);
        }
        _mm512_storeu_ps(bias, sum);
    }
}

/* phases[f][j] = row[j stride + f] */
TILES_INLINE void split(const uint16_t *row, int stride, int columns, uint16_t *phases)
{
    for (int j = 0; stride == 4 && j < columns; j += 8)
        for (int f = 0; f < 4; f++) {
            __m512i v = _mm512_srli_epi64(_mm512_loadu_si512(row + 4 * j), (unsigned)(16 * f));
            _mm_storeu_si128((__m128i *)(phases + f * columns + j), _mm512_cvtepi64_epi16(v));
        }
    for (int j = 0; stride == 2 && j < columns; j += 16)
        for (int f = 0; f < 2; f++) {
            __m512i v = _mm512_srli_epi32(_mm512_loadu_si512(row + 2 * j), (unsigned)(16 * f));
            _mm256_storeu_si256((__m256i *)(phases + f * columns + j), _mm512_cvtepi32_epi16(v));
        }
    if (stride != 4 && stride != 2)
        for (int f = 0; f < stride; f++)
            for (int j = 0; j < columns; j++)
                phases[f * columns + j] = row[j * stride + f];
}

TILES_INLINE void lay_out_x(const an_pixels_tiles_run *run, const band *b)
{
    const an_pixels_tiles *p = run->shape;
    const an_conv_desc *c = &p->desc->u.conv;
    an_chw in = p->desc->in[0];
    uint16_t *to = b->x;
    for (int map = 0; map < in.c; map++)
        for (int i = 0; i < p->inputs; i++) {
            an_padded_row(run->x + (int64_t)map * in.h * in.w, in, sizeof *run->x,
                          b->first * c->stride - c->top + i, c->left, b->row,
                          p->columns * c->stride);
            split(b->row, c->stride, p->columns, b->phases);
            for (int q = 0; q < A_ROW * p->runs; q += A_ROW)
                for (int s = 0; s < c->s; s++, to += A_ROW) {
                    const uint16_t *from = b->phases + s % c->stride * p->columns + s / c->stride;
                    _mm512_storeu_si512(to, _mm512_loadu_si512(from + q));
                }
        }
}

/* ---- Products -------------------------------------------------------------------------------- */

/* Two lines of taps at a time, by two blocks of maps. */
TILES_INLINE void multiply_band(const an_pixels_tiles_run *run, const band *b)
{
    const an_pixels_tiles *p = run->shape;
    const an_conv_desc *c = &p->desc->u.conv;
    int64_t line_of_x = (int64_t)c->s * A_ROW, sums = (int64_t)c->s * AN_PIXELS_TILES_K;
    an_tiles_sum s = {.a_row = A_ROW,
                      .outer = b->rows,
                      .inner = p->runs,
                      .a_outer = c->stride * p->runs * line_of_x,
                      .a_inner = line_of_x,
                      .b_inner = (int64_t)p->blocks * AN_TILE_B};
    for (int block = 0; block < p->blocks; block += 2)
        for (int line = 0; line < p->lines; line += 2) {
            s.two_a = line + 1 < p->lines;
            s.two_b = block + 1 < p->blocks;
            for (int i = 0; i < 2; i++) {
                int map = (line + i) / c->r, r = (line + i) % c->r;
                s.a[i] = b->x + ((int64_t)map * p->inputs + r) * p->runs * line_of_x;
                s.b[i] = b->dy + (block + i) * AN_TILE_B;
                for (int j = 0; j < 2; j++)
                    s.c[i][j] = run->sums + ((int64_t)(line + i) * p->blocks + block + j) * sums;
            }
            an_tiles_add(&s);
        }
}

TILES_INLINE void pixels_tiles_image(const an_pixels_tiles_run *run)
{
    const an_pixels_tiles *p = run->shape;
    const an_conv_desc *c = &p->desc->u.conv;
    const an_tile_config config = an_tile_config_of(c->s);
    float *bias = run->sums + (int64_t)p->lines * p->blocks * c->s * AN_PIXELS_TILES_K;
    band b = {.dy = run->work};
    b.x = b.dy + an_pixels_tiles_of_dy(p);
    b.phases = b.x + an_pixels_tiles_of_x(p);
    b.row = b.phases + (int64_t)p->columns * c->stride;
    AN_TILES_BEGIN(&config);
    for (b.first = 0; b.first < p->desc->out.h; b.first += AN_PIXELS_TILES_ROWS) {
        int left = p->desc->out.h - b.first;
        b.rows = left < AN_PIXELS_TILES_ROWS ? left : AN_PIXELS_TILES_ROWS;
        lay_out_dy(run, &b, bias);
        lay_out_x(run, &b);
        multiply_band(run, &b);
    }
    AN_TILES_END();
}

AN_KERNEL_TILES_INSTANCE(pixels_tiles, an_pixels_tiles_run, pixels_tiles_image)

#endif
