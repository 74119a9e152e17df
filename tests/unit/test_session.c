/*
 * A model at work: sessions, views, streams and evaluations, through the public API.
 */
#include "training_rig.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>

#include "backend/backend.h"

enum { CLASSES = 3, SIDE = 16, CROP = 14, BYTES = SIDE * SIDE * 3 };

static alexnet_ctx *ctx;
static alexnet_model *model;

/* A short run whose model gives probabilities between 0 and 1; pictures of all classes in `val`. */
static int set_up(void **state)
{
    static const char *const settings[] = {"batch", "8", "epochs", "6", "rate", "0.05", NULL};
    alexnet_progress p;
    if (scratch_setup(state) != 0)
        return -1;
    rig_heard[0] = '\0';
    rig_write_network("net.ini");
    rig_write_pictures("train", CLASSES, 8);
    rig_write_pictures("val", CLASSES, 5);
    ctx = rig_new_ctx("auto", ALEXNET_PRECISION_FP32, 1);
    expect_ok(rig_train_on(ctx, "train", NULL, "run", settings, &p));
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    return 0;
}

static int tear_down(void **state)
{
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

static alexnet_session *new_session(int batch, int views)
{
    alexnet_session *session;
    alexnet_session_options options = ALEXNET_SESSION_OPTIONS_INIT;
    options.batch = batch;
    options.views = views;
    expect_ok(alexnet_session_new(&session, model, &options));
    return session;
}

static void expect_same(const alexnet_prediction *a, const alexnet_prediction *b)
{
    for (int i = 0; i < CLASSES; i++) {
        assert_int_equal(a[i].index, b[i].index);
        assert_true(a[i].probability == b[i].probability);
        assert_string_equal(a[i].name, b[i].name);
    }
}

/* ---- One picture ---- */

static void test_predictions(void **state)
{
    (void)state;
    alexnet_session *session = new_session(1, 1);
    alexnet_prediction best[CLASSES];
    expect_ok(alexnet_classify_file(session, "val/class1/002.png", CLASSES, best));
    double sum = 0;
    for (int i = 0; i < CLASSES; i++) {
        sum += best[i].probability;
        assert_true(i == 0 || best[i].probability <= best[i - 1].probability);
        assert_string_equal(best[i].name, alexnet_model_class_name(model, best[i].index));
    }
    assert_true(fabs(sum - 1) < 1e-6);
    assert_true(best[0].probability > 0.34 && best[0].probability < 0.9999);
    alexnet_session_free(session);
}

/* A file, its bytes, and its pixels in every format give the same answer. */
static void test_ways_in(void **state)
{
    (void)state;
    enum { W = 24, H = 20, ROW = W * 4 + 12 };
    alexnet_session *session = new_session(1, 1);
    alexnet_prediction file[CLASSES], other[CLASSES];
    size_t length;
    uint8_t rgb[W * H * 3], swapped[W * H * 3], rgba[H * ROW];
    unsigned char *bytes = scratch_read("val/class2/001.png", &length);
    expect_ok(alexnet_classify_file(session, "val/class2/001.png", CLASSES, file));
    expect_ok(alexnet_classify_bytes(session, bytes, length, CLASSES, other));
    expect_same(file, other);
    free(bytes);
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_int_equal(png_image_begin_read_from_file(&image, "val/class2/001.png"), 1);
    image.format = PNG_FORMAT_RGB;
    assert_int_equal(png_image_finish_read(&image, NULL, rgb, 0, NULL), 1);
    for (int i = 0; i < W * H; i++)
        for (int c = 0; c < 3; c++) {
            swapped[i * 3 + c] = rgb[i * 3 + 2 - c];
            rgba[i / W * ROW + i % W * 4 + c] = rgb[i * 3 + c];
            rgba[i / W * ROW + i % W * 4 + 3] = 255;
        }
    alexnet_pixels pixels = {rgb, W, H, W * 3, ALEXNET_PIXELS_RGB8};
    expect_ok(alexnet_classify_pixels(session, &pixels, CLASSES, other));
    expect_same(file, other);
    pixels = (alexnet_pixels){swapped, W, H, W * 3, ALEXNET_PIXELS_BGR8};
    expect_ok(alexnet_classify_pixels(session, &pixels, CLASSES, other));
    expect_same(file, other);
    pixels = (alexnet_pixels){rgba, W, H, ROW, ALEXNET_PIXELS_RGBA8};
    expect_ok(alexnet_classify_pixels(session, &pixels, CLASSES, other));
    expect_same(file, other);
    alexnet_session_free(session);
}

/* Finite weights whose results overflow: every function reports an error instead of an answer. */
static void test_answers_that_are_no_numbers(void **state)
{
    (void)state;
    static const char *const paths[] = {"val/class0/000.png", "val/class1/000.png"};
    size_t length;
    unsigned char *bytes = scratch_read("run/best.safetensors", &length);
    an_tensor_file *file = rig_open_tensors("run/best.safetensors");
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        const float huge = 3e38f;
        for (uint64_t at = 0; strstr(entry->name, ".weight") && at < entry->bytes; at += 4)
            memcpy(bytes + entry->offset + at, &huge, 4);
    }
    an_tensor_file_close(file);
    alexnet_model *mine;
    alexnet_session *session;
    alexnet_stream *stream;
    alexnet_stream_result result;
    alexnet_evaluation *evaluation;
    alexnet_dataset *data;
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_prediction best[CLASSES];
    int64_t done;
    bool more;
    const alexnet_status bad = ALEXNET_ERROR_BAD_MODEL;
    expect_ok(alexnet_model_load_memory(&mine, ctx, bytes, length));
    free(bytes);
    expect_ok(alexnet_session_new(&session, mine, NULL));
    expect_failure(alexnet_classify_file(session, paths[1], 1, best), bad, paths[1]);
    expect_failure(alexnet_classify_file(session, paths[1], 1, best), bad, "are not numbers");
    expect_ok(alexnet_stream_new(&stream, session, paths, 2, 1));
    for (int i = 0; i < 2; i++)
        expect_failure(alexnet_stream_next(stream, &result, &more), bad, paths[i]);
    expect_ok(alexnet_stream_next(stream, &result, &more));
    assert_false(more);
    alexnet_stream_free(stream);
    options.classes_of = mine;
    expect_ok(alexnet_dataset_open(&data, ctx, "val", &options));
    expect_ok(alexnet_evaluation_new(&evaluation, session, data));
    expect_failure(alexnet_evaluation_step(evaluation, &done, &more), bad, paths[0]);
    alexnet_evaluation_free(evaluation);
    alexnet_dataset_free(data);
    alexnet_session_free(session);
    alexnet_model_free(mine);
}

