/*
 * Copies of channels between places, orders and element types (kernels.h).
 *
 * If both sides are N H W C, or neither is, a batch is a number of rows, and a stretch of each row
 * is copied. Otherwise every image is a matrix to transpose, in tiles of 32 x 32 in shared memory.
 */
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/values.h"

enum { TILE = 32, TILE_ROWS = AN_THREADS / TILE };

AN_BODY void copy_store(const an_cuda_copy_run *run, int64_t i, float value)
{
    if (run->accumulate)
        value += an_load(run->to.data, i, run->to.bf16);
    an_store(run->to.data, i, run->to.bf16, value);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

typedef struct copy_rows_plan {
    an_cuda_copy_run run;
    uint32_t items; /* threads with work */
    /* In lanes, so that the compiler sees that addresses are multiples of 16 bytes: it would split
     * other stores into four. */
    int64_t from_stride, from_first; /* from row to row; start of the stretch */
    int64_t to_stride, to_first;
    int64_t count;   /* of the stretch */
    an_divisor vecs; /* threads of a row, including the padding */
} copy_rows_plan;

AN_BODY void copy_rows(const copy_rows_plan *plan, an_thread t, int lanes)
{
    uint32_t row = (uint32_t)AN_NUMBER(t);
    float v[8], old[8];
    if (row >= plan->items)
        return;
    int64_t i = an_split(&row, plan->vecs);
    int64_t to = lanes * (row * plan->to_stride + plan->to_first + i);
    for (int l = 0; l < lanes; l++)
        v[l] = 0;
    if (i < plan->count)
        an_load_run(plan->run.from.data, lanes * (row * plan->from_stride + plan->from_first + i),
                    lanes, plan->run.from.bf16, v);
    if (plan->run.accumulate) {
        an_load_run(plan->run.to.data, to, lanes, plan->run.to.bf16, old);
        for (int l = 0; l < lanes; l++)
            v[l] += old[l];
    }
    an_store_run(plan->run.to.data, to, lanes, plan->run.to.bf16, v);
}

AN_KERNEL(copy_rows_eights, copy_rows_plan, copy_rows(run, t, 8))
AN_KERNEL(copy_rows_single, copy_rows_plan, copy_rows(run, t, 1))

/* In N H W C a pixel is a row, whose channels are adjacent. In plain memory an image is a row,
 * whose planes are adjacent. With one pixel both are the same. */
static int launch_rows(const an_cuda_copy_run *run, an_cuda_stream *stream)
{
    int64_t pixels = (int64_t)run->h * run->w, rows = run->n, plane = pixels, padded;
    copy_rows_plan plan;
    if (run->to.nhwc) {
        rows *= pixels;
        plane = 1;
    }
    plan.run = *run;
    plan.from_stride = run->from.channels * plane;
    plan.from_first = run->from.first * plane;
    plan.to_stride = run->to.channels * plane;
    plan.to_first = run->to.first * plane;
    plan.count = run->c * plane;
    padded = run->pad_zeros ? plan.to_stride - plan.to_first : plan.count;
    int64_t all = plan.from_stride | plan.from_first | plan.to_stride | plan.to_first | plan.count;
    int lanes = all % 8 == 0 ? 8 : 1;
    plan.from_stride /= lanes;
    plan.from_first /= lanes;
    plan.to_stride /= lanes;
    plan.to_first /= lanes;
    plan.count /= lanes;
    plan.vecs = an_divisor_of(padded / lanes);
    plan.items = (uint32_t)(rows * plan.vecs.by);
    if (lanes == 8)
        return AN_LAUNCH(copy_rows_eights, copy_rows_plan, &plan, an_blocks_for(plan.items),
                         stream);
    return AN_LAUNCH(copy_rows_single, copy_rows_plan, &plan, an_blocks_for(plan.items), stream);
}

/* ---- Tiles ----------------------------------------------------------------------------------- */

typedef struct copy_tiles_plan {
    an_cuda_copy_run run;
    int channels, pixels;     /* to write; channels include the padding */
    int channel_tiles, tiles; /* of an image */
} copy_tiles_plan;

typedef struct copy_shared {
    float tile[TILE][TILE + 1]; /* [pixel][channel]; an extra column against bank conflicts */
} copy_shared;

typedef struct copy_own {
    int image, channel, pixel; /* of the tile's corner */
} copy_own;

/* The index of an element of an image in a part. */
AN_BODY int64_t copy_at(const copy_tiles_plan *plan, const an_cuda_part *part, int64_t image,
                        int channel, int pixel)
{
    if (part->nhwc)
        return (image * plan->pixels + pixel) * part->channels + part->first + channel;
    return (image * part->channels + part->first + channel) * plan->pixels + pixel;
}

/* Neighbouring threads read neighbouring elements, as they write them below. */
AN_BODY void copy_read_tile(const copy_tiles_plan *plan, an_thread t, copy_shared *shared,
                            copy_own *own)
{
    int tile = t.block % plan->tiles, across = t.index % TILE;
    own->image = t.block / plan->tiles;
    own->channel = tile % plan->channel_tiles * TILE;
    own->pixel = tile / plan->channel_tiles * TILE;
    for (int down = t.index / TILE; down < TILE; down += TILE_ROWS) {
        int c = plan->run.from.nhwc ? across : down, p = plan->run.from.nhwc ? down : across;
        int channel = own->channel + c, pixel = own->pixel + p;
        if (channel < plan->run.c && pixel < plan->pixels)
            shared->tile[p][c] = an_load(plan->run.from.data,
                                         copy_at(plan, &plan->run.from, own->image, channel, pixel),
                                         plan->run.from.bf16);
        else
            shared->tile[p][c] = 0;
    }
}

AN_BODY void copy_write_tile(const copy_tiles_plan *plan, an_thread t, copy_shared *shared,
                             copy_own *own)
{
    int across = t.index % TILE;
    for (int down = t.index / TILE; down < TILE; down += TILE_ROWS) {
        int c = plan->run.to.nhwc ? across : down, p = plan->run.to.nhwc ? down : across;
        int channel = own->channel + c, pixel = own->pixel + p;
        if (channel < plan->channels && pixel < plan->pixels)
            copy_store(&plan->run, copy_at(plan, &plan->run.to, own->image, channel, pixel),
                       shared->tile[p][c]);
    }
}

AN_PHASES(copy_tiles, copy_tiles_plan, copy_shared, copy_own, copy_read_tile, copy_write_tile)

static int launch_tiles(const an_cuda_copy_run *run, an_cuda_stream *stream)
{
    copy_tiles_plan plan;
    plan.run = *run;
    plan.pixels = run->h * run->w;
    plan.channels = run->pad_zeros ? run->to.channels - run->to.first : run->c;
    plan.channel_tiles = (plan.channels + TILE - 1) / TILE;
    plan.tiles = plan.channel_tiles * ((plan.pixels + TILE - 1) / TILE);
    return AN_LAUNCH(copy_tiles, copy_tiles_plan, &plan, (int64_t)run->n * plan.tiles, stream);
}

int an_cuda_copy(const an_cuda_copy_run *run, an_cuda_stream *stream)
{
    bool one_pixel = (int64_t)run->h * run->w == 1;
    return run->from.nhwc == run->to.nhwc || one_pixel ? launch_rows(run, stream)
                                                       : launch_tiles(run, stream);
}
