/*
 * Perceptual distances through the public API: equal pictures, pictures from files, bytes and
 * pixels, the gradient against finite differences, pictures of many sizes, weights in models, and
 * what is refused. (Values and gradients against PyTorch: golden/test_lpips.c.)
 *
 * On ref. Finite differences: features are read in float32, so that a distance of about 0.1 has an
 * error of 2^-24 of its parts. Divided by 2 h = 1/4 grey level that is 2^-25, below 2^-8 of the
 * largest gradient; so is h^2 times the third derivative.
 */
#include "training_rig.h"

#include <math.h>

#include "format/safetensors.h"
#include "infer/distance.h"
#include "infer/index_features.h"

enum { CLASSES = 3, ROWS = 21, COLUMNS = 30, PLANE = ROWS * COLUMNS, COUNT = 3 * PLANE };

/* A ReLU as a key, and one as a layer of its own; a mean image; BGR. */
static const char text[] =
    "[network]\nname = small\n[input]\nsize = 14\nside = 16\nmean = image\nchannels = bgr\n"
    "scale = 0.01 0.02 0.04\n"
    "[c1]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 5\nstride = 2\npadding = 2\n"
    "round = floor\ninitW = 0.3\ninitB = 0.1\nneuron = relu\n"
    "[p1]\ntype = pool\ninputs = c1\nsizeX = 3\nstride = 2\nround = floor\n"
    "[c2]\ntype = conv\ninputs = p1\nfilters = 3\nfilterSize = 3\npadding = 1\ninitW = 0.3\n"
    "initB = 0.5\n"
    "[r2]\ntype = neuron\ninputs = c2\nneuron = relu\n"
    "[f]\ntype = fc\ninputs = r2\noutputs = classes\ninitW = 0.3\n"
    "[p]\ntype = softmax\ninputs = f\n";

static alexnet_ctx *ctx;
static alexnet_model *model;
static float first[COUNT], second[COUNT];

static void write_weights(const char *path, const char *pattern, int n, const int *channels,
                          float least)
{
    float values[16], *value = values;
    for (int i = 0; i < n; i++)
        for (int c = 0; c < channels[i]; c++)
            *value++ = least + 0.25f * (float)(c + i);
    rig_write_vectors(path, pattern, n, channels, values);
}

static int set_up(void **state)
{
    static const char *const settings[] = {"batch", "8", "epochs", "1", "rate", "0.01", NULL};
    alexnet_progress p;
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("train", CLASSES, 8);
    rig_write_pictures("val", CLASSES, 2);
    scratch_text("net.ini", text);
    expect_ok(rig_train("train", NULL, "run", settings, &p));
    ctx = rig_new_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    write_weights("lin.safetensors", "lin%d.model.1.weight", 2, (int[]){4, 3}, 0.5f);
    for (int i = 0; i < COUNT; i++) {
        const an_random4 r = an_random(1, AN_PURPOSE_TEST, 0, (uint64_t)i, 0);
        first[i] = (float)(r.v[0] >> 24);
        second[i] = (float)(r.v[1] >> 24);
    }
    return 0;
}

