/*
 * What fits into a GPU's memory: the batch of a training run, of a bench, and of a session, on a
 * fake device with little memory. Also how often the host waits for the results of a picture.
 */
#include "ops/ops_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cuda/cuda.h"
#include "base/alloc.h"
#include "cuda/fake.h"
#include "infer/runner.h"
#include "speed/bench.h"
#include "train/budget.h"
#include "train/trainer_impl.h"

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    fake.memory = (size_t)1 << 30;
    return 0;
}

/* A context in which nothing is tried out. */
static alexnet_ctx *untried(void)
{
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    ctx->deterministic = true;
    ctx->tuning_name = an_strdup("a test");
    ctx->tuning = an_strdup("[all]\nisa = *\nprecision = *\noperator = *\nforward = proposal-1\n"
                            "backward_data = proposal-1\nbackward_weights = proposal-1\n");
    return ctx;
}

static void open_net(an_net **net, alexnet_ctx **ctx, bool training)
{
    alexnet_network *network;
    *ctx = untried();
    expect_ok(an_network_load(&network, "alexnet-mini", 10));
    expect_ok(an_net_new(net, *ctx, network, training));
    an_network_release(network);
}

/* The number in the latest error, after a phrase. */
static int number_after(const char *phrase)
{
    const char *at = strstr(alexnet_error_text(), phrase);
    assert_non_null(at);
    return atoi(at + strlen(phrase));
}

/* The number that the error names is the largest batch that fits. */
static void test_largest_batch(void **state)
{
    static const char phrase[] = "the largest batch that fits is ";
    alexnet_trainer t = {.batch = 8000, .parts = 1, .record.split = 1};
    (void)state;
    open_net(&t.net, &t.ctx, true);
    expect_ok(an_recipe_new(&t.recipe));
    expect_failure(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, phrase);
    expect_failure(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, "and cuda has 0.75 GiB available");
    t.batch = number_after(phrase);
    assert_in_range(t.batch, 500, 7000);
    const int count = number_after("accumulate = ");
    assert_true(count >= 2 && 8000 % count == 0 && 8000 / count <= t.batch);
    for (int fewer = 2; fewer < count; fewer++)
        assert_true(8000 % fewer || 8000 / fewer > t.batch);
    expect_ok(an_budget_check(&t));
    t.batch++;
    expect_failure(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, phrase);
    /* A batch takes the memory that is announced, apart from the list of updates. */
    an_program *program;
    an_program_memory memory;
    an_program_options options = an_trainer_purpose(&t, 100);
    expect_ok(an_program_measure(&memory, t.net, &options));
    int64_t before = fake_count.live_bytes;
    expect_ok(an_program_compile(&program, t.net, &options));
    int64_t said = (int64_t)(memory.activations + memory.scratch + memory.packed + memory.batch);
    assert_in_range(fake_count.live_bytes - before, said, said + 4096);
    an_program_free(program);
    fake.memory = (size_t)200 << 20; /* all of it is in use */
    expect_failure(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, "no batch fits");
    an_recipe_free(t.recipe);
    an_net_release(t.net);
    an_ctx_release(t.ctx);
    assert_int_equal(fake_count.live, 0);
}

/* A bench copies its next batch from pinned memory while it computes, and refuses large batches. It
 * times steps that are replayed, and between them their parts, which are queued before they begin.
 */
static void test_bench(void **state)
{
    alexnet_bench *bench;
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    double seconds;
    bool more = true;
    (void)state;
    alexnet_ctx *ctx = untried();
    options.net = "alexnet-mini";
    options.batch = 8000;
    expect_failure(an_bench_new(&bench, ctx, &options, NULL), ALEXNET_ERROR_NO_MEMORY,
                   "cuda has 0.75 GiB available; the largest batch that fits is ");
    options.batch = number_after("the largest batch that fits is ");
    expect_ok(an_bench_new(&bench, ctx, &options, NULL));
    an_bench_free(bench);
    options.batch++;
    expect_failure(an_bench_new(&bench, ctx, &options, NULL), ALEXNET_ERROR_NO_MEMORY, "out of");
    options.batch = 2;
    options.steps = 2;
    fake_count.captures = fake_count.launches = fake_count.host_calls = 0;
    expect_ok(an_bench_new(&bench, ctx, &options, NULL));
    /* the pictures, slots of two batches, and the backend's own for small reads */
    assert_int_equal(fake_count.host_blocks, 4);
    while (more)
        expect_ok(an_bench_step(bench, &seconds, &more));
    assert_int_equal(fake_count.captures, 2);     /* one for each buffer */
    assert_int_equal(fake_count.launches, 2 + 3); /* of three steps, the first unmeasured */
    assert_int_equal(fake_count.host_calls, 3);
    assert_int_equal(bench->fed,
                     1 + 3 + 2 * 3); /* one ahead, until steps are replayed, then two each */
    an_bench_free(bench);
    an_ctx_release(ctx);
    assert_int_equal(fake_count.live, 0);
    assert_int_equal(fake_count.host_blocks, 0);
}

