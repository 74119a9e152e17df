/*
 * A run that was stopped and resumed leaves the same bits as one that was not: weights, momentum,
 * best model, progress record, and the log except for its speeds. Stops are tried after every
 * single step of a run: while the mean is computed, within an epoch, in validation, between epochs.
 * The data holds a picture that cannot be read.
 */
#include "training_rig.h"

#include <math.h>

#include "backend/backend.h"
#include "train/trainer.h"

/* 102 pictures of three classes in batches of 16: seven updates an epoch, the last of six
 * pictures. */
static const char *const settings[] = {"batch",
                                       "16",
                                       "epochs",
                                       "2",
                                       "rate",
                                       "0.02",
                                       "warmup",
                                       "0.5",
                                       "report",
                                       "3",
                                       "colour_noise",
                                       "0.1",
                                       "init",
                                       "net",
                                       "colour_axes",
                                       "data",
                                       "crop_group",
                                       "3",
                                       "brightness",
                                       "0.4",
                                       "contrast",
                                       "0.4",
                                       "saturation",
                                       "0.4",
                                       "hue",
                                       "0.1",
                                       "erase",
                                       "0.5",
                                       "mixup",
                                       "0.2",
                                       "cutmix",
                                       "1",
                                       "label_smoothing",
                                       "0.1",
                                       NULL};

static int set_up(void **state)
{
    int rc = scratch_setup(state);
    if (rc != 0)
        return rc;
    rig_heard[0] = '\0';
    rig_split = 1;
    rig_write_network("net.ini");
    rig_write_pictures("train", 3, 34);
    rig_write_pictures("val", 3, 7);
    scratch_text("train/class1/012.png", "no picture");
    return 0;
}

/* Device, precision and threads of the parts of a run. */
typedef struct place {
    const char *device;
    alexnet_precision precision;
    int threads, later_threads;
} place;

static alexnet_ctx *ctx_at(const place *p, bool later)
{
    return rig_new_ctx(p->device, p->precision, later ? p->later_threads : p->threads);
}

/* @return the number of steps */
static int run_straight(const place *p, const char *out)
{
    alexnet_ctx *ctx = ctx_at(p, false);
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more = true;
    int steps = 0;
    expect_ok(rig_start(&trainer, ctx, "train", "val", out, settings));
    for (; more; steps++)
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    assert_int_equal(progress.step, 14);
    assert_int_equal(progress.skipped, 3); /* in the mean's pass and in both epochs */
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    return steps;
}

typedef enum stop {
    STOP_SAVED,     /* alexnet_trainer_save() */
    STOP_CANCELLED, /* the same after alexnet_ctx_cancel() */
    STOP_KILLED,    /* nothing: what happened since the last checkpoint is lost */
} stop;

/* Run `steps` steps from where a trainer is, and stop. @return whether the run is done */
static bool run_some(alexnet_trainer *trainer, alexnet_ctx *ctx, int steps, stop how)
{
    alexnet_progress progress;
    bool more = true;
    for (int i = 0; i < steps && more; i++)
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    if (how == STOP_CANCELLED && more) {
        alexnet_ctx_cancel(ctx);
        expect_failure(alexnet_trainer_step(trainer, &progress, &more), ALEXNET_ERROR_CANCELLED,
                       "");
        assert_true(more);
    }
    if (how != STOP_KILLED)
        expect_ok(alexnet_trainer_save(trainer));
    return !more;
}