static void test_bad_pictures(void **state)
{
    (void)state;
    alexnet_session *session = new_session(1, 1);
    alexnet_prediction best[CLASSES + 1];
    uint8_t grey[4] = {0};
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    scratch_text("bad.png", "no picture");
    expect_failure(alexnet_classify_file(session, "bad.png", 1, best), ALEXNET_ERROR_FORMAT,
                   "bad.png");
    expect_failure(alexnet_classify_file(session, "none.png", 1, best), ALEXNET_ERROR_IO,
                   "none.png");
    expect_failure(alexnet_classify_bytes(session, "x", 1, 1, best), ALEXNET_ERROR_FORMAT,
                   "picture in memory");
    expect_failure(alexnet_classify_bytes(session, "", 0, 1, best), ALEXNET_ERROR_FORMAT,
                   "picture in memory");
    const char *good = "val/class0/000.png";
    expect_failure(alexnet_classify_file(session, good, 0, best), bad, "top = 0");
    alexnet_pixels pixels = {grey, 2, 2, 1, ALEXNET_PIXELS_GREY8};
    expect_failure(alexnet_classify_pixels(session, &pixels, 1, best), bad, "");
    pixels = (alexnet_pixels){grey, 0, 2, 2, ALEXNET_PIXELS_GREY8};
    expect_failure(alexnet_classify_pixels(session, &pixels, 1, best), bad, "");
    pixels = (alexnet_pixels){grey, 2, 2, 2, 9};
    expect_failure(alexnet_classify_pixels(session, &pixels, 1, best), bad, "");
    expect_ok(alexnet_classify_file(session, good, 1, best)); /* it still works */
    alexnet_session_free(session);
}

