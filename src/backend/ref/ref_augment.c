#include <assert.h>

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

static bool inside(const an_box *box, int y, int x)
{
    return y >= box->top && y < box->top + box->rows && x >= box->left &&
           x < box->left + box->columns;
}

/* Channel c of a stored pixel. */
static uint8_t channel_of(const uint8_t pixel[3], an_channels channels, int c)
{
    switch (channels) {
    case AN_CHANNELS_RGB: return pixel[c];
    case AN_CHANNELS_BGR: return pixel[2 - c];
    case AN_CHANNELS_GREY: return an_grey(pixel[0], pixel[1], pixel[2]);
    }
    return 0;
}

/* R, G or B of a pixel, as recoloured by the slot. */
static double recoloured(const an_slot *slot, const uint8_t pixel[3], int colour)
{
    double level = slot->offset[colour];
    for (int i = 0; i < 3; i++)
        level += (double)slot->matrix[colour][i] * pixel[i];
    return level < 0 ? 0 : level > 255 ? 255 : level;
}

static double level_of(const an_slot *slot, const uint8_t pixel[3], an_channels channels, int c)
{
    double level = 0;
    if (!slot->recoloured)
        return channel_of(pixel, channels, c);
    for (int i = 0; i < 3; i++)
        level += an_channel_share(channels, c, i) * recoloured(slot, pixel, i);
    return level;
}

/* The value of a slot without its partner, at channel c and output pixel (y, x). */
static double own_value(const an_augment_desc *augment, const an_op_args *args, const an_slot *slot,
                        int c, int y, int x)
{
    int side = augment->side, crop = augment->crop;
    if (slot->picture < 0 || inside(&slot->erased, y, x))
        return 0;
    int px = slot->mirror ? slot->x + crop - 1 - x : slot->x + x;
    const uint8_t *picture =
        (const uint8_t *)args->pictures + (int64_t)slot->picture * side * side * 3;
    const uint8_t *pixel = picture + ((slot->y + y) * side + px) * 3;
    double level = level_of(slot, pixel, augment->channels, c);
    double m = mean_at(augment, args->param[0], slot, c, y, x, px);
    return slot->gain * (augment->scale[c] * (level - m) + slot->colour[c]);
}

static double value(const an_augment_desc *augment, const an_op_args *args, const an_slot *slot,
                    int c, int y, int x)
{
    double own = own_value(augment, args, slot, c, y, x);
    if (!inside(&slot->mixed, y, x))
        return own;
    double other = own_value(augment, args, &args->slots[slot->partner], c, y, x);
    return (1 - (double)slot->share) * own + (double)slot->share * other;
}

static void check(const an_augment_desc *augment, const an_slot *slot, int slots)
{
    assert(slot->picture < augment->pictures);
    assert(slot->y >= 0 && slot->y <= augment->side - augment->crop);
    assert(slot->x >= 0 && slot->x <= augment->side - augment->crop);
    assert(slot->mixed.rows == 0 || (slot->partner >= 0 && slot->partner < slots));
    (void)augment, (void)slot, (void)slots;
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    const an_augment_desc *augment = &run->desc.u.augment;
    double *out = args->y;
    for (int n = 0; n < run->desc.n; n++) {
        const an_slot *slot = &args->slots[n];
        if (slot->picture >= 0)
            check(augment, slot, run->desc.n);
        for (int c = 0; c < run->desc.out.c; c++)
            for (int y = 0; y < augment->crop; y++)
                for (int x = 0; x < augment->crop; x++)
                    *out++ = slot->picture < 0 ? 0 : value(augment, args, slot, c, y, x);
    }
}

const an_ref_op an_ref_augment = {forward, NULL, NULL};