/* Stop after every `every` steps until the run is done. */
static void run_with_stops(const place *p, const char *out, int first, int every, stop how)
{
    alexnet_ctx *ctx = ctx_at(p, false);
    alexnet_trainer *trainer;
    expect_ok(rig_start(&trainer, ctx, "train", "val", out, settings));
    bool done = run_some(trainer, ctx, first, how);
    while (!done) {
        alexnet_trainer_free(trainer);
        alexnet_ctx_free(ctx);
        ctx = ctx_at(p, true);
        expect_ok(alexnet_trainer_resume(&trainer, ctx, out, NULL));
        done = run_some(trainer, ctx, every, how);
    }
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* Stop a run once, after 0, stride, 2 * stride, ... steps. */
static void check_stops(const place *p, int stride)
{
    char out[64];
    enum { REST = 1000 };
    if (an_device_find(&(an_device){0}, p->device, ALEXNET_ISA_ANY) != ALEXNET_OK)
        return;
    int steps = run_straight(p, "straight");
    assert_true(steps > 20);
    for (int first = 0; first <= steps; first += stride) {
        snprintf(out, sizeof out, "saved%d", first);
        run_with_stops(p, out, first, REST, STOP_SAVED);
        rig_expect_same_run("straight", out);
        if (first % (3 * stride) == 0) {
            snprintf(out, sizeof out, "killed%d", first);
            run_with_stops(p, out, first, REST, STOP_KILLED);
            rig_expect_same_run("straight", out);
        }
    }
}

static void test_stops_on_ref(void **state)
{
    (void)state;
    check_stops(&(place){"ref", ALEXNET_PRECISION_FP32, 2, 2}, 1);
}

static void test_stops_on_cpu(void **state)
{
    (void)state;
    check_stops(&(place){"cpu", ALEXNET_PRECISION_FP32, 1, 1}, 2);
}

static void test_stops_in_bf16(void **state)
{
    (void)state;
    check_stops(&(place){"cpu", ALEXNET_PRECISION_BF16, 1, 1}, 5);
}

static void test_stops_on_cuda(void **state)
{
    (void)state;
    check_stops(&(place){"cuda", ALEXNET_PRECISION_FP32, 1, 1}, 9);
}

static void test_stops_on_cuda_in_bf16(void **state)
{
    (void)state;
    check_stops(&(place){"cuda", ALEXNET_PRECISION_BF16, 1, 1}, 9);
}

/* The record says tf32, and a resumed run uses it. What earlier versions called fp32 is float32. */
static void test_stops_on_cuda_as_recorded(void **state)
{
    static const struct {
        const char *record;
        alexnet_precision precision;
    } cases[] = {{"tf32", ALEXNET_PRECISION_TF32}, {"fp32", ALEXNET_PRECISION_FP32}};
    alexnet_device_info info;
    alexnet_trainer *trainer;
    (void)state;
    if (!alexnet_device_get(0, &info) || strcmp(info.name, "cuda") != 0 || !info.available)
        return;
    for (int i = 0; i < 2; i++) {
        alexnet_ctx *ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_TF32, 1);
        const char *out = cases[i].record;
        expect_ok(rig_start(&trainer, ctx, "train", NULL, out, settings));
        assert_string_equal(trainer->record.precision, "tf32");
        strcpy(trainer->record.precision, cases[i].record);
        run_some(trainer, ctx, 9, STOP_SAVED);
        alexnet_trainer_free(trainer);
        alexnet_ctx_free(ctx);
        ctx = rig_new_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
        rig_heard[0] = '\0';
        expect_ok(alexnet_trainer_resume(&trainer, ctx, out, NULL));
        assert_int_equal(trainer->net->backend->precision, cases[i].precision);
        assert_int_equal(rig_times_heard("the run began on"), 0);
        alexnet_trainer_free(trainer);
        alexnet_ctx_free(ctx);
    }
}

static void test_stops_on_cuda_in_tf32(void **state)
{
    (void)state;
    check_stops(&(place){"cuda", ALEXNET_PRECISION_TF32, 1, 1}, 9);
}

static void test_many_stops(void **state)
{
    (void)state;
    const place p = {"auto", ALEXNET_PRECISION_FP32, 1, 1};
    run_straight(&p, "straight");
    run_with_stops(&p, "everywhere", 1, 3, STOP_SAVED);
    rig_expect_same_run("straight", "everywhere");
    run_with_stops(&p, "cancelled", 4, 5, STOP_CANCELLED);
    rig_expect_same_run("straight", "cancelled");
    run_with_stops(&p, "killed", 21, 13, STOP_KILLED);
    rig_expect_same_run("straight", "killed");
}

