/*
 * Each native kernel of the cpu backend, under every instruction set of this processor, against its
 * formula computed one element at a time. Kernels promise the same bits everywhere, so that
 * comparisons are exact.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ops_rig.h"

#include "backend/cpu/isa.h"
#include "backend/cpu/kernels/kernels.h"
#include "base/random.h"

typedef void (*check_fn)(const an_cpu_kernels *kernels, const char *isa);

static void for_each_isa_from(alexnet_isa first, check_fn check)
{
    for (int isa = (int)first; isa <= (int)an_cpu_isa(ALEXNET_ISA_ANY); isa++)
        check(an_cpu_kernels_for((alexnet_isa)isa), an_cpu_isa_name((alexnet_isa)isa));
}

static void for_each_isa(check_fn check)
{
    for_each_isa_from(ALEXNET_ISA_BASELINE, check);
}

/* Kernels for bfloat16 exist from AVX-512 on. */
static void for_each_isa_of_bf16(check_fn check)
{
    for_each_isa_from(ALEXNET_ISA_AVX512, check);
}

/* Every instruction set has every kernel that kernels.def promises, and no other. */
static void test_tables(void **state)
{
    (void)state;
    for (int isa = ALEXNET_ISA_BASELINE; isa <= ALEXNET_ISA_AMX; isa++) {
        const an_cpu_kernels *kernels = an_cpu_kernels_for((alexnet_isa)isa);
        bool bf16 = false, pairs = false, tiles = false;
#if defined(__x86_64__)
        bf16 = isa >= ALEXNET_ISA_AVX512;
        pairs = isa >= ALEXNET_ISA_AVX512_BF16;
        tiles = isa >= ALEXNET_ISA_AMX;
#endif
#define AN_KERNEL(name, run)                                                                       \
    if (!kernels->name[0] || (kernels->name[1] != NULL) != bf16)                                   \
        fail_msg("%s at %s", #name, an_cpu_isa_name((alexnet_isa)isa));
#define AN_KERNEL_PAIRS(name, run)                                                                 \
    if ((kernels->name != NULL) != pairs)                                                          \
        fail_msg("%s at %s", #name, an_cpu_isa_name((alexnet_isa)isa));
#define AN_KERNEL_TILES(name, run)                                                                 \
    if ((kernels->name != NULL) != tiles)                                                          \
        fail_msg("%s at %s", #name, an_cpu_isa_name((alexnet_isa)isa));
#include "backend/cpu/kernels/kernels.def"
#undef AN_KERNEL
#undef AN_KERNEL_PAIRS
#undef AN_KERNEL_TILES
    }
}

/* ---- ReLU: every bfloat16, and the floats that begin with one -------------------------------- */

enum { HALVES = 1 << 16 };

static bool same_float(float a, float b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

static float positive_part(float x)
{
    return x < 0 ? 0 : x;
}

static void check_relu_bf16(const an_cpu_kernels *kernels, const char *isa)
{
    static uint16_t x[HALVES], dy[HALVES], y[HALVES], dx[HALVES];
    for (int i = 0; i < HALVES; i++) {
        x[i] = (uint16_t)i;
        dy[i] = (uint16_t)(i * 40503u); /* odd: all patterns, in another order */
    }
    kernels->relu[1](&(an_relu_run){x, NULL, y, HALVES});
    kernels->relu_mask[1](&(an_relu_run){x, dy, dx, HALVES});
    for (int i = 0; i < HALVES; i++) {
        float value = an_bf16_to_float(x[i]);
        if (!same_float(an_bf16_to_float(y[i]), positive_part(value)))
            fail_msg("%s: relu of %#x is %#x", isa, x[i], y[i]);
        if (dx[i] != (value > 0 ? dy[i] : 0))
            fail_msg("%s: the gradient %#x at %#x becomes %#x", isa, dy[i], x[i], dx[i]);
    }
    kernels->relu[1](&(an_relu_run){x, NULL, x, HALVES}); /* in place */
    assert_memory_equal(x, y, sizeof x);
}

static void check_relu_float(const an_cpu_kernels *kernels, const char *isa)
{
    static float x[HALVES], dy[HALVES], y[HALVES], dx[HALVES];
    for (int i = 0; i < HALVES; i++) {
        x[i] = an_bf16_to_float((uint16_t)i);
        dy[i] = (float)i;
    }
    kernels->relu[0](&(an_relu_run){x, NULL, y, HALVES});
    kernels->relu_mask[0](&(an_relu_run){x, dy, dx, HALVES});
    for (int i = 0; i < HALVES; i++)
        if (!same_float(y[i], positive_part(x[i])) || dx[i] != (x[i] > 0 ? dy[i] : 0))
            fail_msg("%s: relu of %g is %g, its gradient %g", isa, (double)x[i], (double)y[i],
                     (double)dx[i]);
}

static void test_relu(void **state)
{
    (void)state;
    for_each_isa_of_bf16(check_relu_bf16);
    for_each_isa(check_relu_float);
}

/* A run whose length is no multiple of a vector writes all its elements and nothing beyond. */
static void check_relu_ends(const an_cpu_kernels *kernels, const char *isa)
{
    for (int count = 1; count < 70; count++) {
        uint16_t x[72], y[72];
        for (int i = 0; i < 72; i++) {
            x[i] = (uint16_t)(i % 2 ? 0xbf80 : 0x3f80);
            y[i] = 7;
        }
        kernels->relu[1](&(an_relu_run){x, NULL, y, count});
        for (int i = 0; i < 72; i++)
            if (y[i] != (i >= count ? 7 : i % 2 ? 0 : 0x3f80))
                fail_msg("%s: element %d of %d is %#x", isa, i, count, y[i]);
    }
}

static void test_relu_ends(void **state)
{
    (void)state;
    for_each_isa_of_bf16(check_relu_ends);
}

/* ---- Pixels ---------------------------------------------------------------------------------- */

enum { CROP_MAX = 67 };

typedef struct row {
    uint8_t pixels[3 * CROP_MAX];
    float mean[3][CROP_MAX];
} row;

static row random_row(void)
{
    row r;
    for (int i = 0; i < 3 * CROP_MAX; i++) {
        an_random4 words = an_random(1, AN_PURPOSE_TEST, 0, (uint64_t)i, 0);
        r.pixels[i] = (uint8_t)words.v[0];
        r.mean[i / CROP_MAX][i % CROP_MAX] = (float)words.v[1] * 0x1p-25f;
    }
    return r;
}

static float expected_pixel(const an_augment_run *run, int c, int x)
{
    int from = run->mirror ? run->crop - 1 - x : x;
    const uint8_t *rgb = run->pixels + (ptrdiff_t)3 * from;
    float pixel = run->channels == AN_CHANNELS_GREY ? an_grey(rgb[0], rgb[1], rgb[2])
                                                    : rgb[run->channels ? 2 - c : c];
    if (run->slot) {
        float level[3];
        for (int i = 0; i < 3; i++) {
            const float *m = run->slot->matrix[i];
            level[i] = run->slot->offset[i] + m[0] * rgb[0] + m[1] * rgb[1] + m[2] * rgb[2];
            level[i] = level[i] < 0 ? 0 : level[i] > 255 ? 255 : level[i];
        }
        pixel = run->channels == AN_CHANNELS_GREY
                    ? AN_GREY_RED / 65536.0f * level[0] + AN_GREY_GREEN / 65536.0f * level[1] +
                          AN_GREY_BLUE / 65536.0f * level[2]
                    : level[run->channels ? 2 - c : c];
    }
    return run->gain *
           (run->scale[c] * (pixel - run->mean[c][x * run->mean_step]) + run->colour[c]);
}

/* @param step  mean_step of an_augment_run; with -1, column 0 has the last mean */
static void check_row(const an_cpu_kernels *kernels, const char *isa, const row *r, int crop,
                      int flags, int step)
{
    const an_channels channels = (an_channels)(flags / 2 % 3);
    static const an_slot colours = {
        .matrix = {{1.5f, -0.3f, 0.1f}, {0.2f, 0.8f, -0.4f}, {-0.9f, 0.5f, 1.2f}},
        .offset = {-20, 0.3f, 60}};
    uint8_t work[3 * CROP_MAX];
    float levels[3 * CROP_MAX], out[3][CROP_MAX + 1];
    uint16_t halves[3][CROP_MAX + 1];
    an_augment_run run = {.crop = crop,
                          .mirror = flags & 1,
                          .channels = channels,
                          .scale = {0.25f, 0.7f, 1.1f},
                          .gain = 0.9f,
                          .colour = {1.5f, -2.25f, 0.1f},
                          .pixels = r->pixels,
                          .mean_step = step,
                          .slot = flags >= 6 ? &colours : NULL,
                          .bytes = work,
                          .levels = levels};
    bool bf16 = kernels->augment[1] != NULL;
    for (int type = 0; type < 1 + bf16; type++) {
        for (int c = 0; c < 3; c++) {
            out[c][crop] = 7;
            halves[c][crop] = 7;
            run.mean[c] = r->mean[c] + (step < 0 ? crop - 1 : 0);
            run.out[c] = type ? (void *)halves[c] : (void *)out[c];
        }
        kernels->augment[type](&run);
    }
    for (int c = 0; c < an_channel_count(channels); c++) {
        for (int x = 0; x < crop; x++) {
            float expected = expected_pixel(&run, c, x);
            if (out[c][x] != expected || (bf16 && halves[c][x] != an_float_to_bf16(expected)))
                fail_msg("%s, crop %d, flags %d, step %d: channel %d, column %d is %.9g, expected "
                         "%.9g",
                         isa, crop, flags, step, c, x, (double)out[c][x], (double)expected);
        }
        assert_true(out[c][crop] == 7 && (!bf16 || halves[c][crop] == 7));
    }
}

static void check_augment(const an_cpu_kernels *kernels, const char *isa)
{
    static const int crops[] = {1, 5, 16, 33, 64, CROP_MAX};
    row r = random_row();
    for (size_t i = 0; i < sizeof crops / sizeof crops[0]; i++)
        for (int flags = 0; flags < 12; flags++)
            for (int step = flags & 1 ? -1 : 0; step <= 1; step++)
                check_row(kernels, isa, &r, crops[i], flags, step);
}

static void test_augment(void **state)
{
    (void)state;
    for_each_isa(check_augment);
}

/* Mix COLUMNS columns from LEFT on. With a share of 1 their own values do not count. */
static void check_mix(const an_cpu_kernels *kernels, const char *isa)
{
    enum { CROP = 37, LEFT = 5, COLUMNS = 20 };
    float own[3 * CROP], other[3 * CROP], out[3][CROP + 1];
    uint16_t halves[3][CROP + 1];
    for (int i = 0; i < 3 * CROP; i++) {
        own[i] = (float)i * 1.7f;
        other[i] = 100 - (float)i * 0.3f;
    }
    for (int whole = 0; whole < 2; whole++) {
        float share = whole ? 1 : 0.3f;
        an_augment_mix_run run = {CROP,  3,   LEFT,  COLUMNS,
                                  share, own, other, {out[0], out[1], out[2]}};
        for (int c = 0; c < 3; c++)
            out[c][CROP] = halves[c][CROP] = 7;
        kernels->augment_mix[0](&run);
        for (int c = 0; c < 3; c++)
            run.out[c] = halves[c];
        if (kernels->augment_mix[1])
            kernels->augment_mix[1](&run);
        for (int i = 0; i < 3 * CROP; i++) {
            int c = i / CROP, x = i % CROP;
            bool mixed = x >= LEFT && x < LEFT + COLUMNS;
            float expected = mixed ? (1 - share) * own[i] + share * other[i] : own[i];
            if (out[c][x] != expected ||
                (kernels->augment_mix[1] && halves[c][x] != an_float_to_bf16(expected)))
                fail_msg("%s: channel %d, column %d is %.9g, expected %.9g", isa, c, x,
                         (double)out[c][x], (double)expected);
            assert_true(out[c][CROP] == 7 && halves[c][CROP] == 7);
        }
    }
}

static void test_mix(void **state)
{
    (void)state;
    for_each_isa(check_mix);
}

/* ---- Normalisation across maps: a NaN stays in its pixel, within reach of a window ----------- */

enum { MAPS = 32, LANES = 16, PIXELS = 25, REACH = 5 };

static int64_t lane_of(int c, int pixel)
{
    return ((int64_t)(c / LANES) * PIXELS + pixel) * LANES + c % LANES;
}

static void expect_nans(const float *tensor, int first, int end, const char *isa, const char *what)
{
    for (int c = 0; c < MAPS; c++)
        for (int pixel = 0; pixel < PIXELS; pixel++) {
            bool there = isnan(tensor[lane_of(c, pixel)]);
            if (there && (pixel != 0 || c < first || c >= end))
                fail_msg("%s, %s: a NaN reaches pixel %d, channel %d", isa, what, pixel, c);
            if (!there && pixel == 0 && c == first)
                fail_msg("%s, %s: the NaN is swallowed", isa, what);
        }
}

static void check_lrn(const an_cpu_kernels *kernels, const char *isa)
{
    static float x[MAPS * PIXELS], dy[MAPS * PIXELS], y[MAPS * PIXELS], dx[MAPS * PIXELS];
    const an_lrn_shape shape = {.channels = MAPS,
                                .groups = 2,
                                .half = 2,
                                .h = 5,
                                .w = 5,
                                .planes = MAPS / LANES,
                                .lanes = LANES,
                                .k = 2,
                                .alpha = 1e-4f,
                                .beta = 0.75f,
                                .root = true};
    float *work = calloc((size_t)an_lrn_work(&shape), sizeof *work);
    assert_non_null(work);
    an_lrn_run run = {
        .shape = &shape, .x = x, .dy = dy, .y = y, .dx = dx, .work = work, .count = PIXELS};
    for (int c = 0; c < MAPS; c += MAPS / 2) { /* the first channel of each group */
        for (int i = 0; i < MAPS * PIXELS; i++)
            x[i] = dy[i] = 1;
        dy[lane_of(c, 0)] = NAN;
        kernels->lrn_backward[0](&run);
        expect_nans(dx, c, c + REACH, isa, "backward of a gradient");
        dy[lane_of(c, 0)] = 1;
        x[lane_of(c, 0)] = NAN;
        kernels->lrn_forward[0](&run);
        expect_nans(y, c, c + REACH, isa, "forward");
        kernels->lrn_backward[0](&run);
        expect_nans(dx, c, c + REACH, isa, "backward");
    }
    free(work);
}

static void test_nan_of_normalisation(void **state)
{
    (void)state;
    for_each_isa(check_lrn);
}

/* ---- Max pooling of sixteen lanes of bfloat16: every value beside some ----------------------- */

/* Whether y is a valid maximum of a and b: the larger, or a NaN if there is one. */
static bool is_maximum(uint16_t y, uint16_t a, uint16_t b)
{
    float value = an_bf16_to_float(y), x[] = {an_bf16_to_float(a), an_bf16_to_float(b)};
    if (y != a && y != b)
        return false;
    if (isnan(x[0]) || isnan(x[1]))
        return isnan(value);
    return value >= x[0] && value >= x[1];
}

/* Whether a ReLU turns both into zeros. */
static bool both_closed(uint16_t a, uint16_t b)
{
    return an_bf16_to_float(a) <= 0 && an_bf16_to_float(b) <= 0;
}

static void check_pool_pair(const an_cpu_kernels *kernels, const char *isa, uint16_t beside,
                            bool relu)
{
    const an_op_desc desc = {.kind = AN_OP_POOL,
                             .n = 1,
                             .in = {{16, 1, 2}},
                             .out = {16, 1, 1},
                             .u.pool = {.kind = AN_POOL_MAX, .size = 2, .stride = 2}};
    an_float8 work[2 * 2 * 2];
    for (int first = 0; first < HALVES; first += 16) {
        uint16_t x[2][16], y[16], dy[16], dx[2][16], places[16];
        for (int l = 0; l < 16; l++) {
            x[0][l] = (uint16_t)(first + l);
            x[1][l] = beside;
            dy[l] = 0x3f80;
        }
        an_pool_run run = {&desc, 16, 16, relu, x, dy, y, dx, places, work};
        kernels->pool_max_forward[1](&run);
        kernels->pool_max_backward[1](&run);
        for (int l = 0; l < 16; l++) {
            int place = y[l] != x[0][l];
            if (relu && both_closed(x[0][l], beside)) {
                if (y[l] != 0 || dx[0][l] != 0 || dx[1][l] != 0)
                    fail_msg("%s: of %#x and %#x after a ReLU %#x is taken, the gradient is %#x "
                             "and %#x",
                             isa, x[0][l], beside, y[l], dx[0][l], dx[1][l]);
                continue;
            }
            if (!is_maximum(y[l], x[0][l], beside))
                fail_msg("%s: of %#x and %#x %#x is taken", isa, x[0][l], beside, y[l]);
            if (dx[place][l] != 0x3f80 || dx[!place][l] != 0)
                fail_msg("%s: the gradient at %#x and %#x is %#x and %#x, y being %#x", isa,
                         x[0][l], beside, dx[0][l], dx[1][l], y[l]);
        }
    }
}

static void check_pool(const an_cpu_kernels *kernels, const char *isa)
{
    static const uint16_t beside[] = {0,      0x8000, 1,      0x8001, 0x3f80, 0xbf80,
                                      0x7f7f, 0xff7f, 0x7f80, 0xff80, 0x7f81, 0x7fc0,
                                      0x7fff, 0xff81, 0xffc0, 0xffff};
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        for (int relu = 0; relu < 2; relu++)
            check_pool_pair(kernels, isa, beside[i], relu);
}

static void test_max_pool(void **state)
{
    (void)state;
    for_each_isa_of_bf16(check_pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),   cmocka_unit_test(test_nan_of_normalisation),
        cmocka_unit_test(test_relu),     cmocka_unit_test(test_relu_ends),
        cmocka_unit_test(test_augment),  cmocka_unit_test(test_mix),
        cmocka_unit_test(test_max_pool),
    };
    return cmocka_run_group_tests_name("kernels of cpu", tests, NULL, NULL);
}
