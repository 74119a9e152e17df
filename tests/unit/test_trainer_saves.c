/*
 * A run that cannot be saved for a while, or loses files while it trains: it continues from what is
 * in memory, and ends as one that was left alone.
 */
#include "training_rig.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/writer.h"
#include "train/trainer.h"

static const char *const settings[] = {"batch", "4", "epochs", "4", "report", "1",
                                       "keep",  "2", "rate",   "1", NULL};

/* A run of `settings`, in the folder "straight", to compare with. */
static void train_straight(alexnet_ctx *ctx)
{
    alexnet_progress p;
    rig_write_pictures("train", 2, 8);
    rig_write_pictures("val", 2, 6);
    expect_ok(rig_train_on(ctx, "train", "val", "straight", settings, &p));
}

/* Finish the run, and compare it with the one that was left alone. */
static void finish(alexnet_trainer *trainer, const char *run)
{
    alexnet_progress p;
    char path[64], other[64];
    expect_ok(rig_finish(trainer, &p));
    rig_expect_same_run("straight", run);
    for (int epoch = 3; epoch <= 4; epoch++) {
        snprintf(path, sizeof path, "%s/epoch-%d.safetensors", run, epoch);
        snprintf(other, sizeof other, "straight/epoch-%d.safetensors", epoch);
        rig_expect_same_tensors(path, other);
    }
    snprintf(path, sizeof path, "%s/epoch-2.safetensors", run);
    assert_int_equal(rig_size_of(path), -1);
}

/* Make steps until one reports the phase, in this epoch or a later one. */
static alexnet_status step_to(alexnet_trainer *trainer, alexnet_phase phase, int epoch)
{
    alexnet_progress p;
    alexnet_status rc;
    bool more;
    do
        rc = alexnet_trainer_step(trainer, &p, &more);
    while (rc == ALEXNET_OK && more && (p.phase != phase || p.epoch < epoch));
    return rc;
}

/* Make all steps of an epoch but the last, which ends it: that of its last batch of validation. */
static alexnet_status step_to_end_of(alexnet_trainer *trainer, int epoch)
{
    enum { VAL_BATCHES = 3 };
    alexnet_status rc = step_to(trainer, ALEXNET_PROGRESS_VAL, epoch);
    for (int i = 2; i < VAL_BATCHES && rc == ALEXNET_OK; i++)
        rc = step_to(trainer, ALEXNET_PROGRESS_VAL, epoch);
    return rc;
}

/* Make the step that ends an epoch again and again, each time on a disk with room for a little
 * more, until what it cannot write is the file of this name. */
static void fail_at(alexnet_trainer *trainer, const char *name)
{
    alexnet_progress p;
    bool more;
    uint64_t room = 0;
    do {
        an_writer_fail_after(room);
        expect_failure(alexnet_trainer_step(trainer, &p, &more), ALEXNET_ERROR_IO,
                       "No space left on device");
        room += 256;
    } while (!strstr(alexnet_error_text(), name));
    an_writer_fail_after(UINT64_MAX);
}

/* Whatever the end of an epoch cannot write, the checkpoint of before is untouched. With room again
 * the next step does what is left: it computes no validation again. */
static void test_a_disk_that_is_full_for_a_while(void **state)
{
    (void)state;
    static const char *const names[] = {"best.safetensors", "epoch-2.safetensors",
                                        "last.safetensors"};
    alexnet_ctx *ctx = rig_ref_ctx();
    train_straight(ctx);
    for (int i = 0; i < 3; i++) {
        alexnet_trainer *trainer;
        alexnet_progress p;
        bool more;
        char run[8], last[32];
        size_t length, then;
        snprintf(run, sizeof run, "run%d", i);
        snprintf(last, sizeof last, "%s/last.safetensors", run);
        expect_ok(rig_start(&trainer, ctx, "train", "val", run, settings));
        expect_ok(step_to_end_of(trainer, 2));
        unsigned char *before = scratch_read(last, &length);
        for (int name = 0; name <= i; name++)
            fail_at(trainer, names[name]);
        unsigned char *after = scratch_read(last, &then);
        assert_int_equal(then, length);
        assert_memory_equal(after, before, length);
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
        assert_int_equal(p.phase, ALEXNET_PROGRESS_EPOCH);
        assert_int_equal(p.epoch, 2);
        assert_true(p.saved && p.best);
        assert_int_equal(p.val.images, 12);
        finish(trainer, run);
        alexnet_trainer_free(trainer);
        free(before);
        free(after);
    }
    alexnet_ctx_free(ctx);
}

