/*
 * The operations and bytes counted for a step of training, timed runs, the measured peak, and the
 * bench, which combines them. Speed is not tested: a measured time may be anything above zero.
 */
#include "net_rig.h"

#include "speed/bench.h"

/* By hand: multiply-adds of the forward pass, and of conv1, whose input has no gradient. */
static const int64_t FORWARD = 724406816, CONV1 = 55LL * 55 * 96 * 11 * 11 * 3;

static int64_t sum_pass(const an_program *program, alexnet_pass pass)
{
    int64_t sum = 0;
    an_step_info info;
    for (int i = 0; i < an_program_steps(program); i++) {
        an_program_step(program, i, &info);
        sum += info.pass == pass ? info.mult_adds : 0;
    }
    return sum;
}

/* The bytes of alexnet-mini's fc7, by hand: 256 inputs and 256 outputs on ref, where everything is
 * float64. */
static void test_bytes(void **state)
{
    enum { SLOTS = 3, SIDE = 256, WHOLE = SIDE * SIDE + SIDE };
    an_net *net = rig_load_net("ref", "alexnet-mini", 10, true);
    an_program *program;
    an_step_info info;
    int seen = 0;
    an_program_options options = an_program_training(SLOTS, 1);
    (void)state;
    expect_ok(an_program_compile(&program, net, &options));
    for (int i = 0; i < an_program_steps(program); i++) {
        an_program_step(program, i, &info);
        const int64_t row = SLOTS * SIDE * 8;
        if (info.pass == ALEXNET_PASS_UPDATE) {
            assert_int_equal(info.bytes, 5 * net->bytes);
        } else if (strcmp(info.name, "fc7") == 0 && info.op->kind == AN_OP_FC) {
            bool forward = info.pass == ALEXNET_PASS_FORWARD;
            seen++;
            assert_int_equal(info.bytes,
                             forward ? 2 * row + WHOLE * 8 : row + 2 * (row + WHOLE * 8));
        } else if (strcmp(info.name, "input") == 0) {
            seen++;
            assert_int_equal(info.bytes, SLOTS * 3 * (64 * 64 + 56 * 56 * 8) + 3 * 64 * 64 * 8);
        }
    }
    assert_int_equal(seen, 3);
    an_program_free(program);
    an_net_release(net);
}

/* Nothing is run here, so that the large arenas of this network are never touched. */
static void check_alexnet(const char *device, bool training)
{
    enum { SLOTS = 2 };
    an_program *program;
    an_program_options options =
        training ? an_program_training(SLOTS, 1) : an_program_inference(SLOTS, SLOTS);
    if (!rig_has_device(device))
        return;
    an_net *net = rig_load_net(device, "alexnet", 1000, training);
    expect_ok(an_program_compile(&program, net, &options));
    int64_t forward = sum_pass(program, ALEXNET_PASS_FORWARD);
    int64_t backward = sum_pass(program, ALEXNET_PASS_BACKWARD);
    assert_int_equal(forward, SLOTS * FORWARD);
    assert_int_equal(backward, training ? SLOTS * (2 * FORWARD - CONV1) : 0);
    if (training)
        assert_int_equal(lround(2e-6 * (double)(forward + backward) / SLOTS), 4136); /* million */
    assert_int_equal(sum_pass(program, ALEXNET_PASS_UPDATE), 0);
    assert_int_equal(sum_pass(program, ALEXNET_PASS_PACK), 0);
    an_program_free(program);
    an_net_release(net);
}

static void test_operations_of_alexnet(void **state)
{
    (void)state;
    for (int training = 0; training < 2; training++) {
        check_alexnet("ref", training);
        check_alexnet("cpu", training);
    }
}

static const char two_towers[] =
    "[input]\nsize = 8\nside = 9\nmean = none\nscale = 0.02\n"
    "[a]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 3\nneuron = relu\n"
    "[b]\ntype = conv\ninputs = a\nfilters = 4\nfilterSize = 3\n"
    "[c]\ntype = conv\ninputs = a\nfilters = 4\nfilterSize = 3\n"
    "[d]\ntype = concat\ninputs = b, c\n"
    "[f]\ntype = fc\ninputs = d\noutputs = classes\n"
    "[p]\ntype = softmax\ninputs = f\n";

