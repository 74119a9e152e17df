/*
 * Programs for other purposes than training and classification: layers to keep, gradients of the
 * input, steps without update, gradients that add up, two batches, copies of weights that programs
 * share.
 *
 * Gradients by differences, on ref: the loss is in double and h is 2^-20 grey levels, so that what
 * is left is the rounding of the gradient to float32 when it is read, and that of the loss over h,
 * together below 2^-18 of the largest value. Logits are read in float32 and h is 2^-2: 2^-10.
 * Between devices, sums of at most 400 terms in five operators, forward and back, 4 standard
 * deviations each: 10 * 4 * sqrt(400) * 2^-24 < 2^-13 of the largest value.
 */
#include "net_rig.h"

#include "model/program/program_impl.h"

enum { CLASSES = 5, SIDE = 9, PIXELS = 3 * SIDE * SIDE };

/* The whole picture is the input, so that element i of the mean image is subtracted from element i
 * of it. */
static const char text[] = "[input]\nsize = 9\nside = 9\nmean = image\nscale = 0.0156\n"
                           "[c1]\ntype = conv\ninputs = input\nfilters = 8\nfilterSize = 3\n"
                           "padding = 1\nneuron = relu\n"
                           "[n1]\ntype = cmrnorm\ninputs = c1\ngroups = 1\nsize = 5\nscale = 0.5\n"
                           "divide = no\npow = 0.75\nminDiv = 2\n"
                           "[p1]\ntype = pool\ninputs = n1\nsizeX = 3\nstride = 2\nround = ceil\n"
                           "[f1]\ntype = fc\ninputs = p1\noutputs = 6\nneuron = tanh\n"
                           "[f2]\ntype = fc\ninputs = f1\noutputs = classes\n"
                           "[p]\ntype = softmax\ninputs = f2\n";
enum { C1, N1, P1, F1, F2 };

static void open_for(net_rig *rig, const char *device, an_program_options options)
{
    alexnet_ctx *ctx = rig_ctx(device, ALEXNET_PRECISION_FP32, 2);
    ctx->deterministic = true; /* equal bits are expected, on a GPU too */
    rig_open(rig, ctx, rig_parse(text, CLASSES), &options, 1);
    for (int i = 0; i < rig->slots; i++)
        rig->draws[i].mirror = 0;
}

static an_program_options keeping(an_program_options options, const int *keep, int n)
{
    options.keep = keep;
    options.n_keep = n;
    return options;
}

static void expect_close(const char *what, const float *got, const float *expected, int count,
                         double share)
{
    float largest = 0;
    for (int i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(expected[i]));
    assert_true(largest > 0);
    for (int i = 0; i < count; i++)
        if (!(fabs((double)got[i] - expected[i]) <= share * largest))
            fail_msg("%s[%d] is %.9g, expected %.9g", what, i, got[i], expected[i]);
}

/* ---- Layers to keep ---- */

enum { SLOTS = 3, LARGEST = SLOTS * 8 * SIDE * SIDE };

/* The input as op/augment.h defines it, in double. */
static void test_the_input_is_kept(void **state)
{
    (void)state;
    net_rig rig;
    static float input[SLOTS * PIXELS];
    const int keep[] = {AN_LAYER_INPUT};
    open_for(&rig, "ref",
             keeping((an_program_options){.slots = SLOTS, .pictures = SLOTS}, keep, 1));
    rig_step(&rig, 0);
    expect_ok(an_program_read(rig.program, AN_LAYER_INPUT, input));
    double *mean = rig_read(&rig, AN_VALUES, 0);
    for (int n = 0; n < SLOTS; n++)
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < SIDE * SIDE; i++) {
                double pixel = rig.pixels[(n * SIDE * SIDE + i) * 3 + c];
                double expected = 0.0156 * (pixel - mean[c * SIDE * SIDE + i]);
                assert_true(fabs(input[(n * 3 + c) * SIDE * SIDE + i] - expected) < 1e-6);
            }
    an_free(mean);
    assert_int_equal(an_program_steps(rig.program), 1); /* nothing after it is computed */
    rig_close(&rig);
}

