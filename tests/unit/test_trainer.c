/*
 * The trainer's behaviour: what it learns, reports and keeps, freezing, starting from a model.
 */
#include "training_rig.h"

#include <jansson.h>
#include <math.h>

#include "backend/backend.h"

/* ---- Learning ---- */

/* Classes that differ by colour are learnt from scratch, and the model that is kept answers as it
 * did in validation. */
static void test_it_learns(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "8", "epochs", "12", "rate", "0.05", NULL};
    alexnet_progress p;
    rig_write_pictures("train", 3, 20);
    rig_write_pictures("val", 3, 6);
    expect_ok(rig_train("train", "val", "run", settings, &p));
    assert_int_equal(p.phase, ALEXNET_PROGRESS_EPOCH);
    assert_int_equal(p.epoch, 12);
    assert_int_equal(p.epochs, 12);
    assert_int_equal(p.step, 12 * 8);
    assert_int_equal(p.val.images, 18);
    assert_true(p.val.top1_error <= 1.0 / 18);
    assert_true(p.loss < 0.5 * log(3));
}

/* The smallest: two pictures of two classes, in batches of 32. */
static void test_two_pictures(void **state)
{
    (void)state;
    static const char *const settings[] = {"epochs", "3", NULL};
    alexnet_progress p;
    rig_write_pictures("train", 2, 1);
    expect_ok(rig_train("train", NULL, "run", settings, &p));
    assert_int_equal(p.step, 3);
    assert_int_equal(p.val.images, 0);
    assert_true(p.best);
    assert_true(rig_size_of("run/best.safetensors") > 0);
}

/* ---- Progress and files ---- */

static uint64_t sum_of_models(const char *run)
{
    static const char *const names[] = {"last", "best", "epoch-1", "epoch-2", "epoch-3", "epoch-4"};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s.safetensors", run, names[i]);
        const long size = rig_size_of(path);
        sum += size > 0 ? (uint64_t)size : 0;
    }
    return sum;
}

/* The disk space of a run as it is foretold, but for what its files hold besides tensors. */
static void expect_disk(const char *run, const char *const *settings, uint64_t files,
                        uint64_t at_peak)
{
    const uint64_t besides = 8192; /* bytes of a file */
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    alexnet_disk d;
    expect_ok(rig_start(&trainer, ctx, "train", NULL, run, settings));
    alexnet_trainer_disk(trainer, &d);
    expect_ok(rig_finish(trainer, &p));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    const uint64_t sum = sum_of_models(run);
    assert_true(d.model < d.checkpoint && sum > d.kept && sum <= d.kept + files * besides);
    assert_true(d.kept == d.model + (files - 1) * d.checkpoint);
    assert_true(d.peak == d.model + (at_peak - 1) * d.checkpoint);
}

static void test_disk(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 10);
#define RUN "batch", "8", "epochs"
    expect_disk("plain", (const char *const[]){RUN, "2", NULL}, 2, 3);
    expect_disk("adam", (const char *const[]){RUN, "2", "average", "0.9", "rule", "adam", NULL}, 2,
                3);
    expect_disk("two", (const char *const[]){RUN, "4", "keep", "2", NULL}, 4, 6);
    expect_disk("all", (const char *const[]){RUN, "2", "keep", "9", NULL}, 4, 5);
}

