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

#include "cut.h"
#include "noise.h"

#include "base/random.h"
#include "data/picture/resize.h"
#include "data/picture/resize_kernels.h"

typedef struct resize_golden {
    int width, height, to_width, to_height;
    uint64_t hash;
} resize_golden;

typedef struct fit_golden {
    int width, height, side;
    uint64_t short_hash, warp_hash;
} fit_golden;

#include "resize_goldens.h"

static void test_resize_equals_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof resize_goldens / sizeof *resize_goldens; i++) {
        const resize_golden *g = &resize_goldens[i];
        an_picture from = noise(g->width, g->height);
        size_t bytes = (size_t)g->to_width * (size_t)g->to_height * 3;
        uint8_t *to = malloc(bytes);
        assert_non_null(to);
        assert_int_equal(cut_whole(to, g->to_width, g->to_height, &from), ALEXNET_OK);
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
    assert_int_equal(an_fit_picture(to, (an_fit){rule, g->side, false}, &from), ALEXNET_OK);
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

/* A strip whose short side grows to 256 would have 256 x 16,768,000 pixels if resized in full. */
static void test_extreme_aspect_needs_little(void **state)
{
    (void)state;
    an_picture strip = noise(1, AN_PICTURE_SIDE_MAX);
    uint8_t *to = malloc(256 * 256 * 3);
    assert_non_null(to);
    assert_int_equal(an_fit_picture(to, (an_fit){AN_FIT_SHORT, 256, false}, &strip), ALEXNET_OK);
    /* One source pixel is as large as the whole square, so all columns are alike. */
    for (int x = 1; x < 256; x++)
        assert_memory_equal(to, to + 3 * x, 3);
    free(to);
    free(strip.rgb);
}

static void test_refuses_empty_sizes(void **state)
{
    (void)state;
    uint8_t pixel[3] = {1, 2, 3};
    const an_picture none = {0, 0, NULL}, one = {1, 1, pixel}, flat = {1, -1, pixel};
    uint8_t to[3];
    assert_int_equal(cut_whole(to, 0, 1, &one), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(cut_whole(to, 1, 1, &flat), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_fit_picture(to, (an_fit){AN_FIT_SHORT, 1, false}, &none),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
}

/* Resizing a box of a picture gives the same as copying the box out and resizing the copy. */
static void test_box_is_cut_first(void **state)
{
    (void)state;
    enum { SIDE = 24, ROW = 100 };
    static const an_rect boxes[] = {{0, 0, 61, 47}, {5, 3, 24, 24}, {7, 11, 24, 30},
                                    {3, 2, 50, 24}, {60, 46, 1, 1}, {9, 0, 40, 47}};
    const an_picture from = noise(61, 47);
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        const an_rect b = boxes[i];
        uint8_t to[SIDE * ROW], expected[SIDE * SIDE * 3];
        uint8_t *cut = malloc((size_t)b.width * (size_t)b.height * 3);
        const an_picture part = {b.width, b.height, cut};
        assert_non_null(cut);
        for (int y = 0; y < b.height; y++)
            memcpy(cut + (size_t)y * (size_t)b.width * 3,
                   from.rgb + 3 * ((size_t)(b.y + y) * 61 + (size_t)b.x), (size_t)b.width * 3);
        assert_int_equal(cut_whole(expected, SIDE, SIDE, &part), ALEXNET_OK);
        memset(to, 0xA5, sizeof to);
        assert_int_equal(cut_box(to, ROW, SIDE, &from, b), ALEXNET_OK);
        for (int y = 0; y < SIDE; y++) {
            assert_memory_equal(to + y * ROW, expected + y * SIDE * 3, SIDE * 3);
            for (int x = SIDE * 3; x < ROW; x++)
                assert_int_equal(to[y * ROW + x], 0xA5);
        }
        free(cut);
    }
    uint8_t pixel[3];
    assert_int_equal(cut_box(pixel, 3, 1, &from, (an_rect){60, 0, 2, 1}),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(cut_box(pixel, 3, 1, &from, (an_rect){-1, 0, 2, 1}),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    free(from.rgb);
}

/* Weights of either sign, small enough that sums fit into an int32, with random first samples and
 * counts. The block of pixels ends with its last pixel. */
enum { SAMPLES = 41, OUTPUTS = 50, STRIDE = 12, ROWS = 13, ROW_BYTES = SAMPLES * 3 };

static void draw_taps(an_taps *t, uint32_t seed, int samples)
{
    for (int i = 0; i < OUTPUTS; i++) {
        const an_random4 r = an_random(seed, AN_PURPOSE_TEST, 1, (uint64_t)i, 0);
        t->count[i] = 1 + (int)an_below(r.v[0], STRIDE - 1);
        t->first[i] = (int)an_below(r.v[1], (uint32_t)(samples - t->count[i]) + 1);
        for (int j = 0; j < t->count[i]; j++) {
            const an_random4 w = an_random(seed, AN_PURPOSE_TEST, 1, (uint64_t)i, 1 + (uint32_t)j);
            const int32_t weight = (int32_t)(w.v[0] % (1 << 20)) - (1 << 18);
            t->weight[i * STRIDE + j] = weight;
            t->high[i * STRIDE + j] = (int16_t)(weight >> AN_WEIGHT_LOW_BITS);
            t->low[i * STRIDE + j] = (int16_t)(weight & ((1 << AN_WEIGHT_LOW_BITS) - 1));
        }
    }
}

static void test_vectors_equal_plain_loops(void **state)
{
    (void)state;
    const an_picture from = noise(SAMPLES, ROWS);
    for (uint32_t seed = 0; seed < 40; seed++) {
        int first[OUTPUTS], count[OUTPUTS];
        int32_t weight[OUTPUTS * STRIDE] = {0};
        int16_t high[OUTPUTS * STRIDE] = {0}, low[OUTPUTS * STRIDE] = {0};
        an_taps t = {OUTPUTS, STRIDE, first, count, weight, high, low, .copies = false};
        uint8_t fast[OUTPUTS * 3], plain[OUTPUTS * 3];
        draw_taps(&t, seed, SAMPLES);
        const uint8_t *last = from.rgb + (ROWS - 1) * ROW_BYTES;
        an_resize_row(fast, last, ROW_BYTES, &t);
        an_resize_row_plain(plain, last, &t);
        assert_memory_equal(fast, plain, sizeof fast);
        draw_taps(&t, seed, ROWS);
        for (int y = 0; y < OUTPUTS; y++) {
            const size_t length = 1 + (size_t)(y * 7 + (int)seed) % ROW_BYTES;
            uint8_t row[ROW_BYTES], other[ROW_BYTES];
            const uint8_t *top = from.rgb + first[y] * ROW_BYTES;
            an_blend_rows(row, top, ROW_BYTES, length, &t, y);
            an_blend_rows_plain(other, top, ROW_BYTES, length, &t, y);
            assert_memory_equal(row, other, length);
        }
    }
    free(from.rgb);
}

/* SHORT makes the same square from what WHOLE keeps as from the picture, however long the picture
 * is. */
static void test_whole_leads_to_the_square(void **state)
{
    (void)state;
    static const int sizes[][2] = {{20, 20}, {13, 40}, {40, 13}, {3, 100}, {100, 3},
                                   {2, 99},  {99, 2},  {5, 301}, {301, 5}, {1, 63}};
    enum { SQUARE = 7 }; /* odd, so that half of what is left out may be half a pixel */
    const an_fit whole = {AN_FIT_WHOLE, SQUARE, false}, square = {AN_FIT_SHORT, SQUARE, false};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        an_picture from = {sizes[i][0], sizes[i][1], NULL}, kept;
        uint8_t direct[SQUARE * SQUARE * 3], again[SQUARE * SQUARE * 3];
        const size_t bytes = (size_t)from.width * (size_t)from.height * 3;
        from.rgb = malloc(bytes);
        for (size_t b = 0; b < bytes; b++)
            from.rgb[b] = (uint8_t)(b * b * 7 + b / 5);
        an_axis across, down;
        assert_int_equal(an_fit_axes(&across, &down, whole, (an_size){from.width, from.height}),
                         ALEXNET_OK);
        kept.width = across.part;
        kept.height = down.part;
        const int shorter = kept.width < kept.height ? kept.width : kept.height;
        const int longer = kept.width < kept.height ? kept.height : kept.width;
        assert_int_equal(shorter, SQUARE);
        assert_true(longer <= AN_FIT_LONGEST * SQUARE + 3);
        kept.rgb = malloc((size_t)kept.width * (size_t)kept.height * 3);
        assert_int_equal(an_fit_picture(kept.rgb, whole, &from), ALEXNET_OK);
        assert_int_equal(an_fit_picture(direct, square, &from), ALEXNET_OK);
        assert_int_equal(an_fit_picture(again, square, &kept), ALEXNET_OK);
        assert_memory_equal(direct, again, sizeof direct);
        free(from.rgb);
        free(kept.rgb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize_equals_pillow),
        cmocka_unit_test(test_fit_equals_pillow),
        cmocka_unit_test(test_extreme_aspect_needs_little),
        cmocka_unit_test(test_refuses_empty_sizes),
        cmocka_unit_test(test_box_is_cut_first),
        cmocka_unit_test(test_whole_leads_to_the_square),
        cmocka_unit_test(test_vectors_equal_plain_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