/* Each layer read from one program equals the one from a program that keeps it alone, and is close
 * to that of ref. */
static void check_layers(const char *device, double share)
{
    static const int all[] = {C1, N1, P1, F1, F2, AN_LAYER_LAST};
    static const int counts[] = {8 * 81, 8 * 81, 8 * 16, 6, CLASSES, CLASSES};
    net_rig whole, ref;
    static float got[LARGEST], alone[LARGEST], expected[LARGEST];
    if (!rig_has_device(device))
        return;
    open_for(&whole, device, keeping(an_program_inference(SLOTS, SLOTS), all, 6));
    open_for(&ref, "ref", keeping(an_program_inference(SLOTS, SLOTS), all, 6));
    rig_step(&whole, 0);
    rig_step(&ref, 0);
    for (int i = 0; i < 6; i++) {
        net_rig one;
        open_for(&one, device,
                 keeping((an_program_options){.slots = SLOTS, .pictures = SLOTS}, &all[i], 1));
        rig_step(&one, 0);
        expect_ok(an_program_read(whole.program, all[i], got));
        expect_ok(an_program_read(one.program, all[i], alone));
        expect_ok(an_program_read(ref.program, all[i], expected));
        assert_memory_equal(got, alone, (size_t)(SLOTS * counts[i]) * sizeof *got);
        expect_close("layer", got, expected, SLOTS * counts[i], share);
        if (i < 5)
            assert_true(an_program_steps(one.program) < an_program_steps(whole.program));
        rig_close(&one);
    }
    rig_close(&whole);
    rig_close(&ref);
}

static void test_layers_are_kept(void **state)
{
    (void)state;
    check_layers("ref", 0);
    check_layers("cpu", 0x1p-13);
}

/* ---- Gradients of the input ---- */

/* The objective whose gradient is checked. For one slot d/dmean = -scale * d/dinput: moving the
 * mean's elements gives the differences. */
static double objective(net_rig *rig, const float *seed)
{
    an_results results;
    float logits[CLASSES];
    rig_step(rig, 0);
    if (!seed) {
        expect_ok(an_program_results(rig->program, &results));
        return results.loss;
    }
    expect_ok(an_program_read(rig->program, F2, logits));
    double sum = 0;
    for (int i = 0; i < CLASSES; i++)
        sum += (double)seed[i] * logits[i];
    return sum;
}

/* Logits are read in float32: with h of 2^-2 grey levels the difference is good to 2^-24 / 2^-2 /
 * 0.0156. */
static void check_input_gradient(const char *device, an_program_options options, const float *seed)
{
    net_rig rig;
    float gradient[PIXELS];
    double share = seed ? 0x1p-10 : strcmp(device, "ref") == 0 ? 0x1p-18 : 0x1p-13;
    if (!rig_has_device(device))
        return;
    open_for(&rig, device, options);
    if (seed)
        expect_ok(an_program_seed(rig.program, F2, seed));
    objective(&rig, seed);
    expect_ok(an_program_input_gradient(rig.program, gradient));
    net_rig ref;
    open_for(&ref, "ref", options);
    double *mean = rig_read(&ref, AN_VALUES, 0), h = seed ? 0x1p-2 : 0x1p-20;
    float largest = 0;
    for (int i = 0; i < PIXELS; i++)
        largest = fmaxf(largest, fabsf(gradient[i]));
    assert_true(largest > 1e-4);
    for (int i = 0; i < PIXELS; i += 7) {
        double at[2], kept = mean[i];
        for (int side = 0; side < 2; side++) {
            mean[i] = kept + (side ? -h : h);
            expect_ok(an_net_write(ref.net, AN_VALUES, 0, mean, AN_F64));
            at[side] = objective(&ref, seed);
        }
        mean[i] = kept;
        double expected = (at[1] - at[0]) / (2 * h) / 0.0156;
        if (!(fabs(gradient[i] - expected) <= share * largest))
            fail_msg("input gradient %d on %s: %.9g, by differences %.9g", i, device, gradient[i],
                     expected);
    }
    an_free(mean);
    rig_close(&ref);
    rig_close(&rig);
}

