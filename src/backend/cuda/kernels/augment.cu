/*
 * From stored pictures to the network's input (op/augment.h): a thread computes one pixel of a slot
 * in all its channels.
 */
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/values.h"

typedef struct augment_plan {
    an_cuda_augment_run run;
    uint32_t items;
    float scale[3];
    an_divisor crop;
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

/* `channels` is that of a pixel in N H W C, else 0. */
AN_BODY void augment(const augment_plan *plan, an_thread t, int channels, bool bf16)
{
    const an_cuda_augment_run *run = &plan->run;
    uint32_t item = (uint32_t)AN_NUMBER(t), image = item;
    if (item >= plan->items)
        return;
    int crop = run->desc.crop, side = run->desc.side;
    int x = an_split(&image, plan->crop), y = an_split(&image, plan->crop);
    const an_slot slot = run->slots[image];
    float v[8];
    for (int c = 0; c < 8; c++)
        v[c] = 0;
    if (slot.picture >= 0) {
        int px = slot.mirror ? slot.x + crop - 1 - x : slot.x + x;
        const uint8_t *pixel =
            run->pictures + (((int64_t)slot.picture * side + slot.y + y) * side + px) * 3;
        AN_UNROLL
        for (int c = 0; c < 3; c++) {
            float grey = pixel[run->desc.bgr ? 2 - c : c];
            float m = augment_mean(run, &slot, c, y, x, px);
            v[c] = slot.gain * (plan->scale[c] * (grey - m) + slot.colour[c]);
        }
    }
    if (channels == 4 || channels == 8)
        an_store_run(run->y, (int64_t)item * channels, channels, bf16, v);
    else
        for (int c = 0; c < 3; c++) {
            int64_t plane = (int64_t)crop * crop;
            int64_t at = channels ? (int64_t)item * 3 + c
                                  : ((int64_t)image * 3 + c) * plane + (int64_t)y * crop + x;
            an_store(run->y, at, bf16, v[c]);
        }
}

AN_KERNEL(augment_plain, augment_plan, augment(run, t, 0, false))
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
    plan.items = (uint32_t)((int64_t)run->n * run->desc.crop * run->desc.crop);
    plan.crop = an_divisor_of(run->desc.crop);
    for (int c = 0; c < 3; c++)
        plan.scale[c] = (float)run->desc.scale[c];
    int64_t blocks = an_blocks_for(plan.items);
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
