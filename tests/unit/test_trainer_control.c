/*
 * What follows validation: rates that fall on a plateau, the end of a run that no longer improves,
 * which epoch is the best, and the checkpoints of epochs that are kept.
 *
 * Where nothing may improve, all layers are frozen: every validation repeats the first.
 */
#include "training_rig.h"

#include "train/trainer.h"

#define SETTINGS "batch", "6", "warmup", "0", "report", "2", "rate", "0.01"
#define FROZEN SETTINGS, "freeze", "*"

static alexnet_ctx *ctx;

static int set_up(void **state)
{
    if (rig_set_up(state) != 0)
        return -1;
    ctx = rig_ref_ctx();
    rig_write_pictures("train", 3, 5);
    rig_write_pictures("val", 3, 4);
    return 0;
}

static int tear_down(void **state)
{
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

/* Continue to the end of an epoch. @return whether there is more */
static bool finish_epoch(alexnet_trainer *trainer, alexnet_progress *p)
{
    bool more;
    do
        expect_ok(alexnet_trainer_step(trainer, p, &more));
    while (p->phase != ALEXNET_PROGRESS_EPOCH);
    return more;
}

static alexnet_trainer *start(const char *out, const char *const *settings)
{
    alexnet_trainer *trainer;
    expect_ok(rig_start(&trainer, ctx, "train", "val", out, settings));
    return trainer;
}

static alexnet_trainer *resume(const char *out, const char *const *settings)
{
    alexnet_trainer *trainer;
    alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
    options.settings = settings;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, out, &options));
    return trainer;
}

/* The first epoch is the best; after two epochs without a better one the rates are halved, and
 * after two more again. A run that is stopped and resumed in every epoch does the same. */
static void test_plateau(void **state)
{
    (void)state;
    static const char *const settings[] = {FROZEN,   "schedule", "plateau",     "patience", "2",
                                           "epochs", "8",        "step_factor", "0.5",      NULL};
    static const double rates[] = {0.01, 0.01, 0.01, 0.005, 0.005, 0.0025, 0.0025, 0.00125};
    alexnet_progress p;
    alexnet_trainer *straight = start("straight", settings), *trainer = start("run", settings);
    for (int epoch = 0; epoch < 8; epoch++) {
        finish_epoch(straight, &p);
        assert_true(p.rate == rates[epoch]);
        finish_epoch(trainer, &p);
        assert_true(p.rate == rates[epoch]);
        alexnet_trainer_free(trainer);
        trainer = resume("run", NULL);
        bool more;
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
        expect_ok(alexnet_trainer_save(trainer));
        alexnet_trainer_free(trainer);
        trainer = resume("run", NULL);
    }
    alexnet_trainer_free(trainer);
    alexnet_trainer_free(straight);
    assert_true(rig_times_heard("validation has not improved since epoch") >= 6);
    rig_expect_same_run("straight", "run");
}

/* After three epochs without a better one the run ends; resumed without this limit, it continues to
 * its end. */
static void test_stopping_early(void **state)
{
    (void)state;
    static const char *const settings[] = {FROZEN, "stop_patience", "3", "epochs", "9", NULL};
    static const char *const never[] = {"stop_patience", "0", NULL};
    alexnet_progress p;
    bool more;
    alexnet_trainer *trainer = start("run", settings);
    expect_ok(rig_finish(trainer, &p));
    assert_int_equal(p.epoch, 4);
    const int64_t updates = p.step;
    assert_true(updates > 0);
    assert_int_equal(rig_times_heard("the run ends after epoch 4 of 9: validation has not improved "
                                     "since epoch 1"),
                     1);
    alexnet_trainer_free(trainer);
    trainer = resume("run", NULL);
    expect_ok(alexnet_trainer_step(trainer, &p, &more));
    assert_false(more);
    assert_int_equal(p.phase, 0);
    assert_int_equal(p.epoch, 4);
    assert_int_equal(p.step, updates);
    alexnet_trainer_free(trainer);
    trainer = resume("run", never);
    expect_ok(rig_finish(trainer, &p));
    assert_int_equal(p.epoch, 9);
    alexnet_trainer_free(trainer);
}

static void test_without_validation(void **state)
{
    (void)state;
    static const char *const plateau[] = {"schedule", "plateau", NULL};
    static const char *const early[] = {"stop_patience", "2", NULL};
    alexnet_trainer *trainer;
    expect_failure(rig_start(&trainer, ctx, "train", NULL, "run", plateau),
                   ALEXNET_ERROR_INVALID_ARGUMENT,
                   "schedule = plateau follows the validation of every epoch");
    expect_failure(rig_start(&trainer, ctx, "train", NULL, "run", early),
                   ALEXNET_ERROR_INVALID_ARGUMENT,
                   "stop_patience follows the validation of every epoch");
}

/* ---- The best ---- */

static double metric(const alexnet_metrics *m, int by)
{
    return by == 0 ? m->top1_error : by == 1 ? m->top5_error : m->loss;
}

/* The best epoch has the lowest value of the chosen metric; the loss decides between equals. Some
 * validation pictures have a wrong label: the surer the model, the higher its loss. */
