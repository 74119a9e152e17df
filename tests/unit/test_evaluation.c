/*
 * The figures of an evaluation, ensembles and the search for their weights: against NumPy and SciPy
 * (tools/make_evaluation_goldens.py), and through the public API against the classification of
 * single pictures.
 *
 * Tolerances: a mean of probabilities is rounded to float32, which moves it by 2^-24 and its
 * logarithm by as much; everything else is computed in double precision. A probability that is
 * computed in batches of another size may differ in its last bits: 1e-6, as in test_session.c.
 */
#include "failing_open.h"
#include "training_rig.h"

#include <math.h>

#include "api/options.h"
#include "infer/evaluation.h"
#include "infer/weight_search.h"
#include "unit/evaluation_goldens.h"

enum { BATCH = 16, CLASSES = 3 };

static void close_to(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%.17g, expected %.17g", found, expected);
}

/* ---- Against NumPy and SciPy ---- */

/* The last picture could not be read. */
enum { WITH_BAD = GOLDEN_PICTURES + 1 };
static an_sample samples[WITH_BAD];
static alexnet_dataset golden_data = {
    .count = WITH_BAD, .samples = samples, .classes = GOLDEN_CLASSES};
static an_member members[GOLDEN_MODELS];
static float kept_values[GOLDEN_MODELS][WITH_BAD * GOLDEN_CLASSES];

/* An evaluation that has kept the golden probabilities. */
static void make_golden(an_evaluation *e)
{
    const size_t values = BATCH * GOLDEN_CLASSES;
    static alexnet_status statuses[WITH_BAD];
    *e = (an_evaluation){.dataset = &golden_data,
                         .members = members,
                         .count = GOLDEN_MODELS,
                         .batch = BATCH,
                         .classes = GOLDEN_CLASSES,
                         .started = true,
                         .recalling = true,
                         .reported = WITH_BAD,
                         .statuses = statuses};
    e->labels = an_calloc(BATCH, sizeof *e->labels);
    e->pictures = an_calloc(BATCH, sizeof *e->pictures);
    e->sums = an_calloc(values, sizeof *e->sums);
    e->mixed = an_calloc(values, sizeof *e->mixed);
    e->mixed_scores = an_calloc(BATCH, sizeof *e->mixed_scores);
    expect_ok(an_confusion_new(&e->confusion, GOLDEN_CLASSES));
    for (int i = 0; i < GOLDEN_PICTURES; i++) {
        samples[i] = (an_sample){.name = "picture", .label = golden_labels[i]};
        statuses[i] = ALEXNET_OK;
    }
    statuses[GOLDEN_PICTURES] = ALEXNET_ERROR_BAD_DATA;
    for (int m = 0; m < GOLDEN_MODELS; m++) {
        memcpy(kept_values[m], golden_probabilities[m], sizeof golden_probabilities[m]);
        members[m].kept = kept_values[m];
    }
}

static void free_golden(an_evaluation *e)
{
    an_free(e->labels);
    an_free(e->pictures);
    an_free(e->sums);
    an_free(e->mixed);
    an_free(e->mixed_scores);
    an_confusion_free(&e->confusion);
}

static void finish(alexnet_evaluation *e)
{
    int64_t done;
    for (bool more = true; more;)
        expect_ok(alexnet_evaluation_step(e, &done, &more));
}

/* Which class a class is most often mistaken for, by its row of the matrix of all pairs. */
static void check_mistakes(const alexnet_evaluation *e, int label)
{
    alexnet_class_metrics of;
    int answers = 0, worst = -1, predicted;
    int64_t most = 0;
    for (int c = 0; c < GOLDEN_CLASSES; c++) {
        const int64_t count = alexnet_evaluation_confusion(e, label, c);
        answers += count > 0;
        if (c != label && count > most) {
            most = count;
            worst = c;
        }
    }
    expect_ok(alexnet_evaluation_class(e, label, &of));
    assert_int_equal(of.mistaken_for, worst);
    assert_int_equal(of.mistakes, most);
    assert_true(alexnet_evaluation_answer(e, label, answers - 1, &predicted) > 0);
    assert_int_equal(alexnet_evaluation_answer(e, label, answers, &predicted), 0);
    assert_int_equal(predicted, -1);
}

