/*
 * Parts of pictures against torchvision, which draws the same boxes from the same numbers, and
 * Pillow, which makes the same pixels of them: tools/make_region_goldens.py. No tolerance. The
 * frequencies of angles must lie within 6 standard deviations, as in test_crop.c. Run in the folder
 * tests/.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cut_region.h"
#include "noise.h"

#include "base/random.h"
#include "base/status.h"
#include "data/loader/region.h"
#include "data/picture/rotate.h"

typedef struct box_golden {
    int width, height;
    double area[2], aspect[2];
    uint64_t seed, epoch, position;
    an_rect box;
} box_golden;

typedef struct cut_golden {
    int width, height;
    an_rect box;
    int side, square;
    double degrees;
    uint64_t hash;
} cut_golden;

typedef struct smaller_golden {
    const char *file;
    int factor, width, height;
    uint64_t hash;
} smaller_golden;

#include "region_goldens.h"

static void test_boxes_are_torchvisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof box_goldens / sizeof *box_goldens; i++) {
        const box_golden *g = &box_goldens[i];
        an_region_rule rule = {.side = 64, .scaled = true, .seed = g->seed};
        memcpy(rule.area, g->area, sizeof rule.area);
        memcpy(rule.aspect, g->aspect, sizeof rule.aspect);
        an_region r;
        an_region_draw(&r, &rule, (an_size){g->width, g->height}, g->epoch, g->position);
        if (memcmp(&r.box, &g->box, sizeof r.box) != 0 || r.square != 64 || r.degrees != 0)
            fail_msg("box %zu is %d, %d, %d, %d", i, r.box.x, r.box.y, r.box.width, r.box.height);
    }
}

static void test_cuts_are_pillows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cut_goldens / sizeof *cut_goldens; i++) {
        const cut_golden *g = &cut_goldens[i];
        const an_picture from = noise(g->width, g->height);
        const an_region region = {g->box, g->square, g->degrees};
        const size_t row = (size_t)g->side * 3, bytes = row * (size_t)g->side;
        uint8_t *to = malloc(bytes);
        assert_non_null(to);
        assert_int_equal(
            cut_region(to, row, g->side, &region, (an_size){g->width, g->height}, &from),
            ALEXNET_OK);
        if (fnv(to, bytes) != g->hash)
            fail_msg("cut %zu, turned by %g degrees, differs from Pillow", i, g->degrees);
        free(to);
        free(from.rgb);
    }
}

typedef struct asked {
    int factor, times;
    an_size size;
} asked;

static int answer(void *user, an_size size)
{
    asked *a = user;
    a->times++;
    a->size = size;
    return a->factor;
}

static void test_smaller_jpegs_are_pillows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof smaller_goldens / sizeof *smaller_goldens; i++) {
        const smaller_golden *g = &smaller_goldens[i];
        char path[128];
        asked a = {.factor = g->factor};
        const an_target target = {.factor = answer, .user = &a};
        an_picture picture;
        snprintf(path, sizeof path, "golden/pictures/%s", g->file);
        if (an_picture_read_for(&picture, path, &target) != ALEXNET_OK)
            fail_msg("%s", an_error_text());
        assert_int_equal(a.times, 1);
        if (g->factor == 1) {
            assert_int_equal(a.size.width, g->width);
            assert_int_equal(a.size.height, g->height);
        }
        if (picture.width != g->width || picture.height != g->height ||
            fnv(picture.rgb, (size_t)g->width * (size_t)g->height * 3) != g->hash)
            fail_msg("%s by %d is %d x %d and differs from Pillow", g->file, g->factor,
                     picture.width, picture.height);
        an_picture_free(&picture);
    }
}

/* At least `side` pixels of the shorter side must be left; factors that the library lacks become
 * the next smaller one. */