/* A run that is saved by its caller after the end of an epoch could not be has the copy of that
 * epoch too. */
static void test_a_save_after_a_failed_one(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    train_straight(ctx);
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    expect_ok(step_to_end_of(trainer, 3));
    fail_at(trainer, "epoch-3.safetensors");
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    finish(trainer, "run");
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* The log is removed, or replaced by another file: the next save writes it anew, with all lines,
 * and says so once. */
static void test_a_log_that_is_removed(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    train_straight(ctx);
    for (int i = 0; i < 3; i++) {
        alexnet_trainer *trainer;
        char run[16], log[32], other[32];
        snprintf(run, sizeof run, "run%d", i);
        snprintf(log, sizeof log, "%s/log.jsonl", run);
        snprintf(other, sizeof other, "other%d", i);
        scratch_text(other, "not the log\n");
        rig_heard[0] = '\0';
        expect_ok(rig_start(&trainer, ctx, "train", "val", run, settings));
        expect_ok(step_to(trainer, ALEXNET_PROGRESS_TRAIN, 2));
        if (i == 0)
            assert_int_equal(unlink(log), 0);
        else if (i == 1)
            assert_int_equal(rename(other, log), 0);
        else
            assert_true(unlink(log) == 0 && symlink("../other2", log) == 0);
        finish(trainer, run);
        assert_int_equal(rig_times_heard("log.jsonl was removed, or replaced"), 1);
        alexnet_trainer_free(trainer);
    }
    size_t length;
    char *text = (char *)scratch_read("other2", &length);
    assert_string_equal(text, "not the log\n");
    free(text);
    alexnet_ctx_free(ctx);
}

/* The same for the list of bad pictures; on a full disk, what cannot be listed is listed later. */
static void test_a_list_that_is_removed(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    struct rlimit limit;
    size_t length;
    rig_write_pictures("train", 2, 8);
    scratch_text("train/class1/003.png", "no picture");
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    expect_ok(step_to(trainer, ALEXNET_PROGRESS_EPOCH, 1));
    unsigned char *before = scratch_read("run/skipped.txt", &length);
    assert_int_equal(unlink("run/skipped.txt"), 0);
    expect_ok(step_to(trainer, ALEXNET_PROGRESS_EPOCH, 2));
    unsigned char *after = scratch_read("run/skipped.txt", &length);
    assert_string_equal((char *)after, (char *)before);
    assert_int_equal(rig_times_heard("skipped.txt was removed, or replaced"), 1);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){length + 5, limit.rlim_max}), 0);
    an_run_skipped(&trainer->run, "another picture");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(rig_size_of("run/skipped.txt"), length + 5);
    expect_ok(alexnet_trainer_save(trainer));
    free(after);
    after = scratch_read("run/skipped.txt", &length);
    assert_string_equal((char *)after + strlen((char *)before), "another picture\n");
    free(before);
    free(after);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* A run that is saved because its pictures cannot be read says so, also if their list cannot be
 * written. */