static void test_options(void **state)
{
    (void)state;
    alexnet_session *session;
    alexnet_session_options options = ALEXNET_SESSION_OPTIONS_INIT;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    options.batch = 0;
    expect_failure(alexnet_session_new(&session, model, &options), bad, "batch = 0");
    assert_null(session);
    options.batch = 65537;
    expect_failure(alexnet_session_new(&session, model, &options), bad, "batch = 65537");
    options.batch = 1;
    options.views = 5;
    expect_failure(alexnet_session_new(&session, model, &options), bad, "views = 5");
    expect_ok(alexnet_session_new(&session, model, NULL));
    alexnet_session_free(session);
    alexnet_session_free(NULL);
}

/* ---- Views ---- */

/* A picture of the stored size, so that nothing is resized. */
static void draw_picture(uint8_t pixels[BYTES])
{
    for (size_t i = 0; i < BYTES; i++)
        pixels[i] = (uint8_t)an_random(3, AN_PURPOSE_TEST, 0, i / 4, 0).v[i % 4];
}

/* A picture whose centre is the crop at (top, left), mirrored or not. */
static void shift(uint8_t out[BYTES], const uint8_t in[BYTES], int top, int left, bool mirror)
{
    const int border = (SIDE - CROP) / 2;
    memset(out, 0, BYTES);
    for (int y = 0; y < CROP; y++)
        for (int x = 0; x < CROP; x++) {
            int from = left + (mirror ? CROP - 1 - x : x);
            memcpy(out + ((y + border) * SIDE + x + border) * 3, in + ((y + top) * SIDE + from) * 3,
                   3);
        }
}

static void classify(alexnet_session *session, const uint8_t *rgb, double p[CLASSES])
{
    alexnet_prediction best[CLASSES];
    alexnet_pixels pixels = {rgb, SIDE, SIDE, SIDE * 3, ALEXNET_PIXELS_RGB8};
    expect_ok(alexnet_classify_pixels(session, &pixels, CLASSES, best));
    for (int i = 0; i < CLASSES; i++)
        p[best[i].index] = best[i].probability;
}

/* Ten views: corners and centre, then mirrored; probabilities are averaged (paper section 4.1). */
static void test_ten_views(void **state)
{
    (void)state;
    static const int places[5][2] = {{0, 0}, {0, 2}, {1, 1}, {2, 0}, {2, 2}};
    alexnet_session *one = new_session(1, 1), *ten = new_session(2, 10);
    uint8_t picture[BYTES], view[BYTES];
    double sum[CLASSES] = {0}, centre[CLASSES], p[CLASSES];
    draw_picture(picture);
    for (int v = 0; v < 10; v++) {
        shift(view, picture, places[v % 5][0], places[v % 5][1], v >= 5);
        classify(one, view, p);
        for (int c = 0; c < CLASSES; c++)
            sum[c] += p[c];
    }
    classify(ten, picture, p);
    classify(one, picture, centre);
    double apart = 0;
    for (int c = 0; c < CLASSES; c++) {
        assert_true(fabs(p[c] - sum[c] / 10) < 1e-6);
        apart = fmax(apart, fabs(p[c] - centre[c]));
    }
    assert_true(apart > 1e-5); /* the views differ, or this would say nothing */
    alexnet_session_free(one);
    alexnet_session_free(ten);
}

/* ---- Streams ---- */

static const char *const files[] = {
    "val/class0/000.png", "val/class1/001.png", "bad.png",           "val/class2/002.png",
    "gone.png",           "val/class0/004.png", "val/class2/000.png"};
enum { FILES = sizeof files / sizeof files[0] };

/* Results come in order, bad pictures among them, and equal those of one picture at a time, for any
 * batch size. */