/* By the second of two passes: nothing is left of the first. */
static void test_figures(void **state)
{
    (void)state;
    an_evaluation e;
    alexnet_metrics m;
    alexnet_intervals i;
    alexnet_calibration_bin bins[ALEXNET_CALIBRATION_BINS];
    double error, apart = 0;
    int64_t images = 0;
    make_golden(&e);
    for (int pass = 0; pass < 2; pass++) {
        expect_ok(alexnet_evaluation_set_weights(&e, golden_weights));
        finish(&e);
    }
    expect_ok(alexnet_evaluation_metrics(&e, &m));
    expect_ok(alexnet_evaluation_intervals(&e, &i));
    expect_ok(alexnet_evaluation_calibration(&e, &error, bins));
    for (int b = 0; b < ALEXNET_CALIBRATION_BINS; b++)
        apart += (double)bins[b].images * fabs(bins[b].accuracy - bins[b].confidence);
    close_to(apart / GOLDEN_PICTURES, golden_calibration, 0x1p-24);
    assert_int_equal(m.images, GOLDEN_PICTURES);
    assert_int_equal(m.skipped, 1);
    close_to(m.top1_error, golden_metrics[0], 1e-12);
    close_to(m.top5_error, golden_metrics[1], 1e-12);
    close_to(m.loss, golden_metrics[2], 0x1p-24);
    close_to(i.top1_error.low, golden_intervals[0], 1e-12);
    close_to(i.top1_error.high, golden_intervals[1], 1e-12);
    close_to(i.top5_error.low, golden_intervals[2], 1e-12);
    close_to(i.top5_error.high, golden_intervals[3], 1e-12);
    close_to(i.loss.low, golden_intervals[4], 0x1p-22);
    close_to(i.loss.high, golden_intervals[5], 0x1p-22);
    close_to(error, golden_calibration, 0x1p-24);
    for (int c = 0; c < GOLDEN_CLASSES; c++) {
        alexnet_class_metrics of;
        expect_ok(alexnet_evaluation_class(&e, c, &of));
        close_to(of.precision, golden_precision[c], 1e-12);
        close_to(of.recall, golden_recall[c], 1e-12);
        close_to(of.f1, 2 / (1 / golden_precision[c] + 1 / golden_recall[c]), 1e-12);
        check_mistakes(&e, c);
        images += of.images;
    }
    assert_int_equal(images, GOLDEN_PICTURES);
    free_golden(&e);
}

static void test_not_a_number(void **state)
{
    (void)state;
    an_evaluation e;
    int64_t done;
    bool more;
    make_golden(&e);
    expect_ok(alexnet_evaluation_set_weights(&e, golden_weights));
    kept_values[0][golden_labels[0]] = NAN;
    expect_failure(alexnet_evaluation_step(&e, &done, &more), ALEXNET_ERROR_BAD_MODEL,
                   "picture: the probabilities that the model computes are not numbers");
    free_golden(&e);
}

/* Against a matrix of all pairs: counted in any order, cleared, and counted again. */
static void test_confusion(void **state)
{
    enum { C = 37, PICTURES = 4000 };
    static int64_t expected[C][C];
    an_confusion m;
    (void)state;
    expect_ok(an_confusion_new(&m, C));
    expect_ok(an_confusion_add(&m, 3, 5));
    an_confusion_clear(&m);
    for (int i = 0; i < PICTURES; i++) {
        const an_random4 r = an_random(7, AN_PURPOSE_TEST, 0, (uint64_t)i, 0);
        const int label = (int)(r.v[0] % C), answer = (int)(r.v[1] % (1 + r.v[2] % C));
        expect_ok(an_confusion_add(&m, label, answer));
        expected[label][answer]++;
    }
    for (int answer = 0; answer < C; answer++) {
        int64_t all = 0;
        for (int label = 0; label < C; label++) {
            assert_int_equal(an_confusion_count(&m, label, answer), expected[label][answer]);
            all += expected[label][answer];
        }
        assert_int_equal(m.answer[answer], all);
    }
    for (int label = 0; label < C; label++)
        for (int i = 0; i < m.of[label].count; i++) {
            assert_true(i == 0 || m.of[label].at[i - 1].class < m.of[label].at[i].class);
            assert_true(m.of[label].at[i].count > 0);
        }
    an_confusion_free(&m);
}

