/*
 * A run is resumed with something new: where its data is now, that the data was changed, more
 * epochs, more bad pictures. This holds from then on, also for later resumes.
 */
#include "tar_rig.h"
#include "training_rig.h"

#include <sys/stat.h>

#include "base/writer.h"
#include "train/trainer.h"

/* 24 pictures of two classes in batches of 5: five updates an epoch. */
#define SETTINGS "batch", "5", "report", "2", "warmup", "0.5", "bad_pictures", "1"

static alexnet_ctx *ctx;

static int set_up(void **state)
{
    if (rig_set_up(state) != 0)
        return -1;
    ctx = rig_ref_ctx();
    expect_ok(an_make_folder("data"));
    rig_write_pictures("data/train", 2, 12);
    rig_write_pictures("data/val", 2, 3);
    return 0;
}

static int tear_down(void **state)
{
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

/* Begin a run with these settings and make `steps` steps; -1: all. */
static void start_with(const char *out, const char *train, int steps, const char *const *settings)
{
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more = true;
    expect_ok(rig_start(&trainer, ctx, train, "data/val", out, settings));
    for (int i = 0; more && i != steps; i++)
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
}

static void start(const char *out, int steps, const char *const *settings)
{
    start_with(out, "data/train", steps, settings);
}

/* Resume a run and finish it. @return the status of the resume, or of the step that fails */
static alexnet_status go_on(const char *run, const alexnet_resume_options *options)
{
    alexnet_progress p;
    return rig_go_on(ctx, run, options, &p);
}

static const char *const two_epochs[] = {SETTINGS, "epochs", "2", NULL};

/* ---- The best model is lost ---- */

/* Resume a run as if the best epoch so far had been without any error, and finish it. */
static int64_t finish_after_perfection(const char *run, int best_epoch)
{
    alexnet_trainer *trainer;
    alexnet_progress p;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, run, NULL));
    assert_int_equal(alexnet_trainer_best(trainer, NULL), best_epoch);
    trainer->record.best.top1_error = -1;
    expect_ok(rig_finish(trainer, &p));
    const int64_t best = alexnet_trainer_best(trainer, NULL);
    alexnet_trainer_free(trainer);
    return best;
}

static void test_lost_best(void **state)
{
    (void)state;
    char *best;
    for (int lost = 0; lost < 2; lost++) {
        const char *run = lost ? "lost" : "kept";
        start(run, 14, two_epochs); /* into epoch 2 */
        best = an_path_join(run, "best.safetensors");
        if (lost)
            assert_int_equal(remove(best), 0);
        assert_int_equal(finish_after_perfection(run, lost ? 0 : 1), lost ? 2 : 1);
        assert_true(an_is_file(best));
        an_free(best);
    }
    assert_int_equal(finish_after_perfection("lost", 2), 2);
    assert_int_equal(rig_times_heard("best.safetensors, the model of epoch 1, is missing"), 1);
    start("early", 3, two_epochs); /* there is none to be lost */
    expect_ok(go_on("early", NULL));
    assert_int_equal(rig_times_heard("is missing"), 1);
}

/* After the run went back to an earlier checkpoint, the best model is one of the course that it
 * takes from there, even if that is worse than an epoch that was given up. */
static void test_best_of_another_course(void **state)
{
    (void)state;
    static const char *const settings[] = {SETTINGS, "epochs", "4", "keep", "4", NULL};
    alexnet_trainer *trainer;
    size_t length;
    start("run", 100, settings);
    assert_int_equal(rig_times_heard("is not the model of"), 0);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    const int best = alexnet_trainer_best(trainer, NULL);
    alexnet_trainer_free(trainer);
    assert_true(best > 1);
    unsigned char *first = scratch_read("run/epoch-1.safetensors", &length);
    scratch_write("run/last.safetensors", first, length);
    free(first);
    assert_int_equal(rig_times_heard("is not the model of"), 0);
    assert_int_equal(finish_after_perfection("run", 0), best);
    assert_int_equal(rig_times_heard("is not the model of epoch 1, the best so far"), 1);
    assert_int_equal(finish_after_perfection("run", best), best);
}

