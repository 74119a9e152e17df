/*
 * Ten updates of four networks at reduced width, by every rule, against PyTorch in float64:
 * probabilities and every gradient of the first step, the loss of every picture of every step, and
 * all weights at the end, with a change of rate on the way, empty slots and slots without label.
 * The networks are those of golden/steps/NAME.ini; tools/make_step_goldens.py made the values.
 *
 * Tolerances. An operator's rounding error, as a share of the root mean square of what it computes,
 * is about u sqrt(n) for a sum of n terms, u = 2^-24 in float32; four standard deviations of it are
 * allowed, and errors pass from layer to layer without growing. The sums of a forward pass have 48,
 * 36 (twice 72 in owt), 72, 36, 36, 32, 8 and 12 terms, those of the backward pass about as many,
 * and a gradient of conv1 4 * 17 * 17: 4 u (2 * 50 + 34) < 2^-15. No decision of a ReLU or a
 * pooling window is closer than 2^-19 (see the script), so that none is taken differently.
 *     probabilities and losses   2^-15 of the logits, which are of size 1 to 2
 *     gradients                  2^-15 of the tensor's largest value
 *     weights after ten updates  2^-14 of the largest change (an error of an update affects the
 *                                next ones), and 10 u of the largest value for adding ten times
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
    int parts; /* that a batch is computed in */
    double bound, rounding;
    double worst; /* deviation as a share of what is allowed */
} run;

static void note(run *r, double share)
{
    r->worst = fmax(r->worst, share);
}

static void set(alexnet_recipe *recipe, const char *key, const char *value)
{
    expect_ok(an_recipe_set(recipe, key, value));
}

/* How a golden file was made: keys and values of the recipe, with NULL after the last. */
typedef struct golden_rule {
    const char *file; /* NULL: that of the network's name */
    const char *const *settings;
} golden_rule;

/* The update rule's numbers, through the recipe as a trainer gives them. */
static alexnet_recipe *make_recipe(const char *const *setting)
{
    static const char *const common[] = {"epochs",  "2",    "schedule", "constant", "warmup",
                                         "0",       "init", "net",      "decay",    "0.0005",
                                         "average", "0",    "rule",     "2012",     NULL};
    alexnet_recipe *recipe;
    expect_ok(an_recipe_new(&recipe));
    for (const char *const *key = common; *key; key += 2)
        set(recipe, key[0], key[1]);
    for (; *setting; setting += 2)
        set(recipe, setting[0], setting[1]);
    return recipe;
}

