/*
 * What is done step by step goes on after a step for which memory ran out: the step is tried again,
 * and the results are those of work that was not disturbed (oom_rig.h). No picture is lost, and
 * none is counted twice.
 */
#include "oom/oom_rig.h"

#include "backend/cpu/cpu.h"
#include "model/model.h"
#include "train/trainer.h"
#include "train/trial.h"

/* A device whose operators need memory, and do nothing where there is none. */
static an_backend_api needy;

static alexnet_status need(void)
{
    void *block = an_malloc(1);
    an_free(block);
    return block ? ALEXNET_OK : AN_FAIL_MEMORY(1, "an operator");
}

static alexnet_status forward(an_backend *backend, an_prepared *op, const an_op_args *args)
{
    AN_CHECK(need());
    return an_cpu_api.op_forward(backend, op, args);
}

static alexnet_status backward(an_backend *backend, an_prepared *op, const an_op_args *args)
{
    AN_CHECK(need());
    return an_cpu_api.op_backward(backend, op, args);
}

static void make_needy(an_net *net)
{
    needy = an_cpu_api;
    needy.op_forward = forward;
    needy.op_backward = backward;
    net->backend->api = &needy;
}

static int tried_again;

/* Do a step; if memory runs out for it, once more, as no second allocation fails. */
#define STEP(call)                                                                                 \
    do {                                                                                           \
        rc = (call);                                                                               \
        if (rc == ALEXNET_ERROR_NO_MEMORY) {                                                       \
            tried_again++;                                                                         \
            rc = (call);                                                                           \
        }                                                                                          \
        if (rc != ALEXNET_OK)                                                                      \
            goto cleanup;                                                                          \
    } while (0)

/* The model of the set-up and its pictures, with and without labels. */
typedef struct rig {
    alexnet_ctx *ctx;
    alexnet_model *model;
    alexnet_dataset *data;
} rig;

static void free_rig(rig *r)
{
    alexnet_dataset_free(r->data);
    alexnet_model_free(r->model);
    alexnet_ctx_free(r->ctx);
}

static alexnet_status make_rig(rig *r)
{
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_status rc;
    *r = (rig){0};
    AN_TRY(new_ctx(&r->ctx));
    AN_TRY(alexnet_model_load(&r->model, r->ctx, "run"));
    make_needy(r->model->net);
    options.classes_of = r->model;
    AN_TRY(alexnet_dataset_open(&r->data, r->ctx, "data", &options));
    return ALEXNET_OK;
cleanup:
    free_rig(r);
    *r = (rig){0};
    return rc;
}

static void note_picture(const char *path, alexnet_status status)
{
    note(path, strlen(path));
    note(&status, sizeof status);
}

static alexnet_status classify(void)
{
    rig r;
    alexnet_session *session = NULL;
    alexnet_stream *stream = NULL;
    alexnet_stream_result got;
    alexnet_session_options options = ALEXNET_SESSION_OPTIONS_INIT;
    alexnet_status rc;
    options.batch = 3;
    AN_TRY(make_rig(&r));
    AN_TRY(alexnet_session_new(&session, r.model, &options));
    AN_TRY(alexnet_stream_open(&stream, session, r.data, 1));
    for (bool more = true; more;) {
        STEP(alexnet_stream_next(stream, &got, &more));
        if (!more)
            break;
        note_picture(got.path, got.status);
        note(&got.best[0].probability, sizeof got.best[0].probability);
    }
cleanup:
    alexnet_stream_free(stream);
    alexnet_session_free(session);
    free_rig(&r);
    return rc;
}

static alexnet_status evaluate(void)
{
    rig r;
    alexnet_session *session = NULL;
    alexnet_evaluation *evaluation = NULL;
    alexnet_metrics metrics;
    alexnet_status rc;
    int64_t done;
    AN_TRY(make_rig(&r));
    AN_TRY(alexnet_session_new(&session, r.model, NULL));
    AN_TRY(alexnet_evaluation_new(&evaluation, session, r.data));
    for (bool more = true; more;)
        STEP(alexnet_evaluation_step(evaluation, &done, &more));
    AN_TRY(alexnet_evaluation_metrics(evaluation, &metrics));
    note(&metrics, sizeof metrics);
cleanup:
    alexnet_evaluation_free(evaluation);
    alexnet_session_free(session);
    free_rig(&r);
    return rc;
}

static alexnet_status make_features(alexnet_features **features, alexnet_model *model)
{
    static const char *const layers[] = {"g"};
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    options.layers = layers;
    options.count = 1;
    options.batch = 3;
    return alexnet_features_new(features, model, &options);
}