/* ---- Data that is elsewhere ---- */

static alexnet_resume_options moved_to(const char *train, const char *val)
{
    alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
    options.train = train;
    options.val = val;
    return options;
}

/* The validation pictures were beside the training pictures, and are looked for there again. */
static void test_moved_data(void **state)
{
    (void)state;
    const alexnet_resume_options moved = moved_to("elsewhere/train", NULL);
    alexnet_dataset *val;
    alexnet_model *model;
    start("straight", -1, two_epochs);
    start("moved", 8, two_epochs);
    assert_int_equal(rename("data", "elsewhere"), 0);
    expect_failure(go_on("moved", NULL), ALEXNET_ERROR_IO,
                   "data/train: No such file or directory; if the pictures have moved, name their "
                   "folder as `train`");
    alexnet_trainer *trainer;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "moved", &moved));
    alexnet_trainer_free(trainer); /* the new place is saved even without a further step */
    expect_ok(go_on("moved", NULL));
    rig_expect_same_run("straight", "moved");
    expect_ok(alexnet_model_load(&model, ctx, "moved"));
    expect_ok(alexnet_run_validation(&val, ctx, "moved", model));
    alexnet_dataset_free(val);
    expect_failure(alexnet_run_validation(&val, ctx, "straight", model), ALEXNET_ERROR_IO,
                   "if the pictures have moved, name their folder");
    alexnet_model_free(model);
    size_t length;
    char *recipe = (char *)scratch_read("moved/recipe.ini", &length);
    assert_non_null(strstr(recipe, "elsewhere/train"));
    free(recipe);
}

static void test_moved_apart(void **state)
{
    (void)state;
    const alexnet_resume_options one = moved_to("here", NULL), both = moved_to("here", "there");
    start("straight", -1, two_epochs);
    start("moved", 8, two_epochs);
    assert_int_equal(rename("data/train", "here"), 0);
    assert_int_equal(rename("data/val", "there"), 0);
    expect_failure(go_on("moved", &one), ALEXNET_ERROR_IO, "/val");
    expect_ok(go_on("moved", &both));
    rig_expect_same_run("straight", "moved");
}

/* A run and its undisturbed twin, on parts of data/train. */
static void start_on_parts(const alexnet_dataset *fit, const alexnet_dataset *val)
{
    alexnet_recipe *recipe = rig_recipe(two_epochs);
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_trainer *trainer;
    alexnet_progress p;
    options.net = "net.ini";
    options.recipe = recipe;
    for (int i = 0; i < 2; i++) {
        options.out_dir = i ? "moved" : "straight";
        expect_ok(alexnet_trainer_new(&trainer, ctx, fit, val, &options));
        if (i == 0)
            expect_ok(rig_finish(trainer, &p));
        alexnet_trainer_free(trainer);
    }
    alexnet_recipe_free(recipe);
}

/* A share that was held back is found in the folder that holds both. */
static void test_moved_share(void **state)
{
    (void)state;
    alexnet_dataset *all = rig_open_data(ctx, "data/train"), *fit, *val;
    const alexnet_resume_options moved = moved_to("photos", NULL);
    expect_ok(alexnet_dataset_split(all, 0.25, 1, &fit, &val));
    start_on_parts(fit, val);
    alexnet_dataset_free(all);
    alexnet_dataset_free(fit);
    alexnet_dataset_free(val);
    assert_int_equal(rename("data/train", "photos"), 0);
    expect_ok(go_on("moved", &moved));
    rig_expect_same_run("straight", "moved");
}