/* 20 pictures in batches of 8, reports every two updates. */
static void test_progress(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "8", "epochs", "2", "report", "2", NULL};
    static const struct {
        alexnet_phase phase;
        int epoch, step, done, total;
        bool report, saved;
    } expected[] = {
        {ALEXNET_PROGRESS_MEAN, 0, 0, 8, 20, false, false},
        {ALEXNET_PROGRESS_MEAN, 0, 0, 16, 20, false, false},
        {ALEXNET_PROGRESS_MEAN, 0, 0, 20, 20, false, false},
        {ALEXNET_PROGRESS_TRAIN, 1, 1, 8, 20, false, false},
        {ALEXNET_PROGRESS_TRAIN, 1, 2, 16, 20, true, false},
        {ALEXNET_PROGRESS_TRAIN, 1, 3, 20, 20, true, false},
        {ALEXNET_PROGRESS_VAL, 1, 3, 8, 10, false, false},
        {ALEXNET_PROGRESS_EPOCH, 1, 3, 10, 10, false, true},
        {ALEXNET_PROGRESS_TRAIN, 2, 4, 8, 20, true, false},
        {ALEXNET_PROGRESS_TRAIN, 2, 5, 16, 20, false, false},
        {ALEXNET_PROGRESS_TRAIN, 2, 6, 20, 20, true, false},
        {ALEXNET_PROGRESS_VAL, 2, 6, 8, 10, false, false},
        {ALEXNET_PROGRESS_EPOCH, 2, 6, 10, 10, false, true},
    };
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    alexnet_memory memory;
    bool more = true;
    rig_write_pictures("train", 2, 10);
    rig_write_pictures("val", 2, 5);
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    alexnet_trainer_memory(trainer, &memory);
    assert_true(memory.parameters > 3 * 16 * 16 * 8 && memory.gradients && memory.momentum &&
                memory.activations && memory.pictures > 8 * 16 * 16 * 3);
    assert_int_equal(memory.total, memory.parameters + memory.gradients + memory.momentum +
                                       memory.activations + memory.scratch + memory.pictures);
    assert_string_equal(alexnet_network_name(alexnet_trainer_network(trainer)), "tiny");
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_true(more);
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
        assert_int_equal(p.phase, expected[i].phase);
        assert_int_equal(p.epoch, expected[i].epoch);
        assert_int_equal(p.epochs, 2);
        assert_int_equal(p.step, expected[i].step);
        assert_int_equal(p.done, expected[i].done);
        assert_int_equal(p.total, expected[i].total);
        assert_int_equal(p.report, expected[i].report);
        assert_int_equal(p.saved, expected[i].saved);
        assert_true(p.skipped == 0 && isfinite(p.loss));
        assert_true(p.step == 0 ? p.seconds_left < 0 : p.seconds_left >= 0);
        assert_true(p.images_per_second > 0);
        assert_int_equal(p.val.images, p.phase == ALEXNET_PROGRESS_EPOCH ? 10 : 0);
    }
    assert_false(more);
    assert_true(p.seconds_left == 0);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* Every line of the log is a JSON object with the promised keys; its rate is that of the update
 * before it, also where the next one's differs. */
static void test_the_log(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "batch",        "8",        "epochs",   "2",      "report", "2", "rate",
        "0.01 0.005@2", "schedule", "constant", "warmup", "0",      NULL};
    static const char *const keys[] = {"epoch",      "step",       "images", "loss",
                                       "top1_error", "top5_error", "lr",     "images_per_second"};
    alexnet_progress p;
    size_t length;
    int lines = 0, epochs = 0;
    rig_write_pictures("train", 2, 10);
    rig_write_pictures("val", 2, 5);
    expect_ok(rig_train("train", "val", "run", settings, &p));
    char *log = (char *)scratch_read("run/log.jsonl", &length), *rest = log, *line;
    while ((line = strtok_r(rest, "\n", &rest))) {
        json_t *object = json_loads(line, 0, NULL);
        assert_true(json_is_object(object));
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            assert_true(json_is_number(json_object_get(object, keys[i])));
        double rate = json_integer_value(json_object_get(object, "epoch")) == 1 ? 0.01 : 0.005;
        assert_true(json_number_value(json_object_get(object, "lr")) == rate);
        const json_t *val = json_object_get(object, "val");
        if (val) {
            assert_int_equal(json_integer_value(json_object_get(val, "images")), 10);
            assert_int_equal(json_integer_value(json_object_get(object, "images")), 20);
            assert_true(json_is_real(json_object_get(val, "top1_error")));
            assert_true(json_is_real(json_object_get(val, "loss")));
            epochs++;
        }
        json_decref(object);
        lines++;
    }
    assert_int_equal(lines, 6);
    assert_int_equal(epochs, 2);
    free(log);
}

/* recipe.ini can be given back as a recipe. */
static void test_the_recipe_file(void **state)
{
    (void)state;
    static const char *const settings[] = {"epochs", "1", "c.rate", "0.5 0.25@3", NULL};
    alexnet_progress p;
    alexnet_recipe *recipe;
    rig_write_pictures("train", 2, 2);
    expect_ok(rig_train("train", NULL, "run", settings, &p));
    expect_ok(alexnet_recipe_load(&recipe, "run/recipe.ini"));
    assert_string_equal(alexnet_recipe_get(recipe, "c.rate"), "0.5 0.25@3");
    assert_string_equal(alexnet_recipe_get(recipe, "epochs"), "1");
    alexnet_recipe_free(recipe);
}

