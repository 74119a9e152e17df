/*
 * Random crops: frequencies over 66,000 positions of one seed against the distribution that was
 * asked for. A count of n draws of probability p must lie within 6 standard deviations of n p, each
 * of sqrt(n p (1 - p)): a correct generator fails one such check in 5e8, and there are about 250.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/loader/crop.h"
#include "infer/views.h"

enum { SIDE = 256, CROP = 224, PLACES = 33, DRAWS = 66000, SEED = 20120930 };

static const an_crop_rule rule = {.side = SIDE,
                                  .crop = CROP,
                                  .random_crop = true,
                                  .mirror = true,
                                  .colour_noise = 0.1f,
                                  /* Not symmetric, so that a transposed table is noticed. */
                                  .colour_axis = {{100, -50, 25}, {0, 30, 60}, {-5, 10, 1}},
                                  .seed = SEED};

static void check_count(const char *what, int value, int count, double n, double p)
{
    if (fabs(count - n * p) > 6 * sqrt(n * p * (1 - p)))
        fail_msg("seed %d: %s %d came %d times in %g, expected about %g", SEED, what, value, count,
                 n, n * p);
}

static void test_places_and_mirrors_are_uniform(void **state)
{
    (void)state;
    int y[PLACES] = {0}, x[PLACES] = {0}, sum[PLACES] = {0}, mirrored[PLACES] = {0}, mirrors = 0;
    for (int i = 0; i < DRAWS; i++) {
        an_slot slot;
        an_crop_draw(&slot, &rule, 3, (uint64_t)i);
        assert_in_range(slot.y, 0, PLACES - 1);
        assert_in_range(slot.x, 0, PLACES - 1);
        assert_in_range(slot.mirror, 0, 1);
        y[slot.y]++;
        x[slot.x]++;
        sum[(slot.y + slot.x) % PLACES]++; /* uniform only if y and x are independent */
        mirrored[slot.x] += slot.mirror;
        mirrors += slot.mirror;
    }
    check_count("mirror", 1, mirrors, DRAWS, 0.5);
    for (int i = 0; i < PLACES; i++) {
        check_count("y", i, y[i], DRAWS, 1.0 / PLACES);
        check_count("x", i, x[i], DRAWS, 1.0 / PLACES);
        check_count("y + x", i, sum[i], DRAWS, 1.0 / PLACES);
        check_count("mirrored x", i, mirrored[i], x[i], 0.5);
    }
}

/* colour = c * sum_i r_i axis_i has mean 0 and covariance c^2 A^T A. A mean of n products of two
 * normals has a standard deviation of at most sqrt(2 S_aa S_bb / n). */
static void test_colour_has_the_covariance_of_its_axes(void **state)
{
    (void)state;
    double mean[3] = {0}, product[3][3] = {{0}};
    for (int i = 0; i < DRAWS; i++) {
        an_slot slot;
        an_crop_draw(&slot, &rule, 0, (uint64_t)i);
        assert_true(slot.gain == (float)(1 / (1 + (double)rule.colour_noise)));
        for (int a = 0; a < 3; a++) {
            mean[a] += slot.colour[a] / (double)DRAWS;
            for (int b = 0; b < 3; b++)
                product[a][b] += (double)slot.colour[a] * slot.colour[b] / DRAWS;
        }
    }
    double expected[3][3] = {{0}};
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            for (int i = 0; i < 3; i++)
                expected[a][b] += 0.01 * rule.colour_axis[i][a] * rule.colour_axis[i][b];
    for (int a = 0; a < 3; a++) {
        assert_true(fabs(mean[a]) < 6 * sqrt(expected[a][a] / DRAWS));
        for (int b = 0; b < 3; b++)
            assert_true(fabs(product[a][b] - expected[a][b]) <
                        6 * sqrt(2 * expected[a][a] * expected[b][b] / DRAWS));
    }
}

