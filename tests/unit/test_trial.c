/*
 * Trial runs, of which nothing is kept: overfitting one batch, and rates that rise.
 */
#include "training_rig.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>

#include "backend/backend.h"
#include "train/trial.h"

static alexnet_status start(alexnet_trial **trial, alexnet_ctx *ctx, alexnet_trial_options how,
                            const char *const *settings)
{
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_dataset *data = rig_open_data(ctx, "train");
    alexnet_recipe *recipe = rig_recipe(settings);
    options.net = "net.ini";
    options.recipe = recipe;
    options.split = 1;
    alexnet_status rc = alexnet_trial_new(trial, ctx, data, &options, &how);
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    return rc;
}

/* Continue to the end; the trial is freed. @return the status of the last step */
static alexnet_status finish(alexnet_trial *trial, alexnet_trial_verdict *verdict)
{
    alexnet_status rc = ALEXNET_OK;
    alexnet_trial_point point;
    bool more = true;
    while (more && rc == ALEXNET_OK)
        rc = alexnet_trial_step(trial, &point, &more);
    alexnet_trial_judge(trial, verdict);
    alexnet_trial_free(trial);
    return rc;
}

static int entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static alexnet_trial_options overfit(int64_t updates)
{
    alexnet_trial_options how = ALEXNET_TRIAL_OPTIONS_INIT;
    how.updates = updates;
    return how;
}

static alexnet_trial_options rates(double lowest, double highest, int64_t updates)
{
    alexnet_trial_options how = ALEXNET_TRIAL_OPTIONS_INIT;
    how.kind = ALEXNET_TRIAL_RATES;
    how.lowest = lowest;
    how.highest = highest;
    how.updates = updates;
    return how;
}

/* ---- One batch ---- */

static void test_a_batch_is_learnt(void **state)
{
    (void)state;
    static const char *const devices[] = {"ref", "cpu"};
    static const char *const settings[] = {"batch", "8", "rate", "0.02", "mixup", "1", NULL};
    alexnet_trial_verdict verdict;
    rig_write_pictures("train", 2, 20);
    const int before = entries(".");
    for (int d = 0; d < 2; d++) {
        alexnet_ctx *ctx = rig_new_ctx(devices[d], ALEXNET_PRECISION_FP32, 1);
        alexnet_trial *trial;
        expect_ok(start(&trial, ctx, overfit(0), settings));
        expect_ok(finish(trial, &verdict));
        assert_true(verdict.good && verdict.loss < 0.05);
        assert_in_range(verdict.updates, 2, 499);
        assert_int_equal(verdict.pictures, 8);
        assert_true(fabs(verdict.chance - log(2)) < 1e-12);
        alexnet_ctx_free(ctx);
    }
    assert_int_equal(entries("."), before); /* nothing is written */
}

/* Whatever the recipe changes, the batch stays the same: at a rate of 0 so does the loss. */
static void test_nothing_is_drawn(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "batch", "8",      "rate", "0",   "rate_bias", "0",   "erase",           "1",
        "mixup", "1",      "hue",  "0.5", "rotate",    "90",  "label_smoothing", "0.2",
        "crop",  "scaled", "init", "net", "contrast",  "0.5", "colour_noise",    "1",
        "norms", "1",      NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trial *trial;
    alexnet_trial_point first, point;
    bool more = true;
    rig_write_pictures("train", 2, 20);
    expect_ok(start(&trial, ctx, overfit(7), settings));
    do
        expect_ok(alexnet_trial_step(trial, &first, &more));
    while (first.update == 0);
    assert_int_equal(first.update, 1);
    assert_int_equal(first.updates, 7);
    for (int64_t i = 2; more; i++) {
        expect_ok(alexnet_trial_step(trial, &point, &more));
        assert_int_equal(point.update, i);
        assert_true(fabs(point.loss - first.loss) < 1e-12);
        assert_true(point.rate == 0);
    }
    assert_int_equal(point.update, 7);
    alexnet_trial_verdict verdict;
    alexnet_trial_judge(trial, &verdict);
    assert_false(verdict.good);
    assert_int_equal(verdict.updates, 7);
    alexnet_trial_free(trial);
    alexnet_ctx_free(ctx);
}

