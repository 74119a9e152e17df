/*
 * Shapes, element types and conversions.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/tensor.h"

static void test_types(void **state)
{
    (void)state;
    static const struct {
        an_dtype dtype;
        size_t bytes;
        const char *name;
    } all[] = {{AN_F32, 4, "float32"},
               {AN_F64, 8, "float64"},
               {AN_BF16, 2, "bfloat16"},
               {AN_F16, 2, "float16"},
               {AN_F8_E4M3, 1, "float8_e4m3fn"},
               {AN_F8_E5M2, 1, "float8_e5m2"},
               {AN_BOOL, 1, "bool"},
               {AN_U8, 1, "uint8"},
               {AN_I8, 1, "int8"},
               {AN_I16, 2, "int16"},
               {AN_I32, 4, "int32"},
               {AN_I64, 8, "int64"},
               {AN_OTHER, 0, "another type"}};
    assert_int_equal(sizeof all / sizeof all[0], AN_OTHER + 1);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(an_dtype_bytes(all[i].dtype), all[i].bytes);
        assert_string_equal(an_dtype_name(all[i].dtype), all[i].name);
        assert_int_equal(an_dtype_is_float(all[i].dtype), strstr(all[i].name, "float") != NULL);
    }
}

static void test_shapes(void **state)
{
    (void)state;
    char text[96];
    const an_shape filters = an_shape_of(4, 96, 3, 11, 11);
    assert_int_equal(an_shape_count(filters), 34848);
    assert_string_equal(an_shape_text(filters, text), "[96, 3, 11, 11]");
    assert_int_equal(an_shape_count(an_shape_of(0)), 1);
    assert_string_equal(an_shape_text(an_shape_of(0), text), "[]");
    assert_int_equal(an_shape_count(an_shape_of(2, 5, 0)), 0);
    assert_true(an_shape_equal(filters, an_shape_of(4, 96, 3, 11, 11)));
    assert_false(an_shape_equal(filters, an_shape_of(4, 96, 3, 11, 12)));
    assert_false(an_shape_equal(filters, an_shape_of(3, 96, 3, 11)));
}

static void test_shapes_that_do_not_fit(void **state)
{
    (void)state;
    char text[96];
    const an_shape large = {4, {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MIN}};
    assert_int_equal(an_shape_count(large), -1);
    assert_string_equal(an_shape_text(large, text),
                        "[9223372036854775807, 9223372036854775807, 9223372036854775807, "
                        "-9223372036854775808]");
    assert_int_equal(an_shape_count((an_shape){2, {1ll << 32, 1ll << 31}}), -1);
    assert_int_equal(an_shape_count((an_shape){2, {1ll << 32, (1ll << 31) - 1}}),
                     INT64_MAX - UINT32_MAX);
    assert_int_equal(an_shape_count((an_shape){1, {-1}}), -1);
    const an_shape five = {.rank = 5};
    assert_int_equal(an_shape_count(five), -1);
    assert_false(an_shape_equal(five, five));
    assert_string_equal(an_shape_text(five, text), "of 5 dimensions");
}

/* Values that every type holds, and those at the edges, by their bits. */
static void test_conversions(void **state)
{
    (void)state;
    static const float singles[4] = {1.5f, -0.0f, INFINITY, 0x1.fffffep127f};
    static const double doubles[4] = {1.5, -0.0, INFINITY, 0x1.fffffep127};
    static const uint16_t halves[4] = {0x3fc0, 0x8000, 0x7f80, 0x0001};
    static const float widened[4] = {1.5f, -0.0f, INFINITY, 0x1p-133f};
    float f[4];
    double d[4];
    an_convert(d, AN_F64, singles, AN_F32, 4);
    assert_memory_equal(d, doubles, sizeof d);
    an_convert(f, AN_F32, doubles, AN_F64, 4);
    assert_memory_equal(f, singles, sizeof f);
    an_convert(f, AN_F32, singles, AN_F32, 4);
    assert_memory_equal(f, singles, sizeof f);
    an_convert(d, AN_F64, doubles, AN_F64, 4);
    assert_memory_equal(d, doubles, sizeof d);
    an_convert(f, AN_F32, halves, AN_BF16, 4);
    assert_memory_equal(f, widened, sizeof f);
    an_convert(d, AN_F64, halves, AN_BF16, 4);
    for (int i = 0; i < 4; i++)
        assert_true(d[i] == (double)widened[i] && !signbit(d[i]) == !signbit(widened[i]));
    const double below = 1 + 0x1p-25, above = 1 + 0x1.8p-24; /* to nearest */
    an_convert(f, AN_F32, &below, AN_F64, 1);
    assert_true(f[0] == 1);
    an_convert(f, AN_F32, &above, AN_F64, 1);
    assert_true(f[0] == 1 + 0x1p-23f);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The examples of the format's usual descriptions: largest, smallest normal, largest and smallest
 * subnormal, nearest to 1/3, neighbours of 1; then infinity and NaN. IEEE 754-2008, section 3.4. */
static void test_half_precision(void **state)
{
    (void)state;
    static const struct {
        uint16_t half;
        float value;
    } published[] = {{0x0000, 0.0f},     {0x0001, 0x1p-24f},        {0x03ff, 1023 * 0x1p-24f},
                     {0x0400, 0x1p-14f}, {0x3555, 0.333251953125f}, {0x3bff, 0.99951171875f},
                     {0x3c00, 1.0f},     {0x3c01, 1.0009765625f},   {0x7bff, 65504.0f},
                     {0x7c00, INFINITY}, {0x8000, -0.0f},           {0x8001, -0x1p-24f},
                     {0xc000, -2.0f},    {0xfbff, -65504.0f},       {0xfc00, -INFINITY}};
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        float f;
        double d;
        an_convert(&f, AN_F32, &published[i].half, AN_F16, 1);
        an_convert(&d, AN_F64, &published[i].half, AN_F16, 1);
        assert_int_equal(bits_of(f), bits_of(published[i].value));
        assert_true(d == (double)published[i].value && !signbit(d) == !signbit(f));
    }
}