/* Equal seed, epoch and position give an equal draw; each of the three alone changes it. */
static void test_depends_on_seed_epoch_position(void **state)
{
    (void)state;
    int differ[3] = {0};
    an_crop_rule other = rule;
    other.seed++;
    for (uint64_t i = 0; i < 100; i++) {
        an_slot a, b;
        memset(&a, 0, sizeof a);
        memset(&b, 0, sizeof b);
        an_crop_draw(&a, &rule, 1, i);
        an_crop_draw(&b, &rule, 1, i);
        assert_memory_equal(&a, &b, sizeof a);
        an_crop_draw(&b, &rule, 2, i);
        differ[0] += memcmp(&a, &b, sizeof a) != 0;
        an_crop_draw(&b, &rule, 1, i + 100);
        differ[1] += memcmp(&a, &b, sizeof a) != 0;
        an_crop_draw(&b, &other, 1, i);
        differ[2] += memcmp(&a, &b, sizeof a) != 0;
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(differ[i], 100); /* colours are 32-bit numbers: none agree by chance */
}

/* Pictures 32 to 63 share a place and a mirroring; the pictures before and after them have other
 * places. Colours are drawn for each picture. */
static void test_groups_share_a_crop(void **state)
{
    (void)state;
    an_crop_rule grouped = rule;
    grouped.group = 32;
    an_slot first, before, behind;
    an_crop_draw(&before, &grouped, 2, 31);
    an_crop_draw(&first, &grouped, 2, 32);
    an_crop_draw(&behind, &grouped, 2, 64);
    assert_true(before.y != first.y || before.x != first.x);
    assert_true(behind.y != first.y || behind.x != first.x);
    for (uint64_t i = 33; i < 64; i++) {
        an_slot slot;
        an_crop_draw(&slot, &grouped, 2, i);
        assert_int_equal(slot.y, first.y);
        assert_int_equal(slot.x, first.x);
        assert_int_equal(slot.mirror, first.mirror);
        assert_true(slot.colour[0] != first.colour[0]);
    }
}

static void test_what_is_not_asked_for_is_fixed(void **state)
{
    (void)state;
    an_crop_rule still = {.side = 256, .crop = 227, .seed = SEED};
    for (uint64_t i = 0; i < 100; i++) {
        an_slot slot;
        an_crop_draw(&slot, &still, 0, i);
        assert_int_equal(slot.y, 14);
        assert_int_equal(slot.x, 14);
        assert_int_equal(slot.mirror, 0);
        assert_true(slot.gain == 1.0f);
        assert_true(slot.colour[0] == 0 && slot.colour[1] == 0 && slot.colour[2] == 0);
    }
    still.random_crop = still.mirror = true;
    still.side = still.crop = 64; /* one place only */
    an_slot slot;
    an_crop_draw(&slot, &still, 0, 0);
    assert_int_equal(slot.y, 0);
    assert_int_equal(slot.x, 0);
}

/* Paper section 4.1: top left, top right, centre, bottom left, bottom right; then mirrored. */
static void test_ten_views(void **state)
{
    (void)state;
    static const int corner[5][2] = {{0, 0}, {0, 32}, {16, 16}, {32, 0}, {32, 32}};
    for (int view = 0; view < AN_VIEWS; view++) {
        an_slot slot = {.picture = 5, .label = 6};
        an_view_place(&slot, SIDE, CROP, view);
        assert_int_equal(slot.y, corner[view % 5][0]);
        assert_int_equal(slot.x, corner[view % 5][1]);
        assert_int_equal(slot.mirror, view >= 5);
        assert_true(slot.gain == 1.0f && slot.colour[0] == 0);
        assert_int_equal(slot.picture, 5);
        assert_int_equal(slot.label, 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_and_mirrors_are_uniform),
        cmocka_unit_test(test_colour_has_the_covariance_of_its_axes),
        cmocka_unit_test(test_depends_on_seed_epoch_position),
        cmocka_unit_test(test_groups_share_a_crop),
        cmocka_unit_test(test_what_is_not_asked_for_is_fixed),
        cmocka_unit_test(test_ten_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
