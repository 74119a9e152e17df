#include "data/loader/crop.h"

#include "base/random.h"

/* Draw one RGB offset for the whole picture along the principal axes of the colours, and a gain of
 * 1 / (1 + colour_noise), so that the scale stays near that of pictures without noise. */
static void draw_colour(an_slot *slot, const an_crop_rule *rule, uint64_t epoch, uint64_t position)
{
    an_random4 r = an_random(rule->seed, AN_PURPOSE_COLOUR, epoch, position, 0);
    double normal[4];
    an_normal2(r.v[0], r.v[1], normal);
    an_normal2(r.v[2], r.v[3], normal + 2);
    for (int c = 0; c < 3; c++) {
        double sum = 0.0;
        for (int i = 0; i < 3; i++)
            sum += (double)rule->colour_noise * normal[i] * rule->colour_axis[i][c];
        slot->colour[c] = (float)sum;
    }
    slot->gain = (float)(1.0 / (1.0 + (double)rule->colour_noise));
}

void an_crop_draw(an_slot *slot, const an_crop_rule *rule, uint64_t epoch, uint64_t position)
{
    uint64_t shared = rule->group > 1 ? position - position % (uint64_t)rule->group : position;
    an_random4 r = an_random(rule->seed, AN_PURPOSE_CROP, epoch, shared, 0);
    uint32_t border = (uint32_t)(rule->side - rule->crop);
    slot->y = (int32_t)(rule->random_crop ? an_below(r.v[0], border + 1) : border / 2);
    slot->x = (int32_t)(rule->random_crop ? an_below(r.v[1], border + 1) : border / 2);
    slot->mirror = rule->mirror && r.v[2] >> 31;
    if (rule->colour_noise > 0.0f)
        draw_colour(slot, rule, epoch, position);
    else
        an_slot_unchanged(slot);
}