static alexnet_status compute_features(void)
{
    rig r;
    alexnet_features *features = NULL;
    alexnet_feature_stream *stream = NULL;
    alexnet_feature_result got;
    alexnet_status rc;
    AN_TRY(make_rig(&r));
    AN_TRY(make_features(&features, r.model));
    AN_TRY(alexnet_feature_stream_new(&stream, features, r.data));
    for (bool more = true; more;) {
        STEP(alexnet_feature_stream_next(stream, &got, &more));
        if (!more)
            break;
        note_picture(got.path, got.status);
        note(got.values, (size_t)alexnet_features_length(features) * sizeof(float));
    }
cleanup:
    alexnet_feature_stream_free(stream);
    alexnet_features_free(features);
    free_rig(&r);
    return rc;
}

/* How far each picture is from the first one. */
static alexnet_status measure_distances(void)
{
    rig r;
    alexnet_distance *distance = NULL;
    alexnet_distance_stream *stream = NULL;
    alexnet_distance_picture *first = NULL, *picture = NULL;
    alexnet_distance_result got;
    alexnet_distance_options options = ALEXNET_DISTANCE_OPTIONS_INIT;
    alexnet_status rc;
    options.lpips = "lin.safetensors";
    AN_TRY(make_rig(&r));
    AN_TRY(alexnet_distance_new(&distance, r.model, &options));
    AN_TRY(alexnet_distance_stream_new(&stream, distance, r.data, NULL, 0));
    for (bool more = true; more;) {
        double value;
        STEP(alexnet_distance_stream_next(stream, &got, &more));
        if (!more)
            break;
        picture = got.picture;
        note_picture(got.path, got.status);
        AN_TRY(alexnet_distance_between(distance, first ? first : picture, picture, &value, NULL,
                                        NULL));
        note(&value, sizeof value);
        if (first)
            alexnet_distance_picture_free(picture);
        else
            first = picture;
        picture = NULL;
    }
cleanup:
    if (picture != first)
        alexnet_distance_picture_free(picture);
    alexnet_distance_picture_free(first);
    alexnet_distance_stream_free(stream);
    alexnet_distance_free(distance);
    free_rig(&r);
    return rc;
}

static alexnet_status find_patches(void)
{
    rig r;
    alexnet_patches *patches = NULL;
    alexnet_patches_options options = ALEXNET_PATCHES_OPTIONS_INIT;
    alexnet_patch patch;
    alexnet_status rc;
    int64_t done;
    options.batch = 3;
    AN_TRY(make_rig(&r));
    AN_TRY(alexnet_patches_new(&patches, r.model, r.data, &options));
    for (bool more = true; more;)
        STEP(alexnet_patches_step(patches, &done, &more));
    note(&done, sizeof done);
    for (int i = 0; alexnet_patches_get(patches, i, &patch); i++) {
        note(patch.path, strlen(patch.path));
        note(&patch.value, sizeof patch.value);
    }
    const int64_t skipped = alexnet_patches_skipped(patches);
    note(&skipped, sizeof skipped);
cleanup:
    alexnet_patches_free(patches);
    free_rig(&r);
    return rc;
}

static alexnet_status make_index(void)
{
    rig r;
    alexnet_features *features = NULL;
    alexnet_index *index = NULL;
    alexnet_status rc;
    scratch_remove("data/.class0.index");
    AN_TRY(make_rig(&r));
    AN_TRY(make_features(&features, r.model));
    AN_TRY(alexnet_index_open(&index, features, "data/class0", NULL));
    for (bool more = true; more;)
        STEP(alexnet_index_step(index, &more));
    for (int64_t i = 0; i < alexnet_index_count(index); i++)
        note(alexnet_index_values(index, i),
             (size_t)alexnet_features_length(features) * sizeof(float));
cleanup:
    alexnet_index_free(index);
    alexnet_features_free(features);
    free_rig(&r);
    return rc;
}

static alexnet_status measure_data(void)
{
    rig r;
    alexnet_data_stats *stats = NULL;
    const alexnet_data_stats_result *got;
    alexnet_status rc;
    int64_t done;
    AN_TRY(make_rig(&r));
    AN_TRY(alexnet_data_stats_new(&stats, r.ctx, r.data, alexnet_model_network(r.model)));
    for (bool more = true; more;)
        STEP(alexnet_data_stats_step(stats, &done, &more));
    got = alexnet_data_stats_get(stats);
    note(&got->pictures, sizeof got->pictures);
    note(&got->left_out, sizeof got->left_out);
    note(got->mean, sizeof got->mean);
cleanup:
    alexnet_data_stats_free(stats);
    free_rig(&r);
    return rc;
}

