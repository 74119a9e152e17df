/*
 * Schedules: factors at their corners, and the rates of every parameter at a step.
 */
#include "net_rig.h"

#include "train/schedule.h"

static const double pi = 3.14159265358979323846;

static alexnet_recipe *recipe_of(const char *schedule, const char *epochs, const char *warmup)
{
    alexnet_recipe *r;
    expect_ok(an_recipe_new(&r));
    expect_ok(an_recipe_set(r, "schedule", schedule));
    expect_ok(an_recipe_set(r, "epochs", epochs));
    expect_ok(an_recipe_set(r, "warmup", warmup));
    return r;
}

static void expect_factor(const alexnet_recipe *r, int64_t step, int64_t per_epoch, double expected)
{
    double got = an_schedule_factor(r, NULL, step, per_epoch);
    if (!(fabs(got - expected) <= 1e-14))
        fail_msg("step %lld: %.17g, expected %.17g", (long long)step, got, expected);
}

static void test_constant(void **state)
{
    (void)state;
    alexnet_recipe *r = recipe_of("constant", "5", "0");
    for (int64_t step = 0; step < 50; step++)
        expect_factor(r, step, 10, 1);
    an_recipe_free(r);
}

/* The first update already learns, and the rise ends with the warm-up's last. */
static void test_warm_up(void **state)
{
    (void)state;
    alexnet_recipe *r = recipe_of("constant", "5", "1.5");
    for (int64_t step = 0; step < 15; step++)
        expect_factor(r, step, 10, (double)(step + 1) / 15);
    expect_factor(r, 15, 10, 1);
    expect_factor(r, 49, 10, 1);
    an_recipe_free(r);
    r = recipe_of("constant", "5", "100"); /* longer than the run: never done */
    expect_factor(r, 49, 10, 50.0 / 1000);
    an_recipe_free(r);
}

static void test_step(void **state)
{
    (void)state;
    alexnet_recipe *r = recipe_of("step", "9", "0");
    expect_ok(an_recipe_set(r, "step_epochs", "3"));
    expect_ok(an_recipe_set(r, "step_factor", "0.5"));
    expect_factor(r, 0, 4, 1);
    expect_factor(r, 11, 4, 1);
    expect_factor(r, 12, 4, 0.5);
    expect_factor(r, 23, 4, 0.5);
    expect_factor(r, 24, 4, 0.25);
    expect_factor(r, 35, 4, 0.25);
    an_recipe_free(r);
}

static void test_cosine(void **state)
{
    (void)state;
    alexnet_recipe *r = recipe_of("cosine", "11", "1");
    expect_factor(r, 0, 10, 0.1);
    expect_factor(r, 9, 10, 1);
    expect_factor(r, 10, 10, 1);
    expect_factor(r, 60, 10, 0.5);
    expect_factor(r, 35, 10, 0.5 * (1 + cos(pi / 4)));
    expect_factor(r, 109, 10, 0.5 * (1 + cos(pi * 0.99)));
    for (int64_t step = 11; step < 110; step++)
        assert_true(an_schedule_factor(r, NULL, step, 10) <
                    an_schedule_factor(r, NULL, step - 1, 10));
    an_recipe_free(r);
    r = recipe_of("cosine", "2", "5"); /* all warm-up */
    expect_factor(r, 3, 2, 0.4);
    an_recipe_free(r);
    r = recipe_of("cosine", "1", "0"); /* a single update */
    expect_factor(r, 0, 1, 1);
    an_recipe_free(r);
}

/* Number 170 of 2012: 0.01, 0.0015874, 0.00025198, 0.00004. */
static void test_exponential(void **state)
{
    (void)state;
    alexnet_recipe *r = recipe_of("exponential", "8", "0");
    static const double rates[] = {0.01, 0.0015874, 0.00025198, 0.00004};
    for (int64_t step = 0; step < 80; step++) {
        double got = 0.01 * an_schedule_factor(r, NULL, step, 10);
        assert_true(fabs(got - rates[step / 20]) <= 2e-5 * rates[step / 20]);
    }
    expect_ok(an_recipe_set(r, "fall_steps", "3"));
    expect_ok(an_recipe_set(r, "fall", "16"));
    expect_factor(r, 26, 10, 1); /* a third of the run ends within an epoch */
    expect_factor(r, 27, 10, 0.25);
    expect_factor(r, 54, 10, 1.0 / 16);
    an_recipe_free(r);
}