/* A run of an earlier version, which held back an exact number of each class, keeps this split. */
static void test_share_of_an_earlier_version(void **state)
{
    (void)state;
    alexnet_dataset *parts[2];
    const alexnet_resume_options moved = moved_to("photos", NULL);
    for (int val = 0; val < 2; val++) {
        const an_part part = {0.25, 1, val, AN_SPLIT_BY_COUNT};
        expect_ok(an_dataset_reopen(&parts[val], ctx, "folders", "data/train", part, NULL));
    }
    assert_int_equal(parts[1]->count, 6);
    start_on_parts(parts[0], parts[1]);
    an_dataset_release(parts[0]);
    an_dataset_release(parts[1]);
    assert_int_equal(rename("data/train", "photos"), 0);
    expect_ok(go_on("moved", &moved));
    rig_expect_same_run("straight", "moved");
}

static void test_other_data(void **state)
{
    (void)state;
    const alexnet_resume_options moved = moved_to("other", NULL);
    alexnet_resume_options without = moved_to(NULL, "data/val");
    start("run", 8, two_epochs);
    rig_write_pictures("other", 2, 11);
    expect_failure(go_on("run", &moved), ALEXNET_ERROR_BAD_DATA,
                   "/other have changed since the run began: 24 then, 22 now");
    assert_non_null(strstr(an_error_text(), "`accept_changes`"));
    assert_non_null(strstr(an_error_text(), "`init_from` run"));
    alexnet_trainer *trainer;
    expect_ok(rig_start(&trainer, ctx, "data/train", NULL, "alone", two_epochs));
    alexnet_trainer_free(trainer);
    expect_failure(go_on("alone", &without), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "alone was trained without a validation set, so it cannot use data/val");
}

/* Data that a run could not use is refused, and not ignored. */
static void test_data_of_no_use(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    alexnet_dataset *all = rig_open_data(ctx, "data/train"), *fit, *val;
    alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
    alexnet_trainer *trainer;
    expect_ok(rig_start(&trainer, ctx, "data/train", NULL, "alone", two_epochs));
    alexnet_trainer_free(trainer);
    expect_ok(alexnet_dataset_split(all, 0.25, 1, &fit, &val));
    start_on_parts(fit, val); /* "moved" */
    options.val_data = val;
    expect_failure(go_on("alone", &options), bad, "alone was trained without a validation set, so");
    expect_failure(go_on("moved", &options), bad,
                   "moved was trained with a share of its pictures for validation, so it cannot");
    options.val = "data/val";
    expect_failure(go_on("moved", &options), bad, "val and val_data are both set");
    options.val_data = NULL;
    expect_failure(go_on("moved", &options), bad, "so it cannot use data/val");
    options.val = NULL;
    options.train = "nowhere";
    options.train_data = all;
    expect_failure(go_on("moved", &options), bad, "train and train_data are both set");
    options.train = NULL;
    expect_ok(go_on("moved", &options));
    rig_expect_same_run("straight", "moved");
    alexnet_dataset_free(all);
    alexnet_dataset_free(fit);
    alexnet_dataset_free(val);
}

/* ---- Data that was changed ---- */

/* Five more pictures. */
static void add_pictures(void)
{
    char path[64];
    for (int i = 50; i < 55; i++) {
        snprintf(path, sizeof path, "data/train/class0/%03d.png", i);
        rig_write_picture(path, 0, i);
    }
}

/* The updates of the lines of a log must be these; -1 ends them. */
static void expect_logged(const char *run, const int *steps)
{
    static const char key[] = "\"step\":";
    size_t length;
    char path[64];
    snprintf(path, sizeof path, "%s/log.jsonl", run);
    char *text = (char *)scratch_read(path, &length), *at = text;
    for (; (at = strstr(at, key)); steps++) {
        at += strlen(key);
        assert_int_equal(strtol(at, NULL, 10), *steps);
    }
    assert_int_equal(*steps, -1);
    free(text);
}