static void check_threads(alexnet_precision precision)
{
    const place one = {"auto", precision, 1, 3}, three = {"auto", precision, 3, 2};
    rig_split = 2;
    run_straight(&one, "one");
    run_straight(&three, "three");
    rig_expect_same_run("one", "three");
    run_with_stops(&one, "onethree", 13, 1000, STOP_SAVED);
    rig_expect_same_run("one", "onethree");
    run_with_stops(&one, "mean", 4, 1000, STOP_SAVED);
    rig_expect_same_run("one", "mean");
    run_with_stops(&three, "threetwo", 18, 1000, STOP_KILLED);
    rig_expect_same_run("one", "threetwo");
}

static void test_other_threads(void **state)
{
    (void)state;
    check_threads(ALEXNET_PRECISION_FP32);
}

static void test_other_threads_in_bf16(void **state)
{
    (void)state;
    check_threads(ALEXNET_PRECISION_BF16);
}

/* The pass for the mean reads no picture again: it goes on with the batch after the checkpoint. */
static void test_the_mean_goes_on(void **state)
{
    (void)state;
    const place p = {"auto", ALEXNET_PRECISION_FP32, 1, 1};
    alexnet_ctx *ctx = ctx_at(&p, false);
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more;
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    for (int batch = 1; batch <= 7; batch++) {
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
        assert_int_equal(progress.phase, ALEXNET_PROGRESS_MEAN);
        assert_int_equal(progress.done, batch < 7 ? 16 * batch : 102);
        assert_int_equal(progress.skipped, batch < 3 ? 0 : 1); /* picture 46 is unreadable */
        expect_ok(alexnet_trainer_save(trainer));
        alexnet_trainer_free(trainer);
        an_tensor_file *file = rig_open_tensors("run/last.safetensors");
        assert_true((an_tensor_file_index(file, "mean.sums") >= 0) == (batch < 7));
        an_tensor_file_close(file);
        expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    }
    expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    assert_int_equal(progress.phase, ALEXNET_PROGRESS_TRAIN);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* Saving again and again changes nothing, nor does resuming a run that is done. */
static void test_saves_change_nothing(void **state)
{
    (void)state;
    const place p = {"auto", ALEXNET_PRECISION_FP32, 1, 1};
    alexnet_ctx *ctx = ctx_at(&p, false);
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more = true;
    run_straight(&p, "straight");
    expect_ok(rig_start(&trainer, ctx, "train", "val", "often", settings));
    while (more) {
        expect_ok(alexnet_trainer_save(trainer));
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    }
    alexnet_trainer_free(trainer);
    rig_expect_same_run("straight", "often");
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "often", NULL));
    expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    assert_false(more);
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    rig_expect_same_run("straight", "often");
    alexnet_ctx_free(ctx);
}

/* A validation whose pictures have disappeared does not count: nothing is compared with it, and
 * once they are back the run ends as one that never lost them, in the same process or in another.
 */
static void test_a_lost_validation(void **state)
{
    (void)state;
    const place p = {"auto", ALEXNET_PRECISION_FP32, 1, 1};
    alexnet_ctx *ctx = ctx_at(&p, false);
    alexnet_trainer *trainer;
    alexnet_progress progress = {0};
    alexnet_metrics best;
    bool more;
    run_straight(&p, "straight");
    for (int epoch = 1; epoch <= 2; epoch++) {
        char out[16];
        snprintf(out, sizeof out, "lost%d", epoch);
        expect_ok(rig_start(&trainer, ctx, "train", "val", out, settings));
        do
            expect_ok(alexnet_trainer_step(trainer, &progress, &more));
        while (progress.phase != ALEXNET_PROGRESS_TRAIN || progress.epoch < epoch);
        assert_int_equal(rename("val", "gone"), 0);
        expect_failure(rig_finish(trainer, &progress), ALEXNET_ERROR_IO,
                       "are the disk and the folder still there? ");
        assert_int_equal(rename("gone", "val"), 0);
        assert_int_equal(alexnet_trainer_best(trainer, &best), epoch - 1);
        if (epoch == 2) {
            alexnet_trainer_free(trainer);
            expect_ok(alexnet_trainer_resume(&trainer, ctx, out, NULL));
        }
        expect_ok(rig_finish(trainer, &progress));
        alexnet_trainer_free(trainer);
        rig_expect_same_run("straight", out);
    }
    alexnet_ctx_free(ctx);
}