/* A matrix of all pairs of the most classes that a model may have would take 80 GB. */
static void test_confusion_of_many_classes(void **state)
{
    an_confusion m;
    (void)state;
    expect_ok(an_confusion_new(&m, AN_CLASSES_MAX));
    expect_ok(an_confusion_add(&m, AN_CLASSES_MAX - 1, 0));
    assert_int_equal(an_confusion_count(&m, AN_CLASSES_MAX - 1, 0), 1);
    assert_int_equal(an_confusion_count(&m, 0, AN_CLASSES_MAX - 1), 0);
    an_confusion_free(&m);
}

static void test_wilson(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_wilson / sizeof *golden_wilson; i++) {
        alexnet_interval found = an_share_interval(golden_wilson[i].share, golden_wilson[i].n);
        close_to(found.low, golden_wilson[i].low, 1e-12);
        close_to(found.high, golden_wilson[i].high, 1e-12);
    }
    alexnet_interval none = an_share_interval(0, 0), one = an_loss_interval(2, 4, 1);
    assert_true(none.low == 0 && none.high == 1 && isnan(one.low) && isnan(one.high));
}

/* Losses 0, 0, 0 and 4: their mean is 1, its standard error is 1, and 1 - 1.96 is below any loss.
 */
static void test_no_loss_below_zero(void **state)
{
    (void)state;
    alexnet_interval found = an_loss_interval(4, 16, 4);
    assert_true(found.low == 0);
    close_to(found.high, 1 + 1.959963984540054, 1e-12);
}

/* Of five classes the right one is always among the best five; of six it need not be. */
static void test_top5_of_five_classes(void **state)
{
    (void)state;
    an_evaluation five = {.classes = 5, .tally = {.images = 100}};
    an_evaluation six = {.classes = 6, .tally = {.images = 100}};
    alexnet_intervals i;
    expect_ok(alexnet_evaluation_intervals(&five, &i));
    assert_true(i.top5_error.low == 0 && i.top5_error.high == 0 && i.top1_error.high > 0);
    expect_ok(alexnet_evaluation_intervals(&six, &i));
    assert_true(i.top5_error.high > 0);
}

static void test_search(void **state)
{
    (void)state;
    an_evaluation e;
    make_golden(&e);
    for (size_t i = 0; i < sizeof golden_searches / sizeof *golden_searches; i++) {
        alexnet_weight_search *search;
        alexnet_weight_search_options options = ALEXNET_WEIGHT_SEARCH_OPTIONS_INIT;
        const double *weights;
        double lowest;
        int tried;
        options.measure = golden_searches[i].measure;
        expect_ok(alexnet_weight_search_new(&search, &e, &options));
        for (bool more = true; more;)
            expect_ok(alexnet_weight_search_step(search, &tried, &more));
        expect_ok(alexnet_weight_search_result(search, &weights, &lowest));
        assert_in_range(tried, GOLDEN_MODELS, 5 * GOLDEN_MODELS);
        close_to(lowest, golden_searches[i].lowest, 1e-12);
        for (int m = 0; m < GOLDEN_MODELS; m++)
            close_to(weights[m], golden_searches[i].weights[m], 1e-12);
        alexnet_weight_search_free(search);
    }
    free_golden(&e);
}

/* ---- Through the public API ---- */

static alexnet_ctx *ctx;
static alexnet_model *models[2];
static alexnet_dataset *data;

static void train(const char *out, const char *rate)
{
    const char *const settings[] = {"batch", "8", "epochs", "4", "rate", rate, NULL};
    alexnet_progress p;
    expect_ok(rig_train_on(ctx, "train", NULL, out, settings, &p));
}

/* Two models that take pictures in different sizes; a bad picture among the good ones. */
static int set_up(void **state)
{
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    if (scratch_setup(state) != 0)
        return -1;
    rig_heard[0] = '\0';
    rig_write_pictures("train", CLASSES, 8);
    rig_write_pictures("val", CLASSES, 5);
    scratch_text("val/class1/003.png", "no picture");
    ctx = rig_new_ctx("auto", ALEXNET_PRECISION_FP32, 1);
    rig_write_network("net.ini");
    train("one", "0.05");
    rig_change_network("side = 16", "side = 18");
    train("two", "0.02");
    expect_ok(alexnet_model_load(&models[0], ctx, "one"));
    expect_ok(alexnet_model_load(&models[1], ctx, "two"));
    options.classes_of = models[0];
    expect_ok(alexnet_dataset_open(&data, ctx, "val", &options));
    return 0;
}