/* ---- The best model ---- */

/* Loss and errors of a run's best model, by alexnet_evaluation. */
static alexnet_metrics evaluate(const char *device, const char *run, const char *data, int batch)
{
    alexnet_ctx *ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 1);
    alexnet_model *model;
    alexnet_session *session;
    alexnet_evaluation *evaluation;
    alexnet_metrics metrics;
    alexnet_session_options options = ALEXNET_SESSION_OPTIONS_INIT;
    alexnet_dataset_options data_options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_dataset *set;
    int64_t done;
    bool more = true;
    expect_ok(alexnet_model_load(&model, ctx, run));
    options.batch = batch;
    data_options.classes_of = model;
    expect_ok(alexnet_session_new(&session, model, &options));
    expect_ok(alexnet_dataset_open(&set, ctx, data, &data_options));
    expect_ok(alexnet_evaluation_new(&evaluation, session, set));
    while (more)
        expect_ok(alexnet_evaluation_step(evaluation, &done, &more));
    expect_ok(alexnet_evaluation_metrics(evaluation, &metrics));
    alexnet_evaluation_free(evaluation);
    alexnet_dataset_free(set);
    alexnet_session_free(session);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return metrics;
}

static void expect_best(const alexnet_trainer *trainer, const alexnet_metrics *best)
{
    alexnet_metrics m;
    assert_true(alexnet_trainer_best(trainer, &m) > 0);
    assert_int_equal(m.images, best->images);
    assert_true(m.loss == best->loss && m.top1_error == best->top1_error);
    assert_true(m.top5_error == best->top5_error && m.skipped == best->skipped);
}

/* The best of all epochs is kept, though later ones are worse, and it answers as it did then. */
static void check_the_best(const char *device, double share)
{
    static const char *const settings[] = {"batch",    "8",        "epochs",   "8", "rate",
                                           "0.05 3@6", "schedule", "constant", NULL};
    alexnet_ctx *ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 1);
    alexnet_trainer *trainer;
    alexnet_progress p;
    alexnet_metrics best = {0};
    bool more = true;
    int kept = 0, worse = 0;
    rig_write_pictures("train", 3, 12);
    rig_write_pictures("val", 3, 6);
    expect_ok(rig_start(&trainer, ctx, "train", "val", "run", settings));
    while (more) {
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
        if (p.phase != ALEXNET_PROGRESS_EPOCH)
            continue;
        bool better = !kept || p.val.top1_error < best.top1_error ||
                      (p.val.top1_error == best.top1_error && p.val.loss < best.loss);
        assert_int_equal(p.best, better);
        if (better)
            best = p.val;
        kept += better;
        worse += !better;
    }
    assert_true(kept > 1 && worse > 0);
    expect_best(trainer, &best);
    alexnet_trainer_free(trainer);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL)); /* of a run that is complete */
    expect_best(trainer, &best);
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    for (int batch = 1; batch <= 32; batch += 31) {
        alexnet_metrics m = evaluate(device, "run", "val", batch);
        assert_int_equal(m.images, best.images);
        assert_true(m.top1_error == best.top1_error && m.top5_error == best.top5_error);
        assert_true(fabs(m.loss - best.loss) <= share * best.loss);
    }
}

static void test_the_best_is_kept(void **state)
{
    (void)state;
    check_the_best("ref", 1e-12);
}

/* With enough filters that oneDNN keeps copies of the weights, which each update makes stale. */
static void test_the_best_is_kept_on_cpu(void **state)
{
    (void)state;
    if (an_device_find(&(an_device){0}, "cpu", ALEXNET_ISA_ANY) != ALEXNET_OK)
        skip();
    rig_change_network("filters = 4", "filters = 16");
    check_the_best("cpu", 1e-5);
}