static void test_the_gradient_of_a_class(void **state)
{
    (void)state;
    static const int keep[] = {C1, F2};
    const float seed[CLASSES] = {0, 0, 1, 0, 0};
    an_program_options options =
        keeping((an_program_options){.slots = 1, .pictures = 1, .gradients = AN_OF_INPUT}, keep, 2);
    check_input_gradient("ref", options, seed);
    check_input_gradient("cpu", options, seed);
}

static void test_the_gradient_of_the_loss(void **state)
{
    (void)state;
    an_program_options options = {
        .slots = 1, .pictures = 1, .loss = true, .gradients = AN_OF_INPUT};
    check_input_gradient("ref", options, NULL);
    check_input_gradient("cpu", options, NULL);
}

/* ---- An input that the caller gives ---- */

/* A program that is given the input that pixels make computes the same as from the pixels; on ref
 * the input is rounded to float32 when it is read. */
static void check_given(const char *device, double share)
{
    static const int keep[] = {AN_LAYER_INPUT, N1, P1, F2};
    static float input[SLOTS * PIXELS], expected[LARGEST], got[LARGEST];
    net_rig rig, given;
    if (!rig_has_device(device))
        return;
    an_program_options options = {.slots = SLOTS, .pictures = SLOTS};
    open_for(&rig, device, keeping(options, keep, 4));
    rig_step(&rig, 0);
    expect_ok(an_program_read(rig.program, AN_LAYER_INPUT, input));
    options.rows = options.columns = SIDE;
    open_for(&given, device, keeping(options, keep + 1, 3));
    expect_ok(an_program_give(given.program, input));
    for (int run = 0; run < 2; run++) {
        expect_ok(an_program_run(given.program));
        expect_ok(an_program_read(rig.program, P1, expected));
        expect_ok(an_program_read(given.program, P1, got));
        expect_close("p1", got, expected, SLOTS * 8 * 16, share);
        expect_ok(an_program_read(rig.program, F2, expected));
        expect_ok(an_program_read(given.program, F2, got));
        expect_close("f2", got, expected, SLOTS * CLASSES, share);
    }
    rig_close(&given);
    rig_close(&rig);
}

static void test_an_input_is_given(void **state)
{
    (void)state;
    check_given("ref", 0x1p-20);
    check_given("cpu", 0);
}

/* Where gradients may begin at several layers, a layer without a given gradient adds nothing, and
 * the gradients of the others add up; the sum is rounded once more. */
static void test_gradients_begin_at_several_layers(void **state)
{
    (void)state;
    static const int keep[] = {C1, F2};
    static float of_c1[8 * SIDE * SIDE], of_f2[CLASSES] = {1, -2, 0.5f, 0, 3};
    static float each[2][PIXELS], both[PIXELS], sum[PIXELS];
    for (int i = 0; i < 8 * SIDE * SIDE; i++)
        of_c1[i] = (float)rig_uniform(9, 9, i);
    for (int which = 0; which < 3; which++) {
        net_rig rig;
        an_program_options options = {.slots = 1, .pictures = 1, .gradients = AN_OF_INPUT};
        open_for(&rig, "ref", keeping(options, keep, 2));
        if (which != 1)
            expect_ok(an_program_seed(rig.program, C1, of_c1));
        if (which != 0)
            expect_ok(an_program_seed(rig.program, F2, of_f2));
        rig_step(&rig, 0);
        expect_ok(an_program_input_gradient(rig.program, which == 2 ? both : each[which]));
        rig_close(&rig);
    }
    for (int i = 0; i < PIXELS; i++)
        sum[i] = each[0][i] + each[1][i];
    expect_close("gradient", both, sum, PIXELS, 0x1p-22);
}

