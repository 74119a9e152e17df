/*
 * From stored pictures to the network's input (op/augment.h): a thread computes four pixels of a
 * row in all their channels.
 */
#include "backend/cuda/kernels/blocks.h"
#include "backend/cuda/kernels/values.h"

enum { PIXELS = 4 }; /* of a thread */

typedef struct augment_plan {
    an_cuda_augment_run run;
    uint32_t items; /* threads with work */
    float scale[3];
    int64_t plane;            /* pixels of an image */
    bool whole;               /* the pixels of a row are a multiple of four */
    an_divisor columns, rows; /* fours of a row; rows */
} augment_plan;

/* m at channel c and output pixel (y, x), whose source column is px. */
AN_BODY float augment_mean(const an_cuda_augment_run *run, const an_slot *slot, int c, int y, int x,
                           int px)
{
    int side = run->desc.side, margin = (side - run->desc.crop) / 2;
    int64_t row = (int64_t)c * side;
    switch (run->desc.mean) {
    case AN_MEAN_CHANNEL: return run->mean[c];
    case AN_MEAN_IMAGE_CENTRE: return run->mean[(row + margin + y) * side + margin + x];
    case AN_MEAN_IMAGE_ALIGNED: return run->mean[(row + slot->y + y) * side + px];
    default: return 0;
    }
}

/* Channel c of a pixel; `colours` of them, which is a constant after inlining. Grey of a stored
 * pixel is a whole number. */
AN_BODY float augment_level(const an_augment_desc *desc, const float p[3], bool recoloured,
                            int colours, int c)
{
    if (colours == 3)
        return desc->channels == AN_CHANNELS_BGR ? p[2 - c] : p[c];
    if (recoloured)
        return AN_GREY_RED / 65536.0f * p[0] + AN_GREY_GREEN / 65536.0f * p[1] +
               AN_GREY_BLUE / 65536.0f * p[2];
    return (float)((AN_GREY_RED * (int)p[0] + AN_GREY_GREEN * (int)p[1] + AN_GREY_BLUE * (int)p[2] +
                    0x8000) >>
                   16);
}

AN_BODY bool augment_inside(const an_box *box, int y, int x)
{
    return y >= box->top && y < box->top + box->rows && x >= box->left &&
           x < box->left + box->columns;
}

AN_BODY void augment_recolour(const an_slot *slot, float p[3])
{
    float r = p[0], g = p[1], b = p[2];
    AN_UNROLL
    for (int i = 0; i < 3; i++) {
        const float *m = slot->matrix[i];
        float level = slot->offset[i] + m[0] * r + m[1] * g + m[2] * b;
        level = level < 0 ? 0 : level;
        p[i] = level > 255 ? 255 : level;
    }
}

/* The channels of a slot with a picture, without its partner, at an output pixel. */
AN_BODY void augment_own(const augment_plan *plan, const an_slot *slot, int y, int x, int colours,
                         float *v)
{
    const an_cuda_augment_run *run = &plan->run;
    int crop = run->desc.crop, side = run->desc.side;
    int px = slot->mirror ? slot->x + crop - 1 - x : slot->x + x;
    const uint8_t *pixel =
        run->pictures + (((int64_t)slot->picture * side + slot->y + y) * side + px) * 3;
    float p[3] = {(float)pixel[0], (float)pixel[1], (float)pixel[2]};
    if (slot->recoloured)
        augment_recolour(slot, p);
    bool erased = augment_inside(&slot->erased, y, x);
    AN_UNROLL
    for (int c = 0; c < colours; c++) {
        float level = augment_level(&run->desc, p, slot->recoloured, colours, c);
        float m = augment_mean(run, slot, c, y, x, px);
        v[c] = erased ? 0 : slot->gain * (plan->scale[c] * (level - m) + slot->colour[c]);
    }
}

/* The channels of an output pixel of a slot with a picture. */
AN_BODY void augment_pixel(const augment_plan *plan, const an_slot *slot, int y, int x, int colours,
                           float *v)
{
    augment_own(plan, slot, y, x, colours, v);
    if (!augment_inside(&slot->mixed, y, x))
        return;
    const an_slot *partner = &plan->run.slots[slot->partner];
    float other[3] = {0, 0, 0}, share = slot->share;
    if (partner->picture >= 0)
        augment_own(plan, partner, y, x, colours, other);
    AN_UNROLL
    for (int c = 0; c < colours; c++)
        v[c] = (1 - share) * v[c] + share * other[c];
}

