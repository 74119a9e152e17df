/*
 * Max pooling of windows of 3x3 in bf16, eight channels in a thread, which are four pairs: forward,
 * and backward for a stride of 2, as in AlexNet.
 *
 * Two channels are computed in one instruction. One by one, as pool.cu computes them, comparing and
 * selecting would take longer than reading and writing memory. A pair of places is two halves of a
 * word, like a pair of values.
 */
#include "backend/cuda/kernels/pool_plan.h"

enum { POOL_PAIRS = 4 };

/* The larger ones of two pairs of values; NaN is the largest. */
AN_BODY uint32_t pool_max_pairs(uint32_t a, uint32_t b)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    uint32_t out;
    asm("max.NaN.bf16x2 %0, %1, %2;" : "=r"(out) : "r"(a), "r"(b));
    return out;
#else
    float x[2] = {an_low_bf16(a), an_high_bf16(a)}, y[2] = {an_low_bf16(b), an_high_bf16(b)};
    for (int i = 0; i < 2; i++)
        x[i] = y[i] > x[i] || y[i] != y[i] ? y[i] : x[i];
    return an_pack_bf16(x[0], x[1]);
#endif
}

/* 0xffff where two pairs are equal or one is NaN, else 0. */
AN_BODY uint32_t pool_equal_pairs(uint32_t a, uint32_t b)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    uint32_t out;
    asm("set.equ.u32.bf16x2 %0, %1, %2;" : "=r"(out) : "r"(a), "r"(b));
    return out;
#else
    float x[2] = {an_low_bf16(a), an_high_bf16(a)}, y[2] = {an_low_bf16(b), an_high_bf16(b)};
    return (x[0] < y[0] || x[0] > y[0] ? 0 : 0xffffu) |
           (x[1] < y[1] || x[1] > y[1] ? 0 : 0xffff0000u);
#endif
}

AN_BODY uint32_t pool_place_pair(int place)
{
    return (uint32_t)place * 0x00010001u;
}

/* Places as bf16 values from 1 to 2. Compared as they are, they would be denormals. */
AN_BODY uint32_t pool_place_value(uint32_t pair)
{
    return pair | 0x3f803f80u;
}

/* ---- Forward --------------------------------------------------------------------------------- */

/* The places of maxima: of equal elements the first, because it is compared last. */
AN_BODY uint32_t pool_find_pair(const uint32_t x[9], uint32_t largest, bool relu)
{
    uint32_t place = 0;
    AN_UNROLL
    for (int i = 8; i >= 0; i--) {
        uint32_t equal = pool_equal_pairs(x[i], largest);
        place = (equal & pool_place_pair(i)) | (~equal & place);
    }
    return relu ? place | (pool_equal_pairs(largest, 0) & pool_place_pair(POOL_NOWHERE)) : place;
}

/* Rows above the image and columns on the left of it come before the ones inside that they repeat,
 * so their places may have been found. */
AN_BODY int pool_place_inside(int place, int top, int left)
{
    int row = place / 3, column = place % 3;
    return place == POOL_NOWHERE
               ? place
               : (row < -top ? -top : row) * 3 + (column < -left ? -left : column);
}

AN_BODY void pool_store_pairs(const pool_plan *plan, int64_t at, uint32_t x[POOL_PAIRS][9],
                              const uint32_t largest[POOL_PAIRS], int top, int left)
{
    int place[2 * POOL_PAIRS];
    AN_UNROLL
    for (int k = 0; k < POOL_PAIRS; k++) {
        uint32_t pair = pool_find_pair(x[k], largest[k], plan->run.relu);
        place[2 * k] = (int)(pair & 0xff);
        place[2 * k + 1] = (int)(pair >> 16);
    }
    if (top < 0 || left < 0)
        for (int l = 0; l < 2 * POOL_PAIRS; l++)
            place[l] = pool_place_inside(place[l], top, left);
    pool_store_places(plan->run.places, at, 2 * POOL_PAIRS, true, place);
}

