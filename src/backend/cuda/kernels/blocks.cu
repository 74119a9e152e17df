/* Images to blocks and back (blocks.h): a thread writes 8 adjacent elements, or one. */
#include "backend/cuda/kernels/blocks.h"
#include "backend/cuda/kernels/values.h"

typedef struct blocks_plan {
    an_cuda_blocks b;
    an_cuda_part image;
    void *blocked;
    bool accumulate;
    uint32_t items;                    /* threads with work */
    an_divisor fastest, second, third; /* extents of what is written, the fastest in threads */
    an_divisor block, c;
} blocks_plan;

AN_BODY int64_t blocks_image_at(const blocks_plan *plan, int64_t n, int channel, int y, int x)
{
    const an_cuda_blocks *b = &plan->b;
    if (plan->image.nhwc)
        return ((n * b->h + y) * b->w + x) * plan->image.channels + plan->image.first + channel;
    return ((n * plan->image.channels + plan->image.first + channel) * b->h + y) * b->w + x;
}

/* An element of the blocks. */
AN_BODY float blocks_value(const blocks_plan *plan, int64_t n, int row, int column, int channel)
{
    const an_cuda_blocks *b = &plan->b;
    uint32_t rest = (uint32_t)channel;
    int c = an_split(&rest, plan->c), dx = an_split(&rest, plan->block);
    int y = row * b->block + (int)rest - b->top, x = column * b->block + dx - b->left;
    bool there = (int)rest < b->block && y >= 0 && y < b->h && x >= 0 && x < b->w;
    return there ? an_load(plan->image.data, blocks_image_at(plan, n, c, y, x), plan->image.bf16)
                 : 0;
}

AN_BODY void blocks_enter(const blocks_plan *plan, an_thread t, int lanes, bool bf16)
{
    uint32_t item = (uint32_t)AN_NUMBER(t), rest = item;
    float v[8];
    if (item >= plan->items)
        return;
    int first = an_split(&rest, plan->fastest), second = an_split(&rest, plan->second);
    int third = an_split(&rest, plan->third);
    for (int l = 0; l < lanes; l++)
        v[l] = plan->b.nhwc ? blocks_value(plan, rest, third, second, first * lanes + l)
                            : blocks_value(plan, rest, second, first, third);
    an_store_run(plan->blocked, (int64_t)item * lanes, lanes, bf16, v);
}

AN_KERNEL(blocks_enter_eights, blocks_plan, blocks_enter(run, t, 8, false))
AN_KERNEL(blocks_enter_eights_bf16, blocks_plan, blocks_enter(run, t, 8, true))
AN_KERNEL(blocks_enter_single, blocks_plan, blocks_enter(run, t, 1, false))
AN_KERNEL(blocks_enter_single_bf16, blocks_plan, blocks_enter(run, t, 1, true))

static blocks_plan blocks_plan_of(const an_cuda_blocks *b, const an_cuda_part *image)
{
    blocks_plan plan;
    memset(&plan, 0, sizeof plan);
    plan.b = *b;
    plan.image = *image;
    plan.block = an_divisor_of(b->block);
    plan.c = an_divisor_of(b->c);
    return plan;
}

int an_cuda_blocks_enter(const an_cuda_blocks *b, const an_cuda_part *image, void *blocked,
                         an_cuda_stream *stream)
{
    blocks_plan plan = blocks_plan_of(b, image);
    int lanes = b->nhwc && b->channels % 8 == 0 ? 8 : 1;
    plan.blocked = blocked;
    plan.items = (uint32_t)((int64_t)b->n * b->rows * b->columns * b->channels / lanes);
    plan.fastest = an_divisor_of(b->nhwc ? b->channels / lanes : b->columns);
    plan.second = an_divisor_of(b->nhwc ? b->columns : b->rows);
    plan.third = an_divisor_of(b->nhwc ? b->rows : b->channels);
    int64_t blocks = an_blocks_for(plan.items);
    if (lanes == 8)
        return b->bf16 ? AN_LAUNCH(blocks_enter_eights_bf16, blocks_plan, &plan, blocks, stream)
                       : AN_LAUNCH(blocks_enter_eights, blocks_plan, &plan, blocks, stream);
    return b->bf16 ? AN_LAUNCH(blocks_enter_single_bf16, blocks_plan, &plan, blocks, stream)
                   : AN_LAUNCH(blocks_enter_single, blocks_plan, &plan, blocks, stream);
}

/* One element of the image. */
AN_BODY void blocks_leave(const blocks_plan *plan, an_thread t)
{
    const an_cuda_blocks *b = &plan->b;
    uint32_t item = (uint32_t)AN_NUMBER(t), n = item;
    if (item >= plan->items)
        return;
    int first = an_split(&n, plan->fastest), second = an_split(&n, plan->second);
    int third = an_split(&n, plan->third);
    int channel = plan->image.nhwc ? first : third, y = plan->image.nhwc ? third : second;
    int x = plan->image.nhwc ? second : first;
    uint32_t row = (uint32_t)(y + b->top), column = (uint32_t)(x + b->left);
    int dy = an_split(&row, plan->block), dx = an_split(&column, plan->block);
    int in_block = (dy * b->block + dx) * b->c + channel;
    float value = 0;
    if ((int)row < b->rows && (int)column < b->columns) {
        int64_t at =
            b->nhwc ? (((int64_t)n * b->rows + row) * b->columns + column) * b->channels + in_block
                    : (((int64_t)n * b->channels + in_block) * b->rows + row) * b->columns + column;
        value = an_load(plan->blocked, at, b->bf16);
    }
    int64_t to = blocks_image_at(plan, n, channel, y, x);
    if (plan->accumulate)
        value += an_load(plan->image.data, to, plan->image.bf16);
    an_store(plan->image.data, to, plan->image.bf16, value);
}

AN_KERNEL(blocks_leave_all, blocks_plan, blocks_leave(run, t))

int an_cuda_blocks_leave(const an_cuda_blocks *b, const void *blocked, const an_cuda_part *image,
                         bool accumulate, an_cuda_stream *stream)
{
    blocks_plan plan = blocks_plan_of(b, image);
    plan.blocked = (void *)blocked;
    plan.accumulate = accumulate;
    plan.items = (uint32_t)((int64_t)b->n * b->c * b->h * b->w);
    plan.fastest = an_divisor_of(image->nhwc ? b->c : b->w);
    plan.second = an_divisor_of(image->nhwc ? b->w : b->h);
    plan.third = an_divisor_of(image->nhwc ? b->h : b->c);
    return AN_LAUNCH(blocks_leave_all, blocks_plan, &plan, an_blocks_for(plan.items), stream);
}
