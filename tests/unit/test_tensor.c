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
    static const size_t bytes[] = {4, 8, 2, 1, 4};
    static const char *const names[] = {"float32", "float64", "bfloat16", "uint8", "int32"};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(an_dtype_bytes((an_dtype)i), bytes[i]);
        assert_string_equal(an_dtype_name((an_dtype)i), names[i]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_shapes_that_do_not_fit),
        cmocka_unit_test(test_conversions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
