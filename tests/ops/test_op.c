/*
 * Descriptors: output sizes and costs of AlexNet's layers against layers-145.cfg of 2012 and
 * sums by hand, and what is refused, with the texts that users see.
 */
#include "ops/ops_rig.h"

#include <limits.h>
#include <math.h>

static void test_window_rules(void **state)
{
    (void)state;
    assert_int_equal(an_window_count(224, 0, 0, 11, 4, true), 55);
    assert_int_equal(an_window_count(224, 0, 0, 11, 4, false), 54);
    assert_int_equal(an_window_count(227, 0, 0, 11, 4, false), 55);
    assert_int_equal(an_window_count(224, 2, 2, 11, 4, false), 55);
    assert_int_equal(an_window_count(224, 0, 3, 11, 4, false), 55);
    assert_int_equal(an_window_count(55, 0, 0, 3, 2, true), 27);
    assert_int_equal(an_window_count(27, 0, 0, 3, 2, true), 13);
    assert_int_equal(an_window_count(13, 0, 0, 3, 2, true), 6);
    assert_int_equal(an_window_count(27, 2, 2, 5, 1, true), 27);
    assert_int_equal(an_window_count(4, 0, 0, 3, 2, true), 2);
    /* Windows at -1, 1, 3; one at 5 would start beyond 5 pixels. */
    assert_int_equal(an_window_count(5, 1, 1, 2, 2, true), 3);
    assert_int_equal(an_window_count(8, 0, 0, 11, 4, true), 0);
    assert_int_equal(an_window_count(8, 1, 2, 11, 4, true), 1);
    assert_int_equal(an_window_count(INT_MAX, AN_MAX_WINDOW, AN_MAX_WINDOW, 1, 1, false), INT_MAX);
}

static void check_layer(an_op_desc desc, an_chw out, int64_t parameters, int64_t mult_adds)
{
    an_param_info params[AN_MAX_PARAMS];
    expect_ok(an_op_resolve(&desc));
    assert_true(an_chw_equal(desc.out, out));
    assert_int_equal(an_op_params(&desc, params), 2);
    assert_string_equal(params[0].name, "weight");
    assert_string_equal(params[1].name, "bias");
    assert_true(params[0].learned && params[1].learned);
    assert_int_equal(an_shape_count(params[0].shape) + an_shape_count(params[1].shape), parameters);
    assert_int_equal(an_op_mult_adds(&desc), mult_adds);
}

static an_op_desc conv(int c, int side, an_conv_desc u)
{
    an_op_desc desc = rig_desc(AN_OP_CONV, 1, c, side, side);
    desc.u.conv = u;
    return desc;
}

static an_op_desc fc(int c, int side, int k)
{
    an_op_desc desc = rig_desc(AN_OP_FC, 1, c, side, side);
    desc.u.fc.k = k;
    return desc;
}

static void test_alexnet_layers(void **state)
{
    (void)state;
    const an_conv_desc conv3 = {384, 3, 3, 1, 1, 1, 1, 1, 1, true};
    const an_conv_desc conv4 = {384, 3, 3, 1, 2, 1, 1, 1, 1, true};
    const an_conv_desc conv5 = {256, 3, 3, 1, 2, 1, 1, 1, 1, true};
    check_layer(conv(3, 224, (an_conv_desc){96, 11, 11, 4, 1, 0, 0, 0, 0, true}),
                (an_chw){96, 55, 55}, 34944, 105415200);
    check_layer(conv(96, 27, (an_conv_desc){256, 5, 5, 1, 2, 2, 2, 2, 2, true}),
                (an_chw){256, 27, 27}, 307456, 223948800);
    check_layer(conv(256, 13, conv3), (an_chw){384, 13, 13}, 885120, 149520384);
    check_layer(conv(384, 13, conv4), (an_chw){384, 13, 13}, 663936, 112140288);
    check_layer(conv(384, 13, conv5), (an_chw){256, 13, 13}, 442624, 74760192);
    check_layer(fc(256, 6, 4096), (an_chw){4096, 1, 1}, 37752832, 37748736);
    check_layer(fc(4096, 1, 4096), (an_chw){4096, 1, 1}, 16781312, 16777216);
    check_layer(fc(4096, 1, 1000), (an_chw){1000, 1, 1}, 4097000, 4096000);
}