static void open_towers(net_rig *rig)
{
    an_program_options options = an_program_training(4, 1);
    rig_open(rig, rig_ctx("ref", ALEXNET_PRECISION_FP32, 1), rig_parse(two_towers, 3), &options, 1);
    rig_set_rates(rig, 0.01, 0, 0.9);
}

static int count_steps(const an_program *program, const char *name, alexnet_pass pass)
{
    int count = 0;
    an_step_info info;
    for (int i = 0; i < an_program_steps(program); i++) {
        an_program_step(program, i, &info);
        count += info.pass == pass && strcmp(info.name, name) == 0;
    }
    return count;
}

/* Every layer has its steps; the gradients of a layer with two readers are summed. */
static void test_names_of_steps(void **state)
{
    (void)state;
    static const char *const learned[] = {"b", "c", "f"};
    net_rig rig;
    open_towers(&rig);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(count_steps(rig.program, learned[i], ALEXNET_PASS_FORWARD), 1);
        assert_int_equal(count_steps(rig.program, learned[i], ALEXNET_PASS_BACKWARD), 1);
    }
    assert_int_equal(count_steps(rig.program, "input", ALEXNET_PASS_FORWARD), 1);
    assert_int_equal(count_steps(rig.program, "input", ALEXNET_PASS_BACKWARD), 0);
    assert_int_equal(count_steps(rig.program, "sum", ALEXNET_PASS_BACKWARD), 1);
    assert_int_equal(count_steps(rig.program, "all", ALEXNET_PASS_UPDATE), 1);
    rig_close(&rig);
}

/* A timed run computes the same as an untimed one, allocates nothing, and times every step. */
static void test_timed_run(void **state)
{
    (void)state;
    net_rig plain, timed;
    an_step_state step = {.seed = 1};
    open_towers(&plain);
    open_towers(&timed);
    int steps = an_program_steps(timed.program);
    double *seconds = an_calloc((size_t)steps + 1, sizeof *seconds);
    assert_non_null(seconds);
    for (int i = 0; i <= steps; i++)
        seconds[i] = -1;
    expect_ok(an_program_feed(plain.program, plain.pixels, plain.draws, &step));
    expect_ok(an_program_run(plain.program));
    expect_ok(an_program_feed(timed.program, timed.pixels, timed.draws, &step));
    uint64_t before = an_alloc_count();
    expect_ok(an_program_run_timed(timed.program, seconds));
    assert_int_equal(an_alloc_count(), before);
    for (int i = 0; i < steps; i++)
        assert_true(seconds[i] >= 0 && seconds[i] < 3600);
    assert_true(seconds[steps] == -1);
    for (int i = 0; i < plain.net->count; i++) {
        double *expected = rig_read(&plain, AN_VALUES, i), *got = rig_read(&timed, AN_VALUES, i);
        assert_memory_equal(got, expected, (size_t)plain.net->params[i].count * sizeof *got);
        an_free(expected);
        an_free(got);
    }
    alexnet_ctx_cancel(timed.net->ctx); /* between two steps */
    expect_ok(an_program_feed(timed.program, timed.pixels, timed.draws, &step));
    expect_failure(an_program_run_timed(timed.program, seconds), ALEXNET_ERROR_CANCELLED, "");
    an_free(seconds);
    rig_close(&plain);
    rig_close(&timed);
}

static void test_peak(void **state)
{
    (void)state;
    alexnet_device_info info;
    an_backend *cpu;
    an_peak peak;
    if (!rig_has_device("cpu"))
        skip();
    alexnet_ctx *ctx = rig_ctx("cpu", ALEXNET_PRECISION_FP32, 2);
    expect_ok(an_backend_open(&cpu, ctx, false, NULL));
    cpu->api->describe(&info, 0, ALEXNET_ISA_ANY);
    expect_ok(cpu->api->peak(cpu, ALEXNET_PRECISION_FP32, &peak));
    assert_true(isfinite(peak.flops) && peak.flops > 0);
    assert_int_equal(strstr(peak.with, "512") != NULL,
                     strstr(info.isa, "512") || strcmp(info.isa, "amx") == 0);
    if (info.bf16) {
        expect_ok(cpu->api->peak(cpu, ALEXNET_PRECISION_BF16, &peak));
        assert_true(isfinite(peak.flops) && peak.flops > 0);
    } else {
        expect_failure(cpu->api->peak(cpu, ALEXNET_PRECISION_BF16, &peak),
                       ALEXNET_ERROR_NOT_AVAILABLE, "bf16");
    }
    an_backend_close(cpu);
    an_ctx_release(ctx);
}

