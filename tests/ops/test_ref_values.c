/*
 * ref against values worked out by hand (or, for powers, in 40 decimal digits), and its behaviour
 * at the edges: clipped windows, ties, NaN, empty slots, large logits.
 *
 * Tolerance: operands are below 100 and sums have fewer than 30 terms, so that 2^-44 (1e-13 of 1)
 * holds the roundings of double with room for pow() and exp().
 */
#include "ops/ops_rig.h"

#include <math.h>
#include <string.h>

#include "backend/backend.h"

static const double tolerance = 0x1p-44;

/* Forward of one operator; the output into y. */
static void forward(an_op_desc desc, an_operands operands, bool training, double *y)
{
    an_backend *ref = rig_open_ref();
    operands.dy = NULL;
    an_chain *chain = rig_run(ref, &desc, &operands, training);
    expect_ok(an_chain_read(chain, chain->link[0].y, an_batch_count(&desc, desc.out), y));
    an_chain_close(chain);
    an_backend_close(ref);
}

#define EXPECT(desc, operands, training, ...)                                                      \
    do {                                                                                           \
        const double expected_[] = {__VA_ARGS__};                                                  \
        double got_[sizeof expected_ / sizeof expected_[0]];                                       \
        forward(desc, operands, training, got_);                                                   \
        rig_close(got_, expected_, sizeof expected_ / sizeof expected_[0], tolerance);             \
    } while (0)

static double one_to_nine[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void test_conv(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_CONV, 1, 1, 3, 3);
    double weight[] = {1, 2, 3, 4}, bias[] = {10};
    an_operands operands = {.x = {one_to_nine}, .param = {{weight, bias}}};
    desc.u.conv = (an_conv_desc){.k = 1, .r = 2, .s = 2, .stride = 1, .groups = 1};
    EXPECT(desc, operands, true, 47, 57, 77, 87);
    /* With ceil the second window hangs over the edge by one column, or row. */
    desc.u.conv.stride = 2;
    desc.u.conv.ceil = true;
    EXPECT(desc, operands, true, 47, 31, 33, 19);
    /* A zero row above, a zero column to the right. */
    desc.u.conv =
        (an_conv_desc){.k = 1, .r = 2, .s = 2, .stride = 2, .groups = 1, .top = 1, .right = 1};
    EXPECT(desc, operands, true, 21, 19, 77, 43);
}

static void test_conv_groups(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_CONV, 1, 4, 1, 1);
    double x[] = {1, 2, 3, 4}, weight[] = {1, 10, 2, 20, 3, 30, 4, 40}, bias[] = {0, 0, 0, 100};
    an_operands operands = {.x = {x}, .param = {{weight, bias}}};
    desc.u.conv = (an_conv_desc){.k = 4, .r = 1, .s = 1, .stride = 1, .groups = 2};
    EXPECT(desc, operands, true, 21, 42, 129, 272);
}

static void test_pool(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_POOL, 1, 1, 3, 3);
    an_operands operands = {.x = {one_to_nine}};
    desc.u.pool = (an_pool_desc){AN_POOL_AVG, 3, 2, 1, false};
    EXPECT(desc, operands, true, 3, 4, 6, 7); /* each over the 4 pixels inside */
    desc.u.pool = (an_pool_desc){AN_POOL_AVG, 2, 2, 0, true};
    EXPECT(desc, operands, true, 3, 4.5, 7.5, 9); /* over 4, 2, 2 and 1 */
    desc.u.pool = (an_pool_desc){AN_POOL_MAX, 2, 2, 0, true};
    EXPECT(desc, operands, true, 5, 6, 8, 9);
    desc.u.pool.ceil = false;
    EXPECT(desc, operands, true, 5);
}

static void test_max_pool_ties(void **state)
{
    (void)state;
    an_backend *ref = rig_open_ref();
    an_op_desc desc = rig_desc(AN_OP_POOL, 1, 1, 3, 3);
    double x[] = {0, 2, 0, 2, 2, 2, 0, 2, 0}, dy[] = {1, 10, 100, 1000};
    const double expected[] = {0, 11, 0, 100, 1000, 0, 0, 0, 0}; /* the first in row order */
    desc.u.pool = (an_pool_desc){AN_POOL_MAX, 2, 1, 0, false};
    an_operands operands = {.x = {x}, .dy = dy};
    an_chain *chain = rig_run(ref, &desc, &operands, true);
    rig_close(chain->dx[0], expected, 9, 0);
    an_chain_close(chain);
    an_backend_close(ref);
}