/* Without a loss, gradients can begin neither at a softmax nor at the input. */
static void test_impossible_starts(void **state)
{
    (void)state;
    static const int places[] = {AN_LAYER_LAST, AN_LAYER_INPUT};
    net_rig rig;
    open_for(&rig, "ref", an_program_inference(1, 1));
    for (int i = 0; i < 2; i++) {
        an_program *program;
        an_program_options options =
            keeping((an_program_options){.slots = 1, .pictures = 1, .gradients = AN_OF_INPUT},
                    &places[i], 1);
        expect_failure(an_program_compile(&program, rig.net, &options),
                       ALEXNET_ERROR_INVALID_ARGUMENT, "gradients without a loss begin");
        assert_null(program);
    }
    rig_close(&rig);
}

/* ---- Steps without update ---- */

/* The gradients are those of a training step, and the weights stay; a second run doubles the
 * accumulated gradients. */
static void check_accumulation(const char *device)
{
    net_rig training, still;
    if (!rig_has_device(device))
        return;
    an_program_options options = an_program_training(4, 2);
    open_for(&training, device, options);
    options.update = false;
    options.accumulate = true;
    open_for(&still, device, options);
    assert_true(an_program_steps(training.program) > an_program_steps(still.program));
    rig_set_rates(&training, 0.01, 0.1, 0.9);
    rig_run(&training, 3);
    for (int times = 1; times <= 2; times++) {
        rig_run(&still, 3);
        for (int i = 1; i < still.net->count; i++) {
            double *once = rig_read(&training, AN_GRADIENTS, i);
            double *sum = rig_read(&still, AN_GRADIENTS, i);
            double *before = rig_read(&still, AN_VALUES, i);
            for (int64_t j = 0; j < still.net->params[i].count; j++) {
                assert_true(sum[j] == times * once[j]);
                double u = rig_uniform(1, (uint32_t)i, j);
                double drawn = still.net->params[i].is_bias
                                   ? u / 4
                                   : u * sqrt(6 / (double)still.net->params[i].fan_in);
                assert_true(fabs(before[j] - drawn) <= 0x1p-24 * fabs(drawn));
            }
            assert_true(rig_largest(once, still.net->params[i].count) > 0);
            an_free(once);
            an_free(sum);
            an_free(before);
        }
    }
    rig_close(&training);
    rig_close(&still);
}

static void test_gradients_add_up(void **state)
{
    (void)state;
    check_accumulation("ref");
    check_accumulation("cpu");
}

/* ---- Frozen layers ---- */

/* Count the backward steps of a program, and those that compute a gradient of the layer's input. */
static void count_backward(const an_program *program, int *backward, int *of_inputs)
{
    *backward = *of_inputs = 0;
    for (int i = 0; i < an_program_steps(program); i++) {
        an_step_info info;
        an_program_step(program, i, &info);
        *backward += info.pass == ALEXNET_PASS_BACKWARD;
        *of_inputs += info.pass == ALEXNET_PASS_BACKWARD && info.wants_dx;
    }
}

/* Which variants compute the layers forward, in their order. @return their number */
static int forward_variants(const an_program *program, an_variant variants[RIG_PARAMS])
{
    int n = 0;
    for (int i = 0; i < an_program_steps(program); i++) {
        an_step_info info;
        an_program_step(program, i, &info);
        if (info.pass == ALEXNET_PASS_FORWARD && info.tunable)
            variants[n++] = info.variants.of[AN_FORWARD];
    }
    return n;
}

/* A program with frozen layers uses the variants of training, although it may have no backward
 * steps: other variants round differently. */
