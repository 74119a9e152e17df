#include "data/draw.h"

#include "base/random.h"

/* One RGB offset for the whole picture along the colours' principal axes, then everything divided
 * by 1 + c, so that its scale stays near that of pictures without noise. */
static void draw_colour(an_slot *slot, const an_draw_rule *rule, uint64_t epoch, uint64_t position)
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

static void no_colour(an_slot *slot)
{
    slot->gain = 1.0f;
    slot->colour[0] = slot->colour[1] = slot->colour[2] = 0.0f;
}

void an_draw_train(an_slot *slot, const an_draw_rule *rule, uint64_t epoch, uint64_t position)
{
    an_random4 r = an_random(rule->seed, AN_PURPOSE_CROP, epoch, position, 0);
    uint32_t border = (uint32_t)(rule->side - rule->crop);
    slot->y = (int32_t)(rule->random_crop ? an_below(r.v[0], border + 1) : border / 2);
    slot->x = (int32_t)(rule->random_crop ? an_below(r.v[1], border + 1) : border / 2);
    slot->mirror = rule->mirror && r.v[2] >> 31;
    if (rule->colour_noise > 0.0f)
        draw_colour(slot, rule, epoch, position);
    else
        no_colour(slot);
}

void an_draw_view(an_slot *slot, int side, int crop, int view)
{
    int border = side - crop, place = view % 5;
    bool bottom = place >= 3, right = place == 1 || place == 4;
    slot->y = place == AN_VIEW_CENTRE ? border / 2 : bottom ? border : 0;
    slot->x = place == AN_VIEW_CENTRE ? border / 2 : right ? border : 0;
    slot->mirror = view >= 5;
    no_colour(slot);
}