/* Five more pictures and one repaired: the epoch under way begins again, and the epochs before it
 * count. The weights keep the two updates that it had made, and so does the log. */
static void test_accepted_changes(void **state)
{
    (void)state;
    alexnet_resume_options accept = ALEXNET_RESUME_OPTIONS_INIT;
    alexnet_trainer *trainer;
    alexnet_progress p;
    accept.accept_changes = true;
    scratch_text("data/train/class1/003.png", "no picture");
    start("run", 14, two_epochs); /* the mean, an epoch, its validation, and two updates */
    rig_write_picture("data/train/class1/003.png", 1, 3);
    add_pictures();
    expect_failure(go_on("run", NULL), ALEXNET_ERROR_BAD_DATA, "24 then, 29 now");
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", &accept));
    assert_int_equal(rig_times_heard("have changed, and the run continues with them as they are"),
                     1);
    assert_int_equal(trainer->steps_per_epoch, 6);
    assert_int_equal(trainer->record.step, 6);
    bool more;
    expect_ok(alexnet_trainer_step(trainer, &p, &more));
    assert_int_equal(p.epoch, 2);
    assert_int_equal(p.step, 8); /* after the five of epoch 1, and two */
    assert_int_equal(p.done, 5);
    assert_int_equal(p.total, 29);
    alexnet_trainer_free(trainer);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL)); /* nothing left to accept */
    expect_ok(rig_finish(trainer, &p));
    assert_int_equal(p.step, 13);
    assert_int_equal(trainer->record.epoch.images, 0);
    alexnet_trainer_free(trainer);
    expect_logged("run", (const int[]){2, 4, 5, 5, 6, 8, 10, 12, 13, 13, -1});
}

/* With fewer pictures, too, no update is counted twice. */
static void test_fewer_pictures(void **state)
{
    (void)state;
    alexnet_resume_options accept = ALEXNET_RESUME_OPTIONS_INIT;
    accept.accept_changes = true;
    start("run", 14, two_epochs);
    for (int i = 0; i < 10; i++) {
        char path[64];
        snprintf(path, sizeof path, "data/train/class%d/%03d.png", i % 2, i);
        assert_int_equal(remove(path), 0);
    }
    expect_ok(go_on("run", &accept)); /* 14 pictures: three updates an epoch */
    expect_logged("run", (const int[]){2, 4, 5, 5, 6, 8, 10, 10, -1});
}

/* While the mean is computed, changes begin its pass again: the run is the one that began so. */
static void test_changes_in_the_mean(void **state)
{
    (void)state;
    alexnet_resume_options accept = ALEXNET_RESUME_OPTIONS_INIT;
    accept.accept_changes = true;
    start("run", 3, two_epochs);
    add_pictures();
    start("straight", -1, two_epochs);
    expect_ok(go_on("run", &accept));
    rig_expect_same_run("straight", "run");
}

/* If nothing was changed, accepting changes has no effect. */
static void test_nothing_to_accept(void **state)
{
    (void)state;
    alexnet_resume_options accept = ALEXNET_RESUME_OPTIONS_INIT;
    accept.accept_changes = true;
    start("straight", -1, two_epochs);
    start("run", 12, two_epochs);
    expect_ok(go_on("run", &accept));
    rig_expect_same_run("straight", "run");
}

/* Write the pictures of data/train into two archives: those of odd numbers and the others, or those
 * of each class. */
static void write_archives(const char *folder, bool by_class)
{
    static tar_rig tars[2];
    expect_ok(an_make_folder(folder));
    for (int i = 0; i < 24; i++) {
        char path[64];
        size_t length;
        snprintf(path, sizeof path, "data/train/class%d/%03d.png", i / 12, i % 12);
        unsigned char *bytes = scratch_read(path, &length);
        tar_file(&tars[by_class ? i / 12 : i % 2], path + strlen("data/train/"), bytes, length);
        free(bytes);
    }
    for (int a = 0; a < 2; a++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%d.tar", folder, a);
        tar_write(&tars[a], path);
    }
}

