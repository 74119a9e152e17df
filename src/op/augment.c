#include <assert.h>
#include <limits.h>
#include <math.h>

#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    const an_augment_desc *augment = &desc->u.augment;
    assert(augment->mean >= AN_MEAN_NONE && augment->mean <= AN_MEAN_IMAGE_ALIGNED);
    AN_CHECK(an_check_range("pictures", augment->pictures, 1, desc->n));
    AN_CHECK(an_check_range("side of the stored pictures", augment->side, 1, AN_MAX_WINDOW));
    AN_CHECK(an_check_range("crop", augment->crop, 1, augment->side));
    if ((int64_t)augment->pictures * augment->side * augment->side > INT_MAX / 3)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%d pictures of side %d reach 2^31 bytes",
                       augment->pictures, augment->side);
    const int channels = an_channel_count(augment->channels);
    for (int c = 0; c < channels; c++)
        if (!isfinite(augment->scale[c]))
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "scale is %g, but must be finite",
                           augment->scale[c]);
    desc->out = (an_chw){channels, augment->crop, augment->crop};
    return ALEXNET_OK;
}

void an_slot_unchanged(an_slot *slot)
{
    *slot = (an_slot){.picture = slot->picture,
                      .label = slot->label,
                      .y = slot->y,
                      .x = slot->x,
                      .mirror = slot->mirror,
                      .weight = 1.0f,
                      .gain = 1.0f};
}

double an_slots_weight(const an_slot *slots, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        if (slots[i].picture >= 0 && slots[i].label >= 0)
            sum += (double)slots[i].weight;
    return sum;
}

static int params(const an_op_desc *desc, an_param_info params[AN_MAX_PARAMS])
{
    const an_augment_desc *augment = &desc->u.augment;
    if (augment->mean == AN_MEAN_NONE)
        return 0;
    const int channels = an_channel_count(augment->channels);
    an_shape shape = augment->mean == AN_MEAN_CHANNEL
                         ? an_shape_of(1, channels)
                         : an_shape_of(3, channels, augment->side, augment->side);
    params[0] = (an_param_info){"mean", shape, false};
    return 1;
}

const an_op_info an_op_augment = {"augment", 0, 0, resolve, params, NULL, NULL};