static int tear_down(void **state)
{
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

static alexnet_distance *open_distance(int side)
{
    alexnet_distance *distance;
    alexnet_distance_options options = ALEXNET_DISTANCE_OPTIONS_INIT;
    options.lpips = "lin.safetensors";
    options.side = side;
    expect_ok(alexnet_distance_new(&distance, model, &options));
    return distance;
}

static alexnet_distance_picture *look(alexnet_distance *distance, const float *levels)
{
    alexnet_distance_picture *picture;
    expect_ok(alexnet_distance_picture_levels(&picture, distance, levels, ROWS, COLUMNS));
    return picture;
}

static double between(alexnet_distance *distance, const float *a, const float *b, float *gradient)
{
    double value, parts[2];
    alexnet_distance_picture *left = look(distance, a), *right = look(distance, b);
    expect_ok(alexnet_distance_between(distance, left, right, &value, parts, gradient));
    assert_true(value == parts[0] + parts[1]);
    alexnet_distance_picture_free(left);
    alexnet_distance_picture_free(right);
    return value;
}

static void test_values(void **state)
{
    (void)state;
    float gradient[COUNT];
    alexnet_distance *distance = open_distance(0);
    assert_int_equal(alexnet_distance_part_count(distance), 2);
    assert_string_equal(alexnet_distance_part_name(distance, 0), "c1");
    assert_string_equal(alexnet_distance_part_name(distance, 1), "r2");
    assert_null(alexnet_distance_part_name(distance, 2));
    assert_true(between(distance, first, first, gradient) == 0);
    for (int i = 0; i < COUNT; i++)
        assert_true(gradient[i] == 0);
    double value = between(distance, first, second, NULL);
    assert_true(value > 0.01);
    assert_true(value == between(distance, second, first, NULL));
    alexnet_distance_free(distance);
}

static void test_gradient(void **state)
{
    (void)state;
    const float h = 0.125f;
    float gradient[COUNT], moved[COUNT], largest = 0;
    alexnet_distance *distance = open_distance(0);
    between(distance, first, second, gradient);
    for (int i = 0; i < COUNT; i++)
        largest = fmaxf(largest, fabsf(gradient[i]));
    assert_true(largest > 1e-6f);
    memcpy(moved, first, sizeof moved);
    int kinks = 0;
    for (int i = 0; i < COUNT; i += 17) {
        double at[3];
        for (int step = 0; step < 3; step++) {
            moved[i] = first[i] + h * (float)(step - 1);
            at[step] = between(distance, moved, second, NULL);
        }
        moved[i] = first[i];
        double left = (at[1] - at[0]) / h, right = (at[2] - at[1]) / h;
        if (fabs(right - left) > 0x1p-5 * largest) {
            kinks++; /* a ReLU or a maximum switches between them */
            continue;
        }
        if (!(fabs((left + right) / 2 - gradient[i]) <= 0x1p-7 * largest))
            fail_msg("gradient %d is %.9g, by differences %.9g", i, (double)gradient[i],
                     (left + right) / 2);
    }
    assert_in_range(kinks, 0, COUNT / 17 / 4);
    alexnet_distance_free(distance);
}

/* 8-bit pixels give the same as their levels, and a file the same as its bytes. */
static void test_pictures(void **state)
{
    (void)state;
    static uint8_t rgb[COUNT];
    const alexnet_pixels pixels = {rgb, COLUMNS, ROWS, 3 * COLUMNS, ALEXNET_PIXELS_RGB8};
    alexnet_distance *distance = open_distance(0), *resized = open_distance(24);
    alexnet_distance_picture *picture, *levels = look(distance, first), *file, *bytes;
    double value, same;
    size_t length;
    for (int i = 0; i < PLANE; i++)
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = (uint8_t)first[c * PLANE + i];
    expect_ok(alexnet_distance_picture_pixels(&picture, distance, &pixels));
    assert_int_equal(alexnet_distance_picture_width(picture), COLUMNS);
    assert_int_equal(alexnet_distance_picture_height(picture), ROWS);
    assert_true(alexnet_distance_picture_memory(picture) > COUNT * sizeof(float));
    expect_ok(alexnet_distance_between(distance, picture, levels, &value, NULL, NULL));
    assert_true(value == 0);
    expect_ok(alexnet_distance_picture_file(&file, resized, "val/class0/000.png"));
    assert_int_equal(alexnet_distance_picture_width(file), 24);
    unsigned char *read = scratch_read("val/class0/000.png", &length);
    expect_ok(alexnet_distance_picture_bytes(&bytes, resized, read, length));
    expect_ok(alexnet_distance_between(resized, file, bytes, &value, NULL, NULL));
    assert_true(value == 0);
    free(read);
    expect_failure(alexnet_distance_between(distance, file, levels, &value, NULL, NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "another alexnet_distance");
    alexnet_distance_picture_free(bytes);
    expect_ok(alexnet_distance_picture_file(&bytes, resized, "val/class1/000.png"));
    expect_ok(alexnet_distance_between(resized, file, bytes, &value, NULL, NULL));
    expect_ok(
        alexnet_distance_files(resized, "val/class0/000.png", "val/class1/000.png", &same, NULL));
    assert_true(value == same && value > 0);
    alexnet_distance_free(resized);
    resized = open_distance(24); /* at the same address, as a rule */
    expect_failure(alexnet_distance_between(resized, file, bytes, &value, NULL, NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "another alexnet_distance");
    alexnet_distance_picture_free(bytes);
    alexnet_distance_picture_free(file);
    alexnet_distance_picture_free(picture);
    alexnet_distance_picture_free(levels);
    alexnet_distance_free(resized);
    alexnet_distance_free(distance);
}

static alexnet_dataset *open_files(const char *const *paths, int count)
{
    alexnet_dataset *data;
    expect_ok(alexnet_dataset_open_files(&data, ctx, paths, count));
    return data;
}

static void write_black(const char *path, png_uint_32 side)
{
    static const uint8_t pixels[3 * 64];
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = side, .height = side, .format = PNG_FORMAT_RGB};
    assert_true(side <= 8);
    assert_int_equal(png_image_write_to_file(&image, path, 0, pixels, 0, NULL), 1);
}

/* A stream gives the same as single files, bit for bit, in the requested order. Files that cannot
 * be read and pictures that are too small are bad pictures. */
static void check_stream(int side, const uint32_t *order, int count)
{
    static const char *const paths[] = {"val/class0/000.png", "bad.png", "val/class1/001.png",
                                        "small.png"};
    alexnet_distance *distance = open_distance(side);
    alexnet_dataset *data = open_files(paths, 4);
    alexnet_distance_stream *stream;
    alexnet_distance_result result;
    bool more;
    expect_ok(alexnet_distance_stream_new(&stream, distance, data, order, count));
    alexnet_dataset_free(data);
    for (int i = 0; i < (order ? count : 4); i++) {
        const int index = order ? (int)order[i] : i;
        alexnet_distance_picture *file;
        double value;
        alexnet_status rc = alexnet_distance_picture_file(&file, distance, paths[index]);
        char error[256];
        snprintf(error, sizeof error, "%s", alexnet_error_text());
        expect_ok(alexnet_distance_stream_next(stream, &result, &more));
        assert_true(more);
        assert_int_equal(result.index, index);
        assert_string_equal(result.path, paths[index]);
        assert_int_equal(result.status, rc);
        assert_int_equal(rc != ALEXNET_OK, index == 1 || (index == 3 && !side));
        if (rc == ALEXNET_OK) {
            assert_null(result.error);
            expect_ok(alexnet_distance_between(distance, file, result.picture, &value, NULL, NULL));
            assert_true(value == 0);
            assert_memory_equal(file->input, result.picture->input,
                                3 * (size_t)file->rows * (size_t)file->columns * sizeof(float));
        } else {
            assert_null(result.picture);
            assert_string_equal(result.error, error);
        }
        alexnet_distance_picture_free(file);
        alexnet_distance_picture_free(result.picture);
    }
    for (int i = 0; i < 2; i++) {
        expect_ok(alexnet_distance_stream_next(stream, &result, &more));
        assert_false(more);
    }
    alexnet_distance_stream_free(stream);
    alexnet_distance_free(distance);
}

static void test_streams(void **state)
{
    (void)state;
    static const uint32_t order[] = {2, 0, 0, 3, 1, 2, 0, 1, 2}, beyond[] = {0, 4};
    static const char *const paths[] = {"bad.png"};
    scratch_text("bad.png", "no picture");
    write_black("small.png", 2);
    check_stream(0, NULL, 0);
    check_stream(0, NULL, -1); /* without an order, nothing is counted */
    check_stream(24, NULL, 0);
    check_stream(0, order, 9);
    check_stream(0, order, 0);
    alexnet_distance *distance = open_distance(0);
    alexnet_dataset *data = open_files(paths, 1);
    alexnet_distance_stream *stream;
    expect_failure(alexnet_distance_stream_new(&stream, distance, data, beyond, 2),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "picture 4 of 1");
    expect_failure(alexnet_distance_stream_new(&stream, distance, data, order, -1),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "count = -1");
    assert_null(stream);
    alexnet_dataset_free(data);
    alexnet_distance_free(distance);
}

/* Use more sizes than are kept, then the first one again. */
static void test_sizes(void **state)
{
    (void)state;
    alexnet_distance *distance = open_distance(0);
    double value = between(distance, first, second, NULL);
    for (int i = 0; i < AN_DISTANCE_SIZES + 3; i++) {
        alexnet_distance_picture *picture;
        expect_ok(alexnet_distance_picture_levels(&picture, distance, first, 9 + i, 20));
        alexnet_distance_picture_free(picture);
    }
    for (int i = 0; i < AN_DISTANCE_SIZES; i++)
        assert_true(distance->sizes[i].rows != ROWS);
    assert_true(between(distance, first, second, NULL) == value);
    alexnet_distance_free(distance);
}

static void test_bad_pictures(void **state)
{
    (void)state;
    alexnet_distance *distance = open_distance(0);
    alexnet_distance_picture *picture, *other, *levels = look(distance, first);
    expect_failure(alexnet_distance_picture_levels(&picture, distance, first, 2, 20),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "picture in memory: a picture of 20 x 2 pixels");
    assert_null(picture);
    expect_failure(alexnet_distance_picture_levels(&picture, distance, first, 0, 20),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "20 x 0");
    expect_failure(alexnet_distance_picture_levels(&picture, distance, first, 4097, 4096),
                   ALEXNET_ERROR_UNSUPPORTED, "at most 16777216");
    float one[3 * 30 * 30] = {0};
    static const float none[] = {NAN, -1.1e6f, 1e30f, -INFINITY};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        one[17] = none[i];
        expect_failure(alexnet_distance_picture_levels(&picture, distance, one, 30, 30),
                       ALEXNET_ERROR_INVALID_ARGUMENT, "picture in memory: level 17 is ");
        assert_non_null(strstr(alexnet_error_text(), ": expected about 0 to 255"));
    }
    for (int i = 0; i < 2; i++) {
        one[17] = i ? 400 : -100; /* of a picture that is being optimised */
        expect_ok(alexnet_distance_picture_levels(&picture, distance, one, 30, 30));
        alexnet_distance_picture_free(picture);
    }
    expect_failure(alexnet_distance_picture_file(&picture, distance, "none.png"), ALEXNET_ERROR_IO,
                   "none.png");
    expect_ok(alexnet_distance_picture_levels(&other, distance, first, COLUMNS, ROWS));
    expect_failure(alexnet_distance_between(distance, levels, other, NULL, NULL, NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "30 x 21 and 21 x 30");
    alexnet_distance_picture_free(other);
    alexnet_distance_picture_free(levels);
    alexnet_distance_free(distance);
}

static void test_bad_weights(void **state)
{
    (void)state;
    alexnet_distance *distance;
    alexnet_distance_options options = ALEXNET_DISTANCE_OPTIONS_INIT;
    expect_failure(alexnet_distance_new(&distance, model, NULL), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "holds no weights of LPIPS");
    write_weights("one.safetensors", "lpips.%d.weight", 1, (int[]){4}, 0);
    write_weights("wide.safetensors", "lpips.%d.weight", 2, (int[]){4, 5}, 0);
    write_weights("below.safetensors", "lpips.%d.weight", 2, (int[]){4, 3}, -0.1f);
    write_weights("none.safetensors", "lpips.%d.bias", 2, (int[]){4, 3}, 0);
    static const struct {
        const char *file, *says;
        alexnet_status status;
    } cases[] = {
        {"one.safetensors", "for 1 layers, but small has 2", ALEXNET_ERROR_INVALID_ARGUMENT},
        {"wide.safetensors", "for 5 channels, but r2 of small has 3",
         ALEXNET_ERROR_INVALID_ARGUMENT},
        {"below.safetensors", "value 0 is -0.1", ALEXNET_ERROR_FORMAT},
        {"none.safetensors", "holds no weights of LPIPS", ALEXNET_ERROR_FORMAT},
        {"absent.pth", "absent.pth", ALEXNET_ERROR_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        options.lpips = cases[i].file;
        expect_failure(alexnet_distance_new(&distance, model, &options), cases[i].status,
                       cases[i].says);
        assert_null(distance);
        expect_failure(alexnet_model_set_lpips(model, cases[i].file), cases[i].status,
                       cases[i].says);
    }
    options.lpips = "lin.safetensors";
    options.side = 4097;
    expect_failure(alexnet_distance_new(&distance, model, &options), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "side = 4097");
}

/* A model file keeps the weights of LPIPS, and a model is otherwise unchanged by them. */
static void test_weights_in_models(void **state)
{
    (void)state;
    alexnet_model *given, *again;
    alexnet_distance *distance;
    alexnet_distance_options options = ALEXNET_DISTANCE_OPTIONS_INIT;
    options.lpips = "lin.safetensors";
    expect_ok(alexnet_model_load(&given, ctx, "run"));
    expect_ok(alexnet_model_set_lpips(given, "lin.safetensors"));
    expect_ok(alexnet_model_save(given, "with.safetensors", NULL));
    expect_ok(alexnet_model_load(&again, ctx, "with.safetensors"));
    assert_int_equal(alexnet_model_tensor_count(again), alexnet_model_tensor_count(model));
    expect_ok(alexnet_distance_new(&distance, again, &options));
    double value = between(distance, first, second, NULL);
    alexnet_distance_free(distance);
    expect_ok(alexnet_distance_new(&distance, again, NULL));
    assert_true(value > 0 && between(distance, first, second, NULL) == value);
    alexnet_distance_free(distance);
    expect_ok(alexnet_model_save(again, "twice.safetensors", NULL));
    size_t once, twice;
    unsigned char *a = scratch_read("with.safetensors", &once);
    unsigned char *b = scratch_read("twice.safetensors", &twice);
    assert_int_equal(once, twice);
    assert_memory_equal(a, b, once);
    free(a);
    free(b);
    alexnet_model_free(again);
    alexnet_model_free(given);
}

static uint64_t fingerprint_of(const char *path, const char *lpips)
{
    alexnet_model *it;
    uint64_t value;
    expect_ok(alexnet_model_load(&it, ctx, path));
    if (lpips)
        expect_ok(alexnet_model_set_lpips(it, lpips));
    expect_ok(alexnet_model_fingerprint(it, &value));
    alexnet_model_free(it);
    return value;
}

static void identify(an_feature_maker *maker, const char *path)
{
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    static const char *const layer = "r2";
    alexnet_model *it;
    alexnet_features *features;
    options.layers = &layer;
    options.count = 1;
    expect_ok(alexnet_model_load(&it, ctx, path));
    expect_ok(alexnet_features_new(&features, it, &options));
    expect_ok(an_index_features(maker, features));
    alexnet_features_free(features);
    alexnet_model_free(it);
}

/* Distances depend on the weights of LPIPS, and with them the fingerprint of a model; features, and
 * with them an index of pictures, do not. */
static void test_fingerprint(void **state)
{
    (void)state;
    alexnet_model *it;
    an_feature_maker with, without;
    write_weights("other.safetensors", "lpips.%d.weight", 2, (int[]){4, 3}, 0.25f);
    const uint64_t none = fingerprint_of("run", NULL),
                   lin = fingerprint_of("run", "lin.safetensors");
    assert_true(none == fingerprint_of("run", NULL));
    assert_true(lin != none);
    assert_true(fingerprint_of("run", "other.safetensors") != none);
    assert_true(fingerprint_of("run", "other.safetensors") != lin);
    expect_ok(alexnet_model_load(&it, ctx, "run"));
    expect_ok(alexnet_model_set_lpips(it, "lin.safetensors"));
    expect_ok(alexnet_model_save(it, "marked.safetensors", NULL));
    alexnet_model_free(it);
    assert_true(fingerprint_of("marked.safetensors", NULL) == lin);
    identify(&with, "marked.safetensors");
    identify(&without, "run");
    assert_string_equal(with.identity, without.identity);
}

/* Weights that are not those of the file's checksum are used, with a warning that names them. */
static void test_changed_weights(void **state)
{
    (void)state;
    static const float values[] = {1, 2, 3, 4};
    static const int channels[] = {4, 3};
    an_tensor_writer *writer;
    char name[32];
    expect_ok(an_tensor_writer_new(&writer, "changed.safetensors"));
    expect_ok(
        an_tensor_writer_metadata(writer, "alexnet.crc32", "{\"lpips.1.weight\":\"00000000\"}"));
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "lpips.%d.weight", i);
        expect_ok(an_tensor_writer_declare(writer, name, AN_F32, an_shape_of(1, channels[i])));
    }
    for (int i = 0; i < 2; i++)
        expect_ok(an_tensor_writer_data(writer, values, (size_t)channels[i] * sizeof *values));
    expect_ok(an_tensor_writer_commit(writer));
    expect_ok(alexnet_model_set_lpips(model, "changed.safetensors"));
    assert_int_equal(rig_times_heard("changed.safetensors is not as it was written: tensor "
                                     "lpips.1.weight: checksum 00000000 expected"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),      cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_pictures),    cmocka_unit_test(test_streams),
        cmocka_unit_test(test_sizes),       cmocka_unit_test(test_bad_pictures),
        cmocka_unit_test(test_bad_weights), cmocka_unit_test(test_weights_in_models),
        cmocka_unit_test(test_fingerprint), cmocka_unit_test(test_changed_weights),
    };
    return cmocka_run_group_tests_name("distance", tests, set_up, tear_down);
}
