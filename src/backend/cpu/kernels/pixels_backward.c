/* Backward of pixels.h on AVX-512 BF16. */
#if defined(__x86_64__)

#include "backend/cpu/kernels/pixels_bf16.h"

/* Output rows first .. first + rows - 1, and where they are in work memory. */
typedef struct band {
    int first, rows, inputs; /* inputs: rows of a map of the input that they see */
    uint16_t *gradients;     /* [groups][rows][steps][vectors][16][2] */
    uint16_t *pixels;        /* [C][inputs][columns][2]: an element and the one a stride later */
    uint16_t *line;
    const uint16_t *y, *dy; /* of the image */
} band;

/* Two neighbours in a row of dy, 16 maps each, where y is above 0. */
DPBF16_INLINE __m512i two_gradients(const uint16_t *dy, const uint16_t *y, __mmask32 there)
{
    const __m512i side_by_side =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    if (y) { /* as whole numbers, bfloat16 above 0 is 0x0001 to 0x7f80 */
        __m512i value = _mm512_sub_epi16(_mm512_maskz_loadu_epi16(there, y), _mm512_set1_epi16(1));
        there &= _mm512_cmple_epu16_mask(value, _mm512_set1_epi16(0x7f7f));
    }
    return _mm512_permutexvar_epi16(side_by_side, _mm512_maskz_loadu_epi16(there, dy));
}

/* Lays out the gradients, and adds them to the bias's sums. */
DPBF16_INLINE void lay_out_gradients(const an_pixels *p, const band *b, const uint16_t *y,
                                     const uint16_t *dy, float *bias)
{
    an_chw out = p->desc->out;
    const __m512bh ones = dpbf16_ones();
    int blocks = (out.c + LANES - 1) / LANES;
    for (int vector = 0; vector < p->groups * AN_PIXELS_VECTORS; vector++) {
        int64_t at = ((int64_t)vector * out.h + b->first) * out.w * LANES;
        int group = vector / AN_PIXELS_VECTORS, lane = vector % AN_PIXELS_VECTORS * 2 * LANES;
        uint16_t *to = b->gradients + (int64_t)group * b->rows * p->steps * GROUP * 2 + lane;
        __m512 sum = _mm512_loadu_ps(bias + vector * LANES);
        for (int row = 0; row < b->rows; row++)
            for (int q = 0; q < out.w; q += 2, to += 2 * GROUP) {
                int64_t i = at + ((int64_t)row * out.w + q) * LANES;
                __mmask32 there = vector >= blocks ? 0 : q + 1 < out.w ? ~0u : 0xffffu;
                __m512i two = two_gradients(dy + i, y ? y + i : NULL, there);
                sum = _mm512_dpbf16_ps(sum, (__m512bh)two, ones);
                _mm512_storeu_si512(to, two);
            }
        _mm512_storeu_ps(bias + vector * LANES, sum);
    }
}

DPBF16_INLINE void lay_out_pixels(const an_pixels *p, const band *b, const uint16_t *x)
{
    const an_conv_desc *c = &p->desc->u.conv;
    uint16_t *to = b->pixels;
    for (int map = 0; map < p->desc->in[0].c; map++)
        for (int row = 0; row < b->inputs; row++) {
            copy_row(p, x, map, b->first * c->stride - c->top + row, b->line,
                     p->columns + c->stride);
            for (int i = 0; i < p->columns; i += 16, to += 32)
                dpbf16_pair_up(b->line + i, b->line + i + c->stride, to);
        }
}

/* sums of a line of taps += its pixels times the gradients of a group. */
DPBF16_INLINE void backward_line(const an_pixels *p, const band *b, const uint16_t *pixels,
                                 const uint16_t *gradients, int taps, float *sums)
{
    int stride = p->desc->u.conv.stride;
    __m512 acc[AN_PIXELS_VECTORS][11];
#pragma GCC unroll 11
    for (int s = 0; s < taps; s++) {
        acc[0][s] = _mm512_loadu_ps(sums + s * GROUP);
        acc[1][s] = _mm512_loadu_ps(sums + s * GROUP + LANES);
    }
    for (int row = 0; row < b->rows; row++, pixels += stride * p->columns * 2) {
        const uint16_t *x = pixels;
        for (int i = 0; i < p->steps; i++, gradients += 2 * GROUP, x += 4 * stride) {
            __m512bh dy0 = dpbf16_load(gradients), dy1 = dpbf16_load(gradients + 2 * LANES);
            dpbf16_add(dy0, dy1, x, 2, taps, acc[0], acc[1]);
        }
    }
#pragma GCC unroll 11
    for (int s = 0; s < taps; s++) {
        _mm512_storeu_ps(sums + s * GROUP, acc[0][s]);
        _mm512_storeu_ps(sums + s * GROUP + LANES, acc[1][s]);
    }
}

/* Prefetches part `part` of `parts` of a tensor in the next band, while this one is computed. */
DPBF16_INLINE void fetch(const an_pixels *p, const band *b, const uint16_t *tensor, int part,
                         int parts)
{
    enum { LINE = 32 }; /* elements */
    an_chw out = p->desc->out;
    int64_t first = b->first + b->rows, blocks = (out.c + LANES - 1) / LANES;
    int64_t lines = rows_of_band(p, (int)first) * out.w * (int64_t)LANES / LINE;
    for (int64_t i = blocks * lines * part / parts; i < blocks * lines * (part + 1) / parts; i++)
        __builtin_prefetch(tensor + (i / lines * out.h + first) * out.w * LANES + i % lines * LINE,
                           0, 2);
}

DPBF16_INLINE void backward_band(const an_pixels *p, const band *b, int taps, float *sums)
{
    int r = p->desc->u.conv.r, parts = p->groups * p->lines;
    for (int group = 0; group < p->groups; group++) {
        const uint16_t *gradients = b->gradients + (int64_t)group * b->rows * p->steps * GROUP * 2;
        for (int line = 0; line < p->lines; line++, sums += taps * GROUP) {
            int64_t at = (int64_t)(line / r) * b->inputs + line % r;
            fetch(p, b, b->dy, group * p->lines + line, parts);
            if (b->y)
                fetch(p, b, b->y, group * p->lines + line, parts);
            backward_line(p, b, b->pixels + at * p->columns * 2, gradients, taps, sums);
        }
    }
}

DPBF16_INLINE void backward_image(const an_pixels_run *run)
{
    const an_pixels *p = run->shape;
    const an_conv_desc *c = &p->desc->u.conv;
    int out = p->desc->out.h;
    float *bias = run->sums + (int64_t)p->groups * GROUP * p->lines * c->s;
    for (int first = 0; first < out; first += AN_PIXELS_ROWS) {
        band b = {.first = first, .y = run->y, .dy = run->dy};
        b.rows = rows_of_band(p, first);
        b.inputs = (b.rows - 1) * c->stride + c->r;
        b.gradients = run->work;
        b.pixels = run->work + (int64_t)p->groups * GROUP * b.rows * p->steps * 2;
        b.line = b.pixels + (int64_t)p->desc->in[0].c * b.inputs * p->columns * 2;
        lay_out_gradients(p, &b, run->y, run->dy, bias);
        lay_out_pixels(p, &b, run->x);
        switch (c->s) {
        case 3: backward_band(p, &b, 3, run->sums); break;
        case 5: backward_band(p, &b, 5, run->sums); break;
        case 7: backward_band(p, &b, 7, run->sums); break;
        default: backward_band(p, &b, 11, run->sums);
        }
    }
}

AN_KERNEL_PAIRS_INSTANCE(pixels_backward, an_pixels_run, backward_image)

#endif
