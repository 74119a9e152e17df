/*
 * The built-in recipes. Those that were published are compared with their sources.
 */
#include "recipe_rig.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "train/recipe.h"
#include "train/schedule.h"

static void test_all_built_in_recipes(void **state)
{
    (void)state;
    for (const alexnet_builtin *b = an_builtin_recipes; b->name; b++) {
        alexnet_recipe *r;
        expect_ok(an_recipe_load(&r, b->name));
        an_recipe_free(r);
    }
    alexnet_recipe *r;
    expect_failure(an_recipe_load(&r, "defalt"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "defalt is neither a built-in recipe nor a recipe file; did you mean default?");
    assert_null(r);
}

/* Whether a text of a recipe gives a key, for all layers. */
static bool gives(const char *text, const char *key, size_t length)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0 && strncmp(line + length, " =", 2) == 0)
            return true;
    }
    return false;
}

/* Every other recipe sets each key that `default` sets, so that it does not change when `default`
 * does. */
static void test_nothing_is_left_to_the_default(void **state)
{
    (void)state;
    const alexnet_builtin *standard = an_builtin_recipes;
    assert_string_equal(standard->name, "default");
    for (const alexnet_builtin *b = standard + 1; b->name; b++)
        for (const char *line = strchr(standard->text, '\n'); line; line = strchr(line, '\n')) {
            line += 1;
            const size_t length = strcspn(line, " =\n");
            if (*line && strchr("#[\n", *line) == NULL && !gives(b->text, line, length))
                fail_msg("recipe %s does not give %.*s", b->name, (int)length, line);
        }
}

/* The logged run of 2012 (layer-params-145.cfg; docs/differences-from-paper.md). */
static void test_the_2012_recipe(void **state)
{
    (void)state;
    alexnet_recipe *r;
    expect_ok(an_recipe_load(&r, "2012"));
    assert_int_equal(an_recipe_integer(r, AN_KEY_BATCH), 128);
    assert_int_equal(an_recipe_integer(r, AN_KEY_EPOCHS), 91);
    const struct {
        double epoch, conv1, others;
    } rates[] = {{1, 0.01, 0.01},      {24, 0.01, 0.01},     {25, 0.001, 0.001}, {50, 0.001, 0.001},
                 {51, 0.0001, 0.0001}, {66, 0.0001, 0.0001}, {67, 1e-5, 0.0001}, {71, 1e-5, 0.0001},
                 {72, 0, 0.0001},      {78, 0, 0.0001},      {79, 0, 1e-5},      {91, 0, 1e-5}};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        expect_number(r, AN_KEY_RATE, "conv1", rates[i].epoch, rates[i].conv1);
        expect_number(r, AN_KEY_RATE, "conv2", rates[i].epoch, rates[i].others);
        expect_number(r, AN_KEY_RATE_BIAS, "fc8", rates[i].epoch, 0.02);
    }
    expect_number(r, AN_KEY_RATE_BIAS, "conv1", 71, 0.02);
    expect_number(r, AN_KEY_RATE_BIAS, "conv1", 72, 0);
    expect_number(r, AN_KEY_DECAY, "conv1", 5, 0.0005);
    expect_number(r, AN_KEY_DECAY_BIAS, "conv1", 5, 0);
    expect_number(r, AN_KEY_MOMENTUM, "conv1", 5, 0.9);
    expect_number(r, AN_KEY_COLOUR_NOISE, NULL, 66, 0.1);
    expect_number(r, AN_KEY_COLOUR_NOISE, NULL, 67, 0);
    assert_int_equal(an_recipe_choice(r, AN_KEY_INIT), AN_RECIPE_INIT_NET);
    assert_int_equal(an_recipe_integer(r, AN_KEY_CROP_GROUP), 32);
    an_recipe_free(r);
}

/* ImageNet's training pictures of 2012, in batches of 256. */
enum { PICTURES = 1281167, BATCH = 256, UPDATES = (PICTURES + BATCH - 1) / BATCH };

/* Compare the rate of weights with that of a solver which counts iterations and divides the rate by
 * 10 after each `stepsize` of them. Iterations near such a step are left out. */
static void expect_solver(const char *name, int64_t stepsize, int64_t max_iter, double base)
{
    alexnet_recipe *r;
    expect_ok(an_recipe_load(&r, name));
    assert_int_equal(an_recipe_integer(r, AN_KEY_BATCH), BATCH);
    const int64_t all = an_recipe_integer(r, AN_KEY_EPOCHS) * UPDATES;
    assert_true(fabs((double)(all - max_iter)) < 0.002 * (double)max_iter);
    for (int64_t i = 0; i < max_iter; i += stepsize / 10) {
        const int64_t from_step = i % stepsize;
        if (i > 0 && (from_step < stepsize / 100 || from_step > stepsize - stepsize / 100))
            continue; /* here the rate changes at the end of an epoch */
        const double expected = base * pow(0.1, (double)(i / stepsize));
        const double got = an_recipe_number(r, AN_KEY_RATE, "conv3", (double)(i / UPDATES + 1)) *
                           an_schedule_factor(r, NULL, i, UPDATES);
        if (!(fabs(got - expected) <= 1e-12))
            fail_msg("%s, iteration %lld: %g, expected %g", name, (long long)i, got, expected);
    }
    expect_number(r, AN_KEY_MOMENTUM, "conv3", 1, 0.9);
    assert_int_equal(an_recipe_choice(r, AN_KEY_INIT), AN_RECIPE_INIT_NET);
    an_recipe_free(r);
}

/* BVLC's models/bvlc_alexnet: solver.prototxt and train_val.prototxt. */
static void test_the_caffe_recipe(void **state)
{
    (void)state;
    alexnet_recipe *r;
    expect_solver("caffe", 100000, 450000, 0.01);
    expect_ok(an_recipe_load(&r, "caffe"));
    expect_number(r, AN_KEY_RATE_BIAS, "fc8", 1, 0.02);
    expect_number(r, AN_KEY_DECAY, "fc8", 1, 0.0005);
    expect_number(r, AN_KEY_DECAY_BIAS, "fc8", 1, 0);
    an_recipe_free(r);
}

/* torchvision's references/classification: readme and train.py. */
static void test_the_torchvision_recipe(void **state)
{
    (void)state;
    alexnet_recipe *r;
    double range[2];
    expect_solver("torchvision", 30 * UPDATES, 90 * UPDATES, 0.01);
    expect_ok(an_recipe_load(&r, "torchvision"));
    expect_number(r, AN_KEY_RATE_BIAS, "fc8", 1, 0.01);
    expect_number(r, AN_KEY_DECAY, "fc8", 1, 0.0001);
    expect_number(r, AN_KEY_DECAY_BIAS, "fc8", 1, 0.0001);
    assert_string_equal(an_recipe_get(r, "crop"), "scaled");
    an_recipe_range(r, AN_KEY_CROP_AREA, range);
    assert_true(range[0] == 0.08 && range[1] == 1);
    an_recipe_range(r, AN_KEY_CROP_ASPECT, range);
    assert_true(range[0] == 0.75 && fabs(range[1] - 4.0 / 3) < 1e-4);
    an_recipe_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_built_in_recipes),
        cmocka_unit_test(test_nothing_is_left_to_the_default),
        cmocka_unit_test(test_the_2012_recipe),
        cmocka_unit_test(test_the_caffe_recipe),
        cmocka_unit_test(test_the_torchvision_recipe),
    };
    return cmocka_run_group_tests_name("built-in recipes", tests, NULL, NULL);
}
