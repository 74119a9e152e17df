#include <assert.h>
#include <string.h>

#include "backend/ref/ref.h"

/* m at channel c and output pixel (y, x), whose source column is px. */
static double mean_at(const an_augment_desc *augment, const double *mean, const an_slot *slot,
                      int c, int y, int x, int px)
{
    int side = augment->side, margin = (side - augment->crop) / 2;
    switch (augment->mean) {
    case AN_MEAN_NONE: return 0;
    case AN_MEAN_CHANNEL: return mean[c];
    case AN_MEAN_IMAGE_CENTRE: return mean[(c * side + margin + y) * side + margin + x];
    case AN_MEAN_IMAGE_ALIGNED: return mean[(c * side + slot->y + y) * side + px];
    }
    return 0;
}

static uint8_t channel_of(const uint8_t pixel[3], an_channels channels, int c)
{
    switch (channels) {
    case AN_CHANNELS_RGB: return pixel[c];
    case AN_CHANNELS_BGR: return pixel[2 - c];
    case AN_CHANNELS_GREY: return an_grey(pixel[0], pixel[1], pixel[2]);
    }
    return 0;
}

static void cut(const an_augment_desc *augment, const an_op_args *args, const an_slot *slot,
                double *out)
{
    int side = augment->side, crop = augment->crop;
    const uint8_t *picture =
        (const uint8_t *)args->pictures + (int64_t)slot->picture * side * side * 3;
    for (int c = 0; c < an_channel_count(augment->channels); c++)
        for (int y = 0; y < crop; y++)
            for (int x = 0; x < crop; x++) {
                int px = slot->mirror ? slot->x + crop - 1 - x : slot->x + x;
                const uint8_t *at = picture + ((slot->y + y) * side + px) * 3;
                double pixel = channel_of(at, augment->channels, c);
                double m = mean_at(augment, args->param[0], slot, c, y, x, px);
                *out++ = slot->gain * (augment->scale[c] * (pixel - m) + slot->colour[c]);
            }
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    const an_augment_desc *augment = &run->desc.u.augment;
    int64_t image = an_chw_count(run->desc.out);
    for (int n = 0; n < run->desc.n; n++) {
        const an_slot *slot = &args->slots[n];
        double *out = (double *)args->y + n * image;
        if (slot->picture < 0) {
            memset(out, 0, (size_t)image * sizeof(double));
            continue;
        }
        assert(slot->picture < augment->pictures);
        assert(slot->y >= 0 && slot->y <= augment->side - augment->crop);
        assert(slot->x >= 0 && slot->x <= augment->side - augment->crop);
        cut(augment, args, slot, out);
    }
}

const an_ref_op an_ref_augment = {forward, NULL, NULL};
