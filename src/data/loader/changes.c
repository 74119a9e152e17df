#include "data/loader/changes.h"

#include <math.h>

#include "base/random.h"

/* Uniform in [low, high). */
static double between(double low, double high, uint32_t bits)
{
    return low + (high - low) * an_uniform(bits);
}

static bool jitters(const an_change_rule *rule)
{
    for (int i = 0; i < AN_COLOUR_STEPS; i++)
        if (rule->colours[i] > 0)
            return true;
    return false;
}

/* The order comes from r[1]: each place takes one of the remaining steps. */
static void draw_colours(an_slot *slot, const an_change_rule *rule, const uint8_t *picture,
                         uint64_t epoch, uint64_t position)
{
    an_random4 factor = an_random(rule->seed, AN_PURPOSE_JITTER, epoch, position, 0);
    an_random4 place = an_random(rule->seed, AN_PURPOSE_JITTER, epoch, position, 1);
    int left[AN_COLOUR_STEPS] = {AN_COLOUR_BRIGHTNESS, AN_COLOUR_CONTRAST, AN_COLOUR_SATURATION,
                                 AN_COLOUR_HUE};
    an_colours colours = an_colours_none();
    double mean[3] = {0};
    if (rule->colours[AN_COLOUR_CONTRAST] > 0)
        an_colours_mean(mean, picture, rule->side, rule->crop, slot);
    for (int count = AN_COLOUR_STEPS; count > 0; count--) {
        uint32_t i = an_below(place.v[count - 1], (uint32_t)count);
        int step = left[i];
        double strength = rule->colours[step], middle = step == AN_COLOUR_HUE ? 0 : 1;
        left[i] = left[count - 1];
        if (strength > 0)
            an_colours_change(&colours, (an_colour_step)step,
                              between(middle - strength, middle + strength, factor.v[step]), mean);
    }
    an_colours_set(slot, &colours);
}

/* Try ten times to draw a rectangle that fits, as torchvision does. */
static void draw_erased(an_slot *slot, const an_change_rule *rule, uint64_t epoch,
                        uint64_t position)
{
    enum { TRIES = 10 };
    const double side = rule->crop, *area = rule->erase_area, *aspect = rule->erase_aspect;
    an_random4 r = an_random(rule->seed, AN_PURPOSE_ERASE, epoch, position, 0);
    if (an_uniform(r.v[0]) >= rule->erase)
        return;
    for (uint32_t i = 1; i <= TRIES; i++) {
        r = an_random(rule->seed, AN_PURPOSE_ERASE, epoch, position, i);
        double pixels = side * side * between(area[0], area[1], r.v[0]);
        double ratio = exp(between(log(aspect[0]), log(aspect[1]), r.v[1]));
        double rows = rint(sqrt(pixels * ratio)), columns = rint(sqrt(pixels / ratio));
        if (rows < 1 || columns < 1 || rows >= side || columns >= side)
            continue;
        slot->erased = (an_box){(int32_t)an_below(r.v[2], (uint32_t)(side - rows) + 1),
                                (int32_t)an_below(r.v[3], (uint32_t)(side - columns) + 1),
                                (int32_t)rows, (int32_t)columns};
        return;
    }
}

void an_change_draw(an_slot *slot, const an_change_rule *rule, const uint8_t *picture,
                    uint64_t epoch, uint64_t position)
{
    if (jitters(rule))
        draw_colours(slot, rule, picture, epoch, position);
    if (rule->erase > 0)
        draw_erased(slot, rule, epoch, position);
}

/* ---- Mixing --------------------------------------------------------------------------------- */

/* Units of the random numbers that mix a picture: the choice between mixup and CutMix, with the
 * place of the cut; then the tries for each of two gamma draws. */
enum { MIX_HOW = 0, MIX_GAMMA = 1, MIX_TRIES = 64 };

/* The logarithm of a draw from Gamma(alpha, 1), by Marsaglia and Tsang (2000); for alpha < 1, as in
 * section 6 there. A try fails in fewer than 5 of 100 cases. */
static double log_gamma_draw(double alpha, uint64_t seed, uint64_t epoch, uint64_t position,
                             uint32_t unit)
{
    const double d = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3.0, c = 1 / sqrt(9 * d);
    double v = 1, boost = 0;
    for (uint32_t i = 0; i < MIX_TRIES; i++) {
        double normal[2];
        an_random4 r = an_random(seed, AN_PURPOSE_MIX, epoch, position, unit + i);
        an_normal2(r.v[0], r.v[1], normal);
        v = 1 + c * normal[0];
        v = v * v * v;
        boost = alpha < 1 ? log((r.v[3] + 0.5) * 0x1p-32) / alpha : 0;
        if (v > 0 &&
            log((r.v[2] + 0.5) * 0x1p-32) < 0.5 * normal[0] * normal[0] + d - d * v + d * log(v))
            return log(d * v) + boost;
    }
    return log(d) + boost; /* not once in 1e80 draws */
}

double an_change_beta(double alpha, uint64_t seed, uint64_t epoch, uint64_t position)
{
    double a = log_gamma_draw(alpha, seed, epoch, position, MIX_GAMMA);
    double b = log_gamma_draw(alpha, seed, epoch, position, MIX_GAMMA + MIX_TRIES);
    double ratio = exp(b - a);
    return isnan(ratio) ? 1 : 1 / (1 + ratio); /* alpha below 1e-307: both logarithms overflow */
}

/* The part of 0 .. side that `size` around a middle covers. */
static void clip(int side, uint32_t middle, double size, int32_t *first, int32_t *count)
{
    int half = (int)(0.5 * size), low = (int)middle - half, high = (int)middle + half;
    *first = low < 0 ? 0 : low;
    *count = (high > side ? side : high) - *first;
}

static void mix(an_slot *slot, const an_change_rule *rule, uint64_t epoch, uint64_t position)
{
    const uint32_t side = (uint32_t)rule->crop;
    an_random4 r = an_random(rule->seed, AN_PURPOSE_MIX, epoch, position, MIX_HOW);
    bool cuts = rule->cutmix > 0 && (rule->mixup <= 0 || r.v[0] >> 31);
    /* The share of the picture itself; its partner gets the rest. */
    double share = an_change_beta(cuts ? rule->cutmix : rule->mixup, rule->seed, epoch, position);
    slot->mixed = (an_box){0, 0, rule->crop, rule->crop};
    slot->share = slot->second_share = (float)(1 - share);
    if (!cuts)
        return;
    double size = sqrt(1 - share) * rule->crop;
    clip(rule->crop, an_below(r.v[1], side), size, &slot->mixed.top, &slot->mixed.rows);
    clip(rule->crop, an_below(r.v[2], side), size, &slot->mixed.left, &slot->mixed.columns);
    slot->share = 1;
    slot->second_share =
        (float)((double)slot->mixed.rows * slot->mixed.columns / ((double)rule->crop * rule->crop));
}

void an_change_mix(an_slot *slots, int count, const an_change_rule *rule, uint64_t epoch,
                   uint64_t position)
{
    if (rule->mixup <= 0 && rule->cutmix <= 0)
        return;
    for (int i = 0; i < count; i++) {
        int partner = i > 0 ? i - 1 : count - 1;
        if (partner == i || slots[i].picture < 0 || slots[partner].picture < 0)
            continue;
        slots[i].partner = partner;
        slots[i].second = slots[partner].label;
        mix(&slots[i], rule, epoch, position + (uint64_t)i);
    }
}
