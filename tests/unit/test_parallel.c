/*
 * What computes, called in a parallel region of the caller: each call is refused on every device,
 * and has changed nothing, so that what follows outside is as if it had not been made.
 *
 * Judged by the same calls without a region in between, which must give the same bits. What has no
 * twin need only be refused, and accepted outside.
 */
#include "training_rig.h"

#include <omp.h>

#include "infer/distance.h"

enum { CLASSES = 2, PICTURES = 6, SIDE = 14, CROP = SIDE * SIDE * 3, BATCH = 2 };

static alexnet_ctx *ctx;
static alexnet_model *model;
static alexnet_dataset *data;
static const char *device;
static uint8_t crop[CROP];

static int set_up(void **state)
{
    static const char *const settings[] = {"batch", "3", "epochs", "1", NULL};
    static const float ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    alexnet_progress p;
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    if (rig_set_up(state) != 0)
        return -1;
    device = *state;
    rig_write_pictures("data", CLASSES, PICTURES / CLASSES);
    expect_ok(rig_train("data", NULL, "run", settings, &p));
    rig_write_lpips("lpips.safetensors", 6, ones);
    ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 2);
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    options.classes_of = model;
    expect_ok(alexnet_dataset_open(&data, ctx, "data", &options));
    expect_ok(alexnet_crop_file(alexnet_model_network(model), "data/class0/000.png", crop));
    return 0;
}