static void check_stream(int batch, int views)
{
    alexnet_session *single = new_session(1, views), *session = new_session(batch, views);
    alexnet_stream *stream;
    alexnet_stream_result result;
    bool more;
    expect_ok(alexnet_stream_new(&stream, session, files, FILES, CLASSES));
    for (int i = 0; i < FILES; i++) {
        alexnet_prediction expected[CLASSES];
        alexnet_status status = alexnet_classify_file(single, files[i], CLASSES, expected);
        expect_ok(alexnet_stream_next(stream, &result, &more));
        assert_true(more);
        assert_string_equal(result.path, files[i]);
        assert_int_equal(result.status, status);
        if (status == ALEXNET_OK) {
            assert_null(result.error);
            for (int c = 0; c < CLASSES; c++)
                assert_true(fabs((double)result.best[c].probability -
                                 (double)expected[c].probability) < 1e-6);
            assert_int_equal(result.best[0].index, expected[0].index);
        } else {
            assert_null(result.best);
            assert_non_null(strstr(result.error, files[i]));
        }
    }
    for (int i = 0; i < 2; i++) {
        expect_ok(alexnet_stream_next(stream, &result, &more));
        assert_false(more);
    }
    alexnet_stream_free(stream);
    alexnet_session_free(session);
    alexnet_session_free(single);
}

static void test_streams(void **state)
{
    (void)state;
    scratch_text("bad.png", "no picture");
    check_stream(1, 1);
    check_stream(3, 1);
    check_stream(32, 1);
    check_stream(3, 10);
}

/* What one stream computes does not change the results of another stream of the session. */
static void test_two_streams(void **state)
{
    (void)state;
    static const char *const pictures[] = {"val/class0/000.png", "val/class1/001.png"};
    static const char *const others[] = {"val/class2/002.png", "val/class2/000.png"};
    alexnet_session *session = new_session(2, 1);
    alexnet_stream *stream, *other;
    alexnet_stream_result result;
    alexnet_prediction expected[2][CLASSES];
    bool more;
    for (int i = 0; i < 2; i++)
        expect_ok(alexnet_classify_file(session, pictures[i], CLASSES, expected[i]));
    expect_ok(alexnet_stream_new(&stream, session, pictures, 2, CLASSES));
    expect_ok(alexnet_stream_new(&other, session, others, 2, CLASSES));
    for (int i = 0; i < 2; i++) {
        expect_ok(alexnet_stream_next(stream, &result, &more));
        for (int c = 0; c < CLASSES; c++)
            assert_true(fabs((double)result.best[c].probability -
                             (double)expected[i][c].probability) < 1e-6);
        expect_ok(alexnet_stream_next(other, &result, &more));
    }
    alexnet_stream_free(other);
    alexnet_stream_free(stream);
    alexnet_session_free(session);
}

static void test_empty_streams(void **state)
{
    (void)state;
    alexnet_session *session = new_session(2, 1);
    alexnet_stream *stream;
    alexnet_stream_result result;
    bool more;
    expect_ok(alexnet_stream_new(&stream, session, NULL, 0, 1));
    expect_ok(alexnet_stream_next(stream, &result, &more));
    assert_false(more);
    alexnet_stream_free(stream);
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    expect_failure(alexnet_stream_new(&stream, session, files, -1, 1), bad, "-1 pictures");
    expect_failure(alexnet_stream_new(&stream, session, files, 1, 0), bad, "top = 0");
    assert_null(stream);
    alexnet_session_free(session);
    alexnet_stream_free(NULL);
}

/* If more answers are asked for than there are classes, the rest have index -1 and no name. */
static void test_more_than_all_classes(void **state)
{
    (void)state;
    alexnet_session *session = new_session(1, 1);
    alexnet_stream *stream;
    alexnet_stream_result result;
    alexnet_prediction best[CLASSES + 2];
    bool more;
    expect_ok(alexnet_classify_file(session, files[0], CLASSES + 2, best));
    expect_ok(alexnet_stream_new(&stream, session, files, 1, CLASSES + 2));
    expect_ok(alexnet_stream_next(stream, &result, &more));
    for (int i = 0; i < CLASSES + 2; i++) {
        assert_int_equal(best[i].index, result.best[i].index);
        assert_int_equal(best[i].index >= 0, i < CLASSES);
        assert_int_equal(strlen(best[i].name) > 0, i < CLASSES);
    }
    assert_true(best[CLASSES].probability == 0);
    alexnet_stream_free(stream);
    alexnet_session_free(session);
}

/* ---- Evaluations ---- */

