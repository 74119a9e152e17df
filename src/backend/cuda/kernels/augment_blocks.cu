/*
 * From stored pictures to the network's input in blocks (blocks.h): a thread block computes a group
 * of output pixels in shared memory, and then writes them in the order of memory, 16 bytes at a
 * time. One or more threads compute a pixel, each some rows of its block.
 */
#include "backend/cuda/kernels/augment_pixels.h"
#include "backend/cuda/kernels/blocks.h"

enum {
    GAP = 16, /* bytes between pixels in shared memory, against bank conflicts */
    ROOM = AN_THREADS * (2 * 48 + GAP), /* bytes of a group: 256 pixels of 48 channels in bf16 */
};

typedef struct augment_blocks_plan {
    augment_source source;
    an_cuda_blocks b;
    int64_t pixels;           /* of the output, of all images */
    an_divisor group, parts;  /* pixels of a group; 16 bytes of a pixel */
    an_divisor columns, rows; /* of the output */
    int threads;              /* of a pixel */
    int step;                 /* 16 bytes from pixel to pixel in shared memory */
} augment_blocks_plan;

typedef struct augment_shared {
    an_word4 data[ROOM / sizeof(an_word4)];
} augment_shared;

/* Write a row of a pixel's block to out. (y, x) is its first pixel in the image. */
AN_BODY void augment_block_row(const augment_blocks_plan *plan, const augment_view *view, int y,
                               int x, int colours, bool bf16, void *out)
{
    const int block = plan->b.block;
    float v[PIXELS * 3];
    if (block % PIXELS != 0) {
        for (int i = 0; i < block; i++) {
            augment_one(&plan->source, view, y, x + i, colours, v);
            for (int c = 0; c < colours; c++)
                an_store(out, i * colours + c, bf16, v[c]);
        }
        return;
    }
    for (int i = 0; i < block; i += PIXELS) {
        augment_four(&plan->source, view, y, x + i, colours, colours, v);
        AN_UNROLL
        for (int j = 0; j < PIXELS * colours; j += 4)
            an_store_run(out, i * colours + j, 4, bf16, v + j);
    }
}

/* Write rows first, first + threads, ... of a pixel's block. Its first thread also clears the
 * unused channels. */
AN_BODY void augment_block(const augment_blocks_plan *plan, uint32_t pixel, int first, int colours,
                           bool bf16, void *out)
{
    const an_cuda_blocks *b = &plan->b;
    int row = b->block * colours;
    int x = an_split(&pixel, plan->columns) * b->block - b->left;
    int y = an_split(&pixel, plan->rows) * b->block - b->top;
    const augment_view view =
        augment_view_of(&plan->source, &plan->source.run.slots[pixel], colours);
    for (int i = first; i < b->block; i += plan->threads)
        augment_block_row(plan, &view, y + i, x, colours, bf16,
                          (char *)out + (size_t)(i * row) * (bf16 ? 2 : 4));
    if (first == 0)
        for (int c = b->block * row; c < b->channels; c++)
            an_store(out, c, bf16, 0);
}

AN_BODY void augment_group(const augment_blocks_plan *plan, an_thread t, an_word4 *shared,
                           int colours, bool bf16)
{
    uint32_t first = (uint32_t)t.index;
    int pixel = an_split(&first, plan->group);
    int64_t number = (int64_t)t.block * plan->group.by + pixel;
    if ((int)first < plan->threads && number < plan->pixels)
        augment_block(plan, (uint32_t)number, (int)first, colours, bf16,
                      shared + pixel * plan->step);
}

AN_BODY void augment_write(const augment_blocks_plan *plan, an_thread t, augment_shared *shared,
                           an_nothing *own)
{
    int64_t first = (int64_t)t.block * plan->group.by;
    int count = (int)(plan->group.by * plan->parts.by);
    an_word4 *out = (an_word4 *)plan->source.run.y + first * plan->parts.by;
    (void)own;
    for (int i = t.index; i < count; i += AN_THREADS) {
        uint32_t pixel = (uint32_t)i;
        int part = an_split(&pixel, plan->parts);
        if (first + pixel < plan->pixels)
            out[i] = shared->data[(int)pixel * plan->step + part];
    }
}

#define AUGMENT_BLOCKS(name, colours, bf16)                                                        \
    AN_BODY void augment_group_##name(const augment_blocks_plan *plan, an_thread t,                \
                                      augment_shared *shared, an_nothing *own)                     \
    {                                                                                              \
        (void)own;                                                                                 \
        augment_group(plan, t, shared->data, colours, bf16);                                       \
    }                                                                                              \
    AN_PHASES(augment_blocks_##name, augment_blocks_plan, augment_shared, an_nothing,              \
              augment_group_##name, augment_write)

AUGMENT_BLOCKS(float, 3, false)
AUGMENT_BLOCKS(bf16, 3, true)
AUGMENT_BLOCKS(1, 1, false)
AUGMENT_BLOCKS(1_bf16, 1, true)

static augment_blocks_plan blocks_plan_of(const an_cuda_augment_run *run, const an_cuda_blocks *b)
{
    augment_blocks_plan plan;
    int bytes = b->channels * (b->bf16 ? 2 : 4), most = ROOM / (bytes + GAP);
    int threads = most < AN_THREADS ? (AN_THREADS + most - 1) / most : 1;
    memset(&plan, 0, sizeof plan);
    plan.source = augment_source_of(run);
    plan.b = *b;
    plan.pixels = (int64_t)run->n * b->rows * b->columns;
    plan.group = an_divisor_of(AN_THREADS / threads);
    plan.threads = threads;
    plan.parts = an_divisor_of(bytes / (int)sizeof(an_word4));
    plan.columns = an_divisor_of(b->columns);
    plan.rows = an_divisor_of(b->rows);
    plan.step = (bytes + GAP) / (int)sizeof(an_word4);
    return plan;
}

int an_cuda_augment_blocks(const an_cuda_augment_run *run, const an_cuda_blocks *blocks,
                           an_cuda_stream *stream)
{
    const augment_blocks_plan plan = blocks_plan_of(run, blocks);
    int64_t groups = (plan.pixels + plan.group.by - 1) / plan.group.by;
    if (blocks->c == 1)
        return blocks->bf16
                   ? AN_LAUNCH(augment_blocks_1_bf16, augment_blocks_plan, &plan, groups, stream)
                   : AN_LAUNCH(augment_blocks_1, augment_blocks_plan, &plan, groups, stream);
    return blocks->bf16
               ? AN_LAUNCH(augment_blocks_bf16, augment_blocks_plan, &plan, groups, stream)
               : AN_LAUNCH(augment_blocks_float, augment_blocks_plan, &plan, groups, stream);
}
