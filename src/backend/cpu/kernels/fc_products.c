/* Sums with images in the lanes (fc_products.h). */
#include "backend/cpu/kernels/fc_products.h"

void an_fc_pair_columns(const uint16_t *matrix, int images, int64_t columns, int64_t pair,
                        uint16_t *to)
{
    bool both = 2 * pair + 1 < columns;
    const uint16_t *from = matrix + 2 * pair;
    int n = 0;
    for (; n < images; n++, from += columns, to += 2) {
        to[0] = from[0];
        to[1] = both ? from[1] : 0;
    }
    for (; n % AN_FC_VECTOR; n++, to += 2)
        to[0] = to[1] = 0;
}

#if defined(__x86_64__)

#include "backend/cpu/kernels/dpbf16.h"

enum { LANES = AN_FC_VECTOR, VECTORS = 4 /* computed together, at most */ };

/* ---- Products -------------------------------------------------------------------------------- */

DPBF16_INLINE void fetch_line(an_fc_fetch *f)
{
    if (f->rows == 0)
        return;
    __builtin_prefetch(f->row + f->line * AN_FC_LINE, 0, 3);
    if (++f->line < f->lines)
        return;
    f->line = 0;
    f->row += f->row_step;
    f->rows--;
}

/* Multiply `rows` rows by `vectors` vectors of lanes; both are constants after inlining. */
DPBF16_INLINE void multiply(const an_fc_product_run *p, int row, int rows, int lane, int vectors)
{
    /* Pairs between two prefetches: few enough to fetch all the next rows in time. */
    int steps = p->lanes > VECTORS * LANES ? 4 : 2;
    const uint16_t *weights = p->weights + row * p->row_step, *columns = p->columns + 2 * lane;
    float *sums = p->sums + row * p->lanes + lane;
    __m512 acc[AN_FC_ROWS][VECTORS];
#pragma GCC unroll 7
    for (int j = 0; j < rows; j++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            acc[j][v] =
                p->begin ? _mm512_setzero_ps() : _mm512_loadu_ps(sums + j * p->lanes + v * LANES);
    for (int i = 0; i < p->pairs; i++, weights += p->pair_step, columns += 2 * p->lanes) {
        __m512bh column[VECTORS];
        if ((i & (steps - 1)) == 0)
            fetch_line(p->fetch);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            column[v] = dpbf16_load(columns + 2 * LANES * v);
#pragma GCC unroll 7
        for (int j = 0; j < rows; j++) {
            __m512bh weight = dpbf16_broadcast(weights + j * p->row_step);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++)
                acc[j][v] = _mm512_dpbf16_ps(acc[j][v], column[v], weight);
        }
    }
#pragma GCC unroll 7
    for (int j = 0; j < rows; j++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            _mm512_storeu_ps(sums + j * p->lanes + v * LANES, acc[j][v]);
}

DPBF16_INLINE void multiply_rows(const an_fc_product_run *p, int lane, int vectors)
{
    if (p->rows == AN_FC_ROWS)
        multiply(p, 0, AN_FC_ROWS, lane, vectors);
    else
        for (int row = 0; row < p->rows; row++)
            multiply(p, row, 1, lane, vectors);
}

DPBF16_INLINE void multiply_all(const an_fc_product_run *p)
{
    int lane = 0;
    for (; lane + VECTORS * LANES <= p->lanes; lane += VECTORS * LANES)
        multiply_rows(p, lane, VECTORS);
    switch ((p->lanes - lane) / LANES) {
    case 1: multiply_rows(p, lane, 1); break;
    case 2: multiply_rows(p, lane, 2); break;
    case 3: multiply_rows(p, lane, 3); break;
    default: break;
    }
}

AN_KERNEL_PAIRS_INSTANCE(fc_multiply, an_fc_product_run, multiply_all)

/* ---- Layouts --------------------------------------------------------------------------------- */

DPBF16_INLINE __mmask16 first_lanes(int64_t count)
{
    return count >= LANES ? 0xffff : (__mmask16)((1u << count) - 1);
}

DPBF16_INLINE void write_columns(const an_fc_write_run *r)
{
    const __m512i steps =
        _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                           _mm512_set1_epi32(r->lanes));
    for (int row = 0; row < r->rows; row += LANES) {
        __mmask16 there = first_lanes(r->rows - row);
        __m512 bias = r->bias ? _mm512_maskz_loadu_ps(there, r->bias + row) : _mm512_setzero_ps();
        const float *sums = r->sums + (int64_t)row * r->lanes;
        for (int n = 0; n < r->images; n++) {
            __m512 y = _mm512_mask_i32gather_ps(bias, there, steps, sums + n, sizeof *sums);
            y = _mm512_add_ps(y, bias);
            if (r->relu)
                y = _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(y, _mm512_setzero_ps(), _CMP_LT_OQ),
                                       _mm512_setzero_ps());
            int64_t at = n * r->columns + row;
            if (r->wide)
                _mm512_mask_storeu_ps((float *)r->to + at, there, y);
            else
                _mm256_mask_storeu_epi16((uint16_t *)r->to + at, there,
                                         (__m256i)_mm512_cvtneps_pbh(y));
        }
    }
}

AN_KERNEL_PAIRS_INSTANCE(fc_write, an_fc_write_run, write_columns)

DPBF16_INLINE void pair_rows(const an_fc_layout_run *run)
{
    const uint16_t *weights = run->from;
    uint16_t *to = run->to;
    for (int row = 0; row < run->rows; row += 2, weights += 2 * run->row_step)
        for (int c = 0; c < run->columns; c += LANES, to += 2 * LANES) {
            __mmask16 there = first_lanes(run->columns - c);
            __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(there, weights + c));
            __m512i high = _mm512_setzero_si512();
            if (row + 1 < run->rows)
                high = _mm512_cvtepu16_epi32(
                    _mm256_maskz_loadu_epi16(there, weights + run->row_step + c));
            _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
        }
}

AN_KERNEL_PAIRS_INSTANCE(fc_pair_rows, an_fc_layout_run, pair_rows)

#endif
