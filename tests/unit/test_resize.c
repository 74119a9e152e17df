/*
 * Resizing against Pillow, byte for byte: hashes made by tools/make_resize_goldens.py from noise
 * that both sides draw alike. No tolerance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "data/resize.h"

typedef struct resize_golden {
    int width, height, to_width, to_height;
    uint64_t hash;
} resize_golden;

typedef struct fit_golden {
    int width, height, side;
    uint64_t short_hash, warp_hash;
} fit_golden;

#include "resize_goldens.h"

static uint64_t fnv(const uint8_t *bytes, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static an_picture noise(int width, int height)
{
    size_t count = (size_t)width * (size_t)height * 3;
    an_picture picture = {width, height, malloc(count)};
    assert_non_null(picture.rgb);
    for (size_t i = 0; i < count; i++)
        picture.rgb[i] = (uint8_t)(an_random(1, AN_PURPOSE_TEST, 0, i / 4, 0).v[i % 4] >> 24);
    return picture;
}

static void test_resize_equals_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof resize_goldens / sizeof *resize_goldens; i++) {
        const resize_golden *g = &resize_goldens[i];
        an_picture from = noise(g->width, g->height);
        size_t bytes = (size_t)g->to_width * (size_t)g->to_height * 3;
        uint8_t *to = malloc(bytes);
        assert_non_null(to);
        assert_int_equal(an_resize(to, g->to_width, g->to_height, from.rgb, g->width, g->height),
                         ALEXNET_OK);
        if (fnv(to, bytes) != g->hash)
            fail_msg("%d x %d to %d x %d differs from Pillow", g->width, g->height, g->to_width,
                     g->to_height);
        free(to);
        free(from.rgb);
    }
}

static void check_fit(const fit_golden *g, an_fit_rule rule, uint64_t hash)
{
    an_picture from = noise(g->width, g->height);
    size_t bytes = (size_t)g->side * (size_t)g->side * 3;
    uint8_t *to = malloc(bytes);
    assert_non_null(to);
    assert_int_equal(an_fit_picture(to, (an_fit){rule, g->side}, &from), ALEXNET_OK);
    if (fnv(to, bytes) != hash)
        fail_msg("%d x %d fitted to %d by rule %d differs from Pillow", g->width, g->height,
                 g->side, (int)rule);
    free(to);
    free(from.rgb);
}

static void test_fit_equals_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fit_goldens / sizeof *fit_goldens; i++) {
        check_fit(&fit_goldens[i], AN_FIT_SHORT, fit_goldens[i].short_hash);
        check_fit(&fit_goldens[i], AN_FIT_WARP, fit_goldens[i].warp_hash);
    }
}

/* A strip whose short side grows to 256 would be 256 x 16,768,000 in full. */
static void test_extreme_aspect_needs_little(void **state)
{
    (void)state;
    an_picture strip = noise(1, AN_PICTURE_SIDE_MAX);
    uint8_t *to = malloc(256 * 256 * 3);
    assert_non_null(to);
    assert_int_equal(an_fit_picture(to, (an_fit){AN_FIT_SHORT, 256}, &strip), ALEXNET_OK);
    /* One source pixel is as large as the whole square: every column is alike. */
    for (int x = 1; x < 256; x++)
        assert_memory_equal(to, to + 3 * x, 3);
    free(to);
    free(strip.rgb);
}

static void test_refuses_empty_sizes(void **state)
{
    (void)state;
    uint8_t pixel[3] = {1, 2, 3};
    an_picture none = {0, 0, NULL};
    assert_int_equal(an_resize(pixel, 0, 1, pixel, 1, 1), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_resize(pixel, 1, 1, pixel, 1, -1), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_fit_picture(pixel, (an_fit){AN_FIT_SHORT, 1}, &none),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize_equals_pillow),
        cmocka_unit_test(test_fit_equals_pillow),
        cmocka_unit_test(test_extreme_aspect_needs_little),
        cmocka_unit_test(test_refuses_empty_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
