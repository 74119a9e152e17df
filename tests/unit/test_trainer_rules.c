/*
 * Runs with an optimiser that keeps more than momentum: Adam, an average of the weights, gradients
 * that are clipped, batches in parts. A run that was stopped ends with the bits of one that was
 * not; a batch in parts gives the same as the whole batch; the best model holds the average.
 *
 * Parts: on ref, in double, two epochs of small sums in another order; 1e-10 of the largest value
 * is allowed.
 */
#include <math.h>

#include "training_rig.h"

#include "backend/backend.h"

enum {
    PICTURES = 34
}; /* of a class; 102 in batches of 16: seven updates, the last of 6 pictures */

#define COMMON                                                                                     \
    "batch", "16", "epochs", "2", "warmup", "0.5", "report", "3", "init", "net", "rate_bias", "0.01"
static const char *const adam[] = {COMMON, "rate",       "0.01", "rule", "adamw", "average",
                                   "0.9",  "accumulate", "4",    "clip", "1",     NULL};
static const char *const whole[] = {COMMON, "rate", "0.02", "clip", "0.5", NULL};
static const char *const parts[] = {COMMON, "rate", "0.02", "clip", "0.5", "accumulate", "4", NULL};

static int set_up(void **state)
{
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("train", 3, PICTURES);
    rig_write_pictures("val", 3, 7);
    scratch_text("train/class1/012.png", "no picture");
    return 0;
}

/* ---- Stops ---- */

/* Stop after every `every` steps, with or without a checkpoint, until the run is done. */
static void run_with_stops(const char *device, const char *out, int every, bool saved)
{
    alexnet_ctx *ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 1);
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more = true;
    expect_ok(rig_start(&trainer, ctx, "train", "val", out, adam));
    while (more) {
        for (int i = 0; i < every && more; i++)
            expect_ok(alexnet_trainer_step(trainer, &progress, &more));
        if (saved)
            expect_ok(alexnet_trainer_save(trainer));
        alexnet_trainer_free(trainer);
        trainer = NULL;
        if (more)
            expect_ok(alexnet_trainer_resume(&trainer, ctx, out, NULL));
    }
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

static void check_stops(const char *device)
{
    if (an_device_find(&(an_device){0}, device, ALEXNET_ISA_ANY) != ALEXNET_OK)
        return;
    run_with_stops(device, "straight", 1000, true);
    run_with_stops(device, "often", 11, true);
    rig_expect_same_run("straight", "often");
    run_with_stops(device, "killed", 45, false);
    rig_expect_same_run("straight", "killed");
}

static void test_stops_on_ref(void **state)
{
    (void)state;
    check_stops("ref");
}

static void test_stops_on_cpu(void **state)
{
    (void)state;
    check_stops("cpu");
}

static void test_stops_on_cuda(void **state)
{
    (void)state;
    check_stops("cuda");
}

/* ---- Parts ---- */

/* Every tensor of `a` equals, within `share` of its largest value, the tensor of `b` that has the
 * same name after `prefix`. */
static void expect_close(const char *a, const char *b, const char *prefix, double share)
{
    an_tensor_file *x = rig_open_tensors(a), *y = rig_open_tensors(b);
    for (int i = 0; i < an_tensor_file_count(x); i++) {
        const char *name = an_tensor_file_entry(x, i)->name;
        char other[128];
        int64_t count, same;
        double largest = 0, worst = 0;
        snprintf(other, sizeof other, "%s%s", strcmp(name, "input.mean") == 0 ? "" : prefix, name);
        double *p = rig_doubles(x, name, &count), *q = rig_doubles(y, other, &same);
        assert_int_equal(count, same);
        for (int64_t j = 0; j < count; j++) {
            largest = fmax(largest, fabs(p[j]));
            worst = fabs(p[j] - q[j]) <= worst ? worst : fabs(p[j] - q[j]); /* also if it is NaN */
        }
        if (!(worst <= share * largest))
            fail_msg("%s: %g of %g", name, worst, largest);
        an_free(p);
        an_free(q);
    }
    an_tensor_file_close(x);
    an_tensor_file_close(y);
}

static void test_a_batch_in_parts(void **state)
{
    alexnet_progress progress;
    (void)state;
    expect_ok(rig_train("train", "val", "whole", whole, &progress));
    assert_int_equal(progress.step, 14);
    expect_ok(rig_train("train", "val", "parts", parts, &progress));
    assert_int_equal(progress.step, 14);
    expect_close("whole/last.safetensors", "parts/last.safetensors", "", 1e-10);
}

/* A part whose pictures are all unreadable does not prevent the update of the parts before it; a
 * batch of such parts makes no update. */
static void test_unreadable_parts(void **state)
{
    const char *const settings[] = {COMMON, "rate",         "0.02", "accumulate",
                                    "16",   "bad_pictures", "99",   NULL};
    const char *const together[] = {COMMON, "rate", "0.02", "bad_pictures", "99", NULL};
    alexnet_progress progress;
    char path[64];
    (void)state;
    for (int i = 0; i < PICTURES; i += 2) {
        snprintf(path, sizeof path, "train/class0/%03d.png", i);
        scratch_text(path, "no picture");
    }
    expect_ok(rig_train("train", "val", "whole", together, &progress));
    expect_ok(rig_train("train", "val", "parts", settings, &progress));
    expect_close("whole/last.safetensors", "parts/last.safetensors", "", 1e-10);
}

static void test_parts_are_equal(void **state)
{
    const char *const settings[] = {COMMON, "accumulate", "3", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    (void)state;
    expect_failure(rig_start(&trainer, ctx, "train", "val", "out", settings),
                   ALEXNET_ERROR_INVALID_ARGUMENT,
                   "accumulate = 3: batch = 16 cannot be divided into so many equal parts");
    assert_false(an_is_file("out/last.safetensors"));
    alexnet_ctx_free(ctx);
}

/* ---- The average ---- */

/* The best model is the average at the end of its epoch, which is not the weights. */
static void test_the_best_is_the_average(void **state)
{
    const char *const settings[] = {COMMON, "rate", "0.02", "average", "0.9", "keep", "2", NULL};
    alexnet_progress progress;
    char path[64];
    (void)state;
    expect_ok(rig_train("train", "val", "out", settings, &progress));
    an_tensor_file *file = rig_open_tensors("out/last.safetensors");
    an_run_state record;
    expect_ok(an_run_state_from_text(&record, an_tensor_file_metadata(file, "alexnet.run"), "out"));
    snprintf(path, sizeof path, "out/epoch-%d.safetensors", (int)record.best_epoch);
    expect_close("out/best.safetensors", path, "average.", 0);
    int64_t count;
    an_tensor_file *best = rig_open_tensors("out/best.safetensors");
    double *a = rig_doubles(best, "f.weight", &count), *w = rig_doubles(file, "f.weight", &count);
    assert_memory_not_equal(a, w, (size_t)count * sizeof *a);
    assert_null(an_tensor_file_find(best, "average.f.weight"));
    an_free(a);
    an_free(w);
    an_tensor_file_close(best);
    an_tensor_file_close(file);
    an_run_state_free(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stops_on_ref, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_stops_on_cpu, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_stops_on_cuda, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_a_batch_in_parts, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_unreadable_parts, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_parts_are_equal, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_the_best_is_the_average, set_up, scratch_teardown),
    };
    return cmocka_run_group_tests_name("optimisers of runs", tests, NULL, NULL);
}
