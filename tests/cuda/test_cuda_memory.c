/*
 * What fits into a GPU's memory: the batch of a training run, and of a bench, on a fake device with
 * little memory.
 */
#include "ops/ops_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/fake.h"
#include "speed/bench.h"
#include "train/budget.h"

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    fake.memory = (size_t)1 << 30;
    return 0;
}

static void open_net(an_net **net, alexnet_ctx **ctx, bool training)
{
    alexnet_network *network;
    *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32);
    (*ctx)->deterministic = true; /* nothing is tried out */
    rig_ok(an_network_load(&network, "alexnet-mini", 10));
    rig_ok(an_net_new(net, *ctx, network, training));
    an_network_release(network);
}

/* The number that the error names is the largest batch that fits. */
static void test_largest_batch(void **state)
{
    static const char phrase[] = "the largest batch that fits is ";
    alexnet_trainer t = {.batch = 8000, .parts = 1, .record.split = 1};
    (void)state;
    open_net(&t.net, &t.ctx, true);
    rig_ok(an_recipe_new(&t.recipe));
    rig_refused(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, phrase);
    rig_refused(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, "and cuda has 0.75 GiB available");
    const char *fits = strstr(alexnet_error_text(), phrase) + strlen(phrase);
    const char *parts = strstr(fits, "accumulate = ");
    assert_non_null(parts);
    t.batch = atoi(fits);
    assert_in_range(t.batch, 500, 7000);
    const int count = atoi(parts + strlen("accumulate = "));
    assert_true(count >= 2 && 8000 % count == 0 && 8000 / count <= t.batch);
    for (int fewer = 2; fewer < count; fewer++)
        assert_true(8000 % fewer || 8000 / fewer > t.batch);
    rig_ok(an_budget_check(&t));
    t.batch++;
    rig_refused(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, phrase);
    /* A batch takes the memory that is announced, apart from the list of updates. */
    an_program *program;
    an_program_memory memory;
    an_program_options options = an_trainer_purpose(&t, 100);
    rig_ok(an_program_measure(&memory, t.net, &options));
    int64_t before = fake_count.live_bytes;
    rig_ok(an_program_compile(&program, t.net, &options));
    int64_t said = (int64_t)(memory.activations + memory.scratch + memory.packed + memory.batch);
    assert_in_range(fake_count.live_bytes - before, said, said + 4096);
    an_program_free(program);
    fake.memory = (size_t)200 << 20; /* all of it is in use */
    rig_refused(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, "no batch fits");
    an_recipe_free(t.recipe);
    an_net_release(t.net);
    rig_free_ctx(t.ctx);
    assert_int_equal(fake_count.live, 0);
}

/* A bench copies its next batch from pinned memory while it computes, and refuses large batches. */
static void test_bench(void **state)
{
    alexnet_bench *bench;
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    double seconds;
    bool more = true;
    (void)state;
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32);
    ctx->deterministic = true;
    options.net = "alexnet-mini";
    options.batch = 8000;
    rig_refused(an_bench_new(&bench, ctx, &options, NULL), ALEXNET_ERROR_NO_MEMORY,
                "cuda has 0.75 GiB available; try a smaller batch");
    options.batch = 2;
    options.steps = 2;
    rig_ok(an_bench_new(&bench, ctx, &options, NULL));
    assert_int_equal(fake_count.host_blocks, 3); /* the pictures, and slots of two batches */
    while (more)
        rig_ok(an_bench_step(bench, &seconds, &more));
    assert_int_equal(bench->fed, 4); /* one before the first of three steps */
    an_bench_free(bench);
    rig_free_ctx(ctx);
    assert_int_equal(fake_count.live, 0);
    assert_int_equal(fake_count.host_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_largest_batch, set_up),
                                       cmocka_unit_test_setup(test_bench, set_up)};
    return cmocka_run_group_tests_name("memory of a fake GPU", tests, NULL, NULL);
}