/* Caffe's (1 - iter / max_iter)^power, after the warm-up. */
static void test_poly(void **state)
{
    (void)state;
    alexnet_recipe *r = recipe_of("poly", "11", "1");
    expect_factor(r, 4, 10, 0.5);
    expect_factor(r, 10, 10, 1);
    expect_factor(r, 60, 10, 0.5);
    expect_ok(an_recipe_set(r, "poly_power", "2"));
    expect_factor(r, 60, 10, 0.25);
    expect_factor(r, 109, 10, 0.01 * 0.01);
    an_recipe_free(r);
}

/* Periods of 2 epochs, then of 2, 4 and 8; the run may end within a period. */
static void test_restarts(void **state)
{
    (void)state;
    alexnet_recipe *r = recipe_of("cosine", "20", "1");
    expect_ok(an_recipe_set(r, "restart_epochs", "2"));
    expect_factor(r, 10, 10, 1);
    expect_factor(r, 20, 10, 0.5);
    expect_factor(r, 29, 10, 0.5 * (1 + cos(pi * 0.95)));
    expect_factor(r, 30, 10, 1);
    expect_factor(r, 50, 10, 1);
    expect_ok(an_recipe_set(r, "restart_growth", "2"));
    expect_factor(r, 30, 10, 1);
    expect_factor(r, 50, 10, 0.5);
    expect_factor(r, 70, 10, 1);
    expect_factor(r, 110, 10, 0.5);
    assert_false(an_schedule_has_end(r));
    an_recipe_free(r);
}

/* Two drops, the second after epoch 5: the updates of epoch 5 itself have only one. */
static void test_plateau(void **state)
{
    (void)state;
    alexnet_recipe *r = recipe_of("plateau", "9", "0");
    const an_drops drops = {2, 5};
    expect_factor(r, 30, 10, 1);
    assert_true(fabs(an_schedule_factor(r, &drops, 49, 10) - 0.1) <= 1e-15);
    assert_true(fabs(an_schedule_factor(r, &drops, 50, 10) - 0.01) <= 1e-15);
    an_recipe_free(r);
}

/* ---- Rates ---- */

static const char text[] = "[input]\nsize = 6\nside = 8\nmean = image\nscale = 0.5\n"
                           "[c]\ntype = conv\ninputs = input\nfilters = 2\nfilterSize = 3\n"
                           "[d]\ntype = conv\ninputs = c\nfilters = 2\nfilterSize = 3\n"
                           "[f]\ntype = fc\ninputs = d\noutputs = classes\n"
                           "[p]\ntype = softmax\ninputs = f\n";

static void expect_rates(const an_rates *got, double rate, double decay, double momentum)
{
    assert_true(fabs(got->rate - rate) <= 1e-15 * rate);
    assert_true(got->decay == decay);
    assert_true(got->momentum == momentum);
}