/* The same where pictures are only classified. */
static void test_session(void **state)
{
    an_net *net;
    alexnet_ctx *ctx;
    an_runner *runner;
    (void)state;
    open_net(&net, &ctx, false);
    expect_failure(an_runner_new(&runner, net, 1000, 10), ALEXNET_ERROR_NO_MEMORY,
                   "the largest batch that fits is ");
    const int batch = number_after("the largest batch that fits is ");
    assert_in_range(batch, 50, 999);
    expect_ok(an_runner_new(&runner, net, batch, 10));
    an_runner_free(runner);
    /* The memory that is kept free for the libraries is there if it must be. */
    expect_failure(an_runner_new(&runner, net, batch * 3 / 2, 10), ALEXNET_ERROR_NO_MEMORY,
                   "largest");
    an_net_release(net);
    an_ctx_release(ctx);
    assert_int_equal(fake_count.live, 0);
}

/* To classify a picture the host waits once, for its probabilities, if its pixels are few enough to
 * be copied without waiting. */
static void test_waits_of_a_picture(void **state)
{
    static uint8_t pixels[64 * 64 * 3];
    an_net *net;
    alexnet_ctx *ctx;
    an_runner *runner;
    (void)state;
    open_net(&net, &ctx, false);
    expect_ok(an_runner_new(&runner, net, 1, 1));
    assert_true((size_t)runner->side * (size_t)runner->side * 3 <= sizeof pixels);
    fake.slow = true;             /* every wait sleeps, and is counted */
    for (int i = 0; i < 4; i++) { /* run, recorded, replayed */
        fake_count.sleeps = fake_count.spins = 0;
        expect_ok(an_runner_compute(runner, pixels, NULL, 1, true));
        assert_int_equal(fake_count.sleeps, 1);
        assert_int_equal(fake_count.spins, 0);
    }
    fake.slow = false;
    an_runner_free(runner);
    an_net_release(net);
    an_ctx_release(ctx);
}

/* ---- Fast algorithms that need much memory --------------------------------------------------- */

static const char small[] = "[input]\nsize = 9\nside = 9\n"
                            "[c1]\ntype = conv\ninputs = input\nfilters = 8\nfilterSize = 3\n"
                            "padding = 1\nneuron = relu\n"
                            "[f1]\ntype = fc\ninputs = c1\noutputs = classes\n"
                            "[p]\ntype = softmax\ninputs = f1\n";
enum { LARGE = 64 << 20 };

static int lines; /* of the log that say so */

static void count_line(void *user, alexnet_log_level level, const char *line)
{
    (void)user, (void)level;
    lines +=
        strstr(line, "the fastest algorithms for small need more memory than there is") != NULL;
}

static const an_cuda_libs *real; /* the fake's functions */

/* Engine 2 is the fastest, and wants much workspace. */
static cudaError_t elapsed(float *milliseconds, cudaEvent_t first, cudaEvent_t second)
{
    (void)first, (void)second;
    *milliseconds = fake_count.last_engine == 2 ? 1 : 2;
    return cudaSuccess;
}

static cudnnStatus_t get_attribute(cudnnBackendDescriptor_t descriptor,
                                   cudnnBackendAttributeName_t name,
                                   cudnnBackendAttributeType_t type, int64_t room, int64_t *count,
                                   void *values)
{
    cudnnStatus_t status =
        real->cudnnBackendGetAttribute(descriptor, name, type, room, count, values);
    if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE && *(int64_t *)values == 1 << 16)
        *(int64_t *)values = LARGE;
    return status;
}

/* Measuring tries nothing out. If what is fastest does not fit into memory, what is proposed first
 * is taken: a program needs no more than was measured. */
static void test_fastest_does_not_fit(void **state)
{
    alexnet_network *network;
    an_net *net;
    an_program *program;
    an_program_memory measured;
    const an_program_options options = an_program_training(32, 1);
    (void)state;
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    ctx->log = count_line;
    expect_ok(an_network_parse(&network, small, "small.ini", "small", 10));
    expect_ok(an_net_new(&net, ctx, network, true));
    an_network_release(network);
    an_cuda *cuda = (an_cuda *)net->backend;
    an_cuda_libs libs = *cuda->libs;
    real = cuda->libs;
    cuda->libs = &libs;
    libs.cudaEventElapsedTime = elapsed;
    libs.cudnnBackendGetAttribute = get_attribute;
    expect_ok(an_program_measure(&measured, net, &options));
    assert_int_equal(fake_count.convolutions, 0);
    assert_int_equal(fake_count.products, 0);
    assert_true(measured.scratch < LARGE);
    expect_ok(an_program_compile(&program, net, &options));
    assert_true(fake_count.convolutions > 0);
    assert_true(an_program_bytes(program).scratch >= LARGE);
    an_program_free(program);
    const size_t said = measured.activations + measured.scratch + measured.packed + measured.batch;
    fake.memory = (size_t)fake_count.live_bytes + said + (1 << 20);
    expect_ok(an_program_compile(&program, net, &options));
    assert_int_equal(an_program_bytes(program).scratch, measured.scratch);
    assert_int_equal(lines, 1);
    an_program_free(program);
    fake.memory = (size_t)fake_count.live_bytes + said / 2;
    assert_int_equal(an_program_compile(&program, net, &options), ALEXNET_ERROR_NO_MEMORY);
    assert_null(program);
    cuda->libs = real;
    an_net_release(net);
    an_ctx_release(ctx);
    assert_int_equal(fake_count.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_largest_batch, set_up),
                                       cmocka_unit_test_setup(test_bench, set_up),
                                       cmocka_unit_test_setup(test_session, set_up),
                                       cmocka_unit_test_setup(test_waits_of_a_picture, set_up),
                                       cmocka_unit_test_setup(test_fastest_does_not_fit, set_up)};
    return cmocka_run_group_tests_name("memory of a fake GPU", tests, NULL, NULL);
}