/* The same picture in both classes cannot be learnt. */
static void test_labels_that_contradict(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "16", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trial *trial;
    alexnet_trial_verdict verdict;
    char path[64];
    rig_write_pictures("train", 2, 4);
    for (int i = 0; i < 4; i++)
        for (int c = 0; c < 2; c++) {
            snprintf(path, sizeof path, "train/class%d/%03d.png", c, i);
            rig_write_picture(path, 0, i);
        }
    expect_ok(start(&trial, ctx, overfit(60), settings));
    expect_ok(finish(trial, &verdict));
    assert_false(verdict.good);
    assert_true(verdict.loss > 0.99 * log(2));
    alexnet_ctx_free(ctx);
}

/* ---- Rates ---- */

/* With rates that rise only in the tenth digit, the losses are those of a run at constant rate. */
static void test_the_same_as_a_run(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "batch",  "8", "epochs", "2",    "rate",   "0.01", "schedule", "constant", "warmup", "0",
        "report", "1", "f.rate", "0.05", "mirror", "yes",  "erase",    "0.5",      NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trial *trial;
    alexnet_trial_point point;
    alexnet_progress p;
    bool more = true;
    size_t length;
    rig_write_pictures("train", 2, 20);
    expect_ok(rig_train("train", NULL, "run", settings, &p));
    char *text = (char *)scratch_read("run/log.jsonl", &length), *rest = text;
    expect_ok(start(&trial, ctx, rates(0.01, 0.01 * (1 + 1e-10), 10), settings));
    while (more) {
        expect_ok(alexnet_trial_step(trial, &point, &more));
        if (point.update == 0)
            continue;
        json_t *line = json_loads(strtok_r(rest, "\n", &rest), 0, NULL);
        if (json_object_get(line, "val")) {
            json_decref(line);
            line = json_loads(strtok_r(rest, "\n", &rest), 0, NULL);
        }
        assert_int_equal(json_integer_value(json_object_get(line, "step")), point.update);
        assert_true(fabs(json_number_value(json_object_get(line, "loss")) - point.loss) < 1e-6);
        json_decref(line);
    }
    assert_int_equal(alexnet_trial_count(trial), 10);
    free(text);
    alexnet_trial_free(trial);
    alexnet_ctx_free(ctx);
}

static void test_rates_rise(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "8", "rate", "0.5", "rate_bias", "1", NULL};
    static const char *const devices[] = {"ref", "cpu"};
    alexnet_trial_point point, last;
    alexnet_trial_verdict verdict;
    rig_write_pictures("train", 2, 20);
    for (int d = 0; d < 2; d++) {
        alexnet_ctx *ctx = rig_new_ctx(devices[d], ALEXNET_PRECISION_FP32, 1);
        alexnet_trial *trial;
        bool more = true;
        expect_ok(start(&trial, ctx, rates(1e-4, 1000, 120), settings));
        while (more)
            expect_ok(alexnet_trial_step(trial, &point, &more));
        const int64_t count = alexnet_trial_count(trial);
        alexnet_trial_judge(trial, &verdict);
        assert_in_range(count, 20, 119); /* it ends where the rate is far too high */
        assert_int_equal(verdict.updates, count);
        assert_true(verdict.good);
        assert_true(verdict.rate == 0.1 * verdict.lowest_at);
        assert_true(verdict.rate > 1e-4 && verdict.lowest_at < 100);
        double sum = 0;
        for (int64_t i = 0; i < count; i++) {
            assert_true(alexnet_trial_get(trial, i, &last));
            assert_int_equal(last.update, i + 1);
            assert_true(fabs(last.rate / (1e-4 * pow(1e7, (double)i / 119)) - 1) < 1e-9);
            assert_true(last.smooth >= verdict.loss);
            sum += i < 5 ? last.loss : 0;
        }
        assert_true(last.rate > verdict.lowest_at);
        assert_true(alexnet_trial_get(trial, 0, &point));
        assert_true(fabs(point.smooth - sum / 5) < 1e-12); /* the first and the four after it */
        assert_false(alexnet_trial_get(trial, count, &point));
        assert_int_equal(point.update, 0);
        alexnet_trial_free(trial);
        alexnet_ctx_free(ctx);
    }
}