static alexnet_bench_options small_options(void)
{
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    options.net = "alexnet-mini";
    options.batch = 2;
    options.steps = 3;
    return options;
}

static void test_bench(void **state)
{
    (void)state;
    alexnet_bench_options options = small_options();
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    alexnet_bench *bench;
    alexnet_speed speed;
    alexnet_layer_speed layer;
    double seconds[4], counted = 0, least = INFINITY, most = 0;
    bool more;
    expect_ok(alexnet_bench_new(&bench, ctx, &options));
    alexnet_bench_speed(bench, &speed);
    assert_true(speed.steps == 0 && speed.median == 0 && speed.operations > 0);
    for (int i = 0; i < 4; i++) {
        expect_ok(alexnet_bench_step(bench, &seconds[i], &more));
        assert_int_equal(more, i < 3);
        assert_int_equal(seconds[i] > 0, i > 0); /* the first is not measured */
        least = i > 0 ? fmin(least, seconds[i]) : least;
        most = fmax(most, seconds[i]);
    }
    expect_ok(alexnet_bench_step(bench, &seconds[0], &more)); /* after the end: nothing happens */
    assert_false(more);
    alexnet_bench_speed(bench, &speed);
    assert_int_equal(speed.steps, 3);
    assert_true(speed.least == least && speed.most == most);
    assert_true(speed.median ==
                fmax(fmin(seconds[1], seconds[2]), fmin(fmax(seconds[1], seconds[2]), seconds[3])));
    assert_string_equal(speed.net, "alexnet-mini");
    assert_true(speed.peak_fp32 == 0 && speed.peak_bf16 == 0 && !*speed.with_fp32);
    for (int i = 0; alexnet_bench_layer(bench, i, &layer); i++) {
        assert_true(layer.seconds > 0 && layer.seconds < speed.most);
        counted += layer.operations;
    }
    assert_true(counted == speed.operations);
    assert_false(alexnet_bench_layer(bench, -1, &layer));
    alexnet_bench_free(bench);
    an_ctx_release(ctx);
}

/* Operations are two for each multiplication and addition that `info` counts; of an even number of
 * steps the median is between two. Training changes weights, as a user's does, and all is given
 * back. */
static void test_bench_counts(void **state)
{
    (void)state;
    const int64_t live = an_alloc_live();
    alexnet_bench_options options = small_options();
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    alexnet_network *network;
    alexnet_layer_info layer;
    alexnet_bench *bench;
    alexnet_speed speed;
    alexnet_layer_speed part;
    double seconds[3];
    int64_t mult_adds = 0;
    bool more = true;
    expect_ok(alexnet_network_load(&network, ctx, options.net));
    for (int i = 0; alexnet_network_layer(network, i, &layer) == ALEXNET_OK; i++)
        mult_adds += layer.mult_adds;
    alexnet_network_free(network);
    options.mode = ALEXNET_BENCH_INFER;
    options.steps = 2;
    expect_ok(alexnet_bench_new(&bench, ctx, &options));
    for (int i = 0; i < 3; i++)
        expect_ok(alexnet_bench_step(bench, &seconds[i], &more));
    alexnet_bench_speed(bench, &speed);
    assert_true(speed.operations == 2.0 * (double)(mult_adds * options.batch));
    assert_true(speed.median == (seconds[1] + seconds[2]) / 2);
    alexnet_bench_free(bench);
    options.mode = ALEXNET_BENCH_TRAIN;
    options.steps = 1;
    expect_ok(alexnet_bench_new(&bench, ctx, &options));
    const net_rig rig = {.net = bench->net};
    int p = 0;
    while (!bench->net->params[p].learned)
        p++;
    double *before = rig_read(&rig, AN_VALUES, p);
    expect_ok(alexnet_bench_step(bench, &seconds[0], &more));
    double *after = rig_read(&rig, AN_VALUES, p);
    assert_memory_not_equal(after, before, (size_t)bench->net->params[p].count * sizeof *after);
    assert_false(alexnet_bench_layer(bench, bench->parts, &part));
    an_free(before);
    an_free(after);
    alexnet_bench_free(bench);
    an_ctx_release(ctx);
    assert_int_equal(an_alloc_live(), live);
}

