/*
 * Files with the weights of AlexNet's eight layers but without names and shapes: Darknet's and Deep
 * Compression's. The golden file of Deep Compression was written by Python
 * (tools/make_deep_compression_goldens.py). A file of Darknet is too large to be kept: the test
 * makes a sparse one, with values at offsets that were worked out from cfg/alexnet.cfg.
 */
#include "scratch.h"
#include "tensor_rig.h"

#include <math.h>

#include "format/tensor_format.h"
#include "model/model_open.h"

/* ---- Darknet ---- */

/* Offsets of each layer's biases, weights and end, in floats, for 7 classes. */
static const struct {
    const char *name;
    int outputs, inputs;
    int64_t bias, weight, end;
} places[] = {
    {"conv1", 96, 3, 0, 96, 34944},
    {"conv2", 256, 96, 34944, 35200, 649600},
    {"conv3", 384, 256, 649600, 649984, 1534720},
    {"conv4", 384, 384, 1534720, 1535104, 2862208},
    {"conv5", 256, 384, 2862208, 2862464, 3747200},
    {"fc6", 4096, 9216, 3747200, 3751296, 41500032},
    {"fc7", 4096, 4096, 41500032, 41504128, 58281344},
    {"fc8", 7, 4096, 58281344, 58281351, 58310023},
};

static void put_at(FILE *file, int64_t header, int64_t place, float value)
{
    assert_int_equal(fseek(file, (long)(header + place * 4), SEEK_SET), 0);
    assert_int_equal(fwrite(&value, sizeof value, 1, file), 1);
}

/* In layer i, counted from 1, the first and the last bias are i and 2 i, the first and the last
 * weight 3 i and 4 i. */
static void write_darknet(const char *path, int major, int minor, int header, int64_t more)
{
    const int version[3] = {major, minor, 0};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(version, sizeof version, 1, file), 1);
    for (int i = 0; i < 8; i++) {
        const float unit = (float)(i + 1);
        put_at(file, header, places[i].bias, 1 * unit);
        put_at(file, header, places[i].weight - 1, 2 * unit);
        put_at(file, header, places[i].weight, 3 * unit);
        put_at(file, header, places[i].end - 1, 4 * unit);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, header + places[7].end * 4 + more), 0);
}

static float value_at(an_tensor_file *file, const char *layer, const char *what, int64_t index)
{
    char name[32];
    float value;
    snprintf(name, sizeof name, "%s.%s", layer, what);
    const an_tensor_entry *entry = an_tensor_file_find(file, name);
    assert_non_null(entry);
    expect_ok(file->format->read(file, entry, index < 0 ? an_shape_count(entry->shape) - 1 : index,
                                 1, &value));
    return value;
}

static void expect_darknet(const char *path, bool transposed)
{
    an_tensor_file *file = rig_open_tensors(path);
    an_outline outline;
    assert_string_equal(an_tensor_file_format(file), "darknet");
    assert_string_equal(an_tensor_file_usual_network(file), "darknet-alexnet");
    assert_int_equal(an_tensor_file_count(file), 16);
    expect_ok(an_tensor_file_outline(file, &outline));
    assert_int_equal(outline.count, 8);
    for (int i = 0; i < 8; i++) {
        const float unit = (float)(i + 1);
        const an_outline_layer *layer = &outline.layers[i];
        const an_shape shape = an_tensor_file_entry(file, layer->weight)->shape;
        assert_string_equal(layer->name, places[i].name);
        assert_int_equal(layer->kind, i < 5 ? AN_OUTLINE_CONV : AN_OUTLINE_FC);
        assert_int_equal(layer->outputs, places[i].outputs);
        assert_int_equal(layer->transposed, transposed && i >= 5);
        assert_int_equal(shape.rank, i < 5 ? 4 : 2);
        assert_int_equal(shape.dim[layer->transposed], places[i].outputs);
        assert_int_equal(shape.dim[!layer->transposed], places[i].inputs);
        assert_true(value_at(file, layer->name, "bias", 0) == 1 * unit);
        assert_true(value_at(file, layer->name, "bias", -1) == 2 * unit);
        assert_true(value_at(file, layer->name, "weight", 0) == 3 * unit);
        assert_true(value_at(file, layer->name, "weight", -1) == 4 * unit);
    }
    an_outline_free(&outline);
    an_tensor_file_close(file);
}