/* The same pictures in other archives are the same data, unless the order depends on where they
 * are. */
static void test_packed_otherwise(void **state)
{
    (void)state;
    static const char *const by_shards[] = {SETTINGS, "epochs", "2", "order", "shards", NULL};
    const alexnet_resume_options same = moved_to("copy", NULL);
    alexnet_resume_options other = moved_to("repacked", NULL);
    alexnet_trainer *trainer;
    write_archives("shards", false);
    write_archives("copy", false);
    write_archives("repacked", true);
    for (int i = 0; i < 2; i++) {
        const char *const *settings = i ? by_shards : two_epochs;
        start_with(i ? "straight" : "any", "shards", -1, settings);
        start_with(i ? "run" : "moved", "shards", 8, settings);
    }
    expect_ok(go_on("moved", &other));
    rig_expect_same_run("any", "moved");
    expect_failure(go_on("run", &other), ALEXNET_ERROR_BAD_DATA,
                   "/repacked have changed since the run began: they are at other places");
    expect_ok(go_on("run", &same));
    rig_expect_same_run("straight", "run");
    start_with("again", "shards", 14, by_shards);
    other.accept_changes = true;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "again", &other));
    assert_int_equal(trainer->record.step, 5); /* epoch 2 begins again */
    alexnet_trainer_free(trainer);
    expect_ok(go_on("again", NULL));
}

/* ---- Settings ---- */

static alexnet_resume_options with(const char *const *settings)
{
    alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
    options.settings = settings;
    return options;
}

/* More epochs turn a run that is done, or under way, into the run that began with as many. */
static void check_more_epochs(const char *schedule)
{
    const char *const two[] = {SETTINGS, "schedule", schedule, "step_epochs",
                               "2",      "epochs",   "2",      NULL},
                      *const three[] = {SETTINGS, "schedule", schedule, "step_epochs",
                                        "2",      "epochs",   "3",      NULL};
    const alexnet_resume_options more = with((const char *const[]){"epochs", "3", NULL});
    static const int stops[] = {-1, 0, 3, 12, 14, 15};
    char out[64], straight[64];
    snprintf(straight, sizeof straight, "%s", schedule);
    start(straight, -1, three);
    for (int i = 0; i < 6; i++) {
        snprintf(out, sizeof out, "%s%d", schedule, i);
        start(out, stops[i], two);
        expect_ok(go_on(out, &more));
        rig_expect_same_run(straight, out);
        expect_ok(go_on(out, NULL));
        rig_expect_same_run(straight, out);
    }
}

static void expect_recipe(const char *line)
{
    size_t length;
    char *text = (char *)scratch_read("run/recipe.ini", &length);
    if (!strstr(text, line))
        fail_msg("\"%s\" lacks \"%s\"", text, line);
    free(text);
}

/* A run that goes back to a checkpoint from before it got more epochs has its old recipe again, and
 * recipe.ini says so. */
static void test_an_earlier_checkpoint(void **state)
{
    (void)state;
    const char *const kept[] = {SETTINGS, "epochs", "2", "keep", "5", NULL};
    const alexnet_resume_options more = with((const char *const[]){"epochs", "3", NULL});
    start("straight", -1, kept);
    start("run", -1, kept);
    expect_recipe("\nepochs = 2\n");
    expect_ok(go_on("run", &more));
    expect_recipe("\nepochs = 3\n");
    assert_int_equal(rename("run/epoch-2.safetensors", "run/last.safetensors"), 0);
    expect_ok(go_on("run", NULL));
    expect_recipe("\nepochs = 2\n");
    rig_expect_same_tensors("straight/last.safetensors", "run/last.safetensors");
}

static void test_more_epochs(void **state)
{
    (void)state;
    check_more_epochs("constant");
    check_more_epochs("step");
}