/* ---- Trouble ---- */

static void test_no_rate_helps(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "8", "freeze", "*", NULL};
    static const char *const still[] = {"batch", "8", "rate", "0", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trial *trial;
    alexnet_trial_verdict verdict;
    rig_write_pictures("train", 2, 20);
    expect_ok(start(&trial, ctx, rates(1e-4, 1, 20), settings));
    expect_ok(finish(trial, &verdict));
    assert_false(verdict.good);
    assert_true(verdict.rate == 0);
    expect_failure(start(&trial, ctx, rates(1e-4, 1, 20), still), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "rate = 0: rates are tried out in the ratios");
    alexnet_ctx_free(ctx);
}

static void test_trouble(void **state)
{
    (void)state;
    const alexnet_status invalid = ALEXNET_ERROR_INVALID_ARGUMENT;
    static const char *const settings[] = {"batch", "8", NULL};
    static const char *const wild[] = {"batch", "8",    "rate", "1000", "decay",
                                       "100",   "init", "net",  NULL};
    alexnet_ctx *ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    alexnet_trial *trial;
    alexnet_trial_verdict verdict;
    rig_write_pictures("train", 2, 20);
    expect_failure(start(&trial, ctx, overfit(1), settings), invalid, "updates = 1: expected 2");
    expect_failure(start(&trial, ctx, overfit(-3), settings), invalid, "updates = -3");
    expect_failure(start(&trial, ctx, rates(0, 1, 10), settings), invalid, "rates from 0 to 1");
    expect_failure(start(&trial, ctx, rates(1, 0.5, 10), settings), invalid, "the smaller");
    expect_failure(start(&trial, ctx, rates(NAN, 1, 10), settings), invalid, "rates from nan");
    expect_ok(start(&trial, ctx, overfit(0), wild));
    expect_failure(finish(trial, &verdict), ALEXNET_ERROR_DIVERGED,
                   "the first layer whose output is not finite is ");
    assert_null(strstr(an_error_text(), "checkpoint"));
    expect_ok(start(&trial, ctx, overfit(0), settings));
    alexnet_ctx_cancel(ctx);
    assert_int_equal(finish(trial, &verdict), ALEXNET_ERROR_CANCELLED);
    alexnet_ctx_free(ctx);
}

static void test_pictures_that_cannot_be_read(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trial *trial;
    alexnet_trial_verdict verdict;
    char path[64];
    rig_change_network("mean = image", "mean = none ");
    rig_write_pictures("train", 2, 8);
    for (int i = 0; i < 8; i++)
        for (int c = 0; c < 2; c++) {
            snprintf(path, sizeof path, "train/class%d/%03d.png", c, i);
            scratch_text(path, "no picture");
        }
    expect_ok(start(&trial, ctx, overfit(0), settings));
    expect_failure(finish(trial, &verdict), ALEXNET_ERROR_BAD_DATA, "none of the 4 training");
    expect_ok(start(&trial, ctx, rates(1e-4, 1, 50), settings));
    expect_failure(finish(trial, &verdict), ALEXNET_ERROR_BAD_DATA, "none of the 16 training");
    assert_int_equal(entries("."), 4); /* ., .., the pictures and the network */
    alexnet_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, scratch_teardown)
        T(test_a_batch_is_learnt),
        T(test_nothing_is_drawn),
        T(test_labels_that_contradict),
        T(test_the_same_as_a_run),
        T(test_rates_rise),
        T(test_no_rate_helps),
        T(test_trouble),
        T(test_pictures_that_cannot_be_read),
#undef T
    };
    return cmocka_run_group_tests_name("trials", tests, NULL, NULL);
}