static void refused(an_op_desc desc, const char *part)
{
    expect_failure(an_op_resolve(&desc), ALEXNET_ERROR_INVALID_ARGUMENT, part);
}

static void too_large(an_op_desc desc, const char *part)
{
    expect_failure(an_op_resolve(&desc), ALEXNET_ERROR_UNSUPPORTED, part);
}

static void test_conv_refusals(void **state)
{
    (void)state;
    const an_conv_desc good = {8, 3, 3, 1, 2, 1, 1, 1, 1, false};
    an_conv_desc bad;
    an_op_desc desc = conv(4, 8, good);
    expect_ok(an_op_resolve(&desc));
    bad = good, bad.r = bad.s = 11, bad.top = bad.bottom = 0;
    refused(conv(4, 8, bad), "filterSize 11 is larger than the padded input 8");
    bad = good, bad.s = 12;
    refused(conv(4, 8, bad), "filterSize 12 is larger than the padded input 10");
    bad = good, bad.r = 0;
    refused(conv(4, 8, bad), "filterSize is 0, but must be 1 to 32767");
    bad = good, bad.stride = 0;
    refused(conv(4, 8, bad), "stride is 0, but must be 1 to 32767");
    bad = good, bad.left = -1;
    refused(conv(4, 8, bad), "padding is -1, but must be 0 to 32767");
    bad = good, bad.bottom = INT_MAX;
    refused(conv(4, 8, bad), "padding is 2147483647");
    bad = good, bad.groups = 0;
    refused(conv(4, 8, bad), "groups is 0");
    bad = good, bad.groups = 3;
    refused(conv(4, 8, bad), "groups 3 does not divide 4 channels");
    bad = good, bad.k = 7;
    refused(conv(4, 8, bad), "filters is 7, but must be a positive multiple of groups 2");
    bad = good, bad.k = -2;
    refused(conv(4, 8, bad), "filters is -2");
    bad = good, bad.k = 1 << 30;
    too_large(conv(4, 8, bad), "reaches 2^31 elements");
    desc = conv(4, 8, good), desc.in[0].h = 0;
    refused(desc, "input [1, 4, 0, 8] has a size that is not positive");
    desc = conv(4, 8, good), desc.n = 0;
    refused(desc, "batch is 0");
    desc = conv(4, 8, good), desc.n = 1 << 23;
    too_large(desc, "input [8388608, 4, 8, 8] reaches 2^31 elements");
    desc = conv(1 << 20, 1 << 20, good);
    too_large(desc, "reaches 2^31 elements");
    desc = conv(4, 8, good), desc.n_inputs = 2;
    refused(desc, "number of inputs is 2");
}

static void test_fc_refusals(void **state)
{
    (void)state;
    refused(fc(4, 2, 0), "outputs is 0");
    too_large(fc(1 << 20, 1, 1 << 12), "weight [4096, 1048576] reaches 2^31 elements");
    an_op_desc desc = fc(1, 1, 1 << 16);
    desc.n = 1 << 15;
    too_large(desc, "output [32768, 65536, 1, 1] reaches 2^31 elements");
}

static void test_pool_refusals(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_POOL, 1, 4, 5, 5);
    desc.u.pool = (an_pool_desc){AN_POOL_MAX, 6, 1, 0, true};
    refused(desc, "sizeX 6 is larger than the padded input 5");
    desc.u.pool = (an_pool_desc){AN_POOL_MAX, 2, 1, 2, true};
    refused(desc, "padding 2 must be smaller than sizeX 2");
    desc.u.pool = (an_pool_desc){AN_POOL_AVG, 2, 0, 0, true};
    refused(desc, "stride is 0");
}

