/*
 * Dropout (op/dropout.h). Masks are drawn in N C H W order, four at a time. A thread computes 8
 * elements adjacent in memory, whose masks take two draws in N C H W and up to eight in N H W C. If
 * one tensor is N H W C and the other N C H W, tiles of 32 channels by 32 pixels are transposed in
 * shared memory, and four pixels of a channel share a draw.
 */
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/values.h"

typedef struct dropout_plan {
    an_cuda_dropout_run run;
    int64_t count;               /* of elements */
    int64_t image;               /* elements of an image */
    uint64_t threshold;          /* elements with a smaller word are kept */
    an_divisor channels, pixels; /* of an image */
    bool in_order;               /* memory is in N C H W order, that of the masks */
    int channel_tiles, tiles;    /* of an image */
} dropout_plan;

/* ---- Masks ----------------------------------------------------------------------------------- */

/* Whether element number `draw` of a step is kept. */
AN_BODY bool dropout_kept(const dropout_plan *plan, uint64_t draw)
{
    const an_cuda_dropout_run *run = &plan->run;
    uint32_t words[4], word;
    an_dropout_words(*run->seed, *run->step, draw / 4, run->layer, words);
    word = draw % 4 == 0 ? words[0] : draw % 4 == 1 ? words[1] : words[2];
    return (draw % 4 == 3 ? words[3] : word) < plan->threshold;
}

/* Whether elements i .. i + 3 in N C H W order are kept. */
AN_BODY void dropout_four(const dropout_plan *plan, int64_t i, bool kept[4])
{
    const an_cuda_dropout_run *run = &plan->run;
    uint64_t draw = *run->before * (uint64_t)plan->image + (uint64_t)i;
    uint32_t words[4];
    if (draw % 4 == 0) {
        an_dropout_words(*run->seed, *run->step, draw / 4, run->layer, words);
        AN_UNROLL
        for (int l = 0; l < 4; l++)
            kept[l] = words[l] < plan->threshold;
        return;
    }
    for (int l = 0; l < 4; l++)
        kept[l] = dropout_kept(plan, draw + (uint64_t)l);
}

AN_BODY float dropout_value(const dropout_plan *plan, bool kept, float x)
{
    const an_cuda_dropout_run *run = &plan->run;
    x = run->relu && x < 0 ? 0 : x; /* NaN stays NaN */
    return !run->seed ? x * run->always : kept ? x * run->kept : 0;
}

/* ---- In the order of memory ------------------------------------------------------------------ */

/* The index in N C H W order of element i in memory. */
AN_BODY int64_t dropout_place(const dropout_plan *plan, int64_t i)
{
    uint32_t rest = (uint32_t)i;
    int c = an_split(&rest, plan->channels), pixel = an_split(&rest, plan->pixels);
    return ((int64_t)rest * plan->channels.by + c) * plan->pixels.by + pixel;
}

/* Whether elements i .. i + 7 in memory are kept. */
AN_BODY void dropout_masks(const dropout_plan *plan, int64_t i, bool kept[8])
{
    uint64_t first = *plan->run.before * (uint64_t)plan->image;
    if (plan->in_order) {
        dropout_four(plan, i, kept);
        dropout_four(plan, i + 4, kept + 4);
        return;
    }
    for (int l = 0; l < 8; l++)
        kept[l] =
            i + l < plan->count && dropout_kept(plan, first + (uint64_t)dropout_place(plan, i + l));
}

AN_BODY void dropout(const dropout_plan *plan, an_thread t, bool bf16)
{
    const an_cuda_dropout_run *run = &plan->run;
    int64_t i = AN_NUMBER(t) * 8;
    float v[8], y[8];
    bool kept[8] = {false}; /* read but not used without a seed */
    if (i >= plan->count)
        return;
    an_load_up_to_8(run->x, i, plan->count, bf16, v);
    if (run->seed)
        dropout_masks(plan, i, kept);
    AN_UNROLL
    for (int l = 0; l < 8; l++)
        v[l] = dropout_value(plan, kept[l], v[l]);
    if (run->relu_y) {
        an_load_up_to_8(run->relu_y, i, plan->count, bf16, y);
        AN_UNROLL
        for (int l = 0; l < 8; l++)
            v[l] = y[l] > 0 ? v[l] : 0;
    }
    an_store_up_to_8(run->y, i, plan->count, bf16, v);
}

AN_KERNEL(dropout_f32, dropout_plan, dropout(run, t, false))
AN_KERNEL(dropout_bf16, dropout_plan, dropout(run, t, true))

/* ---- From one order to the other ------------------------------------------------------------- */

enum { TILE = 32, FOURS = TILE / 4, TILE_ROWS = AN_THREADS / TILE };

typedef struct dropout_shared {
    float tile[TILE][TILE + 1]; /* [pixel][channel]; an extra column against bank conflicts */
} dropout_shared;

/* The corner of a block's tile. */
typedef struct dropout_own {
    int image, channel, pixel;
} dropout_own;

AN_BODY dropout_own dropout_tile_of(const dropout_plan *plan, an_thread t)
{
    int tile = t.block % plan->tiles;
    dropout_own own;
    own.image = t.block / plan->tiles;
    own.channel = tile % plan->channel_tiles * TILE;
    own.pixel = tile / plan->channel_tiles * TILE;
    return own;
}