/* As in pool_max_forward(), pixels outside the image are the nearest ones inside. */
AN_BODY void pool_forward_pairs(const pool_plan *plan, an_thread t)
{
    const an_cuda_pool_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t), x[POOL_PAIRS][9];
    uint32_t largest[POOL_PAIRS] = {0, 0, 0, 0}, words[POOL_PAIRS];
    if (item >= plan->items_out)
        return;
    pool_spot s = pool_spot_of(plan, item, plan->out_h, plan->out_w, 2 * POOL_PAIRS);
    int top = s.row * run->stride - run->pad, left = s.column * run->stride - run->pad;
    AN_UNROLL
    for (int i = 0; i < 9; i++) {
        int row = pool_clamp(top + i / 3, plan->h), column = pool_clamp(left + i % 3, plan->w);
        an_load_words((const uint16_t *)run->x + pool_in_at(plan, &s, row, column), POOL_PAIRS,
                      words);
        AN_UNROLL
        for (int k = 0; k < POOL_PAIRS; k++) {
            x[k][i] = words[k];
            largest[k] = i == 0 && !run->relu ? words[k] : pool_max_pairs(largest[k], words[k]);
        }
    }
    int64_t at = pool_out_at(plan, &s, s.row, s.column);
    an_store_words((uint16_t *)run->y + at, POOL_PAIRS, largest);
    if (run->places)
        pool_store_pairs(plan, at, x, largest, top, left);
}

AN_KERNEL(pool_pairs_forward, pool_plan, pool_forward_pairs(run, t))

int an_cuda_pool_pairs_forward(const pool_plan *plan, an_cuda_stream *stream)
{
    return AN_LAUNCH(pool_pairs_forward, pool_plan, plan, an_blocks_for(plan->items_out), stream);
}

/* ---- Backward -------------------------------------------------------------------------------- */

/* A window, as in pool_square_window(). The last pixel of the square is in no other one. */
AN_BODY void pool_window_pairs(const pool_plan *plan, const pool_spot *s, int up, int left,
                               float dx[3][2 * POOL_PAIRS], uint32_t last[POOL_PAIRS])
{
    pool_window w = pool_window_of(plan, s, up, left);
    uint32_t dy[POOL_PAIRS], places[2];
    an_load_words((const uint16_t *)plan->run.dy + w.at, POOL_PAIRS, dy);
    an_load_words((const uint8_t *)plan->run.places + w.at, 2, places);
    AN_UNROLL
    for (int k = 0; k < POOL_PAIRS; k++) {
        uint32_t two = places[k / 2] >> 16 * (k % 2);
        uint32_t pair = pool_place_value((two & 0xff) | (two & 0xff00) << 8);
        uint32_t here = w.there ? dy[k] : 0;
        AN_UNROLL
        for (int i = 0; i < 2 - up; i++)
            AN_UNROLL
        for (int j = 0; j < 2 - left; j++) {
            int place = (i + 2 * up) * 3 + j + 2 * left;
            uint32_t value = pool_place_value(pool_place_pair(place));
            uint32_t part = here & pool_equal_pairs(pair, value);
            if (i == 1 && j == 1) {
                last[k] = part;
                continue;
            }
            dx[2 * i + j][2 * k] += an_low_bf16(part);
            dx[2 * i + j][2 * k + 1] += an_high_bf16(part);
        }
    }
}

AN_BODY void pool_backward_pairs(const pool_plan *plan, an_thread t)
{
    const an_cuda_pool_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t), words[POOL_PAIRS], last[POOL_PAIRS];
    if (item >= plan->items_square)
        return;
    pool_spot s = pool_spot_of(plan, item, plan->square_h, plan->square_w, 2 * POOL_PAIRS);
    float dx[3][2 * POOL_PAIRS];
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < 2 * POOL_PAIRS; l++)
            dx[i][l] = 0;
    AN_UNROLL
    for (int window = 3; window >= 0; window--)
        pool_window_pairs(plan, &s, window / 2, window % 2, dx, last);
    AN_UNROLL
    for (int i = 0; i < 4; i++) {
        int row = 2 * s.row + i / 2 - run->pad, column = 2 * s.column + i % 2 - run->pad;
        AN_UNROLL
        for (int k = 0; k < POOL_PAIRS; k++)
            words[k] = i == 3 ? last[k] : an_pack_bf16(dx[i % 3][2 * k], dx[i % 3][2 * k + 1]);
        if (row >= 0 && row < plan->h && column >= 0 && column < plan->w)
            an_store_words((uint16_t *)run->dx + pool_in_at(plan, &s, row, column), POOL_PAIRS,
                           words);
    }
}

AN_KERNEL(pool_pairs_backward, pool_plan, pool_backward_pairs(run, t))

int an_cuda_pool_pairs_backward(const pool_plan *plan, an_cuda_stream *stream)
{
    return AN_LAUNCH(pool_pairs_backward, pool_plan, plan, an_blocks_for(plan->items_square),
                     stream);
}
