/*
 * What a seed means, as literal numbers: the same seed gives the same run in every version. The
 * numbers are made by tools/make_seed_goldens.py, which uses the published generator and no code of
 * this library.
 */
#include "picture_tree.h"

#include <math.h>

#include "base/random.h"
#include "data/loader/crop.h"
#include "net_rig.h"
#include "seed_goldens.h"
#include "train/init.h"

/* Purposes 1 to 6, at a place where every part of the counter matters. */
static void test_draws(void **state)
{
    (void)state;
    for (int purpose = 1; purpose <= 6; purpose++) {
        uint32_t many[4 * AN_RANDOM_RUN];
        an_random4 one = an_random(GOLDEN_SEED, (an_purpose)purpose, 0x700000009, 0x5544332211, 10);
        an_random_run(GOLDEN_SEED, (an_purpose)purpose, 0x700000009, 0x5544332211, 10, many);
        assert_memory_equal(one.v, golden_draws[purpose - 1], sizeof one.v);
        assert_memory_equal(many, golden_draws[purpose - 1], sizeof one.v);
    }
}

static void test_orders(void **state)
{
    static const uint64_t epochs[] = {0, 7};
    uint32_t order[10];
    (void)state;
    for (int i = 0; i < 2; i++) {
        an_shuffle(order, 10, 1, AN_PURPOSE_SHUFFLE, epochs[i]);
        assert_memory_equal(order, golden_orders[i], sizeof order);
    }
}

static void test_crops_and_colours(void **state)
{
    an_crop_rule rule = {.side = 256,
                         .crop = 224,
                         .random_crop = true,
                         .mirror = true,
                         .colour_axis = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                         .seed = 1};
    an_slot slot;
    (void)state;
    for (int i = 0; i < 4; i++) {
        an_crop_draw(&slot, &rule, 2, (uint64_t)i);
        assert_int_equal(slot.y, golden_crops[i][0]);
        assert_int_equal(slot.x, golden_crops[i][1]);
        assert_int_equal(slot.mirror, golden_crops[i][2]);
    }
    rule.colour_noise = 1;
    for (int i = 0; i < 2; i++) { /* float32 rounds by 2^-24 of it */
        an_crop_draw(&slot, &rule, 2, (uint64_t)i);
        for (int c = 0; c < 3; c++)
            assert_true(fabs((double)slot.colour[c] - golden_colours[i][c]) <=
                        0x1p-24 * fabs(golden_colours[i][c]));
    }
}

/* Logarithm and cosine may be off by one or two units in the last place, of values below 8. */
static void test_weights(void **state)
{
    static const char text[] =
        "[input]\nsize = 8\nside = 8\nmean = 10 20 30\n"
        "[c]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 3\ninitW = 0.25\n"
        "[f]\ntype = fc\ninputs = c\noutputs = classes\n"
        "[p]\ntype = softmax\ninputs = f\n";
    alexnet_recipe *recipe;
    an_net *net = rig_net("ref", rig_parse(text, 7), false);
    double values[4 * 3 * 9];
    (void)state;
    expect_ok(an_recipe_new(&recipe));
    expect_ok(an_recipe_set(recipe, "init", "net"));
    expect_ok(an_recipe_set(recipe, "seed", "1"));
    expect_ok(an_init_weights(net, recipe));
    assert_int_equal(an_net_find(net, "c.weight"), 1);
    expect_ok(an_net_read(net, AN_VALUES, 1, values, AN_F64));
    for (int i = 0; i < 6; i++)
        assert_true(fabs(values[i] - 0.25 * golden_weights[i]) <= 0x1p-50);
    an_recipe_free(recipe);
    an_net_release(net);
}

/* Dropout of ones shows which elements are kept. */
static void check_masks(const char *device)
{
    enum { COUNT = sizeof golden_masks - 1 };
    alexnet_ctx *ctx = rig_ctx(device, ALEXNET_PRECISION_FP32, 1);
    an_backend *backend;
    an_prepared *op;
    an_op_desc desc = {.kind = AN_OP_DROPOUT,
                       .n = 1,
                       .n_inputs = 1,
                       .in = {{COUNT, 1, 1}},
                       .u.dropout = {AN_DROPOUT_MASK, 0.5, 3}};
    const an_op_desc *list[] = {&desc};
    an_step_state step = {.seed = 1, .step = 5};
    double x[COUNT], y[COUNT]; /* room for either type */
    expect_ok(an_op_resolve(&desc));
    expect_ok(an_backend_open(&backend, ctx, true, NULL));
    bool wide = backend->param_dtype == AN_F64;
    an_layout layout = {AN_LAYOUT_PLAIN, backend->param_dtype, 1, desc.in[0]};
    for (int i = 0; i < COUNT; i++)
        if (wide)
            x[i] = 1;
        else
            ((float *)x)[i] = 1;
    an_prepare prepare = {.ops = list, .n_ops = 1, .in = &layout, .split = 1, .plain_out = true};
    prepare.masks = true;
    expect_ok(backend->api->op_prepare(backend, &prepare, &op));
    void *scratch = an_calloc(1, op->scratch + 64), *saved = an_calloc(1, op->saved + 64);
    an_op_args args = {.x = {x}, .y = y, .state = &step, .scratch = scratch, .saved = saved};
    expect_ok(backend->api->op_forward(backend, op, &args));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal((wide ? y[i] : ((float *)y)[i]) != 0, golden_masks[i] == '1');
    backend->api->op_free(backend, op);
    an_free(scratch);
    an_free(saved);
    an_backend_close(backend);
    an_ctx_release(ctx);
}

static void test_masks(void **state)
{
    (void)state;
    check_masks("ref");
    if (rig_has_device("cpu"))
        check_masks("cpu");
}

static void test_split(void **state)
{
    alexnet_dataset *train, *val;
    char path[64];
    (void)state;
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "t/class0/%d.jpg", i);
        put(path);
    }
    put("t/class1/0.jpg");
    alexnet_dataset *whole = open_good("t", NULL, NULL);
    expect_ok(an_dataset_split(whole, 0.3, 1, &train, &val));
    assert_int_equal(val->count, 3);
    for (int i = 0; i < 3; i++)
        assert_non_null(strstr(val->samples[i].name, golden_split[i]));
    an_dataset_release(train);
    an_dataset_release(val);
    an_dataset_release(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_crops_and_colours),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_masks),
        cmocka_unit_test_setup_teardown(test_split, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