/* Training pictures that disappear stop the run before it goes on without them. It continues once
 * they are back, in the same process or in another, as if they had never been gone. */
static void test_lost_pictures(void **state)
{
    (void)state;
    const place p = {"auto", ALEXNET_PRECISION_FP32, 1, 1};
    alexnet_ctx *ctx = ctx_at(&p, false);
    run_straight(&p, "straight");
    for (int i = 0; i < 4; i++) {
        alexnet_trainer *trainer;
        alexnet_progress progress = {0};
        const bool again = i % 2, mean = i < 2;
        char out[8];
        bool more;
        snprintf(out, sizeof out, "run%d", i);
        expect_ok(rig_start(&trainer, ctx, "train", "val", out, settings));
        do
            expect_ok(alexnet_trainer_step(trainer, &progress, &more));
        while (!mean && progress.phase != ALEXNET_PROGRESS_VAL); /* no training picture is read */
        if (mean) { /* what follows is loaded already, except by another process */
            expect_ok(alexnet_trainer_save(trainer));
            alexnet_trainer_free(trainer);
            expect_ok(alexnet_trainer_resume(&trainer, ctx, out, NULL));
        }
        assert_int_equal(rename("train", "gone"), 0);
        expect_failure(rig_finish(trainer, &progress), ALEXNET_ERROR_IO,
                       "are the disk and the folder still there? ");
        assert_int_equal(rename("gone", "train"), 0);
        if (again) {
            alexnet_trainer_free(trainer);
            expect_ok(alexnet_trainer_resume(&trainer, ctx, out, NULL));
        }
        expect_ok(rig_finish(trainer, &progress));
        alexnet_trainer_free(trainer);
        rig_expect_same_run("straight", out);
    }
    alexnet_ctx_free(ctx);
}

/* Train to the last update of the first epoch, when no training picture is read ahead. */
static void train_one_epoch(alexnet_trainer *trainer)
{
    alexnet_progress progress;
    bool more;
    do
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    while (progress.phase != ALEXNET_PROGRESS_VAL);
}

/* The paths of pictures 12 and 13 of the second epoch of a run. */
static void find_pictures(alexnet_ctx *ctx, const char *const *recipe, char paths[2][256])
{
    alexnet_trainer *trainer;
    alexnet_progress progress = {0};
    bool more;
    expect_ok(rig_start(&trainer, ctx, "train", "val", "straight", recipe));
    while (progress.phase != ALEXNET_PROGRESS_TRAIN || progress.epoch < 2)
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    for (int i = 0; i < 2; i++)
        snprintf(paths[i], 256, "%s", trainer->train->samples[trainer->order[12 + i]].name);
    expect_ok(rig_finish(trainer, &progress));
    alexnet_trainer_free(trainer);
}

/* An outage that begins within a batch: it is loaded again as a whole, also if its first part has
 * been computed. */
