#include "backend/cpu/kernels/wgrad.h"

bool an_wgrad_describe(an_wgrad *w, const an_op_desc *desc)
{
    const an_conv_desc *c = &desc->u.conv;
    int outputs = c->k / c->groups, inputs = desc->in[0].c / c->groups;
    if (outputs % AN_WGRAD_K || inputs % AN_WGRAD_C)
        return false;
    *w = (an_wgrad){desc, c->r * c->s, c->k / AN_WGRAD_K, inputs / AN_WGRAD_C};
    return true;
}

void an_wgrad_write(const an_wgrad *w, int unit, const float *sums, float *dweights)
{
    int k = unit / w->c_units, c = unit % w->c_units;
    int64_t maps = (int64_t)AN_WGRAD_C * w->taps, filter = w->c_units * maps;
    float *to = dweights + k * AN_WGRAD_K * filter + c * maps;
    for (int64_t first = 0; first < maps; first += 16) /* in blocks that stay in cache */
        for (int lane = 0; lane < AN_WGRAD_K; lane++)
            for (int64_t i = first; i < first + 16; i++)
                to[lane * filter + i] = sums[i * AN_WGRAD_K + lane];
}

#if defined(__x86_64__)

#include "backend/cpu/kernels/dpbf16.h"

enum { LANES = 16, INPUTS = 8 /* maps of the input in a block of accumulators */ };

DPBF16_INLINE void pair(const an_wgrad_pair_run *run)
{
    for (int64_t i = 0; i < run->count; i += LANES)
        dpbf16_pair_up(run->a + i, run->b ? run->b + i : NULL, run->to + 2 * i);
}

AN_KERNEL_PAIRS_INSTANCE(wgrad_pair, an_wgrad_pair_run, pair)

/* Outputs first .. end - 1 of a row or column, for which a tap is within the input. */
typedef struct range {
    int first, end;
} range;

DPBF16_INLINE range outputs_of_tap(int tap, int before, int stride, int in, int out)
{
    int low = before - tap, high = in - 1 + before - tap; /* low <= output * stride <= high */
    range r = {low > 0 ? (low + stride - 1) / stride : 0, high >= 0 ? high / stride + 1 : 0};
    if (r.end > out)
        r.end = out;
    return r;
}

/* Adds a rectangle of outputs to the sums of a tap for INPUTS maps of the input. */
DPBF16_INLINE void add_tap(const an_wgrad *w, int r, int s, const uint16_t *x, const uint16_t *dy,
                           float *sums)
{
    const an_conv_desc *c = &w->desc->u.conv;
    an_chw in = w->desc->in[0], out = w->desc->out;
    range p = outputs_of_tap(r, c->top, c->stride, in.h, out.h);
    range q = outputs_of_tap(s, c->left, c->stride, in.w, out.w);
    if (q.first >= q.end)
        return;
    int64_t map = (int64_t)w->taps * AN_WGRAD_K, plane = (int64_t)out.h * out.w * 2 * LANES;
    __m512 acc[2][INPUTS];
#pragma GCC unroll 8
    for (int i = 0; i < INPUTS; i++) {
        acc[0][i] = _mm512_loadu_ps(sums + i * map);
        acc[1][i] = _mm512_loadu_ps(sums + i * map + LANES);
    }
    for (int row = p.first; row < p.end; row++) {
        int64_t line = row * c->stride + r - c->top, column = q.first * c->stride + s - c->left;
        const uint16_t *to = dy + ((int64_t)row * out.w + q.first) * 2 * LANES;
        const uint16_t *from = x + (line * in.w + column) * 2 * LANES;
        for (int i = q.first; i < q.end; i++, to += 2 * LANES, from += 2 * LANES * c->stride) {
            __m512bh dy0 = dpbf16_load(to), dy1 = dpbf16_load(to + plane);
            dpbf16_add(dy0, dy1, from, 2, INPUTS, acc[0], acc[1]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < INPUTS; i++) {
        _mm512_storeu_ps(sums + i * map, acc[0][i]);
        _mm512_storeu_ps(sums + i * map + LANES, acc[1][i]);
    }
}

DPBF16_INLINE void add_bias(const an_wgrad *w, const uint16_t *dy, float *bias)
{
    const __m512bh ones = dpbf16_ones();
    int64_t pixels = (int64_t)w->desc->out.h * w->desc->out.w;
    for (int v = 0; v < AN_WGRAD_K / LANES; v++, bias += LANES) {
        __m512 sum = _mm512_loadu_ps(bias);
        for (int64_t i = 0; i < pixels; i++, dy += 2 * LANES)
            sum = _mm512_dpbf16_ps(sum, dpbf16_load(dy), ones);
        _mm512_storeu_ps(bias, sum);
    }
}

DPBF16_INLINE void add(const an_wgrad_run *run)
{
    const an_wgrad *w = run->shape;
    const an_conv_desc *conv = &w->desc->u.conv;
    an_chw in = w->desc->in[0], out = w->desc->out;
    int group = run->k / (w->k_units / conv->groups);
    const uint16_t *x = run->x + ((int64_t)group * w->c_units + run->c) * in.h * in.w * 2 * LANES;
    const uint16_t *dy = run->dy + (int64_t)run->k * AN_WGRAD_K * out.h * out.w * 2;
    for (int first = 0; first < AN_WGRAD_C; first += INPUTS)
        for (int tap = 0; tap < w->taps; tap++)
            add_tap(w, tap / conv->s, tap % conv->s, x + 2 * first, dy,
                    run->sums + ((int64_t)first * w->taps + tap) * AN_WGRAD_K);
    if (run->bias)
        add_bias(w, dy, run->bias);
}

AN_KERNEL_PAIRS_INSTANCE(wgrad_add, an_wgrad_run, add)

#endif
