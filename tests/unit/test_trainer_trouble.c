/*
 * The trainer in trouble: pictures that cannot be read, divergence, a full disk, runs that cannot
 * start, short memory.
 */
#include "training_rig.h"

#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/writer.h"
#include "train/trainer.h"

/* ---- Bad pictures ---- */

static void spoil(const char *path)
{
    assert_true(an_is_file(path));
    scratch_text(path, "not a picture");
}

/* One bad picture in 102 is named once, counted each time, and left out. */
static void test_a_bad_picture(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "32", "epochs", "3", "bad_pictures", "0", NULL};
    alexnet_progress p;
    rig_write_pictures("train", 2, 51);
    rig_write_pictures("val", 2, 51);
    spoil("train/class1/007.png");
    spoil("val/class0/003.png");
    expect_ok(rig_train("train", "val", "run", settings, &p));
    assert_int_equal(p.skipped, 4); /* for the mean and in three epochs */
    assert_int_equal(p.val.skipped, 1);
    assert_int_equal(p.val.images, 101);
    assert_int_equal(rig_times_heard("class1/007.png"), 1);
    assert_int_equal(rig_times_heard("1 left out"), 2);
    assert_int_equal(rig_times_heard("class0/003.png"), 1);
}

/* That the process has too many files open says nothing about the pictures: none is left out. */
static void test_no_more_files(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", "epochs", "2", NULL};
    struct rlimit limit;
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_train("train", NULL, "straight", settings, &p));
    alexnet_ctx *ctx = rig_ref_ctx();
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    rig_use_up_files(&limit);
    const alexnet_status rc = alexnet_trainer_step(trainer, &p, &more);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "Too many open files");
    expect_ok(rig_finish(trainer, &p));
    assert_int_equal(p.skipped, 0);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    rig_expect_same_run("straight", "run");
}

/* Neither does that the system starts no more threads. */
static void test_no_more_threads(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", "epochs", "2", NULL};
    pthread_attr_t usual, huge;
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_train("train", NULL, "straight", settings, &p));
    alexnet_ctx *ctx = rig_ref_ctx();
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    assert_int_equal(pthread_getattr_default_np(&usual), 0);
    assert_int_equal(pthread_attr_init(&huge), 0);
    assert_int_equal(pthread_attr_setstacksize(&huge, (size_t)1 << 47), 0); /* fits nowhere */
    assert_int_equal(pthread_setattr_default_np(&huge), 0);
    const alexnet_status rc = alexnet_trainer_step(trainer, &p, &more);
    assert_int_equal(pthread_setattr_default_np(&usual), 0);
    expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "cannot start loading thread 1 of ");
    expect_ok(rig_finish(trainer, &p));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    rig_expect_same_run("straight", "run");
}

/* Times that a file contains a text. */
static int times_in(const char *path, const char *text)
{
    size_t length;
    int times = 0;
    char *all = (char *)scratch_read(path, &length);
    for (const char *at = all; (at = strstr(at, text)); at++)
        times++;
    free(all);
    return times;
}

/* A validation that begins again names no picture again, neither in the log nor in the list. */
static void test_a_validation_that_begins_again(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", "epochs", "1", "bad_pictures", "9", NULL};
    struct rlimit limit;
    alexnet_trainer *trainer;
    alexnet_progress p;
    alexnet_status rc;
    bool more;
    rig_write_pictures("train", 2, 4);
    rig_write_pictures("val", 2, 60);
    spoil("val/class0/000.png");
    spoil("val/class1/059.png");
    alexnet_ctx *ctx = rig_ref_ctx();
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    do
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
    while (p.phase != ALEXNET_PROGRESS_VAL || p.done < 8);
    rig_use_up_files(&limit);
    do
        rc = alexnet_trainer_step(trainer, &p, &more);
    while (rc == ALEXNET_OK && more);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "Too many open files");
    expect_ok(rig_finish(trainer, &p));
    assert_int_equal(p.val.images, 118);
    assert_int_equal(p.val.skipped, 2);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    assert_int_equal(rig_times_heard("left out: "), 2);
    assert_int_equal(times_in("run/skipped.txt", "class0/000.png"), 1);
    assert_int_equal(times_in("run/skipped.txt", "\n"), 2);
}

