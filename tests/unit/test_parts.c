/*
 * How programs apply the rule of an update (an_rule): a batch computed in parts, clipping, and an
 * average of the weights with which another program computes.
 *
 * Tolerances of parts: on ref, sums add at most 16 doubles in another order; 2^-40 of the largest
 * value is allowed. On cpu and cuda, 2^-13 is allowed, as in test_purpose.c.
 */
#include "net_rig.h"

enum { CLASSES = 5, WHOLE = 6, STEPS = 3 };

/* An LRN of two groups, and dropout that draws for 3 * 25 and 7 elements of an image, so that the
 * draws of a part begin inside a block of four. */
static const char text[] = "[input]\nsize = 11\nside = 13\nmean = image\nscale = 0.0156\n"
                           "[c1]\ntype = conv\ninputs = input\nfilters = 8\nfilterSize = 3\n"
                           "padding = 1\nneuron = relu\n"
                           "[n1]\ntype = cmrnorm\ninputs = c1\ngroups = 2\nsize = 5\nscale = 0.5\n"
                           "divide = no\npow = 0.75\nminDiv = 2\n"
                           "[p1]\ntype = pool\ninputs = n1\nsizeX = 3\nstride = 2\nround = ceil\n"
                           "[c2]\ntype = conv\ninputs = p1\ngroups = 1\nfilters = 3\n"
                           "filterSize = 3\npadding = 1\nneuron = relu\n"
                           "[d1]\ntype = dropout\ninputs = c2\nkind = inverted\nkeep = 0.5\n"
                           "[f1]\ntype = fc\ninputs = d1\noutputs = 7\nneuron = relu\n"
                           "[d2]\ntype = dropout\ninputs = f1\nkind = mask\nkeep = 0.75\n"
                           "[f2]\ntype = fc\ninputs = d2\noutputs = classes\n"
                           "[p]\ntype = softmax\ninputs = f2\n";

static void open_for(net_rig *rig, const char *device, an_program_options options)
{
    alexnet_ctx *ctx = rig_ctx(device, ALEXNET_PRECISION_FP32, 2);
    ctx->deterministic = true; /* equal answers are expected, on a GPU too */
    rig_open(rig, ctx, rig_parse(text, CLASSES), &options, 1);
}

/* Largest difference of a parameter of two nets, as a share of its largest value. */
static double difference(const net_rig *a, const net_rig *b, an_arena arena, int param)
{
    const int64_t count = a->net->params[param].count;
    double *x = rig_read(a, arena, param), *y = rig_read(b, arena, param);
    const double largest = rig_largest(x, count);
    for (int64_t i = 0; i < count; i++)
        y[i] -= x[i];
    const double worst = rig_largest(y, count) / largest;
    an_free(x);
    an_free(y);
    return worst;
}

/* ---- A batch in parts ------------------------------------------------------------------------ */

/* Run batch `step` of `whole` in parts, each of as many slots as `part` has. */
static void run_parts(net_rig *part, const net_rig *whole, uint64_t step, const an_rule *rule)
{
    const int parts = WHOLE / part->slots;
    const size_t picture = 13 * 13 * 3;
    for (int i = 0; i < parts; i++) {
        an_step_state state = {.seed = whole->seed,
                               .step = step,
                               .before = (uint64_t)(i * part->slots),
                               .weight = 1,
                               .rule = *rule};
        state.rule.held = i < parts - 1;
        state.rule.divisor = WHOLE - 1; /* a slot is empty */
        an_slot slots[RIG_SLOTS];
        for (int n = 0; n < part->slots; n++) {
            slots[n] = whole->draws[i * part->slots + n];
            slots[n].picture = slots[n].picture < 0 ? -1 : n;
        }
        expect_ok(an_program_feed(
            part->program, whole->pixels + (size_t)(i * part->slots) * picture, slots, &state));
        expect_ok(an_program_run(part->program));
    }
}

static void check_parts(const char *device, int slots, double share)
{
    net_rig whole, part;
    const an_rule rule = {.clip = 0.25, .kind = AN_RULE_NESTEROV};
    if (!rig_has_device(device))
        return;
    an_program_options options = an_program_training(WHOLE, 2);
    options.clip = true;
    open_for(&whole, device, options);
    options = an_program_training(slots, 2);
    options.accumulate = options.clip = true;
    open_for(&part, device, options);
    whole.draws[4].picture = -1;
    rig_set_rates(&whole, 0.25, 0.001, 0.9);
    rig_set_rates(&part, 0.25, 0.001, 0.9);
    for (uint64_t step = 0; step < STEPS; step++) {
        const an_step_state state = {.seed = whole.seed, .step = step, .rule = rule};
        expect_ok(an_program_feed(whole.program, whole.pixels, whole.draws, &state));
        expect_ok(an_program_run(whole.program));
        run_parts(&part, &whole, step, &rule);
    }
    for (int i = 0; i < whole.net->count; i++) {
        double *left = rig_read(&part, AN_GRADIENTS, i);
        assert_true(difference(&whole, &part, AN_VALUES, i) <= share);
        for (int64_t j = 0; j < part.net->params[i].count; j++)
            assert_true(left[j] == 0); /* for the next batch */
        an_free(left);
    }
    rig_close(&whole);
    rig_close(&part);
}

static void test_a_batch_in_parts(void **state)
{
    (void)state;
    check_parts("ref", 3, 0x1p-40);
    check_parts("ref", 1, 0x1p-40);
    check_parts("cpu", 2, 0x1p-13);
    check_parts("cpu", 1, 0x1p-13);
    check_parts("cuda", 2, 0x1p-13);
}