/* Store the pixels of a thread in N H W C: all of them or, at the end of a row, the first ones. */
AN_BODY void augment_store(const augment_plan *plan, int64_t first, int count, int channels,
                           bool bf16, const float *v)
{
    void *y = plan->run.y;
    if (channels != 3) {
        for (int i = 0; i < PIXELS; i++)
            if (i < count)
                an_store_run(y, (first + i) * channels, channels, bf16, v + i * channels);
    } else if (plan->whole) {
        AN_UNROLL
        for (int i = 0; i < PIXELS * 3; i += 4)
            an_store_run(y, first * 3 + i, 4, bf16, v + i);
    } else {
        for (int i = 0; i < PIXELS * 3; i++)
            if (i < count * 3)
                an_store(y, first * 3 + i, bf16, v[i]);
    }
}

AN_BODY void augment_store_plain(const augment_plan *plan, int64_t first, int count, const float *v)
{
    AN_UNROLL
    for (int c = 0; c < 3; c++) {
        float row[PIXELS];
        for (int i = 0; i < PIXELS; i++)
            row[i] = v[i * 3 + c];
        if (plan->whole) {
            an_store_run(plan->run.y, first + c * plan->plane, PIXELS, false, row);
            continue;
        }
        for (int i = 0; i < PIXELS; i++)
            if (i < count)
                an_store(plan->run.y, first + c * plan->plane + i, false, row[i]);
    }
}

/* `channels` is that of a pixel in N H W C, else 0. Of one channel both are the same. */
AN_BODY void augment(const augment_plan *plan, an_thread t, int channels, bool bf16)
{
    const an_cuda_augment_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    int x = PIXELS * an_split(&item, plan->columns), y = an_split(&item, plan->rows);
    int crop = run->desc.crop, width = channels ? channels : 3, colours = width < 3 ? 1 : 3;
    int count = crop - x < PIXELS ? crop - x : PIXELS;
    const an_slot *slot = &run->slots[item];
    float v[PIXELS * 8];
    for (int i = 0; i < PIXELS * width; i++)
        v[i] = 0;
    AN_UNROLL
    for (int i = 0; i < PIXELS; i++)
        if (i < count && slot->picture >= 0)
            augment_pixel(plan, slot, y, x + i, colours, v + i * width);
    int64_t first = (int64_t)y * crop + x;
    if (channels)
        augment_store(plan, item * plan->plane + first, count, channels, bf16, v);
    else
        augment_store_plain(plan, item * 3 * plan->plane + first, count, v);
}

AN_KERNEL(augment_plain, augment_plan, augment(run, t, 0, false))
AN_KERNEL(augment_1, augment_plan, augment(run, t, 1, false))
AN_KERNEL(augment_1_bf16, augment_plan, augment(run, t, 1, true))
AN_KERNEL(augment_3, augment_plan, augment(run, t, 3, false))
AN_KERNEL(augment_3_bf16, augment_plan, augment(run, t, 3, true))
AN_KERNEL(augment_4, augment_plan, augment(run, t, 4, false))
AN_KERNEL(augment_4_bf16, augment_plan, augment(run, t, 4, true))
AN_KERNEL(augment_8, augment_plan, augment(run, t, 8, false))
AN_KERNEL(augment_8_bf16, augment_plan, augment(run, t, 8, true))

int an_cuda_augment(const an_cuda_augment_run *run, an_cuda_stream *stream)
{
    augment_plan plan;
    plan.run = *run;
    plan.columns = an_divisor_of((run->desc.crop + PIXELS - 1) / PIXELS);
    plan.rows = an_divisor_of(run->desc.crop);
    plan.items = (uint32_t)((int64_t)run->n * run->desc.crop * plan.columns.by);
    plan.plane = (int64_t)run->desc.crop * run->desc.crop;
    plan.whole = run->desc.crop % PIXELS == 0;
    for (int c = 0; c < 3; c++)
        plan.scale[c] = (float)run->desc.scale[c];
    int64_t blocks = an_blocks_for(plan.items);
    if (run->channels == 1)
        return run->bf16 ? AN_LAUNCH(augment_1_bf16, augment_plan, &plan, blocks, stream)
                         : AN_LAUNCH(augment_1, augment_plan, &plan, blocks, stream);
    if (!run->nhwc)
        return AN_LAUNCH(augment_plain, augment_plan, &plan, blocks, stream);
    if (run->channels == 8)
        return run->bf16 ? AN_LAUNCH(augment_8_bf16, augment_plan, &plan, blocks, stream)
                         : AN_LAUNCH(augment_8, augment_plan, &plan, blocks, stream);
    if (run->channels == 4)
        return run->bf16 ? AN_LAUNCH(augment_4_bf16, augment_plan, &plan, blocks, stream)
                         : AN_LAUNCH(augment_4, augment_plan, &plan, blocks, stream);
    return run->bf16 ? AN_LAUNCH(augment_3_bf16, augment_plan, &plan, blocks, stream)
                     : AN_LAUNCH(augment_3, augment_plan, &plan, blocks, stream);
}