static void test_nan_goes_through(void **state)
{
    (void)state;
    double x[] = {-1, NAN, 3, NAN, -1, 3, 5, 5, NAN}, y[9];
    an_op_desc desc = rig_desc(AN_OP_POOL, 1, 1, 3, 3);
    an_operands operands = {.x = {x}};
    desc.u.pool = (an_pool_desc){AN_POOL_MAX, 2, 2, 0, true};
    forward(desc, operands, true, y);
    assert_true(isnan(y[0]) && y[1] == 3 && y[2] == 5 && isnan(y[3]));
    desc = rig_desc(AN_OP_NEURON, 1, 1, 3, 3);
    for (int kind = AN_RELU; kind <= AN_LOGISTIC; kind++) {
        desc.u.neuron = (an_neuron_desc){(an_neuron_kind)kind, 1, 1};
        forward(desc, operands, true, y);
        assert_true(isnan(y[1]) && isnan(y[3]) && isnan(y[8]) && isfinite(y[0]));
    }
}

static void test_lrn(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_LRN, 1, 4, 1, 1);
    an_operands operands = {.x = {one_to_nine}};
    desc.u.lrn = (an_lrn_desc){3, 1, 2, 0.5, 0.75}; /* s = 4.5, 9, 16.5, 14.5 */
    EXPECT(desc, operands, true, 0.3236611811382156, 0.3849001794597505, 0.3664445749672226,
           0.5383119113463112);
    desc.u.lrn.groups = 2; /* s = 4.5, 4.5, 14.5, 14.5 */
    EXPECT(desc, operands, true, 0.3236611811382156, 0.6473223622764313, 0.40373393350973336,
           0.5383119113463112);
    desc.u.lrn = (an_lrn_desc){99, 1, 1, 0.5, 0.5}; /* s = 1 + 30/2 everywhere */
    EXPECT(desc, operands, true, 0.25, 0.5, 0.75, 1);
}

static void test_lrn_within(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_LRN_WITHIN, 1, 1, 3, 3);
    an_operands operands = {.x = {one_to_nine}};
    desc.u.lrn = (an_lrn_desc){3, 1, 1, 0.25, 0.75};
    EXPECT(desc, operands, true, 0.15042412372345573, 0.18590123939091657, 0.323292251801502,
           0.2480071956190161, 0.20176304134412804, 0.29408142667014703, 0.44427330466564785,
           0.33506993400164303, 0.4614482803675967);
}

/* Words of Philox for seed 5, step 3, layer 2, over 2^32: 0.4827, 0.1143, 0.4752, 0.5424;
 * 0.8042, 0.4923, 0.5103, 0.8067; 0.3793, 0.7990, 0.7872, 0.2875 (computed by an independent
 * implementation). */