/* All 65,536, by the formula of the standard. */
static void test_every_half(void **state)
{
    (void)state;
    for (uint32_t i = 0; i <= UINT16_MAX; i++) {
        const uint16_t half = (uint16_t)i;
        const int exponent = half >> 10 & 31, fraction = half & 1023;
        float f;
        double d;
        an_convert(&f, AN_F32, &half, AN_F16, 1);
        an_convert(&d, AN_F64, &half, AN_F16, 1);
        assert_int_equal(signbit(f) != 0, half >> 15);
        assert_int_equal(signbit(d) != 0, half >> 15);
        if (exponent == 31 && fraction) {
            assert_true(isnan(f) && isnan(d));
            continue;
        }
        const double size = exponent == 31  ? INFINITY
                            : exponent == 0 ? ldexp(fraction, -24)
                                            : ldexp(1024 + fraction, exponent - 25);
        assert_true(fabs(d) == size && fabsf(f) == (float)size);
    }
}

/* bfloat16 is the upper half of float32, bit for bit: subnormals, infinities, the payload of NaN.
 */
static void test_every_bfloat16(void **state)
{
    (void)state;
    for (uint32_t i = 0; i <= UINT16_MAX; i++) {
        const uint16_t word = (uint16_t)i;
        float f;
        an_convert(&f, AN_F32, &word, AN_BF16, 1);
        assert_int_equal(bits_of(f), i << 16);
    }
}