static void expect_equal_variants(const an_program *a, const an_program *b)
{
    an_variant x[RIG_PARAMS], y[RIG_PARAMS];
    const int n = forward_variants(a, x);
    assert_int_equal(forward_variants(b, y), n);
    assert_memory_equal(x, y, (size_t)n * sizeof *x);
}

static void expect_equal_arenas(const net_rig *a, const net_rig *b, an_arena arena)
{
    for (int i = 0; i < a->net->count; i++) {
        double *x = rig_read(a, arena, i), *y = rig_read(b, arena, i);
        assert_memory_equal(x, y, (size_t)a->net->params[i].count * sizeof *x);
        an_free(x);
        an_free(y);
    }
}

/* The gradients of frozen layers are never computed, and those of others are. */
static void expect_gradients(const net_rig *rig, const bool *frozen)
{
    for (int i = 0; i < rig->net->count; i++) {
        const an_param *param = &rig->net->params[i];
        if (!param->learned)
            continue;
        double *gradient = rig_read(rig, AN_GRADIENTS, i);
        assert_int_equal(rig_largest(gradient, param->count) > 0, !frozen[param->layer]);
        an_free(gradient);
    }
}

/* Frozen layers give the same weights and momentum as rates of 0, bit for bit, with a program that
 * computes less. */
static void check_frozen(const char *device, const bool *frozen)
{
    net_rig still, less;
    an_rates rates[RIG_PARAMS];
    int backward[2], of_inputs[2], n = 0;
    if (!rig_has_device(device))
        return;
    an_program_options options = an_program_training(4, 2);
    open_for(&still, device, options);
    options.frozen = frozen;
    open_for(&less, device, options);
    for (int i = 0; i < still.net->count; i++)
        if (still.net->params[i].learned)
            rates[n++] = (an_rates){.rate = 0.01 * !frozen[still.net->params[i].layer],
                                    .decay = 0.001,
                                    .momentum = 0.9};
    an_program_set_rates(still.program, rates);
    an_program_set_rates(less.program, rates);
    for (int step = 1; step < 4; step++)
        assert_true(rig_run(&still, (uint64_t)step) == rig_run(&less, (uint64_t)step));
    expect_equal_variants(still.program, less.program);
    expect_equal_arenas(&still, &less, AN_VALUES);
    expect_equal_arenas(&still, &less, AN_MOMENTUM);
    expect_gradients(&less, frozen);
    count_backward(still.program, &backward[0], &of_inputs[0]);
    count_backward(less.program, &backward[1], &of_inputs[1]);
    /* before the lowest layer that learns there is no backward at all */
    assert_int_equal(backward[1] < backward[0], frozen[C1]);
    assert_int_equal(of_inputs[1] < of_inputs[0], frozen[C1]);
    if (frozen[C1] && frozen[F1] && frozen[F2])
        assert_int_equal(backward[1], 0);
    rig_close(&still);
    rig_close(&less);
}

static void test_frozen_layers_cost_nothing(void **state)
{
    static const int layers[] = {C1, F1, F2};
    (void)state;
    for (int set = 1; set < 8; set++) {
        bool frozen[F2 + 2] = {false};
        for (int i = 0; i < 3; i++)
            frozen[layers[i]] = set >> i & 1;
        check_frozen("ref", frozen);
        check_frozen("cpu", frozen);
        check_frozen("cuda", frozen);
    }
}

/* ---- Two batches ---- */

/* Feeding a batch does not change one that already waits, and a run without a new batch repeats the
 * last. */
