/*
 * Max and average pooling (op/pool.h): forward, a thread computes one pixel of the output,
 * backward, one of the input, in 8 channels or one. Plain memory is treated as images of one
 * channel.
 *
 * Forward records the place of each maximum in its window, of equal ones the first. A NaN exceeds
 * every number, so that it reaches the loss. Its place is not specified; with a ReLU it has none,
 * as the gradient passes a ReLU only above zero.
 */
#include "backend/cuda/kernels/pool_plan.h"

/* ---- Maximum --------------------------------------------------------------------------------- */

/*
 * Instead of rows and columns outside the image, the nearest ones inside are read. Comparing those
 * again changes nothing, but there are no branches, and all loads of a window can start at once.
 * `size` is the window's if it is a constant of the kernel, else 0.
 */
AN_BODY void pool_max_forward(const pool_plan *plan, an_thread t, int lanes, bool bf16, int size)
{
    const an_cuda_pool_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items_out)
        return;
    bool bytes = size || run->size <= POOL_BYTE_SIDE;
    int side = size ? size : run->size;
    pool_spot s = pool_spot_of(plan, item, plan->out_h, plan->out_w, lanes);
    int top = s.row * run->stride - run->pad, left = s.column * run->stride - run->pad;
    float x[8], best[8];
    int place[8];
    int first_row = pool_clamp(top, plan->h), first_column = pool_clamp(left, plan->w);
    an_load_run(run->x, pool_in_at(plan, &s, first_row, first_column), lanes, bf16, best);
    AN_UNROLL
    for (int l = 0; l < lanes; l++) {
        place[l] = (first_row - top) * side + first_column - left;
        if (run->relu && !(best[l] > 0 || best[l] != best[l])) {
            best[l] = 0;
            place[l] = pool_nowhere(bytes);
        }
    }
    AN_UNROLL
    for (int i = 0; i < side; i++) {
        int row = pool_clamp(top + i, plan->h);
        AN_UNROLL
        for (int j = 0; j < side; j++) {
            int column = pool_clamp(left + j, plan->w);
            int here = (row - top) * side + column - left;
            an_load_run(run->x, pool_in_at(plan, &s, row, column), lanes, bf16, x);
            AN_UNROLL
            for (int l = 0; l < lanes; l++) {
                bool larger = x[l] > best[l] || x[l] != x[l];
                best[l] = larger ? x[l] : best[l];
                place[l] = larger ? here : place[l];
            }
        }
    }
    AN_UNROLL
    for (int l = 0; l < lanes; l++)
        if (run->relu && best[l] != best[l])
            place[l] = pool_nowhere(bytes);
    int64_t at = pool_out_at(plan, &s, s.row, s.column);
    an_store_run(run->y, at, lanes, bf16, best);
    if (run->places)
        pool_store_places(run->places, at, lanes, bytes, place);
}

/* The windows that contain a row are among p - overlap + 1 .. p, with p = (row + pad) / stride:
 * those that exist and reach it. */
AN_BODY void pool_max_backward(const pool_plan *plan, an_thread t, int lanes, bool bf16)
{
    const an_cuda_pool_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items_in)
        return;
    bool bytes = run->size <= POOL_BYTE_SIDE;
    pool_spot s = pool_spot_of(plan, item, plan->in_h, plan->in_w, lanes);
    int p_end = (int)an_divide((uint32_t)(s.row + run->pad), plan->stride) + 1;
    int q_end = (int)an_divide((uint32_t)(s.column + run->pad), plan->stride) + 1;
    float dx[8], dy[8];
    int place[8];
    for (int l = 0; l < lanes; l++)
        dx[l] = 0;
    for (int p = p_end > plan->overlap ? p_end - plan->overlap : 0; p < p_end; p++)
        for (int q = q_end > plan->overlap ? q_end - plan->overlap : 0; q < q_end; q++) {
            int row = s.row + run->pad - p * run->stride;
            int column = s.column + run->pad - q * run->stride;
            if (p >= run->out_h || q >= run->out_w || row >= run->size || column >= run->size)
                continue;
            int64_t at = pool_out_at(plan, &s, p, q);
            an_load_run(run->dy, at, lanes, bf16, dy);
            pool_load_places(run->places, at, lanes, bytes, true, place);
            for (int l = 0; l < lanes; l++)
                dx[l] += place[l] == row * run->size + column ? dy[l] : 0;
        }
    an_store_run(run->dx, pool_in_at(plan, &s, s.row, s.column), lanes, bf16, dx);
}

