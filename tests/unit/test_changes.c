/*
 * The random draws of colour jitter, random erasing, mixup and CutMix: over 20,000 positions of one
 * seed, against what torchvision's transforms of these names do. A count of n draws of probability
 * p must lie within 6 standard deviations of n p, a mean of n draws within 6 of its own.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/loader/changes.h"

enum { SIDE = 40, CROP = 32, DRAWS = 20000, SEED = 1710, BATCH = 8 };

static uint8_t picture[SIDE * SIDE * 3];

static int make_picture(void **state)
{
    (void)state;
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        picture[i] = (uint8_t)(i * 2654435761u >> 24);
    return 0;
}

static void expect_about(const char *what, double got, double expected, double deviation)
{
    if (!(fabs(got - expected) <= 6 * deviation))
        fail_msg("seed %d: %s is %g, expected %g +- %g", SEED, what, got, expected, 6 * deviation);
}

static an_slot slot_at(uint64_t position)
{
    return (an_slot){.picture = 0,
                     .label = (int32_t)(position % 10),
                     .y = (int32_t)(position % (SIDE - CROP + 1)),
                     .x = 3,
                     .gain = 1};
}

static an_slot draw(const an_change_rule *rule, uint64_t position)
{
    an_slot slot = slot_at(position);
    an_change_draw(&slot, rule, picture, 5, position);
    return slot;
}

/* ---- Nothing -------------------------------------------------------------------------------- */

static void test_nothing_is_changed_unasked(void **state)
{
    (void)state;
    const an_change_rule rule = {.side = SIDE,
                                 .crop = CROP,
                                 .erase_area = {0.02, 0.33},
                                 .erase_aspect = {0.3, 3.3},
                                 .seed = SEED};
    an_slot slots[BATCH], before[BATCH];
    for (int i = 0; i < BATCH; i++)
        slots[i] = draw(&rule, (uint64_t)i), before[i] = slot_at((uint64_t)i);
    an_change_mix(slots, BATCH, &rule, 5, 0);
    assert_memory_equal(slots, before, sizeof slots);
}

/* ---- Colours -------------------------------------------------------------------------------- */

/* The mean of a crop, against a plain sum over its pixels. */
static void test_the_mean_of_a_crop(void **state)
{
    (void)state;
    for (int crop = 1; crop <= CROP; crop += 5) {
        an_slot slot = {.y = 7, .x = 2};
        double mean[3], sums[3] = {0};
        for (int y = 0; y < crop; y++)
            for (int x = 0; x < crop; x++)
                for (int c = 0; c < 3; c++)
                    sums[c] += picture[((7 + y) * SIDE + 2 + x) * 3 + c];
        an_colours_mean(mean, picture, SIDE, crop, &slot);
        for (int c = 0; c < 3; c++)
            assert_true(mean[c] == sums[c] / (crop * crop));
    }
}

/* With one step alone, its factor can be read from the slot; it must be uniform within its
 * bounds. */
static void check_factor(an_colour_step step, double strength, double (*factor_of)(const an_slot *))
{
    an_change_rule rule = {.side = SIDE, .crop = CROP, .seed = SEED};
    double sum = 0, squares = 0, low = 9, high = -9, middle = step == AN_COLOUR_HUE ? 0 : 1;
    rule.colours[step] = strength;
    for (uint64_t i = 0; i < DRAWS; i++) {
        an_slot slot = draw(&rule, i);
        assert_int_equal(slot.recoloured, 1);
        double factor = factor_of(&slot);
        low = fmin(low, factor);
        high = fmax(high, factor);
        sum += factor;
        squares += (factor - middle) * (factor - middle);
    }
    if (low < middle - strength - 1e-6 || low > middle - 0.99 * strength)
        fail_msg("step %d: factors from %g", (int)step, low);
    if (high > middle + strength + 1e-6 || high < middle + 0.99 * strength)
        fail_msg("step %d: factors to %g", (int)step, high);
    double variance = strength * strength / 3;
    expect_about("the mean factor", sum / DRAWS, middle, sqrt(variance / DRAWS));
    expect_about("its variance", squares / DRAWS, variance,
                 strength * strength * sqrt(4.0 / 45 / DRAWS));
}