static void check_two_batches(const char *device)
{
    net_rig one, two;
    if (!rig_has_device(device))
        return;
    an_program_options options = an_program_inference(SLOTS, SLOTS);
    open_for(&one, device, options);
    options.batches = 2;
    open_for(&two, device, options);
    double expected[3], got[3];
    for (int i = 0; i < 3; i++) {
        one.pixels[100] = (uint8_t)(i * 90);
        expected[i] = rig_run(&one, 0);
    }
    assert_true(expected[0] != expected[1] && expected[1] != expected[2]);
    an_step_state step = {.seed = two.seed};
    an_results results;
    for (int i = 0; i < 4; i++) {
        if (i < 3) {
            two.pixels[100] = (uint8_t)(i * 90);
            expect_ok(an_program_feed(two.program, two.pixels, two.draws, &step));
        }
        if (i == 0)
            continue; /* one ahead from here on */
        expect_ok(an_program_run(two.program));
        expect_ok(an_program_results(two.program, &results));
        got[i - 1] = results.loss / (double)results.images;
    }
    for (int i = 0; i < 3; i++)
        assert_true(got[i] == expected[i]);
    expect_ok(an_program_run(two.program));
    expect_ok(an_program_results(two.program, &results));
    assert_true(results.loss / (double)results.images == expected[2]);
    rig_close(&one);
    rig_close(&two);
}

static void test_two_batches(void **state)
{
    (void)state;
    check_two_batches("ref");
    check_two_batches("cpu");
}

/* ---- Scores ---- */

/* A device's scores agree with its probabilities, and its results are the sums of the scores. */
static void check_scores(const char *device)
{
    net_rig rig;
    float p[4 * CLASSES];
    an_score scores[4];
    an_results results, sums;
    if (!rig_has_device(device))
        return;
    open_for(&rig, device, an_program_inference(4, 4));
    rig.draws[1].label = -1;
    rig.draws[2].picture = rig.draws[2].label = -1;
    rig_step(&rig, 0);
    expect_ok(an_program_read(rig.program, AN_LAYER_LAST, p));
    expect_ok(an_program_scores(rig.program, scores));
    expect_ok(an_program_results(rig.program, &results));
    for (int i = 0; i < 4; i++) {
        int label = rig.draws[i].label;
        if (label < 0) {
            assert_true(!an_score_labelled(&scores[i]) && scores[i].loss == 0);
            continue;
        }
        an_score own = an_score_of(p + i * CLASSES, CLASSES, label, 0);
        assert_int_equal(scores[i].above, own.above);
        assert_int_equal(scores[i].level, own.level);
        assert_true(fabs(scores[i].loss + log(p[i * CLASSES + label])) < 1e-5);
    }
    an_results_sum(&sums, scores, 4);
    assert_memory_equal(&sums, &results, sizeof sums);
    assert_int_equal(results.images, 2);
    rig_close(&rig);
}

/* A NaN among the weights makes the losses NaN: these are counted, and not added to the sum. */
static void check_not_finite(const char *device)
{
    net_rig rig;
    an_results results;
    if (!rig_has_device(device))
        return;
    open_for(&rig, device, an_program_inference(3, 3));
    int bias = an_net_find(rig.net, "f2.bias");
    const double values[CLASSES] = {NAN};
    expect_ok(an_net_write(rig.net, AN_VALUES, bias, values, AN_F64));
    expect_ok(an_program_pack(rig.program));
    rig_step(&rig, 0);
    expect_ok(an_program_results(rig.program, &results));
    assert_int_equal(results.images, 3);
    assert_int_equal(results.not_finite, 3);
    assert_true(results.loss == 0 && results.top1 == 3);
    rig_close(&rig);
}

static void test_scores(void **state)
{
    (void)state;
    check_scores("ref");
    check_scores("cpu");
    check_not_finite("ref");
    check_not_finite("cpu");
}

/* ---- Shared copies ---- */

/* Rename the forms of all copies, so that programs compiled later make copies of their own. */
static void disown_copies(an_net *net)
{
    for (an_packed *packed = net->packed; packed; packed = packed->next)
        if (packed->packing)
            packed->packing[0] = '~'; /* no operator's form */
}

/* The loss with the current weights, which are packed first if they are not yet. */
static double loss_of(net_rig *rig, an_program *program)
{
    an_step_state step = {.seed = rig->seed};
    an_results results;
    expect_ok(an_program_pack(program));
    expect_ok(an_program_feed(program, rig->pixels, rig->draws, &step));
    expect_ok(an_program_run(program));
    expect_ok(an_program_results(program, &results));
    return results.loss;
}

