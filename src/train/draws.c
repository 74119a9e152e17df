#include "train/draws.h"

/* Standard deviation times direction of the colours' principal axes on ImageNet, in grey levels,
 * R G B (paper section 4.1; the figures are those that cuda-convnet2 ships,
 * make-data/input_meta). */
static const double COLOUR_AXES[3][3] = {
    {121.780 * -0.5635, 121.780 * -0.5762, 121.780 * -0.5920},
    {37.094 * -0.7126, 37.094 * -0.0235, 37.094 * 0.7012},
    {19.721 * 0.4180, 19.721 * -0.8170, 19.721 * 0.3973},
};

void an_draws_set_axes(an_draws *draws, const an_input *input, const double axes[3][3])
{
    const an_channels channels = (an_channels)input->channels;
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < an_channel_count(channels); c++) {
            double sum = 0;
            for (int colour = 0; colour < 3; colour++)
                sum += an_channel_share(channels, c, colour) * axes[i][colour];
            draws->crop.colour_axis[i][c] = (float)(input->scale[c] * sum);
        }
}

/* Whatever resamples pictures is done by the loader: it cuts boxes of the size of the network's
 * input, or rotates stored squares.
 */
static void set_regions(an_region_rule *regions, const alexnet_recipe *recipe,
                        const an_input *input)
{
    const bool scaled = an_recipe_choice(recipe, AN_KEY_CROP) == AN_CROP_SCALED;
    const double rotate = an_recipe_number(recipe, AN_KEY_ROTATE, NULL, 1);
    *regions = (an_region_rule){.fit = input->resize ? AN_FIT_WARP : AN_FIT_SHORT,
                                .scaled = scaled,
                                .rotate = rotate,
                                .group = (int)an_recipe_integer(recipe, AN_KEY_CROP_GROUP),
                                .seed = (uint64_t)an_recipe_integer(recipe, AN_KEY_SEED)};
    an_recipe_range(recipe, AN_KEY_CROP_AREA, regions->area);
    an_recipe_range(recipe, AN_KEY_CROP_ASPECT, regions->aspect);
    if (scaled || rotate > 0)
        regions->side = scaled ? input->size : input->side;
}

const an_region_rule *an_draws_regions(const an_draws *draws)
{
    return draws->regions.side > 0 ? &draws->regions : NULL;
}

void an_draws_make(an_draws *draws, const alexnet_recipe *recipe, const an_input *input)
{
    const uint64_t seed = (uint64_t)an_recipe_integer(recipe, AN_KEY_SEED);
    *draws = (an_draws){.recipe = recipe};
    draws->crop =
        (an_crop_rule){.side = input->side,
                       .crop = input->size,
                       .random_crop = an_recipe_choice(recipe, AN_KEY_CROP) == AN_CROP_RANDOM,
                       .mirror = an_recipe_choice(recipe, AN_KEY_MIRROR) == 1,
                       .group = (int)an_recipe_integer(recipe, AN_KEY_CROP_GROUP),
                       .seed = seed};
    an_draws_set_axes(draws, input, COLOUR_AXES);
    set_regions(&draws->regions, recipe, input);
    draws->changes = (an_change_rule){.side = input->side, .crop = input->size, .seed = seed};
    an_recipe_range(recipe, AN_KEY_ERASE_AREA, draws->changes.erase_area);
    an_recipe_range(recipe, AN_KEY_ERASE_ASPECT, draws->changes.erase_aspect);
}

/* The value of a schedule in `epoch`, which is counted from 0. */
static double in_epoch(const an_draws *draws, an_key key, uint64_t epoch)
{
    return an_recipe_number(draws->recipe, key, NULL, (double)epoch + 1);
}

double an_draws_smoothing(const an_draws *draws, uint64_t epoch)
{
    return in_epoch(draws, AN_KEY_LABEL_SMOOTHING, epoch);
}

static void set_strengths(an_draws *draws, uint64_t epoch)
{
    static const an_key colours[AN_COLOUR_STEPS] = {[AN_COLOUR_BRIGHTNESS] = AN_KEY_BRIGHTNESS,
                                                    [AN_COLOUR_CONTRAST] = AN_KEY_CONTRAST,
                                                    [AN_COLOUR_SATURATION] = AN_KEY_SATURATION,
                                                    [AN_COLOUR_HUE] = AN_KEY_HUE};
    draws->crop.colour_noise = (float)in_epoch(draws, AN_KEY_COLOUR_NOISE, epoch);
    for (int i = 0; i < AN_COLOUR_STEPS; i++)
        draws->changes.colours[i] = in_epoch(draws, colours[i], epoch);
    draws->changes.erase = in_epoch(draws, AN_KEY_ERASE, epoch);
    draws->changes.mixup = in_epoch(draws, AN_KEY_MIXUP, epoch);
    draws->changes.cutmix = in_epoch(draws, AN_KEY_CUTMIX, epoch);
}

/* A picture's weight in the loss: that of its class; for two labels, the mean weighted by their
 * shares. */
static float weight_of(const an_draws *draws, const an_slot *slot)
{
    const float *w = draws->weights, share = slot->second_share;
    if (!w || slot->label < 0)
        return 1;
    return share > 0 ? (1 - share) * w[slot->label] + share * w[slot->second] : w[slot->label];
}

int an_draws_slots(an_draws *draws, an_slot *slots, int count, const an_batch *batch,
                   uint64_t epoch)
{
    int filled = 0;
    size_t bytes = (size_t)draws->crop.side * (size_t)draws->crop.side * 3;
    set_strengths(draws, epoch);
    for (int i = 0; i < count; i++) {
        an_slot *slot = &slots[i];
        *slot = (an_slot){.picture = -1, .label = -1};
        if (i >= batch->count || batch->pictures[i].status != ALEXNET_OK)
            continue;
        const uint64_t position = (uint64_t)(batch->position + i);
        an_crop_draw(slot, &draws->crop, epoch, position);
        an_change_draw(slot, &draws->changes, batch->pixels + (size_t)i * bytes, epoch, position);
        slot->picture = i;
        slot->label = batch->pictures[i].label;
        filled++;
    }
    an_change_mix(slots, batch->count, &draws->changes, epoch, (uint64_t)batch->position);
    for (int i = 0; i < count; i++)
        slots[i].weight = weight_of(draws, &slots[i]);
    return filled;
}