static void test_a_list_that_cannot_be_written(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    rig_write_pictures("train", 2, 8);
    rig_write_pictures("val", 2, 6);
    for (int i = 0; i < 12; i++) {
        char path[32];
        snprintf(path, sizeof path, "val/class%d/%03d.png", i / 6, i % 6);
        scratch_text(path, "no picture");
    }
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    assert_int_equal(mkdir("run/skipped.txt", 0777), 0);
    rig_heard[0] = '\0';
    expect_failure(step_to(trainer, ALEXNET_PROGRESS_EPOCH, 1), ALEXNET_ERROR_BAD_DATA,
                   "none of the 12 validation pictures");
    assert_int_equal(rig_times_heard("the list of pictures that cannot be read was not written"),
                     1);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* The time between a step that failed and the next attempt is not that of training. */
static void test_the_speed_after_a_pause(void **state)
{
    (void)state;
    const struct timespec pause = {.tv_nsec = 500000000};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    double began, paused;
    static const char *const strict[] = {"batch", "4", "report", "1", "bad_pictures", "0", NULL};
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", strict));
    expect_ok(step_to(trainer, ALEXNET_PROGRESS_TRAIN, 1));
    do { /* the step that ends the epoch begins an interval */
        began = an_clock();
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
    } while (p.phase != ALEXNET_PROGRESS_EPOCH);
    assert_int_equal(rename("train", "gone"), 0);
    expect_failure(alexnet_trainer_step(trainer, &p, &more), ALEXNET_ERROR_IO, "still there?");
    paused = an_clock();
    nanosleep(&pause, NULL);
    assert_int_equal(rename("gone", "train"), 0);
    paused = an_clock() - paused;
    expect_ok(alexnet_trainer_step(trainer, &p, &more));
    const double all = an_clock() - began;
    assert_true(p.report);
    assert_true(4 / p.images_per_second <= all - paused + 1e-6);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* The best model is removed: that of the next epoch replaces it, and the log says so. */
static void test_a_best_model_that_is_removed(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    train_straight(ctx);
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    for (int epoch = 2; epoch <= 4; epoch++) {
        expect_ok(step_to(trainer, ALEXNET_PROGRESS_TRAIN, epoch));
        assert_int_equal(unlink("run/best.safetensors"), 0);
        expect_ok(step_to(trainer, ALEXNET_PROGRESS_EPOCH, epoch));
        assert_int_equal(alexnet_trainer_best(trainer, NULL), epoch);
        assert_true(rig_size_of("run/best.safetensors") > 0);
    }
    assert_int_equal(rig_times_heard("was removed: that of this epoch replaces it"), 3);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* A best model that the system does not let be read is not lost: the run is not resumed, and the
 * file is not replaced by a worse one. */
static void test_a_best_model_out_of_reach(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    train_straight(ctx);
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    expect_ok(step_to(trainer, ALEXNET_PROGRESS_EPOCH, 1));
    alexnet_trainer_free(trainer);
    assert_int_equal(rename("run/best.safetensors", "kept"), 0);
    assert_int_equal(symlink("best.safetensors", "run/best.safetensors"), 0); /* leads to itself */
    expect_failure(alexnet_trainer_resume(&trainer, ctx, "run", NULL), ALEXNET_ERROR_IO,
                   "run/best.safetensors: Too many levels of symbolic links");
    assert_int_equal(rename("kept", "run/best.safetensors"), 0);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    finish(trainer, "run");
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* A run whose folder was removed ends at once where it would be saved, and does not speak of an
 * earlier checkpoint that stays. */
static void test_a_folder_that_is_removed(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    static const char *const rare[] = {"batch", "4", "epochs", "2", "report", "1000", NULL};
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", rare));
    expect_ok(step_to(trainer, ALEXNET_PROGRESS_TRAIN, 1));
    assert_int_equal(system("rm -r run"), 0);
    trainer->pace.saved -= 601;
    expect_failure(alexnet_trainer_step(trainer, &p, &more), ALEXNET_ERROR_IO,
                   "run was removed, and nothing can be saved in it");
    assert_int_equal(rig_times_heard("the earlier one stays"), 0);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, rig_set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_a_disk_that_is_full_for_a_while),
        IN_SCRATCH(test_a_save_after_a_failed_one),
        IN_SCRATCH(test_a_log_that_is_removed),
        IN_SCRATCH(test_a_list_that_is_removed),
        IN_SCRATCH(test_a_list_that_cannot_be_written),
        IN_SCRATCH(test_the_speed_after_a_pause),
        IN_SCRATCH(test_a_best_model_that_is_removed),
        IN_SCRATCH(test_a_best_model_out_of_reach),
        IN_SCRATCH(test_a_folder_that_is_removed),
    };
    return cmocka_run_group_tests_name("saves of a trainer", tests, NULL, NULL);
}