static void test_a_part_of_a_batch_is_lost(void **state)
{
    (void)state;
    static const char *const recipes[][12] = {
        {"batch", "16", "epochs", "2", "rate", "0.02", "bad_pictures", "0", NULL},
        {"batch", "16", "epochs", "2", "rate", "0.02", "bad_pictures", "0", "accumulate", "2",
         NULL}};
    alexnet_ctx *ctx = rig_ref_ctx();
    for (int i = 0; i < 2; i++) {
        char paths[2][256], expected[64];
        alexnet_trainer *trainer;
        alexnet_progress progress;
        assert_int_equal(system("rm -rf straight run"), 0);
        find_pictures(ctx, recipes[i], paths);
        expect_ok(rig_start(&trainer, ctx, "train", "val", "run", recipes[i]));
        train_one_epoch(trainer);
        assert_int_equal(rename(paths[0], "away0"), 0);
        assert_int_equal(rename(paths[1], "away1"), 0);
        snprintf(expected, sizeof expected, "2 of the %d pictures of the next batch cannot be read",
                 i ? 8 : 16);
        expect_failure(rig_finish(trainer, &progress), ALEXNET_ERROR_IO, expected);
        assert_int_equal(rename("away0", paths[0]), 0);
        assert_int_equal(rename("away1", paths[1]), 0);
        expect_ok(rig_finish(trainer, &progress));
        alexnet_trainer_free(trainer);
        rig_expect_same_run("straight", "run");
    }
    alexnet_ctx_free(ctx);
}

/* `auto` continues on the device of the run so far; another device is possible, and reported. */
static void test_another_device(void **state)
{
    (void)state;
    const place ref = {"ref", ALEXNET_PRECISION_FP32, 1, 1};
    alexnet_trainer *trainer;
    alexnet_progress progress;
    if (an_device_find(&(an_device){0}, "cpu", ALEXNET_ISA_ANY) != ALEXNET_OK)
        skip();
    alexnet_ctx *ctx = ctx_at(&ref, false);
    expect_ok(rig_start(&trainer, ctx, "train", "val", "moved", settings));
    run_some(trainer, ctx, 12, STOP_SAVED);
    alexnet_trainer_free(trainer);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "moved", NULL));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    ctx = rig_new_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "moved", NULL));
    run_some(trainer, ctx, 2, STOP_SAVED);
    assert_int_equal(rig_times_heard("bits may differ"), 0);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "moved", NULL));
    assert_int_equal(rig_times_heard("1 the run began on ref (baseline, float64) and"), 1);
    assert_int_equal(rig_times_heard("from here on its bits may differ"), 1);
    expect_ok(rig_finish(trainer, &progress));
    assert_int_equal(progress.step, 14);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* A tensor of a checkpoint; `ref` writes float64, the others float32. @return freed by an_free() */
static double *values_of(an_tensor_file *file, const an_tensor_entry *entry, int64_t *count)
{
    *count = (int64_t)(entry->bytes / an_dtype_bytes(entry->dtype));
    double *values = an_calloc((size_t)*count, sizeof *values);
    void *raw = rig_tensor(file, entry);
    assert_non_null(values);
    an_convert(values, AN_F64, raw, entry->dtype, *count);
    an_free(raw);
    return values;
}

/* The largest difference between the tensors of two checkpoints, as a fraction of the largest
 * element of its tensor. */
static double difference(const char *a, const char *b)
{
    an_tensor_file *x = rig_open_tensors(a), *y = rig_open_tensors(b);
    double worst = 0;
    assert_int_equal(an_tensor_file_count(x), an_tensor_file_count(y));
    for (int i = 0; i < an_tensor_file_count(x); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(x, i);
        const an_tensor_entry *other = an_tensor_file_find(y, entry->name);
        int64_t count, others;
        double largest = 1e-30, apart = 0;
        assert_non_null(other);
        double *p = values_of(x, entry, &count), *q = values_of(y, other, &others);
        assert_int_equal(others, count);
        for (int64_t j = 0; j < count; j++) {
            largest = fmax(largest, fabs(p[j]));
            apart = fmax(apart, fabs(p[j] - q[j]));
        }
        worst = fmax(worst, apart / largest);
        an_free(p);
        an_free(q);
    }
    an_tensor_file_close(x);
    an_tensor_file_close(y);
    return worst;
}

/* A run that begins on the CPU, goes on on a GPU and ends on the CPU differs from one on `ref` by
 * rounding alone: by 5e-7 on a fake GPU. */