static void test_darknets_versions(void **state)
{
    (void)state;
    static const struct {
        int major, minor, header;
        bool transposed;
    } versions[] = {
        {0, 1, 16, false}, {0, 2, 20, false},   {0, 2, 16, false}, /* written by a 32-bit build */
        {1, 0, 20, false}, {1001, 0, 16, true}, {0, 1001, 16, true}, {1000, 0, 16, false},
    };
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        write_darknet("a.weights", versions[i].major, versions[i].minor, versions[i].header, 0);
        expect_darknet("a.weights", versions[i].transposed);
    }
}

/* Darknet has an order of classes of its own, so they are not given ImageNet's names. */
static void test_darknets_classes(void **state)
{
    (void)state;
    an_model_file file;
    write_darknet("a.weights", 0, 2, 20, 993 * 4097 * 4); /* 1,000 classes */
    expect_ok(
        an_model_file_open(&file, NULL, rig_reader("a.weights"), &(an_model_options){.net = NULL}));
    assert_int_equal(file.classes.count, 1000);
    assert_string_equal(file.classes.ids[0], "0");
    assert_string_equal(file.classes.names[999], "class 999");
    an_model_file_close(&file);
}

static void expect_refused(const char *path, const char *why)
{
    an_tensor_file *file;
    const alexnet_status rc = rig_try_tensors(&file, path);
    assert_null(file);
    expect_failure(rc, ALEXNET_ERROR_UNSUPPORTED, why);
}

static void test_darknets_of_other_sizes(void **state)
{
    (void)state;
    write_darknet("a.weights", 0, 2, 20, 4);
    expect_refused("a.weights", "Darknet's weights, cut short or of a network other than");
    write_darknet("a.weights", 0, 2, 20, -4097 * 4);
    an_tensor_file *file = rig_open_tensors("a.weights"); /* six classes */
    assert_int_equal(an_tensor_file_find(file, "fc8.bias")->shape.dim[0], 6);
    an_tensor_file_close(file);
    write_darknet("a.weights", 0, 2, 20, -7 * 4097 * 4);
    expect_refused("a.weights", "Darknet's weights");
    const int version[5] = {0, 2, 0, 0, 0};
    scratch_write("a.weights", version, sizeof version);
    expect_refused("a.weights", "Darknet's weights");
}

/* ---- Deep Compression ---- */

static const char compressed[] = "golden/compressed/small.net";

/* A layer's weights, read `piece` elements at a time. */
static float *read_in_pieces(an_tensor_file *file, const an_tensor_entry *entry, int64_t piece)
{
    const int64_t count = an_shape_count(entry->shape);
    float *values = an_calloc((size_t)count, sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < count; i += piece)
        expect_ok(
            file->format->read(file, entry, i, count - i < piece ? count - i : piece, values + i));
    return values;
}

static void expect_layer(an_tensor_file *file, const char *layer, int64_t piece)
{
    char name[16], word[16], value[32], line[128];
    double rest = NAN;
    snprintf(name, sizeof name, "%s.weight", layer);
    const an_tensor_entry *entry = an_tensor_file_find(file, name);
    assert_non_null(entry);
    const int64_t count = an_shape_count(entry->shape);
    float *values = read_in_pieces(file, entry, piece);
    bool *seen = an_calloc((size_t)count, sizeof *seen);
    assert_non_null(seen);
    FILE *text = fopen("golden/compressed/small.txt", "r");
    assert_non_null(text);
    while (fgets(line, sizeof line, text)) {
        if (sscanf(line, "%15s %15s %31s", name, word, value) != 3 || strcmp(name, layer) != 0 ||
            strcmp(word, "bias") == 0)
            continue;
        if (strcmp(word, "rest") == 0) {
            rest = strtof(value, NULL);
            continue;
        }
        const long place = strtol(word, NULL, 10);
        assert_in_range(place, 0, count - 1);
        if (values[place] != strtof(value, NULL))
            fail_msg("%s: weight %ld is %g, not %s", layer, place, (double)values[place], value);
        seen[place] = true;
    }
    fclose(text);
    for (int64_t i = 0; i < count; i++)
        if (!seen[i] && values[i] != rest)
            fail_msg("%s: weight %d is %g", layer, (int)i, (double)values[i]);
    an_free(seen);
    an_free(values);
}