/* Of slots first .. first + slots - 1. */
static void check_results(run *r, int step, int first, int slots)
{
    float probabilities[SLOTS * 5];
    double losses[SLOTS], got[SLOTS * 5];
    int64_t count;
    golden_probabilities(r->program, probabilities, losses, slots);
    double *expected = golden_tensor(&r->g, "losses", &count);
    assert_int_equal(count, STEPS * SLOTS);
    note(r,
         golden_close_to("losses", losses, expected + step * SLOTS + first, slots, 4 * r->bound));
    an_free(expected);
    if (step > 0)
        return;
    expected = golden_tensor(&r->g, "probs", &count);
    assert_int_equal(count, SLOTS * 5);
    for (int i = 0; i < slots * 5; i++)
        got[i] = probabilities[i];
    /* Probabilities are handed out in float32 on every device. */
    note(r, golden_close_to("probs", got, expected + first * 5, slots * 5, 4 * r->bound + 0x1p-24));
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

/* The parameters in an arena, and those of the golden file under a prefix. */
static void check_weights(run *r, an_arena arena, const char *prefix)
{
    const an_net *net = r->g.net;
    int64_t count;
    for (int i = 0; i < net->count; i++) {
        if (!net->params[i].learned)
            continue;
        double *expected = golden_member(&r->g, prefix, net->params[i].name, &count);
        double *got = golden_read(&r->g, arena, i), *first = golden_first(&r->g, i);
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

/* The state of one part of a step, as a trainer sets it. Steps 3, 5 and 7 have slots that do not
 * count. */
static an_step_state state_of(const run *r, int step, int part)
{
    an_step_state state = {.seed = 1,
                           .step = (uint64_t)step,
                           .smoothing =
                               an_recipe_number(r->recipe, AN_KEY_LABEL_SMOOTHING, NULL, 1)};
    an_schedule_rule(&state.rule, r->recipe, step, EPOCH);
    if (r->parts > 1) {
        state.before = (uint64_t)(part * (SLOTS / r->parts));
        state.weight = 1;
        state.rule.held = part < r->parts - 1;
        state.rule.divisor = step == 7 ? 1 : step == 3 || step == 5 ? SLOTS - 1 : SLOTS;
    }
    return state;
}

static void run_steps(run *r)
{
    an_rates rates[64];
    const int slots = SLOTS / r->parts;
    const an_arena average = an_net_find_arena(r->g.net, AN_ARENA_AVERAGE);
    for (int step = 0; step < STEPS; step++) {
        assert_in_range(an_program_learned(r->program), 1, 64);
        an_schedule_rates(rates, r->g.net, r->recipe, NULL, step, EPOCH);
        an_program_set_rates(r->program, rates);
        for (int part = 0; part < r->parts; part++) {
            const an_step_state state = state_of(r, step, part);
            golden_feed(&r->g, r->program, step, part * slots, slots, &state);
            expect_ok(an_program_run(r->program));
            check_results(r, step, part * slots, slots);
        }
        if (step == 0 && r->parts == 1)
            check_gradients(r);
    }
    check_weights(r, AN_VALUES, "final");
    if (average >= 0)
        check_weights(r, average, "average");
}

/* The arenas that a trainer adds for the recipe. */
static void add_arenas(run *r)
{
    an_arena arena;
    if (an_recipe_choice(r->recipe, AN_KEY_RULE) >= AN_RULE_ADAM)
        expect_ok(an_net_add_arena(r->g.net, AN_ARENA_SQUARE, true, &arena));
    if (an_recipe_number(r->recipe, AN_KEY_AVERAGE, NULL, 0) == 0)
        return;
    expect_ok(an_net_add_arena(r->g.net, AN_ARENA_AVERAGE, true, &arena));
    expect_ok(an_net_copy(r->g.net, arena, AN_VALUES));
}

static void check_network(const char *name, const char *device, const golden_rule *rule, int parts)
{
    char path[64], file[64];
    alexnet_network *network;
    bool ref = strcmp(device, "ref") == 0;
    run r = {.bound = ref ? 0x1p-35 : 0x1p-15, .rounding = ref ? 0x1p-53 : 0x1p-24, .parts = parts};
    if (!golden_has_device(device))
        return;
    const char *what = rule->file ? rule->file : name;
    snprintf(path, sizeof path, "golden/steps/%s.ini", name);
    snprintf(file, sizeof file, "golden/steps/%s.safetensors", what);
    expect_ok(an_network_load(&network, path, 5));
    golden_open(&r.g, file, network, device, true);
    r.recipe = make_recipe(rule->settings);
    add_arenas(&r);
    an_program_options options = an_program_training(SLOTS / parts, 2);
    options.batches = r.g.net->backend->api->copy_ahead ? 2 : 1; /* as a trainer's */
    options.accumulate = parts > 1;
    options.clip = an_recipe_ever(r.recipe, AN_KEY_CLIP);
    r.program = golden_program(&r.g, options);
    run_steps(&r);
    print_message("%s in %d on %s: at most %.2g of what is allowed\n", what, parts, device,
                  r.worst);
    an_recipe_free(r.recipe);
    an_program_free(r.program);
    golden_close(&r.g);
}

static const char *const of_2012[] = {"rate", "0.002 0.0002@2", "rate_bias", "0.004 0.0004@2",
                                      NULL};
static const char *const of_owt[] = {"rate", "0.05 0.005@2", "rate_bias", "0.1 0.01@2", NULL};
static const char *const of_nesterov[] = {"rule",      "nesterov", "rate", "0.002",
                                          "rate_bias", "0.004",    NULL};
static const char *const of_smoothing[] = {"label_smoothing", "0.125", "rate", "0.002",
                                           "rate_bias",       "0.004", NULL};
static const char *const of_clip[] = {"clip", "4.2", "rate", "0.002", "rate_bias", "0.004", NULL};
#define ADAM                                                                                       \
    "momentum", "0.8", "beta2", "0.95", "epsilon", "0.01", "rate", "0.005", "rate_bias", "0.01",   \
        "decay", "0.02"
static const char *const of_adam[] = {"rule", "adam", ADAM, NULL};
static const char *const of_adamw[] = {"rule", "adamw", "average", "0.5", ADAM, NULL};

static void check_all(const char *device)
{
    const golden_rule rule_2012 = {NULL, of_2012}, rule_owt = {NULL, of_owt};
    const golden_rule others[] = {{"nesterov", of_nesterov},
                                  {"smoothing", of_smoothing},
                                  {"clip", of_clip},
                                  {"adam", of_adam},
                                  {"adamw", of_adamw}};
    check_network("paper", device, &rule_2012, 1);
    check_network("2012", device, &rule_2012, 1);
    check_network("bvlc", device, &rule_2012, 1);
    check_network("owt", device, &rule_owt, 1);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        for (int parts = 1; parts <= SLOTS; parts *= 2)
            check_network("paper", device, &others[i], parts);
}

int main(void)
{
    return golden_run("golden steps", check_all);
}