/* Where many pictures are bad, a few are named in the log, and all in the list. */
static void test_many_bad_pictures(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "8", "epochs", "2", "bad_pictures", "99", NULL};
    alexnet_progress p;
    rig_write_pictures("train", 2, 30);
    rig_write_pictures("val", 2, 12);
    for (int i = 0; i < 24; i++) {
        char path[64];
        snprintf(path, sizeof path, "train/class%d/%03d.png", i % 2, i);
        spoil(path);
        snprintf(path, sizeof path, "val/class1/%03d.png", i / 2);
        spoil(path);
    }
    expect_ok(rig_train("train", "val", "run", settings, &p));
    assert_int_equal(p.val.skipped, 12);
    assert_int_equal(rig_times_heard("left out: "), 20);
    assert_int_equal(rig_times_heard("more than 10 pictures cannot be read"), 2);
    assert_int_equal(rig_times_heard(": all are in "), 2);
    assert_int_equal(times_in("run/skipped.txt", "\n"), 36);
}

static void test_too_many_for_the_mean(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "32", "epochs", "3", "bad_pictures", "0", NULL};
    alexnet_progress p;
    rig_write_pictures("train", 2, 51);
    spoil("train/class1/007.png");
    spoil("train/class0/050.png");
    expect_failure(rig_train("train", NULL, "run", settings, &p), ALEXNET_ERROR_BAD_DATA,
                   "/train cannot be read: more than 1%");
    assert_non_null(strstr(an_error_text(), "2 of 102 training pictures of"));
    assert_int_equal(p.phase, ALEXNET_PROGRESS_MEAN);
    assert_int_equal(rig_size_of("run/best.safetensors"), -1);
}

/* Pictures that could not be read while the mean was computed, and then can, are read again, also
 * those from before the latest checkpoint. */
static void test_a_mean_that_failed(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "32", "epochs", "3", "bad_pictures", "0", NULL};
    static const char *const paths[] = {"train/class0/003.png", "train/class0/005.png"};
    unsigned char *good[2];
    size_t lengths[2];
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    rig_write_pictures("train", 2, 51);
    expect_ok(rig_train("train", NULL, "straight", settings, &p));
    for (int i = 0; i < 2; i++) {
        good[i] = scratch_read(paths[i], &lengths[i]);
        good[i][0] ^= 1;
        scratch_write(paths[i], good[i], lengths[i]);
    }
    alexnet_ctx *ctx = rig_ref_ctx();
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    expect_ok(alexnet_trainer_step(trainer, &p, &more));
    assert_int_equal(p.skipped, 2);
    expect_ok(alexnet_trainer_save(trainer));
    assert_int_equal(alexnet_trainer_bad(trainer), 0);
    expect_failure(rig_finish(trainer, &p), ALEXNET_ERROR_BAD_DATA, "2 of 102 training pictures");
    assert_int_equal(alexnet_trainer_bad(trainer), 2);
    alexnet_trainer_free(trainer);
    for (int i = 0; i < 2; i++) {
        good[i][0] ^= 1;
        scratch_write(paths[i], good[i], lengths[i]);
        free(good[i]);
    }
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    expect_ok(rig_finish(trainer, &p));
    assert_int_equal(p.skipped, 0);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    rig_expect_same_run("straight", "run");
}

static void without_mean(void)
{
    size_t length;
    char *text = (char *)scratch_read("net.ini", &length), *at = strstr(text, "mean = image");
    memcpy(at, "mean = none ", 12);
    scratch_write("net.ini", text, length);
    free(text);
}

/* The epoch is finished and kept before the run stops. */
static void test_too_many_in_an_epoch(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "32", "epochs", "3", "bad_pictures", "0", NULL};
    alexnet_progress p;
    without_mean();
    rig_write_pictures("train", 2, 51);
    spoil("train/class1/007.png");
    spoil("train/class0/050.png");
    expect_failure(rig_train("train", NULL, "run", settings, &p), ALEXNET_ERROR_BAD_DATA,
                   "2 of 102 training pictures of");
    assert_true(rig_size_of("run/last.safetensors") > 0);
    assert_true(rig_size_of("run/best.safetensors") > 0);
}