static int tear_down(void **state)
{
    alexnet_dataset_free(data);
    alexnet_model_free(models[0]);
    alexnet_model_free(models[1]);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

static void new_sessions(alexnet_session *sessions[2], int batch, int views)
{
    alexnet_session_options options = ALEXNET_SESSION_OPTIONS_INIT;
    options.batch = batch;
    options.views = views;
    for (int i = 0; i < 2; i++)
        expect_ok(alexnet_session_new(&sessions[i], models[i], &options));
}

static void free_sessions(alexnet_session *sessions[2])
{
    alexnet_session_free(sessions[0]);
    alexnet_session_free(sessions[1]);
}

/* The weighted mean of the models' probabilities for a picture that is classified by itself. */
static void expected_mean(double mean[CLASSES], alexnet_session *single[2], const char *path,
                          const double weights[2])
{
    memset(mean, 0, CLASSES * sizeof *mean);
    for (int m = 0; m < 2; m++) {
        alexnet_prediction best[CLASSES];
        expect_ok(alexnet_classify_file(single[m], path, CLASSES, best));
        for (int c = 0; c < CLASSES; c++)
            mean[best[c].index] +=
                weights[m] * (double)best[c].probability / (weights[0] + weights[1]);
    }
}

/* Compare an ensemble's result for each picture with expected_mean(). */
static void check_pictures(int batch, int views, const double weights[2])
{
    alexnet_session *sessions[2], *single[2];
    alexnet_evaluation *e;
    alexnet_ensemble_options options = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    alexnet_evaluated picture;
    alexnet_prediction best[CLASSES];
    int64_t done, good = 0, all = 0;
    options.weights = weights;
    new_sessions(sessions, batch, views);
    new_sessions(single, 1, views);
    expect_ok(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, &options));
    assert_int_not_equal(alexnet_evaluation_picture(e, 0, 0, &picture, NULL), ALEXNET_OK);
    for (bool more = true; more;) {
        expect_ok(alexnet_evaluation_step(e, &done, &more));
        for (int i = 0; !alexnet_evaluation_picture(e, i, CLASSES, &picture, best); i++, all++) {
            double mean[CLASSES];
            if (picture.status != ALEXNET_OK)
                continue;
            good++;
            expected_mean(mean, single, picture.path, weights);
            for (int c = 0; c < CLASSES; c++)
                close_to(best[c].probability, mean[best[c].index], 1e-6);
            close_to(picture.loss, -log(mean[picture.label]), 1e-5);
            assert_true(picture.top1_error == (best[0].index != picture.label));
        }
    }
    assert_int_equal(all, alexnet_dataset_count(data));
    assert_int_equal(good, all - 1);
    alexnet_evaluation_free(e);
    free_sessions(sessions);
    free_sessions(single);
}

static void test_ensembles(void **state)
{
    (void)state;
    check_pictures(4, 1, (double[]){1, 1});
    check_pictures(32, 1, (double[]){1, 3});
    check_pictures(4, 10, (double[]){0, 2});
}

/* New weights for kept probabilities give the same bits as a new evaluation with these weights. */
static void test_kept(void **state)
{
    (void)state;
    static const double weights[] = {3, 1};
    alexnet_session *sessions[2];
    alexnet_evaluation *kept, *fresh;
    alexnet_ensemble_options options = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    alexnet_metrics a, b;
    new_sessions(sessions, 4, 1);
    options.keep = true;
    expect_ok(alexnet_evaluation_new_ensemble(&kept, sessions, 2, data, &options));
    options = (alexnet_ensemble_options)ALEXNET_ENSEMBLE_OPTIONS_INIT;
    options.weights = weights;
    expect_ok(alexnet_evaluation_new_ensemble(&fresh, sessions, 2, data, &options));
    finish(kept);
    expect_ok(alexnet_evaluation_set_weights(kept, weights));
    finish(kept);
    finish(fresh);
    expect_ok(alexnet_evaluation_metrics(kept, &a));
    expect_ok(alexnet_evaluation_metrics(fresh, &b));
    assert_int_equal(a.images, 3 * 5 - 1);
    assert_int_equal(a.skipped, 1);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(rig_times_heard("left out: "), 2); /* once by each */
    alexnet_evaluation_free(kept);
    alexnet_evaluation_free(fresh);
    free_sessions(sessions);
}