/*
 * Windows of 3 with a stride of 2, as in AlexNet: a thread computes a square of two rows and two
 * columns of the input. In each direction one window contains both of them, and the one before only
 * the first. Window p begins at row 2p - pad, so rows 2a - pad and 2a + 1 - pad are rows 0 and 1 of
 * window a, and the former is row 2 of window a - 1. All places are constants.
 */
AN_BODY void pool_square_window(const pool_plan *plan, const pool_spot *s, int up, int left,
                                int lanes, bool bf16, float dx[4][8])
{
    pool_window w = pool_window_of(plan, s, up, left);
    float dy[8];
    int place[8];
    an_load_run(plan->run.dy, w.at, lanes, bf16, dy);
    pool_load_places(plan->run.places, w.at, lanes, true, w.there, place);
    AN_UNROLL
    for (int i = 0; i < 2 - up; i++)
        AN_UNROLL
    for (int j = 0; j < 2 - left; j++)
        AN_UNROLL
    for (int l = 0; l < lanes; l++)
        dx[2 * i + j][l] += place[l] == (i + 2 * up) * 3 + j + 2 * left ? dy[l] : 0;
}

AN_BODY void pool_max_backward_square(const pool_plan *plan, an_thread t, int lanes, bool bf16)
{
    const an_cuda_pool_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items_square)
        return;
    pool_spot s = pool_spot_of(plan, item, plan->square_h, plan->square_w, lanes);
    float dx[4][8];
    for (int i = 0; i < 4; i++)
        for (int l = 0; l < lanes; l++)
            dx[i][l] = 0;
    AN_UNROLL
    for (int window = 3; window >= 0; window--)
        pool_square_window(plan, &s, window / 2, window % 2, lanes, bf16, dx);
    AN_UNROLL
    for (int i = 0; i < 4; i++) {
        int row = 2 * s.row + i / 2 - run->pad, column = 2 * s.column + i % 2 - run->pad;
        if (row >= 0 && row < plan->h && column >= 0 && column < plan->w)
            an_store_run(run->dx, pool_in_at(plan, &s, row, column), lanes, bf16, dx[i]);
    }
}

/* ---- Average --------------------------------------------------------------------------------- */

/* The number of pixels of a window in one direction; *first is the first of them. */
AN_BODY int pool_reach(int from, int size, int end, int *first)
{
    int last = from + size < end ? from + size : end;
    *first = from > 0 ? from : 0;
    return last - *first;
}

AN_BODY void pool_avg_forward(const pool_plan *plan, an_thread t, int lanes, bool bf16)
{
    const an_cuda_pool_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items_out)
        return;
    pool_spot s = pool_spot_of(plan, item, plan->out_h, plan->out_w, lanes);
    int top, left;
    int rows = pool_reach(s.row * run->stride - run->pad, run->size, plan->h, &top);
    int columns = pool_reach(s.column * run->stride - run->pad, run->size, plan->w, &left);
    float x[8], sum[8];
    for (int l = 0; l < lanes; l++)
        sum[l] = 0;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            an_load_run(run->x, pool_in_at(plan, &s, top + i, left + j), lanes, bf16, x);
            for (int l = 0; l < lanes; l++)
                sum[l] += x[l];
        }
    for (int l = 0; l < lanes; l++)
        sum[l] /= (float)(rows * columns);
    an_store_run(run->y, pool_out_at(plan, &s, s.row, s.column), lanes, bf16, sum);
}

AN_BODY void pool_avg_backward(const pool_plan *plan, an_thread t, int lanes, bool bf16)
{
    const an_cuda_pool_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items_in)
        return;
    pool_spot s = pool_spot_of(plan, item, plan->in_h, plan->in_w, lanes);
    int p_end = (int)an_divide((uint32_t)(s.row + run->pad), plan->stride) + 1;
    int q_end = (int)an_divide((uint32_t)(s.column + run->pad), plan->stride) + 1;
    float dx[8], dy[8];
    for (int l = 0; l < lanes; l++)
        dx[l] = 0;
    for (int p = p_end > plan->overlap ? p_end - plan->overlap : 0; p < p_end; p++)
        for (int q = q_end > plan->overlap ? q_end - plan->overlap : 0; q < q_end; q++) {
            int top, left, from = p * run->stride - run->pad, at = q * run->stride - run->pad;
            if (p >= run->out_h || q >= run->out_w || s.row >= from + run->size ||
                s.column >= at + run->size)
                continue;
            int rows = pool_reach(from, run->size, plan->h, &top);
            int columns = pool_reach(at, run->size, plan->w, &left);
            an_load_run(run->dy, pool_out_at(plan, &s, p, q), lanes, bf16, dy);
            for (int l = 0; l < lanes; l++)
                dx[l] += dy[l] / (float)(rows * columns);
        }
    an_store_run(run->dx, pool_in_at(plan, &s, s.row, s.column), lanes, bf16, dx);
}