/* In a small set, where one picture is more than 1%, a handful may be bad. */
static void test_a_handful(void **state)
{
    (void)state;
    static const char *const three[] = {"epochs", "1", "bad_pictures", "3", NULL},
                             *const two[] = {"epochs", "1", "bad_pictures", "2", NULL};
    static const char *const bad[] = {"class0/000.png", "class0/007.png", "class1/003.png"};
    char path[64];
    alexnet_progress p;
    rig_write_pictures("train", 2, 10);
    rig_write_pictures("val", 2, 10);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "train/%s", bad[i]);
        spoil(path);
        snprintf(path, sizeof path, "val/%s", bad[i]);
        spoil(path);
    }
    expect_ok(
        rig_train("train", "val", "standard", (const char *const[]){"epochs", "1", NULL}, &p));
    expect_ok(rig_train("train", "val", "three", three, &p));
    assert_int_equal(p.val.skipped, 3);
    assert_int_equal(p.val.images, 17);
    expect_failure(rig_train("train", "val", "two", two, &p), ALEXNET_ERROR_BAD_DATA,
                   "more than 1% and more than bad_pictures = 2; with bad_pictures = 3 they would");
}

static void test_too_many_in_validation(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "32", "epochs", "3", "bad_pictures", "0", NULL};
    alexnet_progress p;
    rig_write_pictures("train", 2, 10);
    rig_write_pictures("val", 2, 10);
    spoil("val/class1/007.png");
    expect_failure(rig_train("train", "val", "run", settings, &p), ALEXNET_ERROR_BAD_DATA,
                   "1 of 20 validation pictures of");
    assert_true(rig_size_of("run/last.safetensors") > 0);
}

/* A batch in which nothing can be read is no update, and no crash. */
static void test_a_batch_of_bad_pictures(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "1", "epochs", "1", "bad_pictures", "1", NULL};
    alexnet_progress p;
    without_mean();
    rig_write_pictures("train", 2, 2);
    spoil("train/class1/000.png");
    spoil("train/class1/001.png");
    expect_failure(rig_train("train", NULL, "run", settings, &p), ALEXNET_ERROR_BAD_DATA,
                   "2 of 4 training pictures");
    assert_true(rig_size_of("run/last.safetensors") > 0);
}

/* A run among the class folders would be a class the next time. Nothing is left behind. */
static void test_a_run_within_its_data(void **state)
{
    (void)state;
    alexnet_trainer *trainer;
    alexnet_ctx *ctx = rig_ref_ctx();
    rig_write_pictures("train", 2, 2);
    rig_write_pictures("val", 2, 2);
    expect_failure(rig_start(&trainer, ctx, "train", NULL, "train/run", NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "train/run is inside the data set ");
    expect_failure(rig_start(&trainer, ctx, "train", "val", "val/class0/runs/1", NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "val/class0/runs/1 is inside the data set ");
    alexnet_ctx_free(ctx);
    assert_false(an_is_folder("train/run") || an_is_folder("val/class0/runs"));
}

static void test_nothing_can_be_read(void **state)
{
    (void)state;
    alexnet_progress p;
    expect_ok(an_make_folder("train/a"));
    expect_ok(an_make_folder("train/b"));
    scratch_text("train/a/1.png", "x");
    scratch_text("train/b/1.png", "x");
    expect_failure(rig_train("train", NULL, "run", NULL, &p), ALEXNET_ERROR_BAD_DATA,
                   "none of the 2 training pictures of");
    assert_non_null(strstr(alexnet_error_text(), "; the first: "));
    assert_non_null(strstr(alexnet_error_text(), "/train/a/1.png is "));
}

/* ---- Divergence ---- */

/* The first epoch is good; from the second on, rate and decay multiply the weights by -100,000 with
 * every update, until not even a double can hold them. The run stops, suggests a rate, keeps what
 * was good, and can be resumed from there. */
static void check_divergence(const char *device)
{
    static const char *const settings[] = {"batch",    "8",    "epochs",     "30",    "schedule",
                                           "constant", "rate", "0.5 1000@2", "decay", "0 100@2",
                                           "init",     "net",  NULL};
    alexnet_trainer *trainer;
    alexnet_progress p;
    alexnet_model *model;
    if (an_device_find(&(an_device){0}, device, ALEXNET_ISA_ANY) != ALEXNET_OK)
        return;
    alexnet_ctx *ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 1);
    expect_ok(rig_start(&trainer, ctx, "train", "val", device, settings));
    expect_failure(rig_finish(trainer, &p), ALEXNET_ERROR_DIVERGED, "training diverged: ");
    assert_non_null(strstr(an_error_text(), "Try a rate of 0.01 in a new run"));
    expect_failure(alexnet_trainer_save(trainer), ALEXNET_ERROR_DIVERGED, "is kept");
    alexnet_trainer_free(trainer);
    char path[64];
    snprintf(path, sizeof path, "%s/last.safetensors", device);
    expect_ok(alexnet_model_load(&model, ctx, path));
    alexnet_model_free(model);
    expect_ok(alexnet_model_load(&model, ctx, device));
    alexnet_model_free(model);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, device, NULL));
    bool more;
    expect_ok(alexnet_trainer_step(trainer, &p, &more));
    assert_true(p.epoch >= 2);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