static void test_lrn_refusals(void **state)
{
    (void)state;
    const an_lrn_desc good = {5, 2, 2, 1e-4, 0.75};
    an_op_desc desc = rig_desc(AN_OP_LRN, 1, 6, 5, 5);
    desc.u.lrn = good;
    expect_ok(an_op_resolve(&desc));
    desc.u.lrn.size = 4;
    refused(desc, "size is 4, but must be odd");
    desc.u.lrn = good, desc.u.lrn.size = -1;
    refused(desc, "size is -1");
    desc.u.lrn = good, desc.u.lrn.groups = 4;
    refused(desc, "groups 4 does not divide 6 channels");
    desc.u.lrn = good, desc.u.lrn.k = 0;
    refused(desc, "minDiv is 0, but must be above 0");
    desc.u.lrn = good, desc.u.lrn.alpha = -1;
    refused(desc, "scale is -1, but must be 0 or more");
    desc.u.lrn = good, desc.u.lrn.beta = NAN;
    refused(desc, "pow is nan");
    desc.u.lrn = good, desc.u.lrn.beta = INFINITY;
    refused(desc, "pow is inf, but must be 0 or more");
    desc.u.lrn = good, desc.u.lrn.k = INFINITY;
    refused(desc, "minDiv is inf, but must be above 0");
    desc.u.lrn = good, desc.u.lrn.alpha = INFINITY;
    refused(desc, "scale is inf, but must be 0 or more");
    desc = rig_desc(AN_OP_LRN_WITHIN, 1, 6, 5, 5);
    desc.u.lrn = good;
    refused(desc, "groups is 2, but must be 1 to 1");
}

static void test_other_refusals(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_DROPOUT, 1, 4, 1, 1);
    desc.u.dropout.keep = 0;
    refused(desc, "keep is 0, but must be above 0 and at most 1");
    desc.u.dropout.keep = 1.5;
    refused(desc, "keep is 1.5");
    desc = rig_desc(AN_OP_NEURON, 1, 4, 1, 1);
    desc.u.neuron = (an_neuron_desc){AN_TANH, 0, 1};
    refused(desc, "tanh[0,1]: both numbers must be finite, and the first not 0");
    desc = (an_op_desc){.kind = AN_OP_CONCAT, .n = 1, .n_inputs = 2, .in = {{1, 2, 3}, {1, 3, 3}}};
    refused(desc, "inputs of 2 x 3 and 3 x 3 cannot be joined");
    desc.n_inputs = AN_MAX_INPUTS + 1;
    refused(desc, "number of inputs is 9, but must be 1 to 8");
    desc = (an_op_desc){.kind = AN_OP_ELTSUM, .n = 1, .n_inputs = 2, .in = {{1, 2, 3}, {2, 2, 3}}};
    refused(desc, "inputs of 1 x 2 x 3 and 2 x 2 x 3 cannot be added");
    refused(rig_desc(AN_OP_SOFTMAX, 1, 10, 2, 1), "softmax reads C x 1 x 1");
}

static void test_augment(void **state)
{
    (void)state;
    const an_augment_desc good = {2, 256, 224, AN_MEAN_IMAGE_CENTRE, AN_CHANNELS_RGB, {1, 1, 1}};
    an_param_info params[AN_MAX_PARAMS];
    an_op_desc desc = {.kind = AN_OP_AUGMENT, .n = 2, .u.augment = good};
    expect_ok(an_op_resolve(&desc));
    assert_true(an_chw_equal(desc.out, (an_chw){3, 224, 224}));
    assert_int_equal(an_op_params(&desc, params), 1);
    assert_true(an_shape_equal(params[0].shape, an_shape_of(3, 3, 256, 256)));
    assert_false(params[0].learned);
    desc.u.augment.mean = AN_MEAN_NONE;
    assert_int_equal(an_op_params(&desc, params), 0);
    desc.u.augment = good, desc.u.augment.crop = 257;
    refused(desc, "crop is 257, but must be 1 to 256");
    desc.u.augment = good, desc.u.augment.pictures = 3;
    refused(desc, "pictures is 3, but must be 1 to 2");
    desc.u.augment = good, desc.u.augment.scale[1] = INFINITY;
    refused(desc, "scale is inf");
    desc.u.augment = good, desc.u.augment.side = AN_MAX_WINDOW;
    too_large(desc, "2 pictures of side 32767 reach 2^31 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_rules),   cmocka_unit_test(test_alexnet_layers),
        cmocka_unit_test(test_conv_refusals),  cmocka_unit_test(test_fc_refusals),
        cmocka_unit_test(test_pool_refusals),  cmocka_unit_test(test_lrn_refusals),
        cmocka_unit_test(test_other_refusals), cmocka_unit_test(test_augment),
    };
    return cmocka_run_group_tests_name("op", tests, NULL, NULL);
}