/* ---- Kernels --------------------------------------------------------------------------------- */

#define POOL_KERNELS(name, lanes, bf16)                                                            \
    AN_KERNEL(pool_max_forward_##name, pool_plan, pool_max_forward(run, t, lanes, bf16, 0))        \
    AN_KERNEL(pool_max_backward_##name, pool_plan, pool_max_backward(run, t, lanes, bf16))         \
    AN_KERNEL(pool_avg_forward_##name, pool_plan, pool_avg_forward(run, t, lanes, bf16))           \
    AN_KERNEL(pool_avg_backward_##name, pool_plan, pool_avg_backward(run, t, lanes, bf16))

POOL_KERNELS(eights, 8, false)
POOL_KERNELS(eights_bf16, 8, true)
POOL_KERNELS(single, 1, false)
POOL_KERNELS(single_bf16, 1, true)

/* Windows of 3, except of eight channels in bf16. */
#define POOL_KERNELS_OF_3(name, lanes, bf16)                                                       \
    AN_KERNEL(pool_max_forward_3_##name, pool_plan, pool_max_forward(run, t, lanes, bf16, 3))      \
    AN_KERNEL(pool_square_##name, pool_plan, pool_max_backward_square(run, t, lanes, bf16))

POOL_KERNELS_OF_3(eights, 8, false)
POOL_KERNELS_OF_3(single, 1, false)
POOL_KERNELS_OF_3(single_bf16, 1, true)

#define POOL_START(kernel) AN_LAUNCH(kernel, pool_plan, &plan, blocks, stream)
#define POOL_LAUNCH_OF_3(family)                                                                   \
    (lanes == 8     ? POOL_START(family##_eights)                                                  \
     : run->in.bf16 ? POOL_START(family##_single_bf16)                                             \
                    : POOL_START(family##_single))
#define POOL_LAUNCH(family)                                                                        \
    (lanes == 8 && run->in.bf16 ? POOL_START(family##_eights_bf16) : POOL_LAUNCH_OF_3(family))

size_t an_cuda_pool_places(const an_cuda_pool_run *run)
{
    size_t outputs =
        (size_t)run->in.n * (size_t)run->in.c * (size_t)run->out_h * (size_t)run->out_w;
    return outputs * (run->size <= POOL_BYTE_SIDE ? sizeof(uint8_t) : sizeof(int32_t));
}

bool an_cuda_pool_takes_parts(const an_cuda_pool_run *run, int parts)
{
    return run->in.nhwc && run->in.c / parts % pool_lanes_of(run) == 0;
}

int an_cuda_pool_forward(const an_cuda_pool_run *run, an_cuda_stream *stream)
{
    pool_plan plan = pool_plan_of(run);
    int64_t blocks = an_blocks_for(plan.items_out);
    int lanes = pool_lanes_of(run);
    if (!run->max)
        return POOL_LAUNCH(pool_avg_forward);
    if (run->size != 3)
        return POOL_LAUNCH(pool_max_forward);
    if (lanes == 8 && run->in.bf16)
        return an_cuda_pool_pairs_forward(&plan, stream);
    return POOL_LAUNCH_OF_3(pool_max_forward_3);
}

int an_cuda_pool_backward(const an_cuda_pool_run *run, an_cuda_stream *stream)
{
    pool_plan plan = pool_plan_of(run);
    int64_t blocks = an_blocks_for(plan.items_in);
    int lanes = pool_lanes_of(run);
    if (!run->max)
        return POOL_LAUNCH(pool_avg_backward);
    if (run->size != 3 || run->stride != 2)
        return POOL_LAUNCH(pool_max_backward);
    if (lanes == 8 && run->in.bf16)
        return an_cuda_pool_pairs_backward(&plan, stream);
    blocks = an_blocks_for(plan.items_square);
    return POOL_LAUNCH_OF_3(pool_square);
}