static double first_of_matrix(const an_slot *slot)
{
    return slot->matrix[0][0];
}

/* The element is f + (1 - f) share, where share is that of red in grey. */
static double saturation_of(const an_slot *slot)
{
    double share = an_channel_share(AN_CHANNELS_GREY, 0, 0);
    return ((double)slot->matrix[0][0] - share) / (1 - share);
}

static double hue_of(const an_slot *slot)
{
    const float(*m)[3] = slot->matrix;
    double trace = (double)m[0][0] + m[1][1] + m[2][2], sine = (double)m[1][0] - m[0][1];
    return atan2(sine * sqrt(3) / 2, (trace - 1) / 2) / (2 * 3.14159265358979323846);
}

static void test_factors(void **state)
{
    (void)state;
    check_factor(AN_COLOUR_BRIGHTNESS, 0.4, first_of_matrix);
    check_factor(AN_COLOUR_CONTRAST, 1, first_of_matrix);
    check_factor(AN_COLOUR_SATURATION, 0.25, saturation_of);
    check_factor(AN_COLOUR_HUE, 0.1, hue_of);
}

/* The slot's colours result from the factors that each step draws alone, applied in one of two
 * orders, each half of the time. Only the order of saturation and hue makes a difference. */
static void test_the_order_of_steps(void **state)
{
    (void)state;
    const an_change_rule rule = {
        .side = SIDE, .crop = CROP, .colours = {0, 0.4, 0.5, 0.1}, .seed = SEED};
    int first = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        an_slot slot = draw(&rule, i);
        double factors[AN_COLOUR_STEPS], mean[3];
        for (int step = AN_COLOUR_CONTRAST; step < AN_COLOUR_STEPS; step++) {
            an_change_rule alone = {.side = SIDE, .crop = CROP, .seed = SEED};
            alone.colours[step] = rule.colours[step];
            an_slot one = draw(&alone, i);
            factors[step] = step == AN_COLOUR_HUE          ? hue_of(&one)
                            : step == AN_COLOUR_SATURATION ? saturation_of(&one)
                                                           : first_of_matrix(&one);
        }
        an_colours_mean(mean, picture, SIDE, CROP, &slot);
        bool fits[2];
        for (int order = 0; order < 2; order++) {
            an_colours c = an_colours_none();
            an_colours_change(&c, AN_COLOUR_CONTRAST, factors[AN_COLOUR_CONTRAST], mean);
            for (int k = 0; k < 2; k++) {
                an_colour_step step = k == order ? AN_COLOUR_SATURATION : AN_COLOUR_HUE;
                an_colours_change(&c, step, factors[step], mean);
            }
            fits[order] = true;
            for (int k = 0; k < 9; k++)
                fits[order] &=
                    fabs(c.matrix[k / 3][k % 3] - (double)slot.matrix[k / 3][k % 3]) < 1e-5;
        }
        if (!fits[0] && !fits[1])
            fail_msg("position %d: neither order", (int)i);
        first += fits[0] && !fits[1];
    }
    assert_true(first > DRAWS * 0.47 && first < DRAWS * 0.5 + 6 * sqrt(DRAWS / 4.0));
}

/* ---- Erasing -------------------------------------------------------------------------------- */

static void test_erased_rectangles(void **state)
{
    (void)state;
    const an_change_rule rule = {.side = SIDE,
                                 .crop = CROP,
                                 .erase = 0.25,
                                 .erase_area = {0.05, 0.2},
                                 .erase_aspect = {0.5, 2},
                                 .seed = SEED};
    int count = 0, tall = 0, first = 0, last = 0;
    double area = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        an_slot slot = draw(&rule, i);
        const an_box *box = &slot.erased;
        if (box->rows == 0)
            continue;
        count++;
        assert_true(box->top >= 0 && box->top + box->rows <= CROP && box->left >= 0 &&
                    box->left + box->columns <= CROP);
        double share = (double)box->rows * box->columns / (CROP * CROP);
        double aspect = (double)box->rows / box->columns;
        assert_true(share > 0.04 && share < 0.22 && aspect > 0.4 && aspect < 2.5);
        area += share;
        tall += box->rows > box->columns;
        first += box->top == 0 && box->left == 0;
        last += box->top + box->rows == CROP && box->left + box->columns == CROP;
    }
    expect_about("the share of erased", count, DRAWS * 0.25, sqrt(DRAWS * 0.25 * 0.75));
    expect_about("the mean area", area / count, 0.125, 0.15 / sqrt(12.0 * count) + 0.0003);
    assert_true(tall > count * 0.4 && tall < count * 0.55);
    assert_true(first > 0 && last > 0); /* every place is possible */
}