/* ---- In blocks (blocks.h) ------------------------------------------------------------------- */

typedef struct augment_blocks_plan {
    augment_plan augment; /* only what augment_pixel() reads */
    an_cuda_blocks b;
    uint32_t items;                  /* threads with work */
    an_divisor columns, rows, block; /* blocks of a row; rows of pixels, padding too; of a block */
} augment_blocks_plan;

/* A pixel of the padded image. */
AN_BODY void augment_padded(const augment_blocks_plan *plan, const an_slot *slot, int y, int x,
                            int colours, float *v)
{
    int crop = plan->augment.run.desc.crop;
    for (int c = 0; c < colours; c++)
        v[c] = 0;
    if (slot->picture >= 0 && y >= 0 && y < crop && x >= 0 && x < crop)
        augment_pixel(&plan->augment, slot, y, x, colours, v);
}

/* A thread computes the pixels of a row of a block, and with the last row zeros for the channels
 * that are left over. */
AN_BODY void augment_blocks(const augment_blocks_plan *plan, an_thread t, int colours, bool bf16)
{
    const an_cuda_blocks *b = &plan->b;
    void *out = plan->augment.run.y;
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    int column = an_split(&item, plan->columns), padded = an_split(&item, plan->rows);
    const an_slot *slot = &plan->augment.run.slots[item];
    uint32_t row = (uint32_t)padded;
    int within = an_split(&row, plan->block), y = padded - b->top, x = column * b->block - b->left;
    int64_t pixel = ((int64_t)item * b->rows + row) * b->columns + column;
    int64_t at = pixel * b->channels + within * b->block * colours;
    float v[12];
    if (b->block == 4 && b->channels % 4 == 0) {
        AN_UNROLL
        for (int i = 0; i < 4; i++)
            augment_padded(plan, slot, y, x + i, colours, v + colours * i);
        AN_UNROLL
        for (int i = 0; i < 4 * colours; i += 4)
            an_store_run(out, at + i, 4, bf16, v + i);
    } else {
        for (int i = 0; i < b->block; i++) {
            augment_padded(plan, slot, y, x + i, colours, v);
            for (int c = 0; c < colours; c++)
                an_store(out, at + colours * i + c, bf16, v[c]);
        }
    }
    if (within == b->block - 1)
        for (int c = colours * b->block * b->block; c < b->channels; c++)
            an_store(out, pixel * b->channels + c, bf16, 0);
}

AN_KERNEL(augment_blocks_float, augment_blocks_plan, augment_blocks(run, t, 3, false))
AN_KERNEL(augment_blocks_bf16, augment_blocks_plan, augment_blocks(run, t, 3, true))
AN_KERNEL(augment_blocks_1, augment_blocks_plan, augment_blocks(run, t, 1, false))
AN_KERNEL(augment_blocks_1_bf16, augment_blocks_plan, augment_blocks(run, t, 1, true))

int an_cuda_augment_blocks(const an_cuda_augment_run *run, const an_cuda_blocks *blocks,
                           an_cuda_stream *stream)
{
    augment_blocks_plan plan;
    memset(&plan, 0, sizeof plan);
    plan.augment.run = *run;
    for (int c = 0; c < 3; c++)
        plan.augment.scale[c] = (float)run->desc.scale[c];
    plan.b = *blocks;
    plan.items = (uint32_t)((int64_t)run->n * blocks->rows * blocks->block * blocks->columns);
    plan.columns = an_divisor_of(blocks->columns);
    plan.rows = an_divisor_of((int64_t)blocks->rows * blocks->block);
    plan.block = an_divisor_of(blocks->block);
    int64_t threads = an_blocks_for(plan.items);
    if (blocks->c == 1)
        return blocks->bf16
                   ? AN_LAUNCH(augment_blocks_1_bf16, augment_blocks_plan, &plan, threads, stream)
                   : AN_LAUNCH(augment_blocks_1, augment_blocks_plan, &plan, threads, stream);
    return blocks->bf16
               ? AN_LAUNCH(augment_blocks_bf16, augment_blocks_plan, &plan, threads, stream)
               : AN_LAUNCH(augment_blocks_float, augment_blocks_plan, &plan, threads, stream);
}