static void test_dropout(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_DROPOUT, 2, 3, 2, 1);
    double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    an_operands operands = {.x = {x}, .state = {.seed = 5, .step = 3}};
    desc.u.dropout = (an_dropout_desc){AN_DROPOUT_MASK, 0.5, 2};
    EXPECT(desc, operands, true, 1, 2, 3, 0, 0, 6, 0, 0, 9, 0, 0, 12);
    EXPECT(desc, operands, false, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6);
    desc.u.dropout.kind = AN_DROPOUT_INVERTED;
    EXPECT(desc, operands, true, 2, 4, 6, 0, 0, 12, 0, 0, 18, 0, 0, 24);
    EXPECT(desc, operands, false, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    desc.u.dropout.keep = 0.48;
    EXPECT(desc, operands, true, 0, 2 / 0.48, 3 / 0.48, 0, 0, 0, 0, 0, 9 / 0.48, 0, 0, 12 / 0.48);
    desc.u.dropout.keep = 1;
    EXPECT(desc, operands, true, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
}

static void test_softmax(void **state)
{
    (void)state;
    an_backend *ref = rig_open_ref();
    an_op_desc desc = rig_desc(AN_OP_SOFTMAX, 3, 3, 1, 1);
    double x[] = {0, log(2), log(5), 3, 3, 3, 1000, 1000 + log(3), -1000};
    an_slot slots[] = {
        {.label = 2, .weight = 1}, {.picture = -1, .label = -1}, {.label = 0, .weight = 1}};
    an_operands operands = {.x = {x}, .slots = slots, .state = {.weight = 2}};
    const double y[] = {0.125, 0.25, 0.625, 1 / 3., 1 / 3., 1 / 3., 0.25, 0.75, 0};
    const double loss[] = {log(1.6), 0, log(4)};
    const double dx[] = {0.0625, 0.125, -0.1875, 0, 0, 0, -0.375, 0.375, 0};
    an_chain *chain = rig_run(ref, &desc, &operands, true);
    rig_close(chain->link[0].y, y, 9, tolerance);
    double losses[3];
    expect_ok(an_chain_losses(chain, losses));
    rig_close(losses, loss, 3, 1000 * tolerance); /* 1000 + log(3) is rounded */
    rig_close(chain->dx[0], dx, 9, 1000 * tolerance);
    an_chain_close(chain);
    an_backend_close(ref);
}

/* Two labels, the second heavier, and 0.3 of the target spread over three classes:
 * t = 0.7 (0, 0.25, 0.75) + 0.1. The rank is that of label 2, which two classes exceed. */
static void test_softmax_of_soft_targets(void **state)
{
    (void)state;
    an_backend *ref = rig_open_ref();
    an_op_desc desc = rig_desc(AN_OP_SOFTMAX, 1, 3, 1, 1);
    double x[] = {log(5), log(2), 0}, loss;
    an_slot slot = {.label = 1, .weight = 1, .second = 2, .second_share = 0.75f};
    an_operands operands = {.x = {x}, .slots = &slot, .state = {.weight = 1, .smoothing = 0.3}};
    const double expected = 0.1 * log(1.6) + 0.275 * log(4) + 0.625 * log(8);
    const double dx[] = {0.625 - 0.1, 0.25 - 0.275, 0.125 - 0.625};
    an_chain *chain = rig_run(ref, &desc, &operands, true);
    expect_ok(an_chain_losses(chain, &loss));
    rig_close(&loss, &expected, 1, 4 * tolerance);
    rig_close(chain->dx[0], dx, 3, 4 * tolerance);
    const an_score *score = chain->scores;
    assert_true(score->above == 2 && score->level == 1);
    an_chain_close(chain);
    an_backend_close(ref);
}

/* A picture of 3 x 3 whose pixel (y, x) is (10y + x, 100 + 10y + x, 200 + 10y + x). */
static void picture_3x3(uint8_t picture[27])
{
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++)
            for (int c = 0; c < 3; c++)
                picture[(y * 3 + x) * 3 + c] = (uint8_t)(100 * c + 10 * y + x);
}