static void test_factors(void **state)
{
    (void)state;
    const an_fit fit = {AN_FIT_SHORT, 256, true}, exact = {AN_FIT_SHORT, 256, false};
    assert_int_equal(an_fit_factor(exact, (an_size){4000, 3000}), 1);
    assert_int_equal(an_fit_factor(fit, (an_size){4000, 512}), 2);
    assert_int_equal(an_fit_factor(fit, (an_size){511, 4000}), 1);
    for (int factor = 0; factor < 20; factor++) {
        asked a = {.factor = factor};
        const an_target target = {.factor = answer, .user = &a};
        an_picture picture;
        const int expected = factor >= 8 ? 8 : factor >= 4 ? 4 : factor >= 2 ? 2 : 1;
        assert_int_equal(an_picture_read_for(&picture, "golden/pictures/rgb420.jpg", &target),
                         ALEXNET_OK);
        assert_int_equal(picture.width, (21 + expected - 1) / expected);
        an_picture_free(&picture);
    }
}

/* Every box lies inside the picture, and a turned square shows nothing from outside its box. */
static void test_nothing_outside_is_shown(void **state)
{
    (void)state;
    enum { SIDE = 20 };
    static const an_size sizes[] = {{1, 1},    {2, 1},    {30, 20}, {20, 30},
                                    {500, 20}, {20, 500}, {64, 64}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const an_size size = sizes[s];
        an_picture white = {size.width, size.height,
                            malloc((size_t)size.width * (size_t)size.height * 3)};
        assert_non_null(white.rgb);
        memset(white.rgb, 200, (size_t)size.width * (size_t)size.height * 3);
        for (uint64_t position = 0; position < 300; position++) {
            const an_region_rule rule = {.fit = position % 2 ? AN_FIT_WARP : AN_FIT_SHORT,
                                         .side = SIDE,
                                         .scaled = position % 3 == 0,
                                         .area = {0.01, 1},
                                         .aspect = {0.2, 5},
                                         .rotate = position % 5 ? 180 : 15,
                                         .seed = 4};
            an_region r;
            uint8_t to[SIDE * SIDE * 3];
            an_region_draw(&r, &rule, size, 1, position);
            assert_true(r.box.x >= 0 && r.box.y >= 0 && r.box.width >= 1 && r.box.height >= 1);
            assert_true(r.box.x + r.box.width <= size.width);
            assert_true(r.box.y + r.box.height <= size.height);
            assert_true(r.square >= SIDE && (r.square - SIDE) % 2 == 0);
            assert_int_equal(cut_region(to, SIDE * 3, SIDE, &r, size, &white), ALEXNET_OK);
            for (size_t i = 0; i < sizeof to; i++)
                assert_int_equal(to[i], 200);
            const double angle = r.degrees * 0.017453292519943295;
            const double reach = SIDE / 2.0 * (fabs(cos(angle)) + fabs(sin(angle)));
            assert_true(reach <= r.square / 2.0 + 1e-9); /* Pillow fills with black further out */
        }
        free(white.rgb);
    }
}

/* A turned box keeps its scale and its centre where the picture has room for it. */
static void test_a_turned_box_is_larger(void **state)
{
    (void)state;
    const an_region_rule plain = {
        .side = 200, .scaled = true, .area = {0.02, 0.1}, .aspect = {0.5, 2}, .seed = 7};
    an_region_rule turned = plain;
    turned.rotate = 30;
    int kept = 0;
    for (uint64_t position = 0; position < 500; position++) {
        an_region a, b;
        an_region_draw(&a, &plain, (an_size){3000, 2000}, 0, position);
        an_region_draw(&b, &turned, (an_size){3000, 2000}, 0, position);
        const double scale = (double)b.square / 200;
        assert_true(fabs(b.box.width - a.box.width * scale) <= 0.5);
        assert_true(fabs(b.box.height - a.box.height * scale) <= 0.5);
        kept += abs(2 * b.box.x + b.box.width - 2 * a.box.x - a.box.width) <= 1 &&
                abs(2 * b.box.y + b.box.height - 2 * a.box.y - a.box.height) <= 1;
    }
    assert_true(kept > 250 && kept < 500);
}