/* float64 to float32 at the ends of the range: to nearest, ties to even. */
static void test_narrowing(void **state)
{
    (void)state;
    static const struct {
        double from;
        float to;
    } edges[] = {{0x1p-149, 0x1p-149f},
                 {0x1p-150, 0.0f}, /* half of the smallest: ties to even */
                 {0x1.8p-149, 0x1p-148f},
                 {-0x1.000002p-150, -0x1p-149f},
                 {0x1.fffffep127, 0x1.fffffep127f},
                 {0x1.fffffefffffffp127, 0x1.fffffep127f},
                 {0x1.ffffffp127, INFINITY},
                 {-1e300, -INFINITY},
                 {0x1.fffffp-127, 0x1.fffffp-127f}};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        float f;
        an_convert(&f, AN_F32, &edges[i].from, AN_F64, 1);
        assert_int_equal(bits_of(f), bits_of(edges[i].to));
    }
    const double nan = NAN;
    const float single_nan = NAN;
    float f;
    double d;
    an_convert(&f, AN_F32, &nan, AN_F64, 1);
    an_convert(&d, AN_F64, &single_nan, AN_F32, 1);
    assert_true(isnan(f) && isnan(d));
}

static double value_of(an_dtype type, uint16_t word)
{
    double value;
    an_convert(&value, AN_F64, &word, type, 1);
    return value;
}

static uint16_t narrowed(an_dtype type, float value)
{
    uint16_t word;
    const bool fits = an_narrow(&word, type, &value, 1);
    if (fits == (isinf(value_of(type, word)) && isfinite(value)))
        fail_msg("%a: %s", (double)value, fits ? "became infinite" : "fits, and is refused");
    return word;
}

/* Every pair of neighbours, of either sign: each converts to itself, the middle to the even one,
 * and values beside the middle to the nearer one. Above the largest value, infinity takes the place
 * of the next power of two. */
static void test_rounding(an_dtype type, uint16_t infinite, double top)
{
    for (uint16_t word = 0; word < infinite; word++) {
        const double low = value_of(type, word);
        const double high = word + 1 == infinite ? top : value_of(type, (uint16_t)(word + 1));
        const float middle = (float)((low + high) / 2);
        const uint16_t even = word % 2 ? (uint16_t)(word + 1) : word;
        assert_true((double)middle == (low + high) / 2 || high < 0x1p-126);
        for (uint16_t sign = 0;; sign = 0x8000) {
            const float s = sign ? -1 : 1;
            assert_int_equal(narrowed(type, s * (float)low), word | sign);
            assert_int_equal(narrowed(type, s * middle), even | sign);
            assert_int_equal(narrowed(type, s * nextafterf(middle, 0)), word | sign);
            assert_int_equal(narrowed(type, s * nextafterf(middle, INFINITY)), (word + 1) | sign);
            if (sign)
                break;
        }
    }
    assert_int_equal(narrowed(type, INFINITY), infinite);
    assert_int_equal(narrowed(type, -INFINITY), infinite | 0x8000);
    assert_true(isnan(value_of(type, narrowed(type, NAN))));
    const uint32_t only_low_bits = 0x7f800001;
    float nan;
    memcpy(&nan, &only_low_bits, sizeof nan);
    assert_true(isnan(value_of(type, narrowed(type, nan))));
}

static void test_rounding_to_half(void **state)
{
    (void)state;
    test_rounding(AN_F16, 0x7c00, 0x1p16);
    assert_int_equal(narrowed(AN_F16, 0x1.8p-25f), 1);
    assert_int_equal(narrowed(AN_F16, 0x1p-26f), 0);
    assert_int_equal(narrowed(AN_F16, 0x1p-149f), 0);
    assert_int_equal(narrowed(AN_F16, 3e38f), 0x7c00);
}

static void test_rounding_to_bfloat(void **state)
{
    (void)state;
    test_rounding(AN_BF16, 0x7f80, 0x1p128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_shapes_that_do_not_fit),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_half_precision),
        cmocka_unit_test(test_every_half),
        cmocka_unit_test(test_every_bfloat16),
        cmocka_unit_test(test_narrowing),
        cmocka_unit_test(test_rounding_to_half),
        cmocka_unit_test(test_rounding_to_bfloat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