static void test_stops_on_cuda_and_back(void **state)
{
    static const place ref = {"ref", ALEXNET_PRECISION_FP32, 1, 1};
    static const char *const devices[] = {"cpu", "cuda", "cpu"};
    static const int steps[] = {12, 5, 1000};
    (void)state;
    for (int i = 0; i < 2; i++)
        if (an_device_find(&(an_device){0}, devices[i], ALEXNET_ISA_ANY) != ALEXNET_OK)
            return;
    run_straight(&ref, "straight");
    for (int i = 0; i < 3; i++) {
        alexnet_trainer *trainer;
        alexnet_ctx *ctx = rig_new_ctx(devices[i], ALEXNET_PRECISION_FP32, 1);
        expect_ok(i == 0 ? rig_start(&trainer, ctx, "train", "val", "moved", settings)
                         : alexnet_trainer_resume(&trainer, ctx, "moved", NULL));
        assert_int_equal(run_some(trainer, ctx, steps[i], STOP_SAVED), i == 2);
        if (i < 2)
            assert_in_range(trainer->record.step, 1, 13);
        alexnet_trainer_free(trainer);
        alexnet_ctx_free(ctx);
    }
    assert_true(difference("straight/last.safetensors", "moved/last.safetensors") < 1e-5);
}

/* A resumed run keeps the implementations with which it began, although they are not named again;
 * if others are named, this is reported. */
static void test_tuning_is_kept(void **state)
{
    (void)state;
    static const char direct[] = "[all]\nisa = *\nprecision = *\noperator = conv *\n"
                                 "forward = direct\n",
                      other[] = "[all]\nisa = *\nprecision = *\noperator = conv *\n"
                                "forward = channels_last\nbackward_weights = channels_last\n";
    alexnet_trainer *trainer;
    alexnet_progress progress;
    if (an_device_find(&(an_device){0}, "cpu", ALEXNET_ISA_ANY) != ALEXNET_OK)
        skip();
    scratch_text("other.ini", other);
    scratch_text("direct.ini", direct);
    rig_tuning = "other.ini";
    alexnet_ctx *ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    expect_ok(rig_train_on(ctx, "train", "val", "straight", settings, &progress));
    expect_ok(rig_start(&trainer, ctx, "train", "val", "tuned", settings));
    run_some(trainer, ctx, 12, STOP_SAVED);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);

    rig_tuning = NULL;
    ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "tuned", NULL));
    assert_true(strstr(trainer->record.tuning, "forward = channels_last") != NULL);
    run_some(trainer, ctx, 1000, STOP_SAVED);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    rig_expect_same_run("straight", "tuned");
    assert_int_equal(rig_times_heard("bits may differ"), 0);

    rig_tuning = "direct.ini";
    ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "tuned", NULL));
    assert_int_equal(rig_times_heard("continues with those of direct.ini: from here on"), 1);
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    rig_tuning = NULL;
    ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, 1); /* and keeps them in turn */
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "tuned", NULL));
    assert_null(strstr(trainer->record.tuning, "forward = channels_last"));
    assert_int_equal(rig_times_heard("bits may differ"), 1);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, scratch_teardown)

/* @param argv  a pattern; if it is given, only the tests that match it are run */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_stops_on_ref),
        IN_SCRATCH(test_stops_on_cpu),
        IN_SCRATCH(test_stops_in_bf16),
        IN_SCRATCH(test_many_stops),
        IN_SCRATCH(test_other_threads),
        IN_SCRATCH(test_other_threads_in_bf16),
        IN_SCRATCH(test_the_mean_goes_on),
        IN_SCRATCH(test_saves_change_nothing),
        IN_SCRATCH(test_another_device),
        IN_SCRATCH(test_a_lost_validation),
        IN_SCRATCH(test_tuning_is_kept),
        IN_SCRATCH(test_lost_pictures),
        IN_SCRATCH(test_a_part_of_a_batch_is_lost),
        IN_SCRATCH(test_stops_on_cuda),
        IN_SCRATCH(test_stops_on_cuda_and_back),
        IN_SCRATCH(test_stops_on_cuda_in_bf16),
        IN_SCRATCH(test_stops_on_cuda_in_tf32),
        IN_SCRATCH(test_stops_on_cuda_as_recorded),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("resuming", tests, NULL, NULL);
}