/* Programs that need a copy in the same form share it, whatever else they differ in. The copy
 * follows the weights, and is freed with its last user. */
static void check_shared(alexnet_precision precision)
{
    net_rig rig;
    an_program *other;
    an_program_options options = an_program_inference(4, 4), training = an_program_training(4, 2);
    rig_open(&rig, rig_ctx("cpu", precision, 2), rig_parse(text, CLASSES), &training, 1);
    size_t one = an_net_packed_bytes(rig.net);
    expect_ok(an_program_compile(&other, rig.net, &training));
    assert_int_equal(an_net_packed_bytes(rig.net), one);
    an_program_free(other);
    assert_int_equal(an_net_packed_bytes(rig.net), one);

    /* A program with copies of its own notices an update, and weights that were written. */
    an_program *fresh;
    disown_copies(rig.net);
    expect_ok(an_program_compile(&other, rig.net, &options));
    assert_true(one == 0 || an_net_packed_bytes(rig.net) > one);
    double before = loss_of(&rig, other);
    rig_set_rates(&rig, 0.25, 0.01, 0.5);
    rig_run(&rig, 0);
    double after = loss_of(&rig, other);
    disown_copies(rig.net);
    expect_ok(an_program_compile(&fresh, rig.net, &options));
    assert_true(after != before && after == loss_of(&rig, fresh));
    an_program_free(fresh);
    rig_draw_params(&rig);
    assert_true(loss_of(&rig, other) == before);
    an_program_free(other);
    rig_close(&rig);
}

/* A second session of a whole network takes no memory except for its activations. In bf16 the
 * weights of the fully connected layers alone are 58,621,952 numbers of two bytes. */
static void test_sessions_share(void **state)
{
    (void)state;
    alexnet_network *network;
    an_net *net;
    an_program *first, *second;
    if (!rig_has_device("cpu"))
        skip();
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_BF16, 2);
    expect_ok(an_network_load(&network, "alexnet", 1000));
    expect_ok(an_net_new(&net, ctx, network, false));
    an_program_options options = an_program_inference(1, 1);
    expect_ok(an_program_compile(&first, net, &options));
    size_t one = an_net_packed_bytes(net);
    if (net->backend->precision == ALEXNET_PRECISION_BF16)
        assert_true(one >= 2 * 58621952);
    assert_int_equal(one, an_program_bytes(first).packed);
    expect_ok(an_program_compile(&second, net, &options));
    assert_int_equal(an_net_packed_bytes(net), one);
    an_program_free(first);
    assert_int_equal(an_net_packed_bytes(net), one);
    an_program_free(second);
    assert_int_equal(an_net_packed_bytes(net), 0);
    an_net_release(net);
    an_network_release(network);
    an_ctx_release(ctx);
}

static void test_copies_are_shared(void **state)
{
    (void)state;
    if (!rig_has_device("cpu"))
        skip();
    check_shared(ALEXNET_PRECISION_FP32);
    check_shared(ALEXNET_PRECISION_BF16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_input_is_kept),
        cmocka_unit_test(test_layers_are_kept),
        cmocka_unit_test(test_the_gradient_of_a_class),
        cmocka_unit_test(test_the_gradient_of_the_loss),
        cmocka_unit_test(test_an_input_is_given),
        cmocka_unit_test(test_gradients_begin_at_several_layers),
        cmocka_unit_test(test_impossible_starts),
        cmocka_unit_test(test_gradients_add_up),
        cmocka_unit_test(test_frozen_layers_cost_nothing),
        cmocka_unit_test(test_two_batches),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_copies_are_shared),
        cmocka_unit_test(test_sessions_share),
    };
    return cmocka_run_group_tests_name("purposes", tests, NULL, NULL);
}
