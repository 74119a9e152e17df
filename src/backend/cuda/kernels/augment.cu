/* From stored pictures to the network's input (op/augment.h): a thread writes all channels of four
 * pixels of a row. */
#include "backend/cuda/kernels/augment_pixels.h"

typedef struct augment_plan {
    augment_source source;
    uint32_t items;           /* threads with work */
    int64_t plane;            /* pixels of an image */
    bool whole;               /* the pixels of a row are a multiple of four */
    an_divisor columns, rows; /* fours of a row; rows */
} augment_plan;

/* Store the pixels of a thread in N H W C: all of them or, at the end of a row, the first ones. */
AN_BODY void augment_store(const augment_plan *plan, int64_t first, int count, int channels,
                           bool bf16, const float *v)
{
    void *y = plan->source.run.y;
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
            an_store_run(plan->source.run.y, first + c * plan->plane, PIXELS, false, row);
            continue;
        }
        for (int i = 0; i < PIXELS; i++)
            if (i < count)
                an_store(plan->source.run.y, first + c * plan->plane + i, false, row[i]);
    }
}

/* @param channels  of a pixel in N H W C; 0: N C H W. With one channel both are the same */
AN_BODY void augment(const augment_plan *plan, an_thread t, int channels, bool bf16)
{
    const an_cuda_augment_run *run = &plan->source.run;
    uint32_t item = (uint32_t)AN_NUMBER(t);
    if (item >= plan->items)
        return;
    int x = PIXELS * an_split(&item, plan->columns), y = an_split(&item, plan->rows);
    int crop = run->desc.crop, width = channels ? channels : 3, colours = width < 3 ? 1 : 3;
    int count = crop - x < PIXELS ? crop - x : PIXELS;
    const an_slot *slot = &run->slots[item];
    const augment_view view = augment_view_of(&plan->source, slot, colours);
    float v[PIXELS * 8];
    for (int i = 0; i < PIXELS * width; i++)
        v[i] = 0;
    augment_four(&plan->source, &view, y, x, colours, width, v);
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
    const int crop = run->desc.crop;
    augment_plan plan;
    plan.source = augment_source_of(run);
    plan.columns = an_divisor_of((crop + PIXELS - 1) / PIXELS);
    plan.rows = an_divisor_of(crop);
    plan.items = (uint32_t)((int64_t)run->n * crop * plan.columns.by);
    plan.plane = (int64_t)crop * crop;
    plan.whole = crop % PIXELS == 0;
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