/* Pictures that the caller names by itself are counted, and not named in the log. */
static void test_unnamed(void **state)
{
    (void)state;
    alexnet_session *sessions[2];
    alexnet_evaluation *evaluation;
    alexnet_ensemble_options options = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    alexnet_metrics m;
    const int heard = rig_times_heard("left out: ");
    new_sessions(sessions, 4, 1);
    options.unnamed = true;
    expect_ok(alexnet_evaluation_new_ensemble(&evaluation, sessions, 2, data, &options));
    finish(evaluation);
    expect_ok(alexnet_evaluation_metrics(evaluation, &m));
    assert_int_equal(m.skipped, 1);
    assert_int_equal(rig_times_heard("left out: "), heard);
    alexnet_evaluation_free(evaluation);
    free_sessions(sessions);
}

/* Nothing is kept before the end: weights that are set in between begin a new pass. */
static void test_weights_in_between(void **state)
{
    (void)state;
    static const double weights[] = {3, 1};
    alexnet_session *sessions[2];
    alexnet_evaluation *kept;
    alexnet_ensemble_options options = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    alexnet_metrics before, after;
    int64_t done;
    bool more;
    new_sessions(sessions, 4, 1);
    options.keep = true;
    options.weights = weights;
    expect_ok(alexnet_evaluation_new_ensemble(&kept, sessions, 2, data, &options));
    finish(kept);
    expect_ok(alexnet_evaluation_metrics(kept, &before));
    alexnet_evaluation_free(kept);
    expect_ok(alexnet_evaluation_new_ensemble(&kept, sessions, 2, data, &options));
    expect_ok(alexnet_evaluation_step(kept, &done, &more));
    expect_ok(alexnet_evaluation_set_weights(kept, weights));
    finish(kept);
    expect_ok(alexnet_evaluation_metrics(kept, &after));
    assert_memory_equal(&before, &after, sizeof before);
    alexnet_evaluation_free(kept);
    free_sessions(sessions);
}

/* Whichever allocation of a step fails, nothing is known of its pictures, and the next step begins
 * again at the first. */
static void test_a_step_that_fails(void **state)
{
    (void)state;
    alexnet_session *sessions[2];
    alexnet_evaluation *e;
    alexnet_metrics whole, again;
    alexnet_evaluated picture;
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    new_sessions(sessions, 8, 1);
    expect_ok(alexnet_evaluation_new(&e, sessions[0], data));
    finish(e);
    expect_ok(alexnet_evaluation_metrics(e, &whole));
    alexnet_evaluation_free(e);
    for (uint64_t n = 1; rc != ALEXNET_OK; n++) {
        int64_t done;
        bool more;
        expect_ok(alexnet_evaluation_new(&e, sessions[0], data));
        an_alloc_fail_at(n);
        rc = alexnet_evaluation_step(e, &done, &more);
        an_alloc_fail_at(0);
        if (rc != ALEXNET_OK) {
            expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "out of memory");
            expect_failure(alexnet_evaluation_picture(e, 0, 0, &picture, NULL),
                           ALEXNET_ERROR_INVALID_ARGUMENT, "");
        }
        finish(e);
        expect_ok(alexnet_evaluation_metrics(e, &again));
        assert_memory_equal(&whole, &again, sizeof whole);
        alexnet_evaluation_free(e);
        assert_true(n < 1000);
    }
    free_sessions(sessions);
}

/* A picture that one of the members cannot read is left out. Whose loader opens it first is up to
 * the system, so each of them fails once. */
static void test_unreadable_for_one(void **state)
{
    (void)state;
    for (int time = 1; time <= 2; time++) {
        alexnet_session *sessions[2];
        alexnet_evaluation *e;
        alexnet_metrics metrics;
        new_sessions(sessions, 4, 1);
        expect_ok(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, NULL));
        failing_in = time;
        failing = "class0/001.png";
        finish(e);
        failing = NULL;
        expect_ok(alexnet_evaluation_metrics(e, &metrics));
        assert_int_equal(failing_in, time - 2); /* it was opened twice */
        assert_int_equal(metrics.images, 3 * 5 - 2);
        assert_int_equal(metrics.skipped, 2);
        alexnet_evaluation_free(e);
        free_sessions(sessions);
    }
}