static void test_compressed(void **state)
{
    (void)state;
    an_tensor_file *file = rig_open_tensors(compressed);
    an_outline outline;
    assert_string_equal(an_tensor_file_format(file), "deep-compression");
    expect_ok(an_tensor_file_outline(file, &outline));
    assert_int_equal(outline.count, 8);
    assert_int_equal(outline.layers[1].window, 5);
    an_outline_free(&outline);
    for (int i = 0; i < 5; i++) {
        expect_layer(file, places[i].name, 65536);
        expect_layer(file, places[i].name, 777);
    }
    for (int i = 5; i < 8; i++)
        expect_layer(file, places[i].name, 1 << 20);
    char name[16], index[16], value[32], line[128];
    FILE *text = fopen("golden/compressed/small.txt", "r");
    assert_non_null(text);
    while (fgets(line, sizeof line, text))
        if (sscanf(line, "%15s bias %15s %31s", name, index, value) == 3)
            assert_true(value_at(file, name, "bias", strtol(index, NULL, 10)) ==
                        strtof(value, NULL));
    fclose(text);
    an_tensor_file_close(file);
}

/* Other tensors, and earlier places, may be read between the pieces of a tensor. */
static void test_any_order(void **state)
{
    (void)state;
    an_tensor_file *file = rig_open_tensors(compressed);
    const float first = value_at(file, "conv1", "weight", 1),
                other = value_at(file, "fc8", "weight", 17);
    assert_true(first != 0 && other != 0);
    (void)value_at(file, "conv1", "weight", -1);
    assert_true(value_at(file, "conv1", "weight", 1) == first);
    assert_true(value_at(file, "fc8", "weight", 17) == other);
    an_tensor_file_close(file);
}

/* The last gap of conv2 leads past its end; the file is one byte short; the first count is too
 * large. */
static void test_damaged(void **state)
{
    (void)state;
    size_t length;
    unsigned char *bytes = scratch_read(compressed, &length);
    uint32_t counts[8];
    an_tensor_file *file;
    memcpy(counts, bytes, sizeof counts);
    const size_t conv1 = 256 * 4 + 96 * 4 + counts[0] + (counts[0] + 1) / 2;
    const size_t gaps = sizeof counts + conv1 + 256 * 4 + 256 * 4 + counts[1];
    const size_t last = gaps + (counts[1] - 1) / 2;
    float *values = an_calloc(307200, sizeof *values);
    assert_non_null(values);
    bytes[last] = 0xff;
    expect_ok(rig_try_bytes(&file, "x.net", bytes, length));
    expect_failure(
        an_tensor_file_read(file, "conv2.weight", an_shape_of(4, 256, 48, 5, 5), AN_F32, values),
        ALEXNET_ERROR_FORMAT, "conv2 has 307200 weights; the file lists one beyond them");
    an_tensor_file_close(file);
    assert_int_equal(rig_try_bytes(&file, "x.net", bytes, length - 1), ALEXNET_ERROR_FORMAT);
    const uint32_t huge = 0xffffffff;
    memcpy(bytes, &huge, sizeof huge);
    assert_int_equal(rig_try_bytes(&file, "x.net", bytes, length), ALEXNET_ERROR_FORMAT);
    an_free(values);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_darknets_versions, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_darknets_classes, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_darknets_of_other_sizes, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