static int tear_down(void **state)
{
    alexnet_dataset_free(data);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

/* Make a call in a parallel region, where it must be refused. */
#define REFUSED_IN_A_REGION(call)                                                                  \
    do {                                                                                           \
        alexnet_status refused_ = ALEXNET_OK;                                                      \
        _Pragma("omp parallel num_threads(2)")                                                     \
        {                                                                                          \
            _Pragma("omp master") refused_ = (call);                                               \
        }                                                                                          \
        expect_failure(refused_, ALEXNET_ERROR_INVALID_ARGUMENT,                                   \
                       "called from within an OpenMP parallel region");                            \
    } while (0)

/* ---- Pictures one after the other ---- */

static void test_streams(void **state)
{
    alexnet_session_options two = ALEXNET_SESSION_OPTIONS_INIT;
    alexnet_session *session;
    alexnet_stream *stream;
    alexnet_stream_result result;
    alexnet_prediction best;
    bool more;
    (void)state;
    two.batch = BATCH;
    expect_ok(alexnet_session_new(&session, model, &two));
    expect_ok(alexnet_stream_open(&stream, session, data, 1));
    for (int i = 0; i < PICTURES; i++) {
        if (i % BATCH == 0)
            REFUSED_IN_A_REGION(alexnet_stream_next(stream, &result, &more));
        expect_ok(alexnet_stream_next(stream, &result, &more));
        assert_true(more);
        assert_string_equal(result.path, data->samples[i].name);
    }
    expect_ok(alexnet_stream_next(stream, &result, &more));
    assert_false(more);
    REFUSED_IN_A_REGION(alexnet_classify_file(session, "data/class0/000.png", 1, &best));
    expect_ok(alexnet_classify_file(session, "data/class0/000.png", 1, &best));
    alexnet_stream_free(stream);
    alexnet_session_free(session);
}

static void test_features(void **state)
{
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    alexnet_features *features;
    alexnet_feature_stream *stream;
    alexnet_feature_result result;
    float values[8];
    bool more;
    (void)state;
    options.layers = (const char *const[]){"g"};
    options.count = 1;
    options.batch = BATCH;
    expect_ok(alexnet_features_new(&features, model, &options));
    expect_ok(alexnet_feature_stream_new(&stream, features, data));
    for (int i = 0; i < PICTURES; i++) {
        if (i % BATCH == 0)
            REFUSED_IN_A_REGION(alexnet_feature_stream_next(stream, &result, &more));
        expect_ok(alexnet_feature_stream_next(stream, &result, &more));
        assert_true(more);
        assert_string_equal(result.path, data->samples[i].name);
    }
    REFUSED_IN_A_REGION(alexnet_features_file(features, "data/class0/000.png", values));
    expect_ok(alexnet_features_file(features, "data/class0/000.png", values));
    alexnet_feature_stream_free(stream);
    alexnet_features_free(features);
}

static void test_distances(void **state)
{
    alexnet_distance_options options = ALEXNET_DISTANCE_OPTIONS_INIT;
    alexnet_distance *distance;
    alexnet_distance_stream *stream;
    alexnet_distance_result result;
    alexnet_distance_picture *a, *b;
    double value;
    bool more;
    (void)state;
    options.lpips = "lpips.safetensors";
    expect_ok(alexnet_distance_new(&distance, model, &options));
    expect_ok(alexnet_distance_stream_new(&stream, distance, data, NULL, 0));
    for (int i = 0; i < PICTURES; i++) {
        REFUSED_IN_A_REGION(alexnet_distance_stream_next(stream, &result, &more));
        expect_ok(alexnet_distance_stream_next(stream, &result, &more));
        assert_true(more);
        assert_int_equal(result.index, i);
        expect_ok(result.status);
        alexnet_distance_picture_free(result.picture);
    }
    REFUSED_IN_A_REGION(alexnet_distance_picture_file(&a, distance, "data/class0/000.png"));
    expect_ok(alexnet_distance_picture_file(&a, distance, "data/class0/000.png"));
    expect_ok(alexnet_distance_picture_file(&b, distance, "data/class1/000.png"));
    REFUSED_IN_A_REGION(alexnet_distance_between(distance, a, b, &value, NULL, NULL));
    expect_ok(alexnet_distance_between(distance, a, b, &value, NULL, NULL));
    alexnet_distance_picture_free(a);
    alexnet_distance_picture_free(b);
    alexnet_distance_stream_free(stream);
    alexnet_distance_free(distance);
}

/* ---- Evaluation ---- */

static alexnet_metrics evaluate(bool disturbed)
{
    alexnet_session_options two = ALEXNET_SESSION_OPTIONS_INIT;
    alexnet_session *session;
    alexnet_evaluation *evaluation;
    alexnet_metrics metrics;
    int64_t done;
    two.batch = BATCH;
    expect_ok(alexnet_session_new(&session, model, &two));
    expect_ok(alexnet_evaluation_new(&evaluation, session, data));
    bool more = true;
    for (int i = 0; more; i++) {
        assert_in_range(i, 0, PICTURES / BATCH); /* a step does not begin again */
        if (disturbed)
            REFUSED_IN_A_REGION(alexnet_evaluation_step(evaluation, &done, &more));
        expect_ok(alexnet_evaluation_step(evaluation, &done, &more));
    }
    expect_ok(alexnet_evaluation_metrics(evaluation, &metrics));
    alexnet_evaluation_free(evaluation);
    alexnet_session_free(session);
    return metrics;
}

static void test_evaluation(void **state)
{
    (void)state;
    const alexnet_metrics straight = evaluate(false), disturbed = evaluate(true);
    assert_memory_equal(&straight, &disturbed, sizeof straight);
    assert_int_equal(straight.images, PICTURES);
}

/* ---- Explanation ---- */

static void test_explanations(void **state)
{
    alexnet_saliency *saliency;
    alexnet_activations *activations;
    alexnet_occlusion *occlusion;
    alexnet_patches *patches;
    float score;
    int64_t done;
    bool more = true;
    (void)state;
    expect_ok(alexnet_saliency_new(&saliency, model));
    REFUSED_IN_A_REGION(alexnet_saliency_compute(saliency, crop, 0, &score, NULL, NULL));
    expect_ok(alexnet_saliency_compute(saliency, crop, 0, &score, NULL, NULL));
    expect_ok(alexnet_activations_new(&activations, model));
    REFUSED_IN_A_REGION(alexnet_activations_compute(activations, crop));
    expect_ok(alexnet_activations_compute(activations, crop));
    expect_ok(alexnet_occlusion_new(&occlusion, model, NULL));
    expect_ok(alexnet_occlusion_start(occlusion, crop, 0));
    REFUSED_IN_A_REGION(alexnet_occlusion_step(occlusion, &done, &more));
    expect_ok(alexnet_occlusion_step(occlusion, &done, &more));
    expect_ok(alexnet_patches_new(&patches, model, data, NULL));
    REFUSED_IN_A_REGION(alexnet_patches_step(patches, &done, &more));
    for (more = true; more;)
        expect_ok(alexnet_patches_step(patches, &done, &more));
    assert_int_equal(done, PICTURES);
    alexnet_patches_free(patches);
    alexnet_occlusion_free(occlusion);
    alexnet_activations_free(activations);
    alexnet_saliency_free(saliency);
}

/* ---- Training ---- */

static const char *const settings[] = {"batch", "4", "epochs", "2", "report", "1", NULL};

/* The mean image, minibatches and validation: each step is refused once. */
static void test_trainer(void **state)
{
    (void)state;
    for (int disturbed = 0; disturbed < 2; disturbed++) {
        alexnet_trainer *trainer;
        alexnet_progress p;
        expect_ok(rig_start(&trainer, ctx, "data", "data", disturbed ? "disturbed" : "straight",
                            settings));
        for (bool more = true; more;) {
            if (disturbed)
                REFUSED_IN_A_REGION(alexnet_trainer_step(trainer, &p, &more));
            expect_ok(alexnet_trainer_step(trainer, &p, &more));
        }
        alexnet_trainer_free(trainer);
    }
    rig_expect_same_run("straight", "disturbed");
}

static void test_new_runs(void **state)
{
    alexnet_trainer *trainer;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    (void)state;
    options.net = "net.ini";
    options.out_dir = "new";
    REFUSED_IN_A_REGION(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
    assert_null(trainer);
    assert_false(an_is_folder("new"));
    expect_ok(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
    alexnet_trainer_free(trainer);
    REFUSED_IN_A_REGION(alexnet_trainer_resume(&trainer, ctx, "new", NULL));
    assert_null(trainer);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "new", NULL));
    alexnet_trainer_free(trainer);
}

static void test_trials_and_previews(void **state)
{
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_trial_options how = ALEXNET_TRIAL_OPTIONS_INIT;
    alexnet_trial *trial;
    alexnet_trial_point point;
    alexnet_preview *preview;
    bool more;
    (void)state;
    options.net = "net.ini";
    how.updates = 2;
    expect_ok(alexnet_trial_new(&trial, ctx, data, &options, &how));
    REFUSED_IN_A_REGION(alexnet_trial_step(trial, &point, &more));
    expect_ok(alexnet_trial_step(trial, &point, &more));
    alexnet_trial_free(trial);
    REFUSED_IN_A_REGION(alexnet_trial_new(&trial, ctx, data, &options, &how));
    REFUSED_IN_A_REGION(alexnet_preview_new(&preview, ctx, data, &options, 2, 2));
    expect_ok(alexnet_preview_new(&preview, ctx, data, &options, 2, 2));
    alexnet_preview_free(preview);
}

/* ---- Self-test and speed ---- */

static void test_measurements(void **state)
{
    alexnet_selftest *selftest;
    alexnet_selftest_result result;
    alexnet_bench *bench;
    alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
    double seconds;
    bool more;
    (void)state;
    expect_ok(alexnet_selftest_new(&selftest, ctx));
    REFUSED_IN_A_REGION(alexnet_selftest_next(selftest, &result, &more));
    expect_ok(alexnet_selftest_next(selftest, &result, &more));
    assert_true(result.passed);
    alexnet_selftest_free(selftest);
    options.net = "net.ini";
    options.batch = BATCH;
    options.steps = 1;
    expect_ok(alexnet_bench_new(&bench, ctx, &options));
    REFUSED_IN_A_REGION(alexnet_bench_step(bench, &seconds, &more));
    expect_ok(alexnet_bench_step(bench, &seconds, &more));
    alexnet_bench_free(bench);
}

#define ON(device, test)                                                                           \
    cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, (void *)(device))
#define ON_BOTH(test) ON("ref", test), ON("cpu", test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(test_streams),      ON_BOTH(test_features),
        ON_BOTH(test_distances),    ON_BOTH(test_evaluation),
        ON_BOTH(test_explanations), ON_BOTH(test_trainer),
        ON_BOTH(test_new_runs),     ON_BOTH(test_trials_and_previews),
        ON_BOTH(test_measurements),
    };
    return cmocka_run_group_tests_name("parallel regions of the caller", tests, NULL, NULL);
}