static void test_angles_are_uniform(void **state)
{
    (void)state;
    enum { DRAWS = 20000, BINS = 20 };
    const an_region_rule rule = {.side = 8, .rotate = 10, .seed = 3};
    int bins[BINS] = {0};
    for (uint64_t position = 0; position < DRAWS; position++) {
        an_region r;
        an_region_draw(&r, &rule, (an_size){40, 30}, 2, position);
        assert_true(r.degrees >= -10 && r.degrees < 10);
        bins[(int)(r.degrees + 10)]++;
    }
    const double expected = (double)DRAWS / BINS, deviation = sqrt(expected * (1 - 1.0 / BINS));
    for (int i = 0; i < BINS; i++)
        assert_true(fabs(bins[i] - expected) <= 6 * deviation);
}

static bool same_region(const an_region *a, const an_region *b)
{
    return memcmp(&a->box, &b->box, sizeof a->box) == 0 && a->square == b->square &&
           a->degrees == b->degrees;
}

/* Pictures of a group share their random numbers; other groups, epochs and seeds have others. */
static void test_groups_share_a_draw(void **state)
{
    (void)state;
    an_region_rule rule = {.side = 8,
                           .scaled = true,
                           .area = {0.1, 1},
                           .aspect = {0.5, 2},
                           .rotate = 10,
                           .group = 32,
                           .seed = 3};
    const an_size size = {400, 300};
    an_region first, other;
    an_region_draw(&first, &rule, size, 0, 32);
    for (uint64_t position = 32; position < 64; position++) {
        an_region_draw(&other, &rule, size, 0, position);
        assert_true(same_region(&first, &other));
    }
    an_region_draw(&other, &rule, size, 0, 64);
    assert_false(same_region(&first, &other));
    an_region_draw(&other, &rule, size, 1, 32);
    assert_false(same_region(&first, &other));
    rule.seed = 4;
    an_region_draw(&other, &rule, size, 0, 32);
    assert_false(same_region(&first, &other));
}

/* A box has the same place in a picture that was decoded at a smaller size. */
static void test_boxes_in_smaller_pictures(void **state)
{
    (void)state;
    enum { SIDE = 16 };
    const an_picture smaller = noise(51, 38); /* of 403 x 299, by 8 */
    const an_region region = {{100, 55, 201, 160}, SIDE, 0};
    uint8_t to[SIDE * SIDE * 3], expected[SIDE * SIDE * 3];
    /* 51/403 of 100, 301 and 38/299 of 55, 215: 12.66, 38.09, 6.99, 27.32 */
    assert_int_equal(cut_region(to, SIDE * 3, SIDE, &region, (an_size){403, 299}, &smaller),
                     ALEXNET_OK);
    assert_int_equal(cut_box(expected, SIDE * 3, SIDE, &smaller, (an_rect){13, 7, 25, 20}),
                     ALEXNET_OK);
    assert_memory_equal(to, expected, sizeof to);
    const an_region corner = {{402, 298, 1, 1}, SIDE, 0};
    assert_int_equal(cut_region(to, SIDE * 3, SIDE, &corner, (an_size){403, 299}, &smaller),
                     ALEXNET_OK);
    for (int i = 0; i < SIDE * SIDE; i++)
        assert_memory_equal(to + 3 * i, smaller.rgb + 3 * (51 * 38 - 1), 3);
    free(smaller.rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boxes_are_torchvisions),
        cmocka_unit_test(test_cuts_are_pillows),
        cmocka_unit_test(test_smaller_jpegs_are_pillows),
        cmocka_unit_test(test_factors),
        cmocka_unit_test(test_nothing_outside_is_shown),
        cmocka_unit_test(test_a_turned_box_is_larger),
        cmocka_unit_test(test_angles_are_uniform),
        cmocka_unit_test(test_groups_share_a_draw),
        cmocka_unit_test(test_boxes_in_smaller_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
