/*
 * Ten updates of four networks at reduced width against PyTorch in float64: probabilities and every
 * gradient of the first step, the loss of every picture of every step, and all weights at the end,
 * with a change of rate on the way, empty slots and slots without label. The networks are those of
 * golden/steps/NAME.ini; tools/make_step_goldens.py made the values.
 *
 * Tolerances. An operator's rounding error, as a share of the root mean square of what it computes,
 * is about u sqrt(n) for a sum of n terms, u = 2^-24 in float32; four standard deviations of it are
 * allowed, and errors pass from layer to layer without growing. The sums of a forward pass have 48,
 * 36 (twice 72 in owt), 72, 36, 36, 32, 8 and 12 terms, those of the way back about the same, and a
 * gradient of conv1 4 * 17 * 17: 4 u (2 * 50 + 34) < 2^-15. No decision of a ReLU or a pooling
 * window is closer than 2^-19 (see the script), so that none is taken differently.
 *     probabilities and losses   2^-15 of the logits, which are of size 1 to 2
 *     gradients                  2^-15 of the tensor's largest value
 *     weights after ten updates  2^-14 of the largest change (what an update does wrong, the next
 *                                ones see), and 10 u of the largest value for adding ten times
 * On ref u is 2^-53 and nothing is averaged: the same with 2^-35 in place of 2^-15, for sums of at
 * most 2^11 terms in 2^4 operators and ten updates (2^3.3), all errors in one direction.
 */
#include "golden/golden_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "train/recipe.h"
#include "train/schedule.h"

enum { STEPS = 10, SLOTS = 4, EPOCH = 5 };

typedef struct run {
    golden g;
    an_program *program;
    alexnet_recipe *recipe;
    const char *name;
    double bound, rounding;
    double worst; /* deviation as a share of what is allowed */
} run;

static void note(run *r, double share)
{
    r->worst = fmax(r->worst, share);
}

static void set(alexnet_recipe *recipe, const char *key, const char *value)
{
    golden_ok(an_recipe_set(recipe, key, value));
}

/* The update rule's numbers, through the recipe as a trainer gives them. */
static alexnet_recipe *make_recipe(const char *rule, const char *rate, const char *rate_bias)
{
    alexnet_recipe *recipe;
    golden_ok(an_recipe_new(&recipe));
    set(recipe, "epochs", "2");
    set(recipe, "rule", rule);
    set(recipe, "rate", rate);
    set(recipe, "rate_bias", rate_bias);
    set(recipe, "schedule", "constant");
    set(recipe, "warmup", "0");
    set(recipe, "init", "net");
    set(recipe, "momentum", "0.9");
    set(recipe, "decay", "0.0005");
    set(recipe, "decay_bias", "0");
    return recipe;
}

static void check_results(run *r, int step)
{
    float probabilities[SLOTS * 5];
    double losses[SLOTS], got[SLOTS * 5];
    int64_t count;
    golden_probabilities(r->program, probabilities, losses, SLOTS);
    double *expected = golden_tensor(&r->g, "losses", &count);
    assert_int_equal(count, STEPS * SLOTS);
    note(r, golden_close_to("losses", losses, expected + step * SLOTS, SLOTS, 4 * r->bound));
    an_free(expected);
    if (step > 0)
        return;
    expected = golden_tensor(&r->g, "probs", &count);
    assert_int_equal(count, SLOTS * 5);
    for (int i = 0; i < count; i++)
        got[i] = probabilities[i];
    /* Probabilities are handed out in float32 on every device. */
    note(r, golden_close_to("probs", got, expected, count, 4 * r->bound + 0x1p-24));
    an_free(expected);
}

static void check_gradients(run *r)
{
    const an_net *net = r->g.net;
    int64_t count;
    for (int i = 0; i < net->count; i++) {
        if (!net->params[i].learned)
            continue;
        double *expected = golden_member(&r->g, "grad", net->params[i].name, &count);
        double *got = golden_read(&r->g, AN_GRADIENTS, i);
        assert_int_equal(count, net->params[i].count);
        note(r, golden_close_to(net->params[i].name, got, expected, count,
                                r->bound * golden_largest(expected, count)));
        an_free(expected);
        an_free(got);
    }
}

static void check_weights(run *r)
{
    const an_net *net = r->g.net;
    int64_t count;
    for (int i = 0; i < net->count; i++) {
        if (!net->params[i].learned)
            continue;
        double *expected = golden_member(&r->g, "final", net->params[i].name, &count);
        double *got = golden_read(&r->g, AN_VALUES, i), *first = golden_first(&r->g, i);
        double value = golden_largest(expected, count), change = 0;
        for (int64_t j = 0; j < count; j++)
            change = fmax(change, fabs(expected[j] - first[j]));
        assert_true(change > 0);
        note(r, golden_close_to(net->params[i].name, got, expected, count,
                                2 * r->bound * change + STEPS * r->rounding * value));
        an_free(expected);
        an_free(got);
        an_free(first);
    }
}

static void run_steps(run *r)
{
    an_rates rates[64];
    for (int step = 0; step < STEPS; step++) {
        assert_in_range(an_program_learned(r->program), 1, 64);
        an_schedule_rates(rates, r->g.net, r->recipe, NULL, step, EPOCH);
        an_program_set_rates(r->program, rates);
        golden_feed(&r->g, r->program, step, SLOTS);
        golden_ok(an_program_run(r->program));
        check_results(r, step);
        if (step == 0)
            check_gradients(r);
    }
    check_weights(r);
}

/* @param rule  "2012", or another, whose values are in the file of its name */
static void check_network(const char *name, const char *device, const char *rule, const char *rate,
                          const char *rate_bias)
{
    char path[64], file[64];
    alexnet_network *network;
    bool ref = strcmp(device, "ref") == 0;
    run r = {.bound = ref ? 0x1p-35 : 0x1p-15, .rounding = ref ? 0x1p-53 : 0x1p-24};
    if (!golden_has_device(device))
        return;
    snprintf(path, sizeof path, "golden/steps/%s.ini", name);
    snprintf(file, sizeof file, "golden/steps/%s.safetensors",
             strcmp(rule, "2012") == 0 ? name : rule);
    golden_ok(an_network_load(&network, path, 5));
    golden_open(&r.g, file, network, device, true);
    r.program = golden_program(&r.g, SLOTS, true);
    r.recipe = make_recipe(rule, rate, rate_bias);
    run_steps(&r);
    print_message("%s, %s, on %s: at most %.2g of what is allowed\n", name, rule, device, r.worst);
    an_recipe_free(r.recipe);
    an_program_free(r.program);
    golden_close(&r.g);
}

static void check_all(const char *device)
{
    check_network("paper", device, "2012", "0.002 0.0002@2", "0.004 0.0004@2");
    check_network("2012", device, "2012", "0.002 0.0002@2", "0.004 0.0004@2");
    check_network("bvlc", device, "2012", "0.002 0.0002@2", "0.004 0.0004@2");
    check_network("owt", device, "2012", "0.05 0.005@2", "0.1 0.01@2");
    check_network("paper", device, "nesterov", "0.002", "0.004");
}

static void test_ref(void **state)
{
    (void)state;
    check_all("ref");
}

static void test_cpu(void **state)
{
    (void)state;
    check_all("cpu");
}

static void test_cuda(void **state)
{
    (void)state;
    check_all("cuda");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ref), cmocka_unit_test(test_cpu),
                                       cmocka_unit_test(test_cuda)};
    return cmocka_run_group_tests_name("golden steps", tests, NULL, NULL);
}
