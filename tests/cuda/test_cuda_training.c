/*
 * A training run whose batches are copied as late as possible, by a device that takes its time,
 * ends with the bits of one whose batches are copied at once: the loader fills memory again only
 * when it has been copied, whole batches and parts.
 */
#include "unit/training_rig.h"

#include "cuda/fake.h"

/* Microseconds: enough for the loader to fill what it was given back too early. */
enum { PAUSE = 8000 };

static int set_up(void **state)
{
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("train", 3, 34);
    rig_write_pictures("val", 3, 7);
    return 0;
}

static void train(const char *out, const char *const *settings)
{
    alexnet_ctx *ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    alexnet_trainer *trainer;
    alexnet_progress progress;
    expect_ok(rig_start(&trainer, ctx, "train", "val", out, settings));
    expect_ok(rig_finish(trainer, &progress));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

static void check_orders(const char *const *settings)
{
    fake_reset();
    fake_copies_first = true;
    train("early", settings);
    assert_true(fake_count.launches > 20);
    fake_copies_first = false;
    fake.pause = PAUSE;
    train("late", settings);
    rig_expect_same_run("early", "late");
}

#define COMMON "batch", "8", "epochs", "2", "rate", "0.02", "report", "3", "init", "net"

static void test_batches(void **state)
{
    static const char *const settings[] = {COMMON, NULL};
    (void)state;
    check_orders(settings);
}

static void test_parts(void **state)
{
    static const char *const settings[] = {COMMON, "accumulate", "2", "clip", "1", NULL};
    (void)state;
    check_orders(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_batches, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_parts, set_up, scratch_teardown),
    };
    return cmocka_run_group_tests_name("training on a fake GPU", tests, NULL, NULL);
}
