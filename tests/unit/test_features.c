/*
 * Features, through the public API. (Against PyTorch: golden/test_feature_goldens.c.)
 *
 * The model runs on ref, whose results do not depend on the batch: what is computed twice must be
 * equal bit for bit. What the test pools or averages in double, as the library does, may differ by
 * one rounding to float32, 2^-23 of the largest value.
 */
#include "training_rig.h"

#include <math.h>

#include "model/model.h"
#include "model/network/place.h"

enum { CLASSES = 3, CONV = 4 * 7 * 7, GREY = 8, MOST = 4096, PICTURES = 5 };

static alexnet_ctx *ctx;
static alexnet_model *model;
static char paths[PICTURES][64];

static int set_up(void **state)
{
    static const char *const settings[] = {"batch", "8", "epochs", "2", NULL};
    alexnet_progress p;
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("train", CLASSES, 8);
    rig_write_pictures("val", CLASSES, PICTURES);
    for (int i = 0; i < PICTURES; i++)
        snprintf(paths[i], sizeof paths[i], "val/class%d/%03d.png", i % CLASSES, i);
    ctx = rig_new_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    rig_write_network("net.ini");
    expect_ok(rig_train("train", NULL, "run", settings, &p));
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    return 0;
}

static int tear_down(void **state)
{
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

static alexnet_features *open_features(const char *const *layers, int count, int batch, int views,
                                       alexnet_pooling pool)
{
    alexnet_features *features;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    options.layers = layers;
    options.count = count;
    options.batch = batch;
    options.views = views;
    options.pool = pool;
    expect_ok(alexnet_features_new(&features, model, &options));
    assert_in_range(alexnet_features_length(features), 1, MOST);
    return features;
}

static void compute(const char *layer, int views, alexnet_pooling pool, const char *path,
                    float *values)
{
    alexnet_features *features = open_features(&layer, 1, 1, views, pool);
    expect_ok(alexnet_features_file(features, path, values));
    alexnet_features_free(features);
}

/* ---- Names ---- */

static void expect_place(const alexnet_network *network, const char *name, const char *layer,
                         bool before)
{
    int place, index = an_network_find_layer(network, layer);
    expect_ok(an_place_find(&place, network, name));
    assert_true(index >= 0);
    assert_int_equal(place, before ? an_place_before_neuron(index) : index);
}

/* The modules of torchvision.models.AlexNet, in their order there. */
static void test_names_of_torchvision(void **state)
{
    static const struct {
        const char *name, *layer;
        bool before;
    } rows[] = {{"features.0", "conv1", true},    {"features.1", "conv1", false},
                {"features.2", "pool1", false},   {"features.3", "conv2", true},
                {"features.4", "conv2", false},   {"features.5", "pool2", false},
                {"features.6", "conv3", true},    {"features.7", "conv3", false},
                {"features.8", "conv4", true},    {"features.9", "conv4", false},
                {"features.10", "conv5", true},   {"features.11", "conv5", false},
                {"features.12", "pool5", false},  {"avgpool", "pool5", false},
                {"classifier.0", "drop6", false}, {"classifier.1", "fc6", true},
                {"classifier.2", "fc6", false},   {"classifier.3", "drop7", false},
                {"classifier.4", "fc7", true},    {"classifier.5", "fc7", false},
                {"classifier.6", "fc8", false}};
    static const char *const none[] = {"features.13",  "features.01", "features.",
                                       "classifier.7", "features.-1", "classifier"};
    alexnet_network *owt, *paper;
    int place;
    (void)state;
    expect_ok(an_network_load(&owt, "alexnet-owt", 1000));
    expect_ok(an_network_load(&paper, "alexnet", 1000));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_place(owt, rows[i].name, rows[i].layer, rows[i].before);
        expect_failure(an_place_find(&place, paper, rows[i].name), ALEXNET_ERROR_INVALID_ARGUMENT,
                       "torchvision's names");
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        expect_failure(an_place_find(&place, owt, none[i]), ALEXNET_ERROR_INVALID_ARGUMENT,
                       "has no layer");
    expect_place(paper, "fc7", "fc7", false);
    expect_place(paper, "fc7:pre", "fc7", true);
    expect_ok(an_place_find(&place, paper, "input"));
    assert_int_equal(place, AN_LAYER_INPUT);
    an_network_release(owt);
    an_network_release(paper);
}

static void test_wrong_options(void **state)
{
    static const char *const twice[] = {"c", "c"}, *const fc9[] = {"fc9"}, *const near[] = {"cc"};
    static const char *const bare[] = {"f:pre"}, *const before[] = {"input:pre"};
    alexnet_features *features;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    (void)state;
    const struct {
        const char *const *layers;
        int count, batch, views, pool;
        const char *part;
    } rows[] = {{twice, 2, 1, 1, 0, "layer c is named twice"},
                {fc9, 1, 1, 1, 0, "network tiny has no layer 'fc9'"},
                {near, 1, 1, 1, 0, "did you mean c?"},
                {bare, 1, 1, 1, 0, "f has no neuron"},
                {before, 1, 1, 1, 0, "input:pre: layer input has no neuron"},
                {twice, 0, 1, 1, 0, "count = 0, but layers is set"},
                {NULL, 0, 1, 1, 0, "has no layer 'fc7'"},
                {twice, -1, 1, 1, 0, "count = -1"},
                {twice, 1, 0, 1, 0, "batch = 0"},
                {twice, 1, 1, 2, 0, "views = 2"},
                {twice, 1, 1, 1, 3, "pool = 3"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        options.layers = rows[i].layers;
        options.count = rows[i].count;
        options.batch = rows[i].batch;
        options.views = rows[i].views;
        options.pool = (alexnet_pooling)rows[i].pool;
        expect_failure(alexnet_features_new(&features, model, &options),
                       ALEXNET_ERROR_INVALID_ARGUMENT, rows[i].part);
        assert_null(features);
    }
}

/* ---- Values ---- */

/* Layers follow each other, with the values of alexnet_activations_layer(); "c" is the ReLU of
 * "c:pre". */
static void test_layers(void **state)
{
    static const char *const names[] = {"g", "c:pre", "c", "p", "input"};
    static const int layers[] = {4, -1, 0, 7, -1}, lengths[] = {GREY, CONV, CONV, CLASSES, 588};
    static const int shapes[][3] = {{8, 1, 1}, {4, 7, 7}, {4, 7, 7}, {3, 1, 1}, {3, 14, 14}};
    alexnet_activations *activations;
    alexnet_feature_info info;
    uint8_t crop[14 * 14 * 3];
    static float values[MOST];
    int64_t at = 0;
    (void)state;
    alexnet_features *features = open_features(names, 5, 1, 1, ALEXNET_POOLING_NONE);
    expect_ok(alexnet_features_file(features, paths[0], values));
    expect_ok(alexnet_crop_file(alexnet_model_network(model), paths[0], crop));
    expect_ok(alexnet_activations_new(&activations, model));
    expect_ok(alexnet_activations_compute(activations, crop));
    for (int i = 0; i < 5; i++, at += info.length) {
        assert_true(alexnet_features_get(features, i, &info));
        assert_string_equal(info.name, names[i]);
        assert_memory_equal(info.shape, shapes[i], sizeof info.shape);
        assert_int_equal(info.length, lengths[i]);
        assert_int_equal(info.offset, at);
        if (layers[i] >= 0)
            assert_memory_equal(values + at, alexnet_activations_layer(activations, layers[i]),
                                (size_t)info.length * sizeof *values);
    }
    assert_false(alexnet_features_get(features, 5, &info));
    assert_int_equal(alexnet_features_length(features), at);
    int negative = 0;
    for (int i = 0; i < CONV; i++) {
        float before = values[GREY + i];
        negative += before < 0;
        assert_true(values[GREY + CONV + i] == (before > 0 ? before : 0));
    }
    assert_in_range(negative, 1, CONV - 1);
    alexnet_activations_free(activations);
    alexnet_features_free(features);
}

static void expect_near(float got, double expected, double largest)
{
    if (!(fabs(got - expected) <= 0x1p-23 * largest))
        fail_msg("%.9g, expected %.9g", got, expected);
}

static void test_pooling(void **state)
{
    static float maps[CONV];
    float mean[4], most[4];
    (void)state;
    compute("c:pre", 1, ALEXNET_POOLING_NONE, paths[1], maps);
    compute("c:pre", 1, ALEXNET_POOLING_AVG, paths[1], mean);
    compute("c:pre", 1, ALEXNET_POOLING_MAX, paths[1], most);
    for (int c = 0; c < 4; c++) {
        double sum = 0, largest = -INFINITY, magnitude = 0;
        for (int i = 0; i < 49; i++) {
            sum += maps[c * 49 + i];
            largest = fmax(largest, maps[c * 49 + i]);
            magnitude = fmax(magnitude, fabs(maps[c * 49 + i]));
        }
        expect_near(mean[c], sum / 49, magnitude);
        assert_true(most[c] == (float)largest);
    }
}

/* Ten views of the softmax give the probabilities of ten-view classification. With pooling by
 * maximum, each view is pooled before the views are averaged. */
static void test_ten_views(void **state)
{
    alexnet_session *session;
    alexnet_session_options options = ALEXNET_SESSION_OPTIONS_INIT;
    alexnet_prediction best[CLASSES];
    float got[CLASSES], one[CLASSES];
    (void)state;
    options.views = 10;
    expect_ok(alexnet_session_new(&session, model, &options));
    expect_ok(alexnet_classify_file(session, paths[2], CLASSES, best));
    compute("p", 10, ALEXNET_POOLING_NONE, paths[2], got);
    compute("p", 1, ALEXNET_POOLING_NONE, paths[2], one);
    for (int i = 0; i < CLASSES; i++)
        assert_true(got[best[i].index] == best[i].probability);
    assert_memory_not_equal(got, one, sizeof got);
    float pooled[4], averaged[4];
    static float maps[CONV];
    compute("c", 10, ALEXNET_POOLING_MAX, paths[2], pooled);
    compute("c", 10, ALEXNET_POOLING_NONE, paths[2], maps);
    for (int c = 0; c < 4; c++) {
        averaged[c] = 0;
        for (int i = 0; i < 49; i++)
            averaged[c] = fmaxf(averaged[c], maps[c * 49 + i]);
        assert_true(pooled[c] >= averaged[c]); /* the mean of maxima, not the maximum of means */
    }
    assert_memory_not_equal(pooled, averaged, sizeof pooled);
    alexnet_session_free(session);
}

/* ---- Many pictures ---- */

static void test_stream(void **state)
{
    static const char *const layers[] = {"g", "c"};
    const char *list[PICTURES + 1];
    alexnet_dataset *data;
    alexnet_feature_stream *stream;
    alexnet_feature_result result;
    static float alone[MOST];
    bool more;
    (void)state;
    for (int i = 0; i <= PICTURES; i++)
        list[i] = i == 2 ? "none.png" : paths[i - (i > 2)];
    expect_ok(alexnet_dataset_open_files(&data, ctx, list, PICTURES + 1));
    alexnet_features *many = open_features(layers, 2, 4, 1, ALEXNET_POOLING_NONE);
    alexnet_features *one = open_features(layers, 2, 1, 1, ALEXNET_POOLING_NONE);
    expect_ok(alexnet_feature_stream_new(&stream, many, data));
    alexnet_dataset_free(data);
    for (int i = 0; i <= PICTURES; i++) {
        expect_ok(alexnet_feature_stream_next(stream, &result, &more));
        assert_true(more);
        assert_string_equal(result.path, list[i]);
        if (i == 2) {
            assert_int_equal(result.status, ALEXNET_ERROR_IO);
            assert_non_null(strstr(result.error, "none.png"));
            assert_null(result.values);
            continue;
        }
        assert_int_equal(result.status, ALEXNET_OK);
        assert_null(result.error);
        expect_ok(alexnet_features_file(one, list[i], alone));
        expect_ok(alexnet_features_file(many, list[0], alone + MOST / 2)); /* in between */
        assert_memory_equal(result.values, alone, (GREY + CONV) * sizeof *alone);
    }
    expect_ok(alexnet_feature_stream_next(stream, &result, &more));
    assert_false(more);
    alexnet_feature_stream_free(stream);
    alexnet_features_free(many);
    alexnet_features_free(one);
}

static void test_other_ways_in(void **state)
{
    static float file[GREY], other[GREY];
    static const char *const layers[] = {"g"};
    size_t length;
    (void)state;
    alexnet_features *features = open_features(layers, 1, 1, 1, ALEXNET_POOLING_NONE);
    expect_ok(alexnet_features_file(features, paths[0], file));
    unsigned char *bytes = scratch_read(paths[0], &length);
    expect_ok(alexnet_features_bytes(features, bytes, length, other));
    assert_memory_equal(file, other, sizeof file);
    free(bytes);
    uint8_t crop[14 * 14 * 3], stored[16 * 16 * 3] = {0};
    const alexnet_pixels pixels = {stored, 16, 16, 48, ALEXNET_PIXELS_RGB8};
    expect_ok(alexnet_crop_file(alexnet_model_network(model), paths[0], crop));
    for (int y = 0; y < 14; y++)
        memcpy(stored + ((y + 1) * 16 + 1) * 3, crop + (ptrdiff_t)y * 42, 42);
    expect_ok(alexnet_features_pixels(features, &pixels, other));
    assert_memory_equal(file, other, sizeof file);
    expect_failure(alexnet_features_file(features, "none.png", file), ALEXNET_ERROR_IO, "none.png");
    expect_failure(alexnet_features_bytes(features, "text", 4, file), ALEXNET_ERROR_FORMAT,
                   "picture in memory");
    alexnet_features_free(features);
}

/* Features that are not numbers are refused with the name of the picture, whoever asks for them. */
static void test_damaged_weights(void **state)
{
    (void)state;
    static const char *const layer = "g";
    const char *path = paths[0];
    float values[GREY];
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    alexnet_model *bad;
    alexnet_features *features;
    alexnet_feature_stream *stream;
    alexnet_feature_result result;
    alexnet_dataset *data;
    alexnet_index *index;
    bool more;
    expect_ok(alexnet_model_load(&bad, ctx, "run"));
    const int bias = an_net_find(bad->net, "g.bias");
    for (int i = 0; i < GREY; i++)
        values[i] = i == 3 ? NAN : 0;
    expect_ok(an_net_write(bad->net, AN_VALUES, bias, values, AN_F32));
    options.layers = &layer;
    options.count = 1;
    expect_ok(alexnet_features_new(&features, bad, &options));
    expect_failure(alexnet_features_file(features, path, values), ALEXNET_ERROR_BAD_MODEL,
                   "val/class0/000.png: value 3 of g is not a number");
    expect_ok(alexnet_dataset_open_files(&data, ctx, &path, 1));
    expect_ok(alexnet_feature_stream_new(&stream, features, data));
    expect_failure(alexnet_feature_stream_next(stream, &result, &more), ALEXNET_ERROR_BAD_MODEL,
                   "val/class0/000.png: value 3 of g is not a number");
    alexnet_feature_stream_free(stream);
    alexnet_dataset_free(data);
    expect_ok(alexnet_index_open(&index, features, "val", "index"));
    expect_failure(alexnet_index_step(index, &more), ALEXNET_ERROR_BAD_MODEL,
                   "val/class0/000.png: value 3 of g is not a number");
    alexnet_index_free(index);
    alexnet_features_free(features);
    alexnet_model_free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_torchvision),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_pooling),
        cmocka_unit_test(test_ten_views),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_other_ways_in),
        cmocka_unit_test(test_damaged_weights),
    };
    return cmocka_run_group_tests_name("features", tests, set_up, tear_down);
}