static void test_refused(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    alexnet_session *sessions[2];
    alexnet_evaluation *e;
    alexnet_weight_search *search;
    alexnet_weight_search_options how = ALEXNET_WEIGHT_SEARCH_OPTIONS_INIT;
    alexnet_ensemble_options options = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    alexnet_class_metrics of;
    new_sessions(sessions, 4, 1);
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 0, data, NULL), bad, "0 models");
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 257, data, NULL), bad,
                   "257 models: expected 1 to 256");
    options.weights = (double[]){1, -1};
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, &options), bad,
                   "weight 2 of 2 is -1");
    options.weights = (double[]){0, 0};
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, &options), bad,
                   "sum to 0: expected a number above 0");
    options.weights = (double[]){1e308, 1e308};
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, &options), bad,
                   "sum to inf: expected a number above 0");
    options.weights = (double[]){NAN, 1};
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, &options), bad,
                   "weight 1 of 2");
    assert_null(e);
    alexnet_session_free(sessions[1]);
    expect_ok(alexnet_session_new(&sessions[1], models[1], NULL));
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, NULL), bad, "batch = 1");
    expect_ok(alexnet_evaluation_new_ensemble(&e, sessions, 1, data, NULL));
    finish(e);
    expect_failure(alexnet_weight_search_new(&search, e, NULL), bad, "keep");
    how.steps = 1;
    expect_failure(alexnet_weight_search_new(&search, e, &how), bad, "steps = 1");
    expect_failure(alexnet_evaluation_class(e, CLASSES, &of), bad, "class 3");
    alexnet_evaluation_free(e);
    free_sessions(sessions);
}

/* Models of different contexts cannot form an ensemble. */
static void test_other_context(void **state)
{
    (void)state;
    alexnet_session *sessions[2];
    alexnet_model *other;
    alexnet_evaluation *e;
    alexnet_ctx *second = rig_new_ctx("auto", ALEXNET_PRECISION_FP32, 1);
    expect_ok(alexnet_model_load(&other, second, "two"));
    expect_ok(alexnet_session_new(&sessions[0], models[0], NULL));
    expect_ok(alexnet_session_new(&sessions[1], other, NULL));
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "model 2 has another context than the first");
    free_sessions(sessions);
    alexnet_model_free(other);
    alexnet_ctx_free(second);
}

/* Nor can models with different classes, or a model be measured on other classes. */
static void test_other_classes(void **state)
{
    (void)state;
    alexnet_session *sessions[2];
    alexnet_model *other;
    alexnet_evaluation *e;
    alexnet_dataset *more;
    rig_write_pictures("others", CLASSES, 2);
    assert_int_equal(rename("others/class1", "others/classB"), 0);
    const char *const settings[] = {"batch", "8", "epochs", "1", NULL};
    alexnet_progress p;
    expect_ok(rig_train_on(ctx, "others", NULL, "third", settings, &p));
    expect_ok(alexnet_model_load(&other, ctx, "third"));
    expect_ok(alexnet_session_new(&sessions[0], models[0], NULL));
    expect_ok(alexnet_session_new(&sessions[1], other, NULL));
    expect_failure(alexnet_evaluation_new_ensemble(&e, sessions, 2, data, NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "class 1 of model 2 is class2: expected class1");
    expect_ok(alexnet_dataset_open(&more, ctx, "others", NULL));
    expect_failure(alexnet_evaluation_new(&e, sessions[0], more), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "class 1 is class2 in the data set and class1 in the model");
    alexnet_dataset_free(more);
    assert_int_equal(rename("others/class2", "others/classB/class2"), 0);
    expect_ok(alexnet_dataset_open(&more, ctx, "others", NULL));
    expect_failure(alexnet_evaluation_new(&e, sessions[0], more), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "the data set has 2 classes and the model 3");
    alexnet_dataset_free(more);
    free_sessions(sessions);
    alexnet_model_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_not_a_number),
        cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_confusion_of_many_classes),
        cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_no_loss_below_zero),
        cmocka_unit_test(test_top5_of_five_classes),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_unnamed),
        cmocka_unit_test(test_weights_in_between),
        cmocka_unit_test(test_a_step_that_fails),
        cmocka_unit_test(test_ensembles),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_other_context),
        cmocka_unit_test(test_other_classes),
        cmocka_unit_test(test_unreadable_for_one),
    };
    return cmocka_run_group_tests_name("evaluation", tests, set_up, tear_down);
}