static alexnet_status begin_needy_run(alexnet_trainer **trainer, alexnet_ctx *ctx,
                                      const char *folder, const char *parts)
{
    const char *const settings[] = {"batch",  "4", "epochs",     "1",   "norms", "1",
                                    "report", "1", "accumulate", parts, NULL};
    AN_CHECK(begin_run(trainer, ctx, folder, settings));
    make_needy((*trainer)->net);
    return ALEXNET_OK;
}

/* The mean, an epoch with validation, and its checkpoint. */
static alexnet_status train_into(const char *folder)
{
    alexnet_ctx *ctx = NULL;
    alexnet_trainer *trainer = NULL;
    alexnet_progress progress;
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(begin_needy_run(&trainer, ctx, folder, "1"));
    int steps = 0;
    for (bool more = true; more;) {
        STEP(alexnet_trainer_step(trainer, &progress, &more));
        assert_true(++steps < 100);
        if (progress.phase != ALEXNET_PROGRESS_TRAIN && progress.phase != ALEXNET_PROGRESS_EPOCH)
            continue; /* these passes may begin again */
        note(&progress.epoch, sizeof progress.epoch);
        note(&progress.norms, sizeof progress.norms);
        note(&progress.report, sizeof progress.report);
        note(&progress.best, sizeof progress.best);
    }
cleanup:
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    return rc;
}

/* A run whose batches are computed in two parts. If memory runs out it is saved, and resumed. */
static alexnet_status train_resumed(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_trainer *trainer = NULL;
    alexnet_progress progress;
    alexnet_status rc;
    scratch_remove("parts");
    AN_TRY(new_ctx(&ctx));
    AN_TRY(begin_needy_run(&trainer, ctx, "parts", "2"));
    for (bool more = true; more;) {
        rc = alexnet_trainer_step(trainer, &progress, &more);
        if (rc == ALEXNET_ERROR_NO_MEMORY) {
            tried_again++;
            AN_TRY(alexnet_trainer_save(trainer));
            alexnet_trainer_free(trainer);
            AN_TRY(alexnet_trainer_resume(&trainer, ctx, "parts", NULL));
            make_needy(trainer->net);
            more = true;
        }
        AN_TRY(rc);
    }
cleanup:
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    return rc;
}

/* Batches are computed in two parts. The gradients of the second are added to those of the first:
 * what fails in the midst of that begins with the first again. */
static alexnet_status try_rates(void)
{
    static const char *const settings[] = {"batch", "4", "accumulate", "2", NULL};
    alexnet_ctx *ctx = NULL;
    alexnet_trial *trial = NULL;
    alexnet_trial_point point;
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(begin_trial(&trial, ctx, ALEXNET_TRIAL_RATES, settings));
    make_needy(trial->trainer->net);
    for (bool more = true; more;) {
        STEP(alexnet_trial_step(trial, &point, &more));
        if (point.update == 0) /* a part of the pass for the mean, which may begin again */
            continue;
        note(&point.images, sizeof point.images);
        note(&point.loss, sizeof point.loss);
    }
cleanup:
    alexnet_trial_free(trial);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status train(void)
{
    scratch_remove("out");
    return train_into("out");
}

static void look_at_run(void)
{
    rig_expect_same_run("run", "out");
}

/* The weights, and the line of the epoch. */
static void look_at_resumed(void)
{
    char *log = rig_log_without_speed("parts/log.jsonl");
    for (const char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, "\"val\""))
            note(line, strlen(line));
    free(log);
    note_tensors("parts/last.safetensors");
}

static void go_on(alexnet_status (*act)(void), void (*look)(void))
{
    tried_again = 0;
    fail_each(&(scenario){act, look, 50});
    assert_true(tried_again > 0);
}

static void test_streams(void **state)
{
    (void)state;
    go_on(classify, NULL);
    go_on(compute_features, NULL);
    go_on(measure_distances, NULL);
}

static void test_searches(void **state)
{
    (void)state;
    go_on(find_patches, NULL);
    go_on(make_index, NULL);
}

static void test_measures(void **state)
{
    (void)state;
    go_on(evaluate, NULL);
    fail_each(&(scenario){measure_data, NULL, 50}); /* only its loader allocates */
}

static void test_training(void **state)
{
    (void)state;
    go_on(train, look_at_run);
    go_on(train_resumed, look_at_resumed);
    go_on(try_rates, NULL);
}

static int set_up(void **state)
{
    static const float ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    if (set_up_training(state) != 0)
        return -1;
    device = "cpu";
    rig_write_lpips("lin.safetensors", 6, ones);
    return train_into("run") == ALEXNET_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_searches),
        cmocka_unit_test(test_measures),
        cmocka_unit_test(test_training),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_teardown);
}