/* ---- Clipping -------------------------------------------------------------------------------- */

/* The norm of all gradients. With a spread of 8, those of the first layer's weights count an
 * eighth. */
static double gradient_norm(const net_rig *rig)
{
    double sum = 0;
    const int first = an_net_find(rig->net, "c1.weight");
    for (int i = 0; i < rig->net->count; i++) {
        double *g = rig_read(rig, AN_GRADIENTS, i);
        const double share = i == first ? 1.0 / 64 : 1;
        for (int64_t j = 0; rig->net->params[i].learned && j < rig->net->params[i].count; j++)
            sum += share * g[j] * g[j];
        an_free(g);
    }
    return sqrt(sum);
}

/* From rest and without decay, the momentum is minus the rate times the clipped gradient. */
static void check_clipping(const char *device)
{
    net_rig rig;
    if (!rig_has_device(device))
        return;
    an_program_options options = an_program_training(4, 2);
    options.clip = true;
    for (int times = 0; times < 2; times++) {
        an_rates rates[RIG_PARAMS];
        open_for(&rig, device, options);
        for (int i = 0; i < RIG_PARAMS; i++)
            rates[i] = (an_rates){.rate = 0.5, .momentum = 0.9, .spread = i == 0 ? 8 : 1};
        an_program_set_rates(rig.program, rates);
        an_step_state state = {.seed = rig.seed, .rule = {.clip = times ? 1e-3 : 1e3}};
        expect_ok(an_program_feed(rig.program, rig.pixels, rig.draws, &state));
        expect_ok(an_program_run(rig.program));
        const double norm = gradient_norm(&rig), factor = times ? 1e-3 / (norm + 1e-6) : 1;
        assert_true(norm > 1e-2 && norm < 1e2);
        for (int i = 0; i < rig.net->count; i++) {
            double *g = rig_read(&rig, AN_GRADIENTS, i), *v = rig_read(&rig, AN_MOMENTUM, i);
            for (int64_t j = 0; rig.net->params[i].learned && j < rig.net->params[i].count; j++)
                assert_true(fabs(v[j] + 0.5 * factor * g[j]) <= 4 * 0x1p-24 * fabs(v[j]));
            an_free(g);
            an_free(v);
        }
        rig_close(&rig);
    }
}

static void test_clipping(void **state)
{
    (void)state;
    check_clipping("ref");
    check_clipping("cpu");
    check_clipping("cuda");
}

/* ---- The average ----------------------------------------------------------------------------- */

/* After each update, a program that computes with the average uses the new average and not the
 * weights; a program that computes with the weights uses the new weights. */
static void check_average(const char *device)
{
    net_rig rig;
    an_arena average;
    an_program *programs[2];
    const int keep[] = {AN_LAYER_LAST};
    float got[2][WHOLE * CLASSES], first[WHOLE * CLASSES];
    if (!rig_has_device(device))
        return;
    an_program_options options = an_program_training(WHOLE, 1);
    open_for(&rig, device, options);
    an_program_free(rig.program);
    expect_ok(an_net_add_arena(rig.net, AN_ARENA_AVERAGE, true, &average));
    expect_ok(an_net_copy(rig.net, average, AN_VALUES));
    expect_ok(an_program_compile(&rig.program, rig.net, &options));
    options = an_program_inference(WHOLE, WHOLE);
    options.keep = keep;
    options.n_keep = 1;
    for (int i = 0; i < 2; i++) {
        options.values = i ? average : AN_VALUES;
        expect_ok(an_program_compile(&programs[i], rig.net, &options));
    }
    rig_set_rates(&rig, 0.5, 0, 0.9);
    for (int step = 0; step < 3; step++) {
        const double share[] = {0, 0, 1}; /* kept twice, then replaced */
        const an_step_state state = {.step = (uint64_t)step, .rule = {.average = share[step]}};
        expect_ok(an_program_pack(rig.program));
        expect_ok(an_program_feed(rig.program, rig.pixels, rig.draws, &state));
        expect_ok(an_program_run(rig.program));
        for (int i = 0; i < 2; i++) {
            expect_ok(an_program_pack(programs[i]));
            expect_ok(an_program_feed(programs[i], rig.pixels, rig.draws, &state));
            expect_ok(an_program_run(programs[i]));
            expect_ok(an_program_read(programs[i], AN_LAYER_LAST, got[i]));
        }
        if (step == 0)
            memcpy(first, got[1], sizeof first);
        float of_first = 0, of_weights = 0; /* how far the average's answer is from those */
        for (int i = 0; i < WHOLE * CLASSES; i++) {
            of_first = fmaxf(of_first, fabsf(got[1][i] - first[i]));
            of_weights = fmaxf(of_weights, fabsf(got[1][i] - got[0][i]));
        }
        assert_true(step < 2 ? of_first == 0 && of_weights > 1e-3F
                             : of_first > 1e-3F && of_weights < 1e-5F);
    }
    for (int i = 0; i < 2; i++)
        an_program_free(programs[i]);
    rig_close(&rig);
}

static void test_an_average(void **state)
{
    (void)state;
    check_average("ref");
    check_average("cpu");
    check_average("cuda");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_batch_in_parts),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_an_average),
    };
    return cmocka_run_group_tests_name("parts of a batch", tests, NULL, NULL);
}