/* Without validation the latest is the best. */
static void test_the_latest_is_kept_without_validation(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", "epochs", "3", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more = true;
    rig_write_pictures("train", 2, 6);
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    while (more) {
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
        assert_int_equal(p.best, p.phase == ALEXNET_PROGRESS_EPOCH);
    }
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    an_tensor_file *best = rig_open_tensors("run/best.safetensors"),
                   *last = rig_open_tensors("run/last.safetensors");
    for (int i = 0; i < an_tensor_file_count(best); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(best, i);
        void *a = rig_tensor(best, entry), *b = rig_tensor(last, entry);
        assert_memory_equal(a, b, entry->bytes);
        an_free(a);
        an_free(b);
    }
    an_tensor_file_close(best);
    an_tensor_file_close(last);
}

static void test_the_validation_of_a_run(void **state)
{
    (void)state;
    static const char *const settings[] = {"epochs", "1", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_dataset *all, *fit, *val, *again;
    alexnet_trainer *trainer;
    alexnet_model *model;
    alexnet_progress p;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    const char *path, *other;
    rig_write_pictures("train", 2, 10);
    all = rig_open_data(ctx, "train");
    expect_ok(alexnet_dataset_split(all, 0.3, 5, &fit, &val));
    alexnet_recipe *recipe = rig_recipe(settings);
    options.net = "net.ini";
    options.recipe = recipe;
    options.out_dir = "run";
    expect_ok(alexnet_trainer_new(&trainer, ctx, fit, val, &options));
    expect_ok(rig_finish(trainer, &p));
    assert_int_equal(p.val.images, alexnet_dataset_count(val));
    alexnet_trainer_free(trainer);
    alexnet_recipe_free(recipe);
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    expect_ok(alexnet_run_validation(&again, ctx, "run", model));
    assert_int_equal(alexnet_dataset_count(again), alexnet_dataset_count(val));
    for (int64_t i = 0; i < alexnet_dataset_count(val); i++) {
        expect_ok(alexnet_dataset_picture(val, i, &path, NULL));
        expect_ok(alexnet_dataset_picture(again, i, &other, NULL));
        assert_string_equal(path, other);
    }
    alexnet_dataset_free(again);
    alexnet_model_free(model);
    alexnet_dataset_free(all);
    alexnet_dataset_free(fit);
    alexnet_dataset_free(val);
    alexnet_ctx_free(ctx);
}

/* The user is told of classes that have no picture in one of the parts. */
static void test_absent_classes_are_said(void **state)
{
    (void)state;
    static const char *const settings[] = {"epochs", "1", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_dataset *all, *fit, *val;
    alexnet_trainer *trainer;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    rig_write_pictures("train", 3, 4);
    all = rig_open_data(ctx, "train");
    alexnet_recipe *recipe = rig_recipe(settings);
    options.net = "net.ini";
    options.recipe = recipe;
    for (int high = 0; high < 2; high++) { /* a single picture in validation, then in training */
        expect_ok(alexnet_dataset_split(all, high ? 1 - 0x1p-53 : 0x1p-53, 1, &fit, &val));
        options.out_dir = high ? "high" : "low";
        rig_heard[0] = '\0';
        expect_ok(alexnet_trainer_new(&trainer, ctx, fit, val, &options));
        alexnet_trainer_free(trainer);
        assert_int_equal(rig_times_heard("2 of 3 classes, such as \"class"), 1);
        assert_int_equal(rig_times_heard("no picture to validate with; increase the share"), !high);
        assert_int_equal(rig_times_heard("no picture to train on; reduce the share"), high);
        alexnet_dataset_free(fit);
        alexnet_dataset_free(val);
    }
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(all);
    alexnet_ctx_free(ctx);
}

/* ---- Recipe ---- */

/* A frozen layer keeps its first weights bit for bit, and has no momentum. */
static void test_a_frozen_layer(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4",           "epochs", "2", "c.rate",
                                           "0",     "c.rate_bias", "0",      NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    expect_ok(alexnet_trainer_save(trainer));
    assert_int_equal(rename("run/last.safetensors", "first.safetensors"), 0);
    expect_ok(rig_finish(trainer, &p));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    an_tensor_file *first = rig_open_tensors("first.safetensors"),
                   *last = rig_open_tensors("run/last.safetensors");
    for (int i = 0; i < an_tensor_file_count(first); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(first, i);
        const char *layer = strrchr(entry->name, '.') - 1;
        if (*layer != 'c' && *layer != 'g')
            continue;
        void *a = rig_tensor(first, entry), *b = rig_tensor(last, entry);
        assert_int_equal(memcmp(a, b, entry->bytes) == 0, *layer == 'c');
        an_free(a);
        an_free(b);
    }
    an_tensor_file_close(first);
    an_tensor_file_close(last);
}

/* `freeze` and rates of 0 have the same result; `freeze` takes less time and memory. */
static void test_frozen_is_rate_zero(void **state)
{
    (void)state;
    static const char *const slow[] = {"batch", "4",           "epochs", "2", "c.rate",
                                       "0",     "c.rate_bias", "0",      NULL};
    static const char *const fast[] = {"batch", "4",      "epochs", "2", "freeze",
                                       "c",     "c.rate", "1",      NULL};
    alexnet_progress p, q;
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_train("train", NULL, "slow", slow, &p));
    expect_ok(rig_train("train", NULL, "fast", fast, &q));
    assert_int_equal(rig_times_heard("1 c is frozen at random weights, because no model is given "
                                     "to begin with\n"),
                     1);
    assert_int_equal(rig_times_heard("has no effect"), 1);
    assert_int_equal(rig_times_heard("c.rate has no effect with freeze = c\n"), 1);
    assert_true(p.loss == q.loss);
    rig_expect_same_tensors("slow/last.safetensors", "fast/last.safetensors");
}

static void test_the_seed(void **state)
{
    (void)state;
    static const char *const one[] = {"batch", "4", "epochs", "1", "seed", "1", NULL};
    static const char *const two[] = {"batch", "4", "epochs", "1", "seed", "2", NULL};
    alexnet_progress p, q, r;
    rig_write_pictures("train", 2, 8);
    expect_ok(rig_train("train", NULL, "a", one, &p));
    expect_ok(rig_train("train", NULL, "b", one, &q));
    expect_ok(rig_train("train", NULL, "c", two, &r));
    assert_true(p.loss == q.loss);
    assert_true(p.loss != r.loss);
    rig_expect_same_tensors("a/last.safetensors", "b/last.safetensors");
}

/* A trainer's tensors are those of its checkpoint, on devices that keep them in float32 and not. */
static void test_tensors(void **state)
{
    (void)state;
    static const char *const devices[] = {"ref", "cpu"};
    static const char *const settings[] = {"batch", "4", "epochs", "1", NULL};
    rig_write_pictures("train", 2, 8);
    for (int i = 0; i < 2; i++) {
        if (an_device_find(&(an_device){0}, devices[i], ALEXNET_ISA_ANY) != ALEXNET_OK)
            continue;
        alexnet_ctx *ctx = rig_new_ctx(devices[i], ALEXNET_PRECISION_AUTO, 1);
        alexnet_trainer *trainer;
        alexnet_progress p;
        expect_ok(rig_start(&trainer, ctx, "train", NULL, devices[i], settings));
        expect_ok(rig_finish(trainer, &p));
        an_tensor_file *last =
            rig_open_tensors(i ? "cpu/last.safetensors" : "ref/last.safetensors");
        const int tensors = alexnet_trainer_tensor_count(trainer);
        assert_true(tensors > 4);
        for (int t = 0; t < tensors; t++) {
            alexnet_tensor_info info;
            int64_t count;
            expect_ok(alexnet_trainer_tensor(trainer, t, &info));
            double *expected = rig_doubles(last, info.name, &count);
            for (int64_t j = 0; j < count; j++)
                assert_true(((const float *)info.data)[j] == (float)expected[j]);
            an_free(expected);
        }
        an_tensor_file_close(last);
        alexnet_trainer_free(trainer);
        alexnet_ctx_free(ctx);
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, rig_set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_it_learns),
        IN_SCRATCH(test_two_pictures),
        IN_SCRATCH(test_disk),
        IN_SCRATCH(test_progress),
        IN_SCRATCH(test_the_log),
        IN_SCRATCH(test_the_recipe_file),
        IN_SCRATCH(test_the_best_is_kept),
        IN_SCRATCH(test_the_best_is_kept_on_cpu),
        IN_SCRATCH(test_the_latest_is_kept_without_validation),
        IN_SCRATCH(test_the_validation_of_a_run),
        IN_SCRATCH(test_absent_classes_are_said),
        IN_SCRATCH(test_a_frozen_layer),
        IN_SCRATCH(test_frozen_is_rate_zero),
        IN_SCRATCH(test_the_seed),
        IN_SCRATCH(test_tensors),
    };
    return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}