static void test_the_best(void **state)
{
    (void)state;
    static const char *const names[] = {"top1", "top5", "loss"};
    int best[3];
    rig_write_picture("val/class0/000.png", 1, 0);
    rig_write_picture("val/class1/000.png", 2, 0);
    for (int by = 0; by < 3; by++) {
        const char *const settings[] = {"batch",    "6",        "warmup",  "0",      "rate",
                                        "0.1",      "best_by",  names[by], "epochs", "12",
                                        "schedule", "constant", NULL};
        alexnet_metrics lowest = {0}, told;
        alexnet_progress p;
        alexnet_trainer *trainer = start(names[by], settings);
        bool more = true;
        for (int epoch = 1; more; epoch++) {
            more = finish_epoch(trainer, &p);
            double value = metric(&p.val, by), least = metric(&lowest, by);
            bool better =
                epoch == 1 || value < least || (value == least && p.val.loss < lowest.loss);
            assert_int_equal(p.best, better);
            if (better) {
                lowest = p.val;
                best[by] = epoch;
            }
        }
        assert_int_equal(alexnet_trainer_best(trainer, &told), best[by]);
        assert_true(told.loss == lowest.loss);
        alexnet_trainer_free(trainer);
    }
    assert_int_not_equal(best[0], best[2]); /* otherwise the metrics would not be distinguished */
}

/* ---- What makes no sense together ---- */

static void test_a_warmup_without_end(void **state)
{
    (void)state;
    static const char *const shorter[] = {SETTINGS, "warmup", "1", "epochs", "1", NULL};
    static const char *const longer[] = {SETTINGS, "warmup", "1.5", "epochs", "1", NULL};
    alexnet_trainer_free(start("shorter", shorter));
    assert_int_equal(rig_times_heard("warmup"), 0);
    alexnet_trainer_free(start("longer", longer));
    assert_int_equal(rig_times_heard("1 warmup = 1.5 is longer than the run of 1 epoch: rates"), 1);
}

/* ---- Checkpoints that stay ---- */

static bool is_there(int epoch)
{
    char path[64];
    snprintf(path, sizeof path, "run/epoch-%d.safetensors", epoch);
    return an_is_file(path);
}

/* The latest two checkpoints are kept. With one of them in the place of the last, the run continues
 * from there to the same end. */
static void test_kept_checkpoints(void **state)
{
    (void)state;
    static const char *const settings[] = {SETTINGS, "keep", "2", "epochs", "4", NULL};
    alexnet_progress p;
    for (int i = 0; i < 2; i++) {
        alexnet_trainer *trainer = start(i ? "straight" : "run", settings);
        for (int epoch = 1; epoch <= 4; epoch++) {
            finish_epoch(trainer, &p);
            for (int e = 1; i == 0 && e <= 4; e++)
                assert_int_equal(is_there(e), e <= epoch && e > epoch - 2);
        }
        alexnet_trainer_free(trainer);
    }
    rig_expect_same_tensors("run/epoch-4.safetensors", "run/last.safetensors");
    assert_int_equal(rename("run/epoch-3.safetensors", "run/last.safetensors"), 0);
    alexnet_trainer *trainer = resume("run", NULL);
    expect_ok(rig_finish(trainer, &p));
    assert_int_equal(p.epoch, 4);
    alexnet_trainer_free(trainer);
    rig_expect_same_run("straight", "run");
}

/* The host may change its folder at any time: what a run writes stays in the run's folder. */
static void test_another_working_folder(void **state)
{
    (void)state;
    static const char *const settings[] = {SETTINGS, "keep", "1", "epochs", "2", NULL};
    alexnet_progress p;
    bool more = true;
    scratch_text("val/class0/000.png", "no picture");
    scratch_text("train/class0/000.png", "no picture");
    alexnet_trainer *trainer = start("straight", settings);
    expect_ok(rig_finish(trainer, &p));
    alexnet_trainer_free(trainer);
    expect_ok(an_make_folder("away"));
    trainer = start("run", settings);
    for (int i = 0; more; i++) {
        assert_int_equal(chdir(i % 2 ? ".." : "away"), 0);
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
        if (i % 14 == 3) { /* in the folder of the run, and resumed from it */
            expect_ok(alexnet_trainer_save(trainer));
            alexnet_trainer_free(trainer);
            trainer = resume("run", NULL);
        }
    }
    alexnet_trainer_free(trainer);
    assert_int_equal(chdir(scratch_folder), 0);
    assert_true(is_there(2) && !is_there(1));
    assert_true(an_is_file("run/skipped.txt"));
    assert_int_equal(rmdir("away"), 0); /* is empty */
    rig_expect_same_run("straight", "run");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_plateau),
        IN_SCRATCH(test_stopping_early),
        IN_SCRATCH(test_without_validation),
        IN_SCRATCH(test_the_best),
        IN_SCRATCH(test_a_warmup_without_end),
        IN_SCRATCH(test_kept_checkpoints),
        IN_SCRATCH(test_another_working_folder),
    };
    return cmocka_run_group_tests_name("what follows validation", tests, NULL, NULL);
}