static void test_fewer_epochs(void **state)
{
    (void)state;
    static const char *const three[] = {SETTINGS, "schedule", "constant", "epochs", "3", NULL},
                             *const two[] = {SETTINGS, "schedule", "constant", "epochs", "2", NULL};
    const alexnet_resume_options fewer = with((const char *const[]){"epochs", "2", NULL}),
                                 too_few = with((const char *const[]){"epochs", "1", NULL});
    start("straight", -1, two);
    start("run", 14, three);
    expect_failure(go_on("run", &too_few), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "epochs = 1: run has already begun epoch 2");
    expect_ok(go_on("run", &fewer));
    rig_expect_same_run("straight", "run");
}

/* As many epochs as have ended: the run is complete. */
static void test_no_more_epochs(void **state)
{
    (void)state;
    static const char *const one[] = {SETTINGS, "schedule", "constant", "epochs", "1", NULL},
                             *const two[] = {SETTINGS, "schedule", "constant", "epochs", "2", NULL};
    const alexnet_resume_options fewer = with((const char *const[]){"epochs", "1", NULL});
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    start("straight", -1, one);
    expect_ok(rig_start(&trainer, ctx, "data/train", "data/val", "run", two));
    do
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
    while (p.phase != ALEXNET_PROGRESS_EPOCH);
    alexnet_trainer_free(trainer);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", &fewer));
    assert_int_equal(trainer->record.phase, AN_PHASE_DONE);
    alexnet_trainer_free(trainer);
    rig_expect_same_run("straight", "run");
}

/* What is changed on resume is saved once there is room for it, even if the run is complete. */
static void test_changes_on_a_full_disk(void **state)
{
    (void)state;
    const alexnet_resume_options two = with((const char *const[]){"keep", "2", NULL});
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    for (int i = 0; i < 2; i++) {
        const char *run = i ? "saved" : "stepped";
        start(run, -1, two_epochs);
        an_writer_fail_after(0);
        expect_ok(alexnet_trainer_resume(&trainer, ctx, run, &two));
        expect_failure(alexnet_trainer_step(trainer, &p, &more), ALEXNET_ERROR_IO,
                       "recipe.ini.tmp: No space left on device");
        an_writer_fail_after(4096); /* enough for the recipe */
        expect_failure(alexnet_trainer_step(trainer, &p, &more), ALEXNET_ERROR_IO,
                       "last.safetensors.tmp: No space left on device");
        an_writer_fail_after(UINT64_MAX);
        if (i == 0)
            expect_ok(alexnet_trainer_step(trainer, &p, &more));
        else
            expect_ok(alexnet_trainer_save(trainer));
        alexnet_trainer_free(trainer);
        expect_ok(alexnet_trainer_resume(&trainer, ctx, run, NULL));
        assert_string_equal(alexnet_recipe_get(trainer->recipe, "keep"), "2");
        alexnet_trainer_free(trainer);
    }
}

static void test_settings_that_stay(void **state)
{
    (void)state;
    const alexnet_resume_options rate = with((const char *const[]){"rate", "0.1", NULL}),
                                 layer = with((const char *const[]){"c.rate", "0", NULL}),
                                 value = with((const char *const[]){"epochs", "many", NULL}),
                                 same = with((const char *const[]){"epochs", "2", NULL});
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    start("run", 8, two_epochs);
    expect_failure(go_on("run", &rate), bad,
                   "rate is fixed when a run begins; a resumed run may be given new values of "
                   "epochs, stop_patience, keep, bad_pictures, report, norms");
    expect_failure(go_on("run", &layer), bad, "c.rate is fixed");
    expect_failure(go_on("run", &value), bad, "epochs = many");
    expect_ok(go_on("run", &same));
}

