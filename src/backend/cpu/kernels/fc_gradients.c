/* Gradients of weights (fc_products.h). */
#include "backend/cpu/kernels/fc_products.h"

void an_fc_strip(const uint16_t *matrix, int images, int64_t columns, int64_t strip, uint16_t *to)
{
    const uint16_t *from = matrix + strip * AN_FC_STRIP;
    int64_t left = columns - strip * AN_FC_STRIP;
    for (int n = 0; n < images; n += 2, from += 2 * columns)
        for (int c = 0; c < AN_FC_STRIP; c++, to += 2) {
            to[0] = c < left ? from[c] : 0;
            to[1] = c < left && n + 1 < images ? from[columns + c] : 0;
        }
}

#if defined(__x86_64__)

#include "backend/cpu/kernels/dpbf16.h"

enum { LANES = AN_FC_VECTOR };

DPBF16_INLINE void lay_out_panel(const an_fc_layout_run *run)
{
    const uint16_t *from = run->from;
    uint16_t *to = run->to;
    for (int n = 0; n < run->rows; n += 2, from += 2 * run->row_step)
        for (int c = 0; c < AN_FC_PANEL; c += LANES, to += 2 * LANES)
            dpbf16_pair_up(from + c, n + 1 < run->rows ? from + run->row_step + c : NULL, to);
}

AN_KERNEL_PAIRS_INSTANCE(fc_panel, an_fc_layout_run, lay_out_panel)

/* A strip times a panel. */
DPBF16_INLINE void add_images(const uint16_t *strip, const uint16_t *panel, int images,
                              __m512 acc[2][AN_FC_STRIP])
{
#pragma GCC unroll 14
    for (int j = 0; j < AN_FC_STRIP; j++)
        acc[0][j] = acc[1][j] = _mm512_setzero_ps();
    for (int n = 0; n < images; n += 2, strip += 2 * AN_FC_STRIP, panel += 2 * AN_FC_PANEL)
        dpbf16_add(dpbf16_load(panel), dpbf16_load(panel + 2 * LANES), strip, 2, AN_FC_STRIP,
                   acc[0], acc[1]);
}

DPBF16_INLINE void gradients(const an_fc_gradients_run *run)
{
    bool aligned = (uintptr_t)run->dweights % 64 == 0;
    int64_t panel = (int64_t)((run->images + 1) / 2) * AN_FC_PANEL * 2;
    const uint16_t *panels = run->panels;
    for (int64_t c = 0; c < run->columns; c += AN_FC_PANEL, panels += panel) {
        __m512 acc[2][AN_FC_STRIP];
        add_images(run->strip, panels, run->images, acc);
#pragma GCC unroll 14
        for (int j = 0; j < AN_FC_STRIP; j++) {
            float *to = run->dweights + j * run->columns + c;
            if (j >= run->rows)
                break;
            if (aligned) { /* the update reads them only after everything else has been written */
                _mm512_stream_ps(to, acc[0][j]);
                _mm512_stream_ps(to + LANES, acc[1][j]);
            } else {
                _mm512_storeu_ps(to, acc[0][j]);
                _mm512_storeu_ps(to + LANES, acc[1][j]);
            }
        }
    }
    _mm_sfence();
}

AN_KERNEL_PAIRS_INSTANCE(fc_gradients, an_fc_gradients_run, gradients)

#endif