/* Copy between the tile and N H W C memory: neighbouring threads have neighbouring channels. */
AN_BODY void dropout_pixels(const dropout_plan *plan, an_thread t, dropout_shared *shared,
                            dropout_own at, bool write, bool bf16)
{
    int across = t.index % TILE, c = at.channel + across, channels = (int)plan->channels.by;
    for (int down = t.index / TILE; down < TILE; down += TILE_ROWS) {
        int pixel = at.pixel + down;
        int64_t i = ((int64_t)at.image * plan->pixels.by + pixel) * channels + c;
        if (c >= channels || pixel >= (int)plan->pixels.by)
            continue;
        if (write)
            an_store(plan->run.y, i, bf16, shared->tile[down][across]);
        else
            shared->tile[down][across] = an_load(plan->run.x, i, bf16);
    }
}

/* Copy between the tile and N C H W memory, applying the masks: a thread has four pixels of a
 * channel. */
AN_BODY void dropout_rows(const dropout_plan *plan, an_thread t, dropout_shared *shared,
                          dropout_own at, bool write, bool bf16)
{
    int row = t.index / FOURS, down = t.index % FOURS * 4, c = at.channel + row;
    int pixel = at.pixel + down, left = (int)plan->pixels.by - pixel;
    int64_t i = ((int64_t)at.image * plan->channels.by + c) * plan->pixels.by + pixel;
    bool kept[4] = {false};
    if (c >= (int)plan->channels.by || left <= 0)
        return;
    if (plan->run.seed)
        dropout_four(plan, i, kept);
    for (int l = 0; l < 4 && l < left; l++) {
        float x = write ? shared->tile[down + l][row] : an_load(plan->run.x, i + l, bf16);
        x = dropout_value(plan, kept[l], x);
        if (write)
            an_store(plan->run.y, i + l, bf16, x);
        else
            shared->tile[down + l][row] = x;
    }
}

#define DROPOUT_TILES(name, bf16)                                                                  \
    AN_BODY void dropout_read_pixels_##name(const dropout_plan *plan, an_thread t,                 \
                                            dropout_shared *shared, dropout_own *own)              \
    {                                                                                              \
        *own = dropout_tile_of(plan, t);                                                           \
        dropout_pixels(plan, t, shared, *own, false, bf16);                                        \
    }                                                                                              \
    AN_BODY void dropout_write_rows_##name(const dropout_plan *plan, an_thread t,                  \
                                           dropout_shared *shared, dropout_own *own)               \
    {                                                                                              \
        dropout_rows(plan, t, shared, *own, true, bf16);                                           \
    }                                                                                              \
    AN_BODY void dropout_read_rows_##name(const dropout_plan *plan, an_thread t,                   \
                                          dropout_shared *shared, dropout_own *own)                \
    {                                                                                              \
        *own = dropout_tile_of(plan, t);                                                           \
        dropout_rows(plan, t, shared, *own, false, bf16);                                          \
    }                                                                                              \
    AN_BODY void dropout_write_pixels_##name(const dropout_plan *plan, an_thread t,                \
                                             dropout_shared *shared, dropout_own *own)             \
    {                                                                                              \
        dropout_pixels(plan, t, shared, *own, true, bf16);                                         \
    }                                                                                              \
    AN_PHASES(dropout_to_rows_##name, dropout_plan, dropout_shared, dropout_own,                   \
              dropout_read_pixels_##name, dropout_write_rows_##name)                               \
    AN_PHASES(dropout_from_rows_##name, dropout_plan, dropout_shared, dropout_own,                 \
              dropout_read_rows_##name, dropout_write_pixels_##name)

DROPOUT_TILES(f32, false)
DROPOUT_TILES(bf16, true)

/* ---- Launches -------------------------------------------------------------------------------- */

#define DROPOUT_LAUNCH(name)                                                                       \
    (run->form.bf16 ? AN_LAUNCH(name##_bf16, dropout_plan, &plan, blocks, stream)                  \
                    : AN_LAUNCH(name##_f32, dropout_plan, &plan, blocks, stream))

int an_cuda_dropout(const an_cuda_dropout_run *run, an_cuda_stream *stream)
{
    const an_cuda_form *form = &run->form;
    int64_t pixels = (int64_t)form->h * form->w;
    dropout_plan plan;
    plan.run = *run;
    plan.image = form->c * pixels;
    plan.count = form->n * plan.image;
    plan.threshold = (uint64_t)ceil(run->keep * 0x1p32);
    plan.channels = an_divisor_of(form->c);
    plan.pixels = an_divisor_of(pixels);
    plan.in_order = !form->nhwc || pixels == 1;
    plan.channel_tiles = (form->c + TILE - 1) / TILE;
    plan.tiles = plan.channel_tiles * (int)((pixels + TILE - 1) / TILE);
    int64_t blocks = (int64_t)form->n * plan.tiles;
    if (run->turn == AN_CUDA_TO_ROWS)
        return DROPOUT_LAUNCH(dropout_to_rows);
    if (run->turn == AN_CUDA_FROM_ROWS)
        return DROPOUT_LAUNCH(dropout_from_rows);
    blocks = an_blocks_for((plan.count + 7) / 8);
    return DROPOUT_LAUNCH(dropout);
}