/* ---- Mixing --------------------------------------------------------------------------------- */

static void test_beta(void **state)
{
    (void)state;
    static const double alphas[] = {0.1, 0.2, 0.5, 1, 2, 10};
    for (size_t a = 0; a < sizeof alphas / sizeof alphas[0]; a++) {
        double alpha = alphas[a], sum = 0, squares = 0, variance = 1 / (4 * (2 * alpha + 1));
        int small = 0;
        for (uint64_t i = 0; i < DRAWS; i++) {
            double x = an_change_beta(alpha, SEED, 1, i);
            assert_true(x >= 0 && x <= 1);
            sum += x;
            squares += (x - 0.5) * (x - 0.5);
            small += x < 0.1;
        }
        expect_about("the mean", sum / DRAWS, 0.5, sqrt(variance / DRAWS));
        expect_about("the variance", squares / DRAWS, variance, 0.25 / sqrt(4.0 * DRAWS));
        /* P(x < 0.1) of Beta(1, 1), Beta(0.5, 0.5) = 2/pi asin(sqrt(0.1)), Beta(2, 2) = 0.028 */
        double below = alpha == 1 ? 0.1 : alpha == 0.5 ? 0.204833 : alpha == 2 ? 0.028 : -1;
        if (below >= 0)
            expect_about("those below 0.1", small, DRAWS * below,
                         sqrt(DRAWS * below * (1 - below)));
    }
    for (uint64_t i = 0; i < 1000; i++) /* nearly all at the ends, and never outside */
        for (int j = 0; j < 3; j++) {
            static const double tiny[] = {1e-4, 1e-308, 5e-324};
            const double share = an_change_beta(tiny[j], SEED, 1, i);
            assert_true(share >= 0 && share <= 1);
        }
}

/* Mix a batch whose slot 3 is empty, and check the partners. */
static void mix(an_slot slots[BATCH], const an_change_rule *rule, uint64_t position)
{
    for (int i = 0; i < BATCH; i++)
        slots[i] = slot_at(position + (uint64_t)i);
    slots[3].picture = slots[3].label = -1;
    an_change_mix(slots, BATCH, rule, 5, position);
    assert_int_equal(slots[3].mixed.rows, 0);
    assert_int_equal(slots[4].mixed.rows, 0);
    for (int i = 0; i < BATCH; i++) {
        int partner = i ? i - 1 : BATCH - 1;
        if (slots[i].second_share == 0)
            continue;
        assert_int_equal(slots[i].partner, partner);
        assert_int_equal(slots[i].second, slots[partner].label);
    }
}

static void test_mixup(void **state)
{
    (void)state;
    const an_change_rule rule = {.side = SIDE, .crop = CROP, .mixup = 0.3, .seed = SEED};
    double sum = 0;
    int n = 0;
    for (uint64_t position = 0; position < DRAWS; position += BATCH) {
        an_slot slots[BATCH];
        mix(slots, &rule, position);
        for (int i = 0; i < BATCH; i++) {
            const an_slot *s = &slots[i];
            if (s->picture < 0 || i == 4)
                continue;
            assert_true(s->mixed.rows == CROP && s->mixed.columns == CROP && s->mixed.top == 0);
            assert_true(s->share == s->second_share);
            double own = an_change_beta(0.3, SEED, 5, position + (uint64_t)i);
            assert_true(s->share == (float)(1 - own));
            sum += s->share;
            n++;
        }
    }
    expect_about("the mean share", sum / n, 0.5, sqrt(1 / (4 * 1.6) / n));
}

/* torchvision's rule: a square with 1 - lambda of the image's area around a uniform pixel, clipped
 * at the edges; the share of the second label is that of the pixels replaced. */