/* Weights and biases of c, d and f; epochs are counted from 1. */
static void test_rates(void **state)
{
    (void)state;
    an_net *net = rig_net("ref", rig_parse(text, 3), true);
    an_rates got[6];
    alexnet_recipe *r = recipe_of("step", "9", "0");
    const char *keys[][2] = {{"init", "net"},     {"rate", "0.5 0.25@2"}, {"rate_bias", "0.125"},
                             {"d.rate", "0 1@3"}, {"d.rate_bias", "2"},   {"decay", "0.01 0.02@4"},
                             {"f.decay", "0"},    {"decay_bias", "0.5"},  {"c.momentum", "0.5"},
                             {"step_epochs", "4"}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        expect_ok(an_recipe_set(r, keys[i][0], keys[i][1]));
    an_schedule_rates(got, net, r, NULL, 9, 10); /* last of epoch 1 */
    expect_rates(&got[0], 0.5, 0.01, 0.5);
    expect_rates(&got[1], 0.125, 0.5, 0.5);
    expect_rates(&got[2], 0, 0.01, 0.9);
    expect_rates(&got[3], 2, 0.5, 0.9);
    expect_rates(&got[4], 0.5, 0, 0.9);
    expect_rates(&got[5], 0.125, 0.5, 0.9);
    an_schedule_rates(got, net, r, NULL, 10, 10); /* first of epoch 2 */
    expect_rates(&got[0], 0.25, 0.01, 0.5);
    an_schedule_rates(got, net, r, NULL, 40, 10); /* first of epoch 5: a step of the schedule too */
    expect_rates(&got[0], 0.025, 0.02, 0.5);
    expect_rates(&got[2], 0.1, 0.02, 0.9);
    expect_rates(&got[3], 0.2, 0.5, 0.9);
    an_recipe_free(r);
    an_net_release(net);
}

/* init = safe: the layer that reads pixels learns as if the pixels were divided by their spread, 58
 * grey levels times the scale, also if the recipe sets a rate for the layer. */
static void test_rates_of_safe_weights(void **state)
{
    (void)state;
    an_net *net = rig_net("ref", rig_parse(text, 3), true);
    an_rates got[6];
    alexnet_recipe *r = recipe_of("constant", "9", "0");
    expect_ok(an_recipe_set(r, "init", "safe"));
    expect_ok(an_recipe_set(r, "rate", "0.5"));
    an_schedule_rates(got, net, r, NULL, 0, 10);
    expect_rates(&got[0], 0.5 / (29 * 29), 0.0005, 0.9);
    expect_rates(&got[1], 0.02, 0, 0.9);
    expect_rates(&got[2], 0.5, 0.0005, 0.9);
    assert_true(got[0].spread == 29 && got[1].spread == 1 && got[2].spread == 1);
    expect_ok(an_recipe_set(r, "rule", "adamw")); /* its changes do not grow with the gradients */
    an_schedule_rates(got, net, r, NULL, 0, 10);
    expect_rates(&got[0], 0.5 / 29, 0.0005, 0.9);
    expect_ok(an_recipe_set(r, "rule", "2012"));
    expect_ok(an_recipe_set(r, "init", "net"));
    an_schedule_rates(got, net, r, NULL, 0, 10);
    assert_true(got[0].spread == 1);
    expect_ok(an_recipe_set(r, "init", "safe"));
    expect_ok(an_recipe_set(r, "c.rate", "0.25"));
    an_schedule_rates(got, net, r, NULL, 0, 10);
    expect_rates(&got[0], 0.25 / (29 * 29), 0.0005, 0.9);
    an_recipe_free(r);
    an_net_release(net);
}

/* A frozen layer learns nothing, whatever its rates are: neither weights nor biases. */
static void test_rates_of_frozen_layers(void **state)
{
    (void)state;
    an_net *net = rig_net("ref", rig_parse(text, 3), true);
    an_rates got[6];
    alexnet_recipe *r = recipe_of("constant", "9", "0");
    expect_ok(an_recipe_set(r, "c.rate", "0.5"));
    expect_ok(an_recipe_set(r, "freeze", "c d"));
    an_schedule_rates(got, net, r, NULL, 0, 10);
    for (int i = 0; i < 4; i++)
        assert_true(got[i].rate == 0);
    assert_true(got[4].rate == 0.01);
    assert_true(got[5].rate == 0.02);
    an_recipe_free(r);
    an_net_release(net);
}

/* Adam's corrections count the updates of each parameter, as PyTorch's step does: of a layer that
 * is unfrozen late, the first change is as large as that of any other. */
static void test_corrections_of_adam(void **state)
{
    (void)state;
    an_net *net = rig_net("ref", rig_parse(text, 3), true);
    an_rates got[6];
    alexnet_recipe *r = recipe_of("constant", "9", "0");
    expect_ok(an_recipe_set(r, "rule", "adam"));
    expect_ok(an_recipe_set(r, "beta2", "0.75"));
    expect_ok(an_recipe_set(r, "momentum", "0.5"));
    expect_ok(an_recipe_set(r, "c.rate", "0 0.5@2.5"));         /* learns from epoch 3 on */
    expect_ok(an_recipe_set(r, "d.rate", "0.5 0@2 0.5@4 0@6")); /* in epochs 1, 4 and 5 */
    static const struct {
        int64_t step;
        int updates[3]; /* of the weights of c and d, and of the biases of c */
    } expected[] = {{0, {0, 1, 1}},     {9, {0, 10, 10}},   {20, {1, 0, 21}},
                    {30, {11, 11, 31}}, {41, {22, 22, 42}}, {59, {40, 0, 60}}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        static const int param[3] = {0, 2, 1};
        an_schedule_rates(got, net, r, NULL, expected[i].step, 10);
        for (int j = 0; j < 3; j++) {
            const int updates = expected[i].updates[j];
            const an_rates *rates = &got[param[j]];
            assert_true((rates->rate != 0) == (updates != 0));
            if (!updates)
                continue;
            assert_true(rates->momentum_correction == 1 - pow(0.5, updates));
            assert_true(rates->square_correction == 1 - pow(0.75, updates));
        }
    }
    an_recipe_free(r);
    an_net_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_warm_up),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_cosine),
        cmocka_unit_test(test_exponential),
        cmocka_unit_test(test_poly),
        cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_plateau),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_rates_of_safe_weights),
        cmocka_unit_test(test_rates_of_frozen_layers),
        cmocka_unit_test(test_corrections_of_adam),
    };
    return cmocka_run_group_tests_name("schedules", tests, NULL, NULL);
}