static void test_divergence(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    rig_write_pictures("val", 2, 4);
    check_divergence("ref");
    check_divergence("cpu");
}

/* ---- A full disk ---- */

/* Make steps until one reports the phase. */
static alexnet_status step_to(alexnet_trainer *trainer, alexnet_phase phase, alexnet_progress *p)
{
    alexnet_status rc;
    bool more;
    do
        rc = alexnet_trainer_step(trainer, p, &more);
    while (rc == ALEXNET_OK && p->phase != phase);
    return rc;
}

/* Writing a checkpoint between epochs may fail: this is reported, the earlier one stays, and the
 * next one is written. If the checkpoint at the end of an epoch cannot be written, the run ends. */
static void test_a_full_disk(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", "epochs", "3", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more;
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    expect_ok(step_to(trainer, ALEXNET_PROGRESS_TRAIN, &p));
    expect_ok(alexnet_trainer_save(trainer));
    size_t length, then;
    unsigned char *before = scratch_read("run/last.safetensors", &length);
    an_writer_fail_after(1000);
    trainer->pace.saved -= 601;
    expect_ok(alexnet_trainer_step(trainer, &p, &more));
    assert_false(p.saved);
    assert_int_equal(rig_times_heard("1 the checkpoint was not written"), 1);
    expect_ok(alexnet_trainer_step(trainer, &p, &more)); /* no new try at once */
    assert_int_equal(rig_times_heard("the checkpoint was not written"), 1);
    unsigned char *after = scratch_read("run/last.safetensors", &then);
    assert_int_equal(then, length);
    assert_memory_equal(after, before, length);
    assert_int_equal(rig_size_of("run/last.safetensors.tmp"), -1);
    an_writer_fail_after(UINT64_MAX);
    trainer->pace.saved -= 601;
    expect_ok(alexnet_trainer_step(trainer, &p, &more));
    assert_true(p.saved);
    an_writer_fail_after(1000);
    expect_failure(step_to(trainer, ALEXNET_PROGRESS_EPOCH, &p), ALEXNET_ERROR_IO,
                   "No space left on device");
    an_writer_fail_after(UINT64_MAX);
    alexnet_trainer_free(trainer);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    expect_ok(rig_finish(trainer, &p));
    free(before);
    free(after);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* Count the lines of a file, each of which must be a JSON object. */
static int lines_of(const char *path)
{
    size_t length;
    char *text = (char *)scratch_read(path, &length), *rest = text, *line;
    int lines = 0;
    assert_int_equal(text[length - 1], '\n');
    text[length - 1] = '\0';
    while ((line = strsep(&rest, "\n"))) {
        json_t *object = json_loads(line, 0, NULL);
        assert_true(json_is_object(object));
        json_decref(object);
        lines++;
    }
    free(text);
    return lines;
}

/* A disk without room for a line of the log: lines are held back until there is room, and none is
 * lost. */
static void test_a_log_that_does_not_fit(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", "epochs", "2", "report", "1", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    struct rlimit before, full;
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    expect_ok(step_to(trainer, ALEXNET_PROGRESS_TRAIN, &p));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    full = before;
    full.rlim_cur = (rlim_t)rig_size_of("run/log.jsonl") + 10; /* a part of a line fits */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    expect_ok(step_to(trainer, ALEXNET_PROGRESS_TRAIN, &p));
    alexnet_status rc = alexnet_trainer_save(trainer);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    expect_failure(rc, ALEXNET_ERROR_IO, "run/log.jsonl: File too large");
    expect_ok(rig_finish(trainer, &p));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    expect_ok(rig_train("train", NULL, "other", settings, &p));
    assert_int_equal(lines_of("run/log.jsonl"), lines_of("other/log.jsonl"));
}

/* ---- Refusals ---- */

static void expect_no_start(const char *data, const char *val, const char *out,
                            const char *const *settings, alexnet_status status, const char *part)
{
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    expect_failure(rig_start(&trainer, ctx, data, val, out, settings), status, part);
    alexnet_ctx_free(ctx);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const unknown[] = {"conv9.rate", "0", NULL}, *const without[] = {
                                                                        "c.rate", "0", "m.momentum",
                                                                        "0", NULL};
    rig_write_pictures("train", 2, 2);
    rig_write_pictures("one", 1, 4);
    rig_write_pictures("three", 3, 1);
    expect_no_start("one", NULL, "run", NULL, ALEXNET_ERROR_FORMAT,
                    "has 1 class; a classifier needs two class folders or more");
    expect_no_start("train", "three", "run", NULL, ALEXNET_ERROR_FORMAT,
                    "do not have the same classes (2 and 3): \"class2\" only in ");
    expect_no_start("train", NULL, "run", unknown, ALEXNET_ERROR_INVALID_ARGUMENT,
                    "has conv9.rate, but conv9 is not a layer of the network; layers with "
                    "parameters are c, e, g, f");
    expect_no_start("train", NULL, "run", without, ALEXNET_ERROR_INVALID_ARGUMENT,
                    "has m.momentum, but m has no parameters; layers with parameters are "
                    "c, e, g, f");
    static const char *const no_such[] = {"conv*.rate", "0", NULL}, *const frozen[] = {"freeze",
                                                                                       "c m", NULL};
    expect_no_start("train", NULL, "run", no_such, ALEXNET_ERROR_INVALID_ARGUMENT,
                    "has conv*.rate, but conv* is not a layer of the network");
    expect_no_start("train", NULL, "run", frozen, ALEXNET_ERROR_INVALID_ARGUMENT,
                    "has freeze = c m, but m has no parameters; layers with parameters are c, e");
    scratch_text("file", "x");
    expect_no_start("train", NULL, "file/run", NULL, ALEXNET_ERROR_IO, "folder file: it is");
    assert_false(an_is_folder("run")); /* nothing was made for a run that did not start */
}

static void test_options(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    rig_write_pictures("train", 2, 2);
    alexnet_dataset *data = rig_open_data(ctx, "train");
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    expect_failure(alexnet_trainer_new(&trainer, ctx, data, NULL, NULL), bad, "out_dir");
    options.out_dir = "run";
    options.net = "alexnett";
    expect_failure(alexnet_trainer_new(&trainer, ctx, data, NULL, &options), bad,
                   "did you mean alexnet?");
    options.net = "net.ini";
    options.split = -1;
    expect_failure(alexnet_trainer_new(&trainer, ctx, data, NULL, &options), bad, "split = -1");
    options.split = 0;
    options.init_from = "nowhere.safetensors";
    expect_failure(alexnet_trainer_new(&trainer, ctx, data, NULL, &options), ALEXNET_ERROR_IO,
                   "nowhere.safetensors");
    options.init_from = "net.ini";
    expect_failure(alexnet_trainer_new(&trainer, ctx, data, NULL, &options), ALEXNET_ERROR_FORMAT,
                   "net.ini");
    options.init_from = NULL;
    options.size = 3;
    expect_failure(alexnet_trainer_new(&trainer, ctx, data, NULL, &options), bad, "size = 3");
    assert_null(trainer);
    assert_false(an_is_folder("run"));
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

/* A folder that holds a run is left as it is. */
static void test_a_folder_in_use(void **state)
{
    (void)state;
    static const char *const settings[] = {"epochs", "1", NULL};
    alexnet_progress p;
    size_t before, after;
    rig_write_pictures("train", 2, 2);
    expect_ok(rig_train("train", NULL, "run", settings, &p));
    free(scratch_read("run/log.jsonl", &before));
    rig_device[0] = rig_memory[0] = '\0';
    expect_no_start("train", NULL, "run", settings, ALEXNET_ERROR_INVALID_ARGUMENT,
                    "run already holds files of a run; resume it, or choose another folder");
    assert_true(!*rig_device && !*rig_memory); /* no device was opened for it */
    free(scratch_read("run/log.jsonl", &after));
    assert_int_equal(before, after);
    /* Nor is a file of the user replaced that happens to have such a name. */
    assert_int_equal(mkdir("mine", 0777), 0);
    scratch_text("mine/recipe.ini", "[recipe]\n");
    expect_no_start("train", NULL, "mine", settings, ALEXNET_ERROR_INVALID_ARGUMENT,
                    "mine already holds files of a run");
    assert_int_equal(rig_size_of("mine/recipe.ini"), 9);
    assert_int_equal(rig_size_of("mine/log.jsonl"), -1);
    /* Nor is anything written beside other files, or another folder. */
    assert_int_equal(mkdir("notes", 0777), 0);
    scratch_text("notes/log.csv", "mine\n");
    expect_no_start("train", NULL, "notes", settings, ALEXNET_ERROR_INVALID_ARGUMENT,
                    "notes has other files in it, such as log.csv; a run needs a new folder");
    assert_int_equal(rig_size_of("notes/lock"), -1);
    assert_int_equal(mkdir("above", 0777), 0);
    assert_int_equal(mkdir("above/below", 0777), 0);
    expect_no_start("train", NULL, "above", settings, ALEXNET_ERROR_INVALID_ARGUMENT,
                    "above has other files in it, such as below");
}

/* Whichever allocation fails while a run is made, the error says so and nothing is left behind. */
static void test_short_of_memory(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    rig_write_pictures("train", 2, 2);
    alexnet_dataset *data = rig_open_data(ctx, "train");
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    uint64_t n = 0;
    options.net = "net.ini";
    while (rc != ALEXNET_OK) {
        alexnet_trainer *trainer;
        char out[32];
        snprintf(out, sizeof out, "run%d", (int)++n);
        options.out_dir = out;
        an_alloc_fail_at(n);
        rc = alexnet_trainer_new(&trainer, ctx, data, NULL, &options);
        an_alloc_fail_at(0);
        if (rc != ALEXNET_OK)
            expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "memory");
        assert_int_equal(trainer != NULL, rc == ALEXNET_OK);
        alexnet_trainer_free(trainer);
        assert_in_range(n, 1, 5000);
    }
    assert_true(n > 100);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, rig_set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_a_bad_picture),
        IN_SCRATCH(test_no_more_files),
        IN_SCRATCH(test_no_more_threads),
        IN_SCRATCH(test_a_validation_that_begins_again),
        IN_SCRATCH(test_many_bad_pictures),
        IN_SCRATCH(test_too_many_for_the_mean),
        IN_SCRATCH(test_a_mean_that_failed),
        IN_SCRATCH(test_too_many_in_an_epoch),
        IN_SCRATCH(test_too_many_in_validation),
        IN_SCRATCH(test_a_batch_of_bad_pictures),
        IN_SCRATCH(test_a_handful),
        IN_SCRATCH(test_nothing_can_be_read),
        IN_SCRATCH(test_a_run_within_its_data),
        IN_SCRATCH(test_divergence),
        IN_SCRATCH(test_a_full_disk),
        IN_SCRATCH(test_a_log_that_does_not_fit),
        IN_SCRATCH(test_refusals),
        IN_SCRATCH(test_options),
        IN_SCRATCH(test_a_folder_in_use),
        IN_SCRATCH(test_short_of_memory),
    };
    return cmocka_run_group_tests_name("trainer in trouble", tests, NULL, NULL);
}