static void test_bench_refuses(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    alexnet_bench *bench;
    double seconds;
    bool more;
    alexnet_bench_options options = small_options();
    options.batch = 0;
    expect_failure(alexnet_bench_new(&bench, ctx, &options), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "batch = 0");
    assert_null(bench);
    options = small_options();
    options.steps = -1;
    expect_failure(alexnet_bench_new(&bench, ctx, &options), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "steps = -1");
    options = small_options();
    options.net = "alexnet-large";
    expect_failure(alexnet_bench_new(&bench, ctx, &options), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "alexnet-large");
    options = small_options();
    expect_ok(alexnet_bench_new(&bench, ctx, &options));
    alexnet_ctx_cancel(ctx);
    assert_int_equal(alexnet_bench_step(bench, &seconds, &more), ALEXNET_ERROR_CANCELLED);
    alexnet_bench_free(bench);
    alexnet_bench_free(NULL);
    an_ctx_release(ctx);
}

/* A search for a tuning has no result before its end; on ref there is nothing to choose from. */
static void test_tuner(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    alexnet_tuner *tuner;
    alexnet_choice choice;
    alexnet_bench_options options = small_options();
    double seconds, built_in, fraction = 0;
    bool more = true;
    options.batch = 0;
    expect_failure(alexnet_tuner_new(&tuner, ctx, &options), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "batch = 0");
    options = small_options();
    expect_ok(alexnet_tuner_new(&tuner, ctx, &options));
    while (more) {
        expect_failure(alexnet_tuner_save(tuner, "never"), ALEXNET_ERROR_INVALID_ARGUMENT,
                       "not done");
        alexnet_tuner_result(tuner, &seconds, &built_in);
        assert_true(seconds == 0 && built_in == 0);
        expect_ok(alexnet_tuner_step(tuner, &fraction, &more));
        assert_true(fraction >= 0 && fraction <= 1);
    }
    assert_false(alexnet_tuner_choice(tuner, 0, &choice) ||
                 alexnet_tuner_choice(tuner, -1, &choice));
    alexnet_tuner_result(tuner, &seconds, &built_in);
    assert_true(seconds > 0 && seconds == built_in);
    alexnet_tuner_free(tuner);
    ctx->tuning = an_strdup("");
    ctx->tuning_name = an_strdup("t.ini");
    expect_failure(alexnet_tuner_new(&tuner, ctx, &options), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "t.ini");
    alexnet_tuner_free(NULL);
    an_ctx_release(ctx);
}

/* An allocation that fails is reported, and no bench is returned. */
static void test_bench_short_of_memory(void **state)
{
    (void)state;
    alexnet_bench_options options = small_options();
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    alexnet_bench *bench = NULL;
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    for (uint64_t n = 1; rc != ALEXNET_OK; n += 7) { /* each try initialises all weights */
        an_alloc_fail_at(n);
        rc = alexnet_bench_new(&bench, ctx, &options);
        an_alloc_fail_at(0);
        if (rc != ALEXNET_OK)
            expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "memory");
        assert_int_equal(bench != NULL, rc == ALEXNET_OK);
        assert_in_range(n, 1, 10000);
    }
    alexnet_bench_free(bench);
    an_ctx_release(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations_of_alexnet),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_names_of_steps),
        cmocka_unit_test(test_timed_run),
        cmocka_unit_test(test_peak),
        cmocka_unit_test(test_bench),
        cmocka_unit_test(test_bench_counts),
        cmocka_unit_test(test_bench_refuses),
        cmocka_unit_test(test_tuner),
        cmocka_unit_test(test_bench_short_of_memory),
    };
    return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
