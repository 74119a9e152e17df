/*
 * A context that is cancelled and used again: in the meantime nothing computes, and afterwards
 * everything goes on where it was, bit for bit as if nothing had been cancelled. The test also runs
 * under ThreadSanitizer, so models run on ref.
 */
#include "training_rig.h"

#include <pthread.h>
#include <signal.h>

#include "base/alloc.h"
#include "data/check/check.h"
#include "data/pack/pack.h"

enum { CLASSES = 2, PICTURES = 3, THREADS = 3, BATCH = 2 };

static alexnet_ctx *ctx;
static alexnet_model *model;

static const char *const settings[] = {"batch", "2", "epochs", "2", "rate", "0.01", NULL};
static const char picture[] = "data/class1/000.png";

static int set_up(void **state)
{
    alexnet_progress last;
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("data", CLASSES, PICTURES);
    expect_ok(rig_train("data", "data", "straight", settings, &last));
    ctx = rig_new_ctx("ref", ALEXNET_PRECISION_AUTO, 1);
    expect_ok(alexnet_model_load(&model, ctx, "straight"));
    return 0;
}

static int tear_down(void **state)
{
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

/* Call once while the context is cancelled, which must fail, and once more. */
#define CANCELLED_AND_AGAIN(call)                                                                  \
    do {                                                                                           \
        alexnet_ctx_cancel(ctx);                                                                   \
        expect_failure(call, ALEXNET_ERROR_CANCELLED, "cancelled");                                \
        expect_failure(call, ALEXNET_ERROR_CANCELLED, "cancelled");                                \
        alexnet_ctx_uncancel(ctx);                                                                 \
        expect_ok(call);                                                                           \
    } while (0)

static alexnet_session *new_session(void)
{
    alexnet_session_options options = ALEXNET_SESSION_OPTIONS_INIT;
    alexnet_session *session;
    options.batch = BATCH;
    expect_ok(alexnet_session_new(&session, model, &options));
    return session;
}

static void test_pictures(void **state)
{
    (void)state;
    alexnet_session *session = new_session();
    alexnet_prediction before, after;
    expect_ok(alexnet_classify_file(session, picture, 1, &before));
    CANCELLED_AND_AGAIN(alexnet_classify_file(session, picture, 1, &after));
    assert_true(before.index == after.index && before.probability == after.probability);
    alexnet_session_free(session);
    CANCELLED_AND_AGAIN(alexnet_session_new(&session, model, NULL));
    alexnet_session_free(session);
}

/* Every picture is given once and in order, though each call is cancelled first. */
static void test_streams(void **state)
{
    (void)state;
    static const char *const folder = "data";
    alexnet_session *session = new_session();
    alexnet_stream *straight, *stream;
    alexnet_stream_result expected, got;
    expect_ok(alexnet_stream_new(&straight, session, &folder, 1, 1));
    CANCELLED_AND_AGAIN(alexnet_stream_new(&stream, session, &folder, 1, 1));
    bool more = true;
    for (int seen = 0; more; seen++) {
        expect_ok(alexnet_stream_next(straight, &expected, &more));
        if (seen % BATCH == 0) /* where the next batch is computed */
            CANCELLED_AND_AGAIN(alexnet_stream_next(stream, &got, &more));
        else
            expect_ok(alexnet_stream_next(stream, &got, &more));
        assert_int_equal(more, seen < CLASSES * PICTURES);
        if (!more)
            break;
        assert_string_equal(got.path, expected.path);
        assert_true(got.best->probability == expected.best->probability);
    }
    alexnet_stream_free(stream);
    alexnet_stream_free(straight);
    alexnet_session_free(session);
}

static void test_evaluation(void **state)
{
    (void)state;
    alexnet_session *session = new_session();
    alexnet_dataset *data = rig_open_data(ctx, "data");
    alexnet_evaluation *evaluation;
    alexnet_metrics metrics;
    int64_t done = 0;
    int steps = 0;
    expect_ok(alexnet_evaluation_new(&evaluation, session, data));
    for (bool more = true; more; steps++)
        CANCELLED_AND_AGAIN(alexnet_evaluation_step(evaluation, &done, &more));
    expect_ok(alexnet_evaluation_metrics(evaluation, &metrics));
    assert_int_equal(steps, CLASSES * PICTURES / BATCH);
    assert_int_equal(metrics.images, CLASSES * PICTURES);
    alexnet_evaluation_free(evaluation);
    alexnet_dataset_free(data);
    alexnet_session_free(session);
}

static void test_training(void **state)
{
    (void)state;
    alexnet_ctx *const other = ctx;
    alexnet_trainer *trainer;
    alexnet_progress progress;
    ctx = rig_new_ctx("ref", ALEXNET_PRECISION_AUTO, 1);
    expect_ok(rig_start(&trainer, ctx, "data", "data", "cancelled", settings));
    for (bool more = true; more;)
        CANCELLED_AND_AGAIN(alexnet_trainer_step(trainer, &progress, &more));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    ctx = other;
    rig_expect_same_tensors("straight/last.safetensors", "cancelled/last.safetensors");
    rig_expect_same_tensors("straight/best.safetensors", "cancelled/best.safetensors");
}

static void test_opening(void **state)
{
    (void)state;
    alexnet_dataset *data;
    CANCELLED_AND_AGAIN(alexnet_dataset_open(&data, ctx, "data", NULL));
    assert_int_equal(alexnet_dataset_count(data), CLASSES * PICTURES);
    alexnet_dataset_free(data);
}

static const atomic_bool stop = true;

/* A picture that is examined or packed is decoded no further once its work is to stop. */
static void test_examined_and_packed(void **state)
{
    (void)state;
    const alexnet_check_options check_options = ALEXNET_CHECK_OPTIONS_INIT;
    const alexnet_pack_options pack_options = ALEXNET_PACK_OPTIONS_INIT;
    alexnet_dataset *data = rig_open_data(ctx, "data");
    alexnet_check *check;
    an_examined examined = {0};
    an_packed packed = {0};
    expect_ok(an_check_new(&check, ctx, data, NULL, &check_options));
    an_check_examine(&examined, check, 0, &stop);
    an_pack_picture(&packed, &pack_options, data, 0, &stop);
    assert_int_equal(examined.status, ALEXNET_ERROR_CANCELLED);
    assert_int_equal(packed.status, ALEXNET_ERROR_CANCELLED);
    an_free(examined.error);
    an_packed_free(&packed);
    an_check_free(check);
    alexnet_dataset_free(data);
}

static void on_signal(int number)
{
    (void)number;
    alexnet_ctx_cancel(ctx);
}

static void test_signals(void **state)
{
    (void)state;
    alexnet_session *session = new_session();
    alexnet_prediction best;
    void (*const before)(int) = signal(SIGUSR1, on_signal);
    for (int i = 0; i < 3; i++) {
        raise(SIGUSR1);
        expect_failure(alexnet_classify_file(session, picture, 1, &best), ALEXNET_ERROR_CANCELLED,
                       "");
        alexnet_ctx_uncancel(ctx);
        expect_ok(alexnet_classify_file(session, picture, 1, &best));
    }
    signal(SIGUSR1, before);
    alexnet_session_free(session);
}

/* ---- Threads ---- */

typedef struct job {
    pthread_t thread;
    alexnet_session *session;
    alexnet_prediction best; /* as it must be */
    alexnet_status ended;
    bool same;
} job;

/* Classify until that is cancelled. expect_ok() may not be called here: cmocka lives in the main
 * thread. */
static void *classify(void *user)
{
    job *j = user;
    alexnet_prediction best;
    j->same = true;
    while ((j->ended = alexnet_classify_file(j->session, picture, 1, &best)) == ALEXNET_OK)
        j->same &= best.index == j->best.index && best.probability == j->best.probability;
    return NULL;
}

/* All threads stop at one call, and their sessions can be used again. */
static void test_threads(void **state)
{
    (void)state;
    static job jobs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        jobs[i].session = new_session();
        expect_ok(alexnet_classify_file(jobs[i].session, picture, 1, &jobs[i].best));
    }
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&jobs[i].thread, NULL, classify, &jobs[i]), 0);
        alexnet_ctx_cancel(ctx);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
        alexnet_ctx_uncancel(ctx);
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(jobs[i].ended, ALEXNET_ERROR_CANCELLED);
            assert_true(jobs[i].same);
        }
    }
    for (int i = 0; i < THREADS; i++)
        alexnet_session_free(jobs[i].session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),   cmocka_unit_test(test_streams),
        cmocka_unit_test(test_evaluation), cmocka_unit_test(test_training),
        cmocka_unit_test(test_opening),    cmocka_unit_test(test_signals),
        cmocka_unit_test(test_threads),    cmocka_unit_test(test_examined_and_packed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
