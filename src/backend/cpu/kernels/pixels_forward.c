/* Forward of pixels.h on AVX-512 BF16. */
#if defined(__x86_64__)

#include "backend/cpu/kernels/pixels_bf16.h"

enum { PIXELS = 14 }; /* 28 accumulators, 2 vectors of weights and a pair of pixels: 31 registers */

/* What a row of the output sees: lines of the input and, for every two lines, their last columns,
 * interleaved: every second element of each line. (Filters have an odd number of columns, and the
 * stride is even.) */
typedef struct lines {
    const uint16_t *first; /* of the first map; further rows and maps follow, p->row apart */
    uint16_t *last_columns;
} lines;

DPBF16_INLINE void lay_out_band(const an_pixels *p, const uint16_t *x, int first, int inputs,
                                uint16_t *work)
{
    const an_conv_desc *c = &p->desc->u.conv;
    for (int map = 0; map < p->desc->in[0].c; map++)
        for (int row = 0; row < inputs; row++)
            copy_row(p, x, map, first * c->stride - c->top + row,
                     work + (map * p->inputs + row) * p->row, p->row);
}

DPBF16_INLINE const uint16_t *line_at(const an_pixels *p, const lines *l, int i)
{
    int r = p->desc->u.conv.r;
    return l->first + (i / r * p->inputs + i % r) * p->row;
}

DPBF16_INLINE void lay_out_last_columns(const an_pixels *p, const lines *l, const uint16_t *zeros)
{
    int last = p->desc->u.conv.s - 1;
    for (int i = 0; i < p->lines; i += 2) {
        const uint16_t *a = line_at(p, l, i) + last;
        const uint16_t *b = (i + 1 < p->lines ? line_at(p, l, i + 1) : zeros) + last;
        uint16_t *to = l->last_columns + i / 2 * p->row;
        for (int j = 0; j < p->row; j += 2 * LANES) {
            __m512i even = _mm512_loadu_si512(a + j);
            __m512i odd = _mm512_slli_epi32(_mm512_loadu_si512(b + j), 16);
            _mm512_storeu_si512(to + j, _mm512_mask_blend_epi16(0xaaaaaaaau, even, odd));
        }
    }
}

/* acc += weights times pairs at `line`, one pair for each pixel; returns the next weights. */
DPBF16_INLINE const uint16_t *step(const uint16_t *line, int stride, const uint16_t *weights,
                                   __m512 acc[AN_PIXELS_VECTORS][PIXELS])
{
    __m512bh w0 = dpbf16_load(weights), w1 = dpbf16_load(weights + 2 * LANES);
    /* The next step reads the same pixels for other outputs. Without this the compiler would keep
     * them in general registers, from which a broadcast is slower than from memory. */
    __asm__("" ::: "memory");
    dpbf16_add(w0, w1, line, stride, PIXELS, acc[0], acc[1]);
    return weights + 2 * GROUP;
}

DPBF16_INLINE void store(__m512 sum, bool relu, uint16_t *y)
{
    if (relu) /* in this way NaN stays NaN */
        sum = _mm512_mask_mov_ps(sum, _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_LT_OQ),
                                 _mm512_setzero_ps());
    __m256bh halves = _mm512_cvtneps_pbh(sum);
    memcpy(y, &halves, sizeof halves);
}

/* A row of the output of one group of maps. */
typedef struct group_row {
    const uint16_t *weights;
    const float *bias;
    bool relu;
    int vectors; /* vectors of maps of the group that the tensor has */
    uint16_t *y; /* the first pixel */
} group_row;

/* Pixels first .. first + PIXELS - 1 of the row, as far as they exist. */
DPBF16_INLINE void forward_block(const an_pixels *p, const lines *l, const group_row *g, int stride,
                                 int first)
{
    const an_conv_desc *c = &p->desc->u.conv;
    const uint16_t *weights = g->weights;
    uint16_t *y = g->y + first * LANES;
    int count = p->desc->out.w - first;
    int64_t plane = (int64_t)p->desc->out.h * p->desc->out.w * LANES;
    __m512 acc[AN_PIXELS_VECTORS][PIXELS];
    __m512 bias0 = _mm512_loadu_ps(g->bias), bias1 = _mm512_loadu_ps(g->bias + LANES);
#pragma GCC unroll 14
    for (int px = 0; px < PIXELS; px++) {
        acc[0][px] = bias0;
        acc[1][px] = bias1;
    }
    for (int px = 0; px < PIXELS && px < count; px += 2)
        for (int v = 0; v < AN_PIXELS_VECTORS && v < g->vectors; v++)
            __builtin_prefetch(y + v * plane + px * LANES, 1); /* in cache when it is written */
    const uint16_t *map = l->first + first * stride;
    for (int i = 0; i < p->desc->in[0].c; i++, map += p->inputs * p->row) {
        const uint16_t *line = map;
        for (int r = 0; r < c->r; r++, line += p->row)
            for (int s = 0; s + 1 < c->s; s += 2)
                weights = step(line + s, stride, weights, acc);
    }
    const uint16_t *line = l->last_columns + first * stride;
    for (int i = 0; i < p->lines; i += 2, line += p->row)
        weights = step(line, stride, weights, acc);
#pragma GCC unroll 14
    for (int px = 0; px < PIXELS; px++)
        if (px < count) {
            store(acc[0][px], g->relu, y + px * LANES);
            if (g->vectors > 1)
                store(acc[1][px], g->relu, y + plane + px * LANES);
        }
}

/* @param y  the row in the first vector of maps */
DPBF16_INLINE void forward_row(const an_pixels *p, const lines *l, const void *packed, bool relu,
                               int stride, uint16_t *y)
{
    an_chw out = p->desc->out;
    int blocks = (out.c + LANES - 1) / LANES;
    const float *bias = packed;
    const uint16_t *weights = (const uint16_t *)(bias + p->groups * GROUP);
    for (int i = 0; i < p->groups; i++) {
        int vector = i * AN_PIXELS_VECTORS;
        group_row g = {weights + (int64_t)i * p->pairs * GROUP * 2, bias + i * GROUP, relu,
                       blocks - vector, y + (int64_t)vector * out.h * out.w * LANES};
        for (int first = 0; first < out.w; first += PIXELS)
            forward_block(p, l, &g, stride, first);
    }
}

DPBF16_INLINE void forward_band(const an_pixels_run *run)
{
    const an_pixels *p = run->shape;
    const an_conv_desc *c = &p->desc->u.conv;
    int rows = rows_of_band(p, run->first);
    uint16_t *zeros = run->work + p->desc->in[0].c * p->inputs * p->row;
    memset(zeros, 0, sizeof *zeros * (size_t)p->row);
    lay_out_band(p, run->x, run->first, (rows - 1) * c->stride + c->r, run->work);
    for (int row = 0; row < rows; row++) {
        lines l = {run->work + row * c->stride * p->row, zeros + p->row};
        uint16_t *to = run->y + (int64_t)(run->first + row) * p->desc->out.w * LANES;
        lay_out_last_columns(p, &l, zeros);
        if (c->stride == 4)
            forward_row(p, &l, run->packed, run->relu, 4, to);
        else
            forward_row(p, &l, run->packed, run->relu, 2, to);
    }
}

AN_KERNEL_PAIRS_INSTANCE(pixels_forward, an_pixels_run, forward_band)

#endif