static alexnet_dataset *open_val(void)
{
    alexnet_dataset *data;
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    options.classes_of = model;
    expect_ok(alexnet_dataset_open(&data, ctx, "val", &options));
    return data;
}

/* Metrics and confusion against classifying the pictures one by one. */
static void check_evaluation(int batch, int views)
{
    alexnet_session *session = new_session(batch, views), *single = new_session(1, views);
    alexnet_dataset *data = open_val();
    alexnet_evaluation *evaluation;
    alexnet_metrics metrics;
    int64_t done = 0, confusion[CLASSES][CLASSES] = {{0}};
    double loss = 0;
    int wrong = 0, good = 0;
    bool more = true;
    expect_ok(alexnet_evaluation_new(&evaluation, session, data));
    while (more)
        expect_ok(alexnet_evaluation_step(evaluation, &done, &more));
    assert_int_equal(done, alexnet_dataset_count(data));
    for (int64_t i = 0; i < done; i++) {
        const char *path;
        int label;
        alexnet_prediction best[CLASSES];
        expect_ok(alexnet_dataset_picture(data, i, &path, &label));
        if (alexnet_classify_file(single, path, CLASSES, best) != ALEXNET_OK)
            continue;
        good++;
        wrong += best[0].index != label;
        confusion[label][best[0].index]++;
        for (int c = 0; c < CLASSES; c++)
            loss += best[c].index == label ? -log(best[c].probability) : 0;
    }
    expect_ok(alexnet_evaluation_metrics(evaluation, &metrics));
    assert_int_equal(metrics.images, good);
    assert_int_equal(metrics.skipped, done - good);
    assert_true(fabs(metrics.top1_error - (double)wrong / good) < 1e-12);
    assert_true(fabs(metrics.loss - loss / good) < 1e-5);
    for (int i = 0; i < CLASSES; i++) {
        int index = 0, predicted;
        for (int j = 0; j < CLASSES; j++) {
            assert_int_equal(alexnet_evaluation_confusion(evaluation, i, j), confusion[i][j]);
            if (confusion[i][j] == 0)
                continue;
            assert_int_equal(alexnet_evaluation_answer(evaluation, i, index++, &predicted),
                             confusion[i][j]);
            assert_int_equal(predicted, j);
        }
        assert_int_equal(alexnet_evaluation_answer(evaluation, i, index, &predicted), 0);
        assert_int_equal(predicted, -1);
    }
    assert_int_equal(alexnet_evaluation_answer(evaluation, CLASSES, 0, NULL), -1);
    assert_int_equal(alexnet_evaluation_answer(evaluation, 0, -1, NULL), -1);
    assert_int_equal(alexnet_evaluation_confusion(evaluation, -1, 0), -1);
    assert_int_equal(alexnet_evaluation_confusion(evaluation, 0, CLASSES), -1);
    alexnet_evaluation_free(evaluation);
    alexnet_dataset_free(data);
    alexnet_session_free(session);
    alexnet_session_free(single);
}

static void test_evaluations(void **state)
{
    (void)state;
    check_evaluation(1, 1);
    check_evaluation(4, 1);
    check_evaluation(4, 10);
    scratch_text("val/class0/004.png", "no picture");
    rig_heard[0] = '\0';
    check_evaluation(64, 1);
    assert_int_equal(rig_times_heard("val/class0/004.png"), 1);
}