/* Schedules that end with the run are stretched to the new end, and this is reported. */
static void test_other_end(void **state)
{
    (void)state;
    const alexnet_resume_options more = with((const char *const[]){"epochs", "4", NULL});
    static const char *const schedules[] = {"cosine", "poly", "exponential"};
    alexnet_trainer *trainer;
    alexnet_progress p;
    for (int i = 0; i < 3; i++) {
        const char *const two[] = {SETTINGS, "schedule", schedules[i], "epochs", "2", NULL};
        start(schedules[i], -1, two);
        rig_heard[0] = '\0';
        expect_ok(alexnet_trainer_resume(&trainer, ctx, schedules[i], &more));
        assert_int_equal(rig_times_heard("was planned to end after 2 epochs and now ends after 4: "
                                         "the rate continues at"),
                         1);
        expect_ok(rig_finish(trainer, &p));
        assert_int_equal(p.epoch, 4);
        assert_true(p.rate > 0);
        alexnet_trainer_free(trainer);
    }
    start("unbegun", 0, (const char *const[]){SETTINGS, "epochs", "2", NULL});
    rig_heard[0] = '\0';
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "unbegun", &more));
    assert_int_equal(rig_times_heard("drawn anew"), 0); /* no update had a rate of the old end */
    alexnet_trainer_free(trainer);
}

/* A run that stopped because of bad pictures continues without them, or after one was replaced. */
static void test_more_bad_pictures(void **state)
{
    (void)state;
    const alexnet_resume_options more = with((const char *const[]){"bad_pictures", "2", NULL});
    alexnet_resume_options accept = ALEXNET_RESUME_OPTIONS_INIT;
    alexnet_trainer *trainer;
    alexnet_progress p;
    accept.accept_changes = true;
    for (int i = 0; i < 2; i++) {
        scratch_text("data/val/class0/001.png", "none");
        scratch_text("data/val/class1/002.png", "none");
        expect_ok(rig_start(&trainer, ctx, "data/train", "data/val", i ? "b" : "a", two_epochs));
        expect_failure(rig_finish(trainer, &p), ALEXNET_ERROR_BAD_DATA,
                       "2 of 6 validation pictures");
        alexnet_trainer_free(trainer);
        if (i == 1)
            rig_write_picture("data/val/class0/001.png", 0, 1);
        expect_ok(alexnet_trainer_resume(&trainer, ctx, i ? "b" : "a", i ? &accept : &more));
        do {
            bool going;
            expect_ok(alexnet_trainer_step(trainer, &p, &going));
        } while (p.phase != ALEXNET_PROGRESS_EPOCH);
        assert_int_equal(p.epoch, 1); /* its validation is made again */
        assert_int_equal(p.val.skipped, i ? 1 : 2);
        expect_ok(rig_finish(trainer, &p));
        alexnet_trainer_free(trainer);
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_moved_data),
        IN_SCRATCH(test_moved_apart),
        IN_SCRATCH(test_moved_share),
        IN_SCRATCH(test_share_of_an_earlier_version),
        IN_SCRATCH(test_other_data),
        IN_SCRATCH(test_data_of_no_use),
        IN_SCRATCH(test_accepted_changes),
        IN_SCRATCH(test_fewer_pictures),
        IN_SCRATCH(test_changes_in_the_mean),
        IN_SCRATCH(test_nothing_to_accept),
        IN_SCRATCH(test_more_epochs),
        IN_SCRATCH(test_an_earlier_checkpoint),
        IN_SCRATCH(test_fewer_epochs),
        IN_SCRATCH(test_no_more_epochs),
        IN_SCRATCH(test_changes_on_a_full_disk),
        IN_SCRATCH(test_settings_that_stay),
        IN_SCRATCH(test_more_bad_pictures),
        IN_SCRATCH(test_other_end),
        IN_SCRATCH(test_lost_best),
        IN_SCRATCH(test_best_of_another_course),
        IN_SCRATCH(test_packed_otherwise),
    };
    return cmocka_run_group_tests_name("going on otherwise", tests, NULL, NULL);
}
