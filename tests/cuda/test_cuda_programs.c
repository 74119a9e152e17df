/*
 * Programs that are fed ahead, recorded and replayed give the bits of the same steps taken one by
 * one: on the cuda backend, with a fake device that makes every copy as early or as late as it may
 * (run in both orders). Rates, seeds of dropout and pictures change from step to step, and some
 * slots are empty.
 */
#include "unit/net_rig.h"

#include "cuda/fake.h"

enum { CLASSES = 5, SLOTS = 6, STEPS = 9, SIDE = 10, BYTES = SLOTS * SIDE * SIDE * 3 };

static const char text[] =
    "[input]\nsize = 8\nside = 10\nmean = image\nscale = 0.02\n"
    "[c]\ntype = conv\ninputs = input\nfilters = 8\nfilterSize = 3\npadding = 1\nneuron = relu\n"
    "[n]\ntype = cmrnorm\ninputs = c\ngroups = 2\nsize = 3\nscale = 0.5\ndivide = no\npow = "
    "0.75\nminDiv = 2\n"
    "[p]\ntype = pool\ninputs = n\nsizeX = 3\nstride = 2\nround = ceil\n"
    "[f]\ntype = fc\ninputs = p\noutputs = 6\nneuron = relu\n"
    "[d]\ntype = dropout\ninputs = f\nkind = inverted\nkeep = 0.5\n"
    "[g]\ntype = fc\ninputs = d\noutputs = classes\n[s]\ntype = softmax\ninputs = g\n";

/** What a run of steps leaves. */
typedef struct outcome {
    double loss[STEPS], weights[RIG_PARAMS][2048];
} outcome;

typedef enum way {
    ONE_BY_ONE, /* never recorded, and nothing is ahead of anything */
    RECORDED,   /* one buffer */
    AHEAD,      /* as a trainer does it */
    UNREAD      /* results are read at the end alone, and nothing waits on the way */
} way;

static void open_rig(net_rig *rig, const char *device, alexnet_precision precision, way how)
{
    an_program_options options = an_program_training(SLOTS, 1);
    options.batches = how >= AHEAD ? 2 : 1;
    options.clip = true;
    rig_open(rig, rig_ctx(device, precision, 1), rig_parse(text, CLASSES), &options, 5);
}

/* Feed batch number `step`, with pictures, slots, rates and a state of its own. */
static void feed(net_rig *rig, int step, uint8_t *pixels)
{
    an_slot slots[SLOTS];
    an_step_state state = {.seed = 7, .step = (uint64_t)step, .rule = {.clip = 1}};
    for (int i = 0; i < BYTES; i++)
        pixels[i] = (uint8_t)(rig->pixels[i] + 13 * step);
    for (int i = 0; i < SLOTS; i++) {
        slots[i] = rig->draws[(i + step) % SLOTS];
        if (i == step % 4)
            slots[i].picture = slots[i].label = -1;
    }
    rig_set_rates(rig, 0.01 * (step + 1), 0.001 * step, 0.9);
    expect_ok(an_program_feed(rig->program, pixels, slots, &state));
}

static alexnet_status no_watch(void *user)
{
    (void)user;
    return ALEXNET_OK;
}

static void run(net_rig *rig, way how)
{
    if (how == ONE_BY_ONE)
        expect_ok(an_program_run_watched(rig->program, no_watch, NULL));
    else
        expect_ok(an_program_run(rig->program));
}

static double read_loss(net_rig *rig)
{
    an_results results;
    expect_ok(an_program_results(rig->program, &results));
    assert_true(results.images > 0);
    return results.loss;
}

static void run_steps(net_rig *rig, way how, outcome *out)
{
    an_loader_memory memory = an_net_loader_memory(rig->net);
    uint8_t *blocks[STEPS];
    for (int i = 0; i < STEPS; i++)
        expect_ok(memory.alloc(memory.user, BYTES, (void **)&blocks[i]));
    if (how == AHEAD)
        feed(rig, 0, blocks[0]);
    for (int step = 0; step < STEPS; step++) {
        if (how != AHEAD)
            feed(rig, step, blocks[step]);
        run(rig, how);
        if (how == AHEAD && step + 1 < STEPS) {
            expect_ok(an_program_taken(rig->program));
            memset(blocks[0], 0x55, BYTES); /* as a loader that fills it again */
            feed(rig, step + 1, blocks[0]);
        }
        if (how != UNREAD)
            out->loss[step] = read_loss(rig);
    }
    out->loss[STEPS - 1] = read_loss(rig);
    for (int i = 0; i < STEPS; i++)
        memory.free(memory.user, blocks[i], BYTES);
}

static outcome *take_steps(const char *device, alexnet_precision precision, way how)
{
    net_rig rig;
    outcome *out = an_calloc(1, sizeof *out);
    assert_non_null(out);
    open_rig(&rig, device, precision, how);
    run_steps(&rig, how, out);
    for (int i = 0; i < rig.net->count; i++) {
        assert_in_range(rig.net->params[i].count, 1, 2048);
        expect_ok(an_net_read(rig.net, AN_VALUES, i, out->weights[i], AN_F64));
    }
    rig_close(&rig);
    return out;
}

static void check_ways(alexnet_precision precision)
{
    outcome *expected = take_steps("cuda", precision, ONE_BY_ONE);
    assert_int_equal(fake_count.launches, 0);
    for (way how = RECORDED; how <= UNREAD; how++) {
        fake_reset();
        outcome *got = take_steps("cuda", precision, how);
        assert_int_equal(fake_count.captures, how == RECORDED ? 1 : 2);
        assert_int_equal(fake_count.launches, STEPS - 1);
        for (int step = how == UNREAD ? STEPS - 1 : 0; step < STEPS; step++)
            if (got->loss[step] != expected->loss[step])
                fail_msg("way %d, step %d: %.17g, not %.17g", how, step, got->loss[step],
                         expected->loss[step]);
        assert_memory_equal(got->weights, expected->weights, sizeof got->weights);
        an_free(got);
    }
    an_free(expected);
}

static void test_ways(void **state)
{
    (void)state;
    fake_reset();
    check_ways(ALEXNET_PRECISION_FP32);
    fake_reset();
    check_ways(ALEXNET_PRECISION_BF16);
}

/* The result on which all of these agree is right. float32 differs from the reference by 2^-24
 * times the root of at most 486 terms (gradients of the first layer), four standard deviations of
 * it, in seven operators forward and back, and in nine updates: at most 2^-12 of what is largest.
 */
static void test_reference(void **state)
{
    (void)state;
    outcome *expected = take_steps("ref", ALEXNET_PRECISION_FP32, ONE_BY_ONE);
    outcome *got = take_steps("cuda", ALEXNET_PRECISION_FP32, AHEAD);
    for (int step = 0; step < STEPS; step++)
        assert_true(fabs(got->loss[step] - expected->loss[step]) <=
                    0x1p-12 * fabs(expected->loss[step]));
    for (int i = 0; i < RIG_PARAMS; i++) {
        double largest = rig_largest(expected->weights[i], 2048);
        for (int j = 0; j < 2048; j++)
            assert_true(fabs(got->weights[i][j] - expected->weights[i][j]) <= 0x1p-12 * largest);
    }
    an_free(expected);
    an_free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ways),
                                       cmocka_unit_test(test_reference)};
    return cmocka_run_group_tests_name("programs on a fake GPU", tests, NULL, NULL);
}