static void test_augment(void **state)
{
    (void)state;
    uint8_t picture[27];
    double mean[27];
    picture_3x3(picture);
    for (int i = 0; i < 27; i++)
        mean[i] = i;
    an_slot slots[2] = {{.picture = 0, .y = 1, .x = 1, .mirror = 1, .gain = 0.5f},
                        {.picture = -1, .label = -1, .gain = 1}};
    slots[0].colour[0] = 4;
    an_operands operands = {.pictures = picture, .slots = slots, .param = {{mean}}};
    an_op_desc desc = {.kind = AN_OP_AUGMENT, .n = 2};
    desc.u.augment = (an_augment_desc){1, 3, 2, AN_MEAN_NONE, AN_CHANNELS_RGB, {2, 1, 1}};
    /* Rows 1 and 2, columns 2 and 1: (12, 11; 22, 21) of red, doubled, plus 4, halved. */
    EXPECT(desc, operands, true, 14, 13, 24, 23, 56, 55.5, 61, 60.5, 106, 105.5, 111, 110.5, 0, 0,
           0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    desc.u.augment.channels =
        AN_CHANNELS_BGR; /* blue first, but the scale and colour of channel 0 */
    EXPECT(desc, operands, true, 214, 213, 224, 223, 56, 55.5, 61, 60.5, 6, 5.5, 11, 10.5, 0, 0, 0,
           0, 0, 0, 0, 0, 0, 0, 0, 0);
    desc.u.augment.channels = AN_CHANNELS_RGB;
    desc.u.augment.mean = AN_MEAN_CHANNEL; /* 0, 1, 2 */
    EXPECT(desc, operands, true, 14, 13, 24, 23, 55.5, 55, 60.5, 60, 105, 104.5, 110, 109.5, 0, 0,
           0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static void test_augment_mean_image(void **state)
{
    (void)state;
    uint8_t picture[27];
    double mean[27];
    picture_3x3(picture);
    for (int i = 0; i < 27; i++)
        mean[i] = i;
    an_slot slot = {.picture = 0, .y = 1, .x = 1, .mirror = 1, .gain = 1};
    an_operands operands = {.pictures = picture, .slots = &slot, .param = {{mean}}};
    an_op_desc desc = {.kind = AN_OP_AUGMENT, .n = 1};
    /* Centre of 2 x 2 in 3 x 3 begins at (0, 0): the mean is 0, 1; 3, 4, unmirrored. */
    desc.u.augment = (an_augment_desc){1, 3, 2, AN_MEAN_IMAGE_CENTRE, AN_CHANNELS_RGB, {1, 1, 1}};
    EXPECT(desc, operands, true, 12, 10, 19, 17, 103, 101, 110, 108, 194, 192, 201, 199);
    /* Aligned: of the pixel itself, 5, 4; 8, 7. */
    desc.u.augment.mean = AN_MEAN_IMAGE_ALIGNED;
    EXPECT(desc, operands, true, 7, 7, 14, 14, 98, 98, 105, 105, 189, 189, 196, 196);
}

/* Recoloured, erased, mixed: each by hand. */
static void test_augment_changes(void **state)
{
    (void)state;
    uint8_t picture[27];
    picture_3x3(picture);
    an_slot slots[2] = {{.picture = 0, .gain = 1}, {.picture = 0, .y = 1, .x = 1, .gain = 1}};
    an_operands operands = {.pictures = picture, .slots = slots};
    an_op_desc desc = {.kind = AN_OP_AUGMENT, .n = 2};
    desc.u.augment = (an_augment_desc){1, 3, 2, AN_MEAN_NONE, AN_CHANNELS_RGB, {1, 1, 1}};
    /* Slot 0: red becomes twice red + 1, green red - 5 (not below 0), blue twice blue - 150 (not
     * above 255). */
    static const float matrix[3][3] = {{2, 0, 0}, {1, 0, 0}, {0, 0, 2}};
    slots[0].recoloured = 1;
    memcpy(slots[0].matrix, matrix, sizeof matrix);
    slots[0].offset[0] = 1, slots[0].offset[1] = -5, slots[0].offset[2] = -150;
    EXPECT(desc, operands, true, 1, 3, 21, 23, 0, 0, 5, 6, 250, 252, 255, 255, 11, 12, 21, 22, 111,
           112, 121, 122, 211, 212, 221, 222);
    /* Slot 1 without its lower left pixel, in slot 0's right column with a share of 1/4. */
    slots[0].recoloured = 0;
    slots[1].erased = (an_box){1, 0, 1, 1};
    slots[0].mixed = (an_box){0, 1, 2, 1};
    slots[0].partner = 1;
    slots[0].share = 0.25f;
    EXPECT(desc, operands, true, 0, 3.75, 10, 13.75, 100, 103.75, 110, 113.75, 200, 203.75, 210,
           213.75, 11, 12, 0, 22, 111, 112, 0, 122, 211, 212, 0, 222);
    /* A partner is mixed in without its own partner; its erased pixel is 0 there too. */
    slots[1].mixed = (an_box){0, 0, 2, 2};
    slots[1].partner = 0;
    slots[1].share = 1;
    slots[0].mixed.left = 0;
    EXPECT(desc, operands, true, 2.75, 1, 7.5, 11, 102.75, 101, 82.5, 111, 202.75, 201, 157.5, 211,
           0, 1, 10, 11, 100, 101, 110, 111, 200, 201, 210, 211);
    /* Grey of a recoloured pixel, not rounded: 2 * 0.299 r. */
    static const float red[3][3] = {{2, 0, 0}, {0, 0, 0}, {0, 0, 0}};
    slots[0] = (an_slot){.picture = 0, .gain = 1, .recoloured = 1};
    memcpy(slots[0].matrix, red, sizeof red);
    desc.n = 1;
    desc.u.augment.channels = AN_CHANNELS_GREY;
    double part = 2 * 19595 / 65536.0;
    EXPECT(desc, operands, true, 0, part, 10 * part, 11 * part);
}

/* Grey as Pillow's convert("L") computes it, for primaries and for values close to a half. */
static void test_augment_grey(void **state)
{
    (void)state;
    uint8_t picture[27] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0,  0,
                           0,   7, 7, 7, 1,   0, 0, 5, 200, 90,  250, 3,   128};
    double mean[9];
    for (int i = 0; i < 9; i++)
        mean[i] = i;
    an_slot slot = {.picture = 0, .gain = 1};
    an_operands operands = {.pictures = picture, .slots = &slot, .param = {{mean}}};
    an_op_desc desc = {.kind = AN_OP_AUGMENT, .n = 1};
    desc.u.augment = (an_augment_desc){1, 3, 3, AN_MEAN_NONE, AN_CHANNELS_GREY, {1, 0, 0}};
    EXPECT(desc, operands, true, 76, 150, 29, 255, 0, 7, 0, 129, 91);
    desc.u.augment.mean = AN_MEAN_CHANNEL; /* 0 */
    desc.u.augment.scale[0] = 2;
    EXPECT(desc, operands, true, 152, 300, 58, 510, 0, 14, 0, 258, 182);
    desc.u.augment.mean = AN_MEAN_IMAGE_ALIGNED;
    desc.u.augment.scale[0] = 1;
    slot.mirror = 1;
    EXPECT(desc, operands, true, 27, 149, 76, 2, -4, 252, 83, 122, -6);
}

/* Two updates, w = 1 and gradients 2, then -1, with momentum 0.5, rate 0.25, decay 0.5:
 *     v = -0.25*2 - 0.5*0.25*1 = -0.625             w = 0.375
 *     v = 0.5*-0.625 + 0.25 - 0.125*0.375 = -0.109375    w = 0.265625 */
static void test_update(void **state)
{
    (void)state;
    an_backend *ref = rig_open_ref();
    double w[] = {1, 1}, v[] = {0, 0}, g[] = {2, 2}, frozen[] = {7};
    double bias = 1, bias_v = 0;
    const an_segment segments[] = {
        {.param = w, .gradient = g, .momentum = v, .count = 2},
        {.param = &bias, .gradient = g, .momentum = &bias_v, .count = 1},
        {.param = frozen, .gradient = g, .momentum = frozen, .count = 1}};
    const an_rates rates[] = {{.rate = 0.25, .decay = 0.5, .momentum = 0.5},
                              {.rate = 0.5, .momentum = 0.5},
                              {.decay = 0.5, .momentum = 0.5}};
    const an_step_state rule_of_2012 = {0};
    an_update *update;
    expect_ok(ref->api->update_prepare(ref, segments, 3, &update));
    expect_ok(ref->api->update(ref, update, &rule_of_2012, rates));
    assert_true(w[0] == 0.375 && w[1] == 0.375 && v[1] == -0.625);
    assert_true(bias == 0 && bias_v == -1);
    g[0] = g[1] = -1;
    expect_ok(ref->api->update(ref, update, &rule_of_2012, rates));
    ref->api->update_free(ref, update);
    assert_true(w[0] == 0.265625 && v[0] == -0.109375 && w[1] == w[0] && v[1] == v[0]);
    assert_true(bias == 0 && bias_v == 0);
    assert_true(frozen[0] == 7); /* rate 0: no decay and no momentum either */
    an_backend_close(ref);
}

/* Updates stop at a loss that is not finite. */
static void test_hold(void **state)
{
    (void)state;
    an_backend *ref = rig_open_ref();
    an_step_state step = {.step = 1};
    an_results results = {.loss = 3, .images = 4};
    expect_ok(ref->api->hold(ref, &results, &step));
    assert_true(!step.rule.held);
    results.not_finite = 1;
    expect_ok(ref->api->hold(ref, &results, &step));
    assert_true(step.rule.held);
    results.not_finite = 0;
    expect_ok(ref->api->hold(ref, &results, &step));
    assert_true(step.rule.held && step.step == 1);
    an_backend_close(ref);
}

static void test_norms(void **state)
{
    (void)state;
    an_backend *ref = rig_open_ref();
    double a[] = {3, NAN, 4, INFINITY}, b[] = {-2};
    const an_span spans[] = {{a, 4}, {b, 1}};
    an_norm norms[2];
    expect_ok(ref->api->norms(ref, spans, 2, norms));
    assert_true(norms[0].sum_squares == 25 && norms[0].not_finite == 2);
    assert_true(norms[1].sum_squares == 4 && norms[1].not_finite == 0);
    an_backend_close(ref);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),
        cmocka_unit_test(test_conv_groups),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_max_pool_ties),
        cmocka_unit_test(test_nan_goes_through),
        cmocka_unit_test(test_lrn),
        cmocka_unit_test(test_lrn_within),
        cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_softmax_of_soft_targets),
        cmocka_unit_test(test_augment),
        cmocka_unit_test(test_augment_mean_image),
        cmocka_unit_test(test_augment_grey),
        cmocka_unit_test(test_augment_changes),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_norms),
    };
    return cmocka_run_group_tests_name("ref values", tests, NULL, NULL);
}