static void test_cutmix(void **state)
{
    (void)state;
    const an_change_rule rule = {.side = SIDE, .crop = CROP, .cutmix = 1, .seed = SEED};
    int whole = 0, n = 0;
    for (uint64_t position = 0; position < DRAWS; position += BATCH) {
        an_slot slots[BATCH];
        mix(slots, &rule, position);
        for (int i = 0; i < BATCH; i++) {
            const an_slot *s = &slots[i];
            if (s->picture < 0 || i == 4)
                continue;
            const an_box *box = &s->mixed;
            assert_true(s->share == 1);
            assert_true(box->top >= 0 && box->top + box->rows <= CROP && box->left >= 0 &&
                        box->left + box->columns <= CROP);
            assert_true(s->second_share == (float)(box->rows * box->columns) / (CROP * CROP));
            int side = 2 * (int)(0.5 * CROP *
                                 sqrt(1 - an_change_beta(1, SEED, 5, position + (uint64_t)i)));
            assert_true(box->rows <= side && box->columns <= side);
            whole += box->rows == side && box->columns == side;
            n++;
        }
    }
    /* A square of side s is not clipped with probability (1 - s)^2: 1/6 on average over lambda, and
     * a little more for whole pixels. */
    assert_true(whole > n / 7 && whole < n / 4);
}

/* With both, each changes half of the pictures. A picture alone in its batch has no partner. */
static void test_one_of_two(void **state)
{
    (void)state;
    const an_change_rule rule = {
        .side = SIDE, .crop = CROP, .mixup = 0.2, .cutmix = 1, .seed = SEED};
    int cut = 0, n = 0;
    for (uint64_t position = 0; position < DRAWS; position += BATCH) {
        an_slot slots[BATCH];
        mix(slots, &rule, position);
        for (int i = 0; i < BATCH; i++) {
            n += slots[i].second_share > 0 && slots[i].second_share < 1;
            cut += slots[i].share == 1 && slots[i].second_share < 1 && slots[i].second_share > 0;
        }
    }
    assert_true(cut > n * 0.4 && cut < n * 0.6);
    an_slot one = slot_at(0), before = one;
    an_change_mix(&one, 1, &rule, 5, 0);
    assert_memory_equal(&one, &before, sizeof one);
}

/* Equal seed, epoch and position give an equal draw; each of the three alone changes it. */
static void test_depends_on_seed_epoch_position(void **state)
{
    (void)state;
    an_change_rule rule = {.side = SIDE,
                           .crop = CROP,
                           .colours = {0.4, 0.4, 0.4, 0.1},
                           .erase = 1,
                           .erase_area = {0.02, 0.33},
                           .erase_aspect = {0.3, 3.3},
                           .seed = SEED};
    an_slot first = draw(&rule, 9), again = draw(&rule, 9);
    assert_memory_equal(&first, &again, sizeof first);
    an_slot epoch = slot_at(9), seed = slot_at(9), position = slot_at(9);
    an_change_draw(&epoch, &rule, picture, 6, 9);
    an_change_draw(&position, &rule, picture, 5, 18);
    rule.seed++;
    an_change_draw(&seed, &rule, picture, 5, 9);
    const an_slot *others[] = {&epoch, &seed, &position};
    for (int i = 0; i < 3; i++) {
        assert_memory_not_equal(first.matrix, others[i]->matrix, sizeof first.matrix);
        assert_memory_not_equal(&first.erased, &others[i]->erased, sizeof first.erased);
    }
    assert_true(an_change_beta(1, 1, 2, 3) != an_change_beta(1, 2, 2, 3));
    assert_true(an_change_beta(1, 1, 2, 3) != an_change_beta(1, 1, 3, 3));
    assert_true(an_change_beta(1, 1, 2, 3) != an_change_beta(1, 1, 2, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_changed_unasked),
        cmocka_unit_test(test_the_mean_of_a_crop),
        cmocka_unit_test(test_factors),
        cmocka_unit_test(test_the_order_of_steps),
        cmocka_unit_test(test_erased_rectangles),
        cmocka_unit_test(test_beta),
        cmocka_unit_test(test_mixup),
        cmocka_unit_test(test_cutmix),
        cmocka_unit_test(test_one_of_two),
        cmocka_unit_test(test_depends_on_seed_epoch_position),
    };
    return cmocka_run_group_tests(tests, make_picture, NULL);
}
