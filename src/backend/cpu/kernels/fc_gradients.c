/* Gradients of weights (fc_products.h). */
#include "backend/cpu/kernels/fc_products.h"

#if defined(__x86_64__)

#include "backend/cpu/kernels/dpbf16.h"

enum { LANES = AN_FC_VECTOR };

DPBF16_TARGET void an_fc_panel(const uint16_t *matrix, int images, int64_t columns, int64_t panel,
                               uint16_t *to)
{
    const uint16_t *from = matrix + panel * AN_FC_PANEL;
    for (int n = 0; n < images; n += 2, from += 2 * columns)
        for (int c = 0; c < AN_FC_PANEL; c += LANES, to += 2 * LANES)
            dpbf16_pair_up(from + c, n + 1 < images ? from + columns + c : NULL, to);
}

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

DPBF16_TARGET void an_fc_gradients(const uint16_t *strip, const uint16_t *panels, int images,
                                   int rows, int64_t columns, float *dweights)
{
    bool aligned = (uintptr_t)dweights % 64 == 0;
    int64_t panel = (int64_t)((images + 1) / 2) * AN_FC_PANEL * 2;
    for (int64_t c = 0; c < columns; c += AN_FC_PANEL, panels += panel) {
        __m512 acc[2][AN_FC_STRIP];
        add_images(strip, panels, images, acc);
#pragma GCC unroll 14
        for (int j = 0; j < AN_FC_STRIP; j++) {
            float *to = dweights + j * columns + c;
            if (j >= rows)
                break;
            if (aligned) { /* they are read again when everything else has been written: by the
                              update */
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

#else /* an_fc_has_kernels() says that these are not called */

void an_fc_panel(const uint16_t *matrix, int images, int64_t columns, int64_t panel, uint16_t *to)
{
    (void)matrix, (void)images, (void)columns, (void)panel, (void)to;
}

void an_fc_strip(const uint16_t *matrix, int images, int64_t columns, int64_t strip, uint16_t *to)
{
    (void)matrix, (void)images, (void)columns, (void)strip, (void)to;
}

void an_fc_gradients(const uint16_t *strip, const uint16_t *panels, int images, int rows,
                     int64_t columns, float *dweights)
{
    (void)strip, (void)panels, (void)images, (void)rows, (void)columns, (void)dweights;
}

#endif