static int count_threads(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* Decoding threads start with the first step: a trainer has an evaluation from its start, and would
 * otherwise decode the first validation pictures for nothing. */
static void test_nothing_is_decoded_too_early(void **state)
{
    (void)state;
    alexnet_session *session = new_session(4, 1);
    alexnet_dataset *data = open_val();
    alexnet_evaluation *evaluation;
    int64_t done;
    bool more;
    int before = count_threads();
    expect_ok(alexnet_evaluation_new(&evaluation, session, data));
    assert_int_equal(count_threads(), before);
    expect_ok(alexnet_evaluation_step(evaluation, &done, &more));
    assert_true(count_threads() > before);
    alexnet_evaluation_free(evaluation);
    alexnet_dataset_free(data);
    alexnet_session_free(session);
}

static void test_other_classes(void **state)
{
    (void)state;
    alexnet_session *session = new_session(1, 1);
    alexnet_evaluation *evaluation;
    rig_write_pictures("two", 2, 1);
    alexnet_dataset *data = rig_open_data(ctx, "two");
    expect_failure(alexnet_evaluation_new(&evaluation, session, data),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "open it with classes_of");
    assert_null(evaluation);
    alexnet_dataset_free(data);
    alexnet_session_free(session);
}

static void test_cancelling(void **state)
{
    (void)state;
    alexnet_session *session = new_session(1, 1);
    alexnet_dataset *data = open_val();
    alexnet_evaluation *evaluation;
    alexnet_stream *stream;
    alexnet_stream_result result;
    alexnet_prediction best;
    int64_t done;
    bool more;
    expect_ok(alexnet_evaluation_new(&evaluation, session, data));
    expect_ok(alexnet_stream_new(&stream, session, files, 1, 1));
    alexnet_ctx_cancel(ctx);
    expect_failure(alexnet_evaluation_step(evaluation, &done, &more), ALEXNET_ERROR_CANCELLED, "");
    expect_failure(alexnet_stream_next(stream, &result, &more), ALEXNET_ERROR_CANCELLED, "");
    expect_failure(alexnet_classify_file(session, files[0], 1, &best), ALEXNET_ERROR_CANCELLED, "");
    alexnet_stream_free(stream);
    alexnet_evaluation_free(evaluation);
    alexnet_dataset_free(data);
    alexnet_session_free(session);
}

/* ---- Sharing ---- */

typedef struct job {
    pthread_t thread;
    const char *file;
    alexnet_prediction best[CLASSES];
    bool same;
} job;

/* expect_ok() may not be called here: cmocka lives in the main thread. */
static void *classify_often(void *user)
{
    job *j = user;
    alexnet_session *session;
    j->same = alexnet_session_new(&session, model, NULL) == ALEXNET_OK;
    for (int i = 0; i < 20 && j->same; i++) {
        alexnet_prediction best[CLASSES];
        j->same = alexnet_classify_file(session, j->file, CLASSES, best) == ALEXNET_OK &&
                  best[0].probability == j->best[0].probability &&
                  best[0].index == j->best[0].index;
    }
    alexnet_session_free(session);
    return NULL;
}

static void test_one_model_in_many_threads(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    job jobs[THREADS];
    alexnet_session *session = new_session(1, 1);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].file = i % 2 ? "val/class0/000.png" : "val/class1/003.png";
        expect_ok(alexnet_classify_file(session, jobs[i].file, CLASSES, jobs[i].best));
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, classify_often, &jobs[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
        assert_true(jobs[i].same);
    }
    alexnet_session_free(session);
}

/* A session keeps its model, and a model its context. */
static void test_freed_in_any_order(void **state)
{
    (void)state;
    alexnet_ctx *other = rig_new_ctx("auto", ALEXNET_PRECISION_FP32, 1);
    alexnet_model *theirs;
    alexnet_session *session, *expected = new_session(1, 1);
    alexnet_prediction a[CLASSES], b[CLASSES];
    expect_ok(alexnet_model_load(&theirs, other, "run/best.safetensors"));
    alexnet_ctx_free(other);
    expect_ok(alexnet_session_new(&session, theirs, NULL));
    alexnet_model_free(theirs);
    expect_ok(alexnet_classify_file(session, "val/class0/000.png", CLASSES, a));
    expect_ok(alexnet_classify_file(expected, "val/class0/000.png", CLASSES, b));
    for (int i = 0; i < CLASSES; i++)
        assert_true(a[i].probability == b[i].probability);
    alexnet_session_free(session);
    alexnet_session_free(expected);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_predictions),
        TEST(test_ways_in),
        TEST(test_answers_that_are_no_numbers),
        TEST(test_bad_pictures),
        TEST(test_options),
        TEST(test_ten_views),
        TEST(test_streams),
        TEST(test_two_streams),
        TEST(test_empty_streams),
        TEST(test_more_than_all_classes),
        TEST(test_evaluations),
        TEST(test_nothing_is_decoded_too_early),
        TEST(test_other_classes),
        TEST(test_cancelling),
        TEST(test_one_model_in_many_threads),
        TEST(test_freed_in_any_order),
    };
    return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
