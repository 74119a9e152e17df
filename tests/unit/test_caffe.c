/*
 * Caffe's files. tests/golden/caffe holds a small network in every form, written by Python's
 * protobuf (tools/make_caffe_goldens.py describes its contents). Faulty files are tried with
 * messages that are put together here.
 */
#include "tensor_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/caffe/caffe.h"
#include "format/wire_write.h"

enum { TENSORS = 8 };

static const struct {
    const char *name;
    an_shape shape;
} tensors[TENSORS] = {
    {"conv1.weight", {4, {4, 3, 3, 3}}}, {"conv1.bias", {1, {4}}},
    {"conv2.weight", {4, {6, 2, 3, 3}}}, {"conv2.bias", {1, {6}}},
    {"fc3.weight", {2, {7, 24}}},        {"fc3.bias", {1, {7}}},
    {"fc4.weight", {2, {5, 7}}},         {"fc4.bias", {1, {5}}},
};

static double formula(int tensor, int64_t i)
{
    return (double)((37 * i + 101 * tensor) % 257 - 128) / 64;
}

static void expect_tensors(an_tensor_file *file)
{
    assert_int_equal(an_tensor_file_count(file), TENSORS);
    for (int t = TENSORS - 1; t >= 0; t--) {
        double doubles[256];
        float floats[256];
        const char *name = tensors[t].name;
        assert_string_equal(an_tensor_file_entry(file, t)->name, name);
        expect_ok(an_tensor_file_read(file, name, tensors[t].shape, AN_F64, doubles));
        expect_ok(an_tensor_file_read(file, name, tensors[t].shape, AN_F32, floats));
        for (int64_t i = 0; i < an_shape_count(tensors[t].shape); i++)
            if (doubles[i] != formula(t, i) || floats[i] != (float)formula(t, i))
                fail_msg("%s: element %d of %s", an_tensor_file_name(file), (int)i, name);
    }
}

static void expect_windows(const an_outline_layer *layer, int window, int stride, int padding)
{
    assert_int_equal(layer->window, window);
    assert_int_equal(layer->stride, stride);
    for (int i = 0; i < 4; i++)
        assert_int_equal(layer->padding[i], padding);
}

static void expect_outline(an_tensor_file *file)
{
    static const an_outline_kind kinds[] = {
        AN_OUTLINE_CONV,   AN_OUTLINE_NEURON,  AN_OUTLINE_LRN,      AN_OUTLINE_POOL_MAX,
        AN_OUTLINE_CONV,   AN_OUTLINE_NEURON,  AN_OUTLINE_POOL_AVG, AN_OUTLINE_FC,
        AN_OUTLINE_NEURON, AN_OUTLINE_DROPOUT, AN_OUTLINE_FC,       AN_OUTLINE_SOFTMAX};
    enum { LAYERS = sizeof kinds / sizeof *kinds };
    an_outline outline;
    expect_ok(an_tensor_file_outline(file, &outline));
    assert_int_equal(outline.count, LAYERS);
    for (int i = 0; i < LAYERS; i++)
        assert_int_equal(outline.layers[i].kind, kinds[i]);
    const an_outline_layer *l = outline.layers;
    assert_string_equal(l[0].name, "conv1");
    assert_true(l[0].weight == 0 && l[0].bias == 1 && l[0].outputs == 4 && l[0].groups == 1);
    expect_windows(&l[0], 3, 2, 0);
    assert_true(l[2].window == 3 && l[2].alpha == 0.5 && l[2].beta == 0.75 && l[2].k == 1 &&
                l[2].divided == 1);
    expect_windows(&l[3], 3, 2, 0);
    assert_int_equal(l[3].ceil, 1);
    assert_true(l[4].weight == 2 && l[4].bias == 3 && l[4].outputs == 6 && l[4].groups == 2);
    expect_windows(&l[4], 3, 1, 1);
    assert_true(l[7].weight == 4 && l[7].bias == 5 && l[7].outputs == 7 && !l[7].transposed);
    assert_true(l[10].weight == 6 && l[10].bias == 7 && l[10].outputs == 5);
    assert_string_equal(l[11].name, "prob");
    assert_true(outline.input[0] == AN_UNKNOWN && outline.input[1] == 17 && outline.input[2] == 17);
    an_outline_free(&outline);
}

static const char *const kinds_of_data[] = {
    "old-packed-float",   "old-packed-double",   "old-single-float",   "old-single-double",
    "shape-packed-float", "shape-packed-double", "shape-single-float", "shape-single-double"};
enum { KINDS = sizeof kinds_of_data / sizeof *kinds_of_data };

static void test_every_form(void **state)
{
    (void)state;
    for (int form = 0; form < 3; form++)
        for (int kind = 0; kind < KINDS; kind++) {
            char path[128];
            snprintf(path, sizeof path, "golden/caffe/v%d-%s.caffemodel", form,
                     kinds_of_data[kind]);
            an_tensor_file *file = rig_open_tensors(path);
            assert_string_equal(an_tensor_file_format(file), "caffemodel");
            assert_string_equal(an_tensor_file_entry(file, 0)->type,
                                strstr(path, "double") ? "double" : "float");
            expect_tensors(file);
            expect_outline(file);
            expect_tensors(file); /* again, after the outline was read */
            an_tensor_file_close(file);
        }
}

static void test_means(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        char path[128];
        float *values;
        an_chw shape;
        snprintf(path, sizeof path, "golden/caffe/mean-%s.binaryproto", kinds_of_data[kind]);
        expect_ok(an_caffe_mean_read(path, &shape, &values));
        assert_true(shape.c == 3 && shape.h == 4 && shape.w == 5);
        for (int64_t i = 0; i < 60; i++)
            assert_true(values[i] == (float)formula(0, i));
        an_free(values);
    }
    float *values;
    an_chw shape;
    expect_failure(
        an_caffe_mean_read("golden/caffe/v2-old-packed-float.caffemodel", &shape, &values),
        ALEXNET_ERROR_FORMAT, "is not a number");
    assert_null(values);
    expect_failure(an_caffe_mean_read("golden/caffe/none", &shape, &values), ALEXNET_ERROR_IO,
                   "golden/caffe/none");
}

/* The mean image of grey pictures: num and channels are both 1. */
static void test_a_grey_mean(void **state)
{
    (void)state;
    an_wire_buffer mean = {0};
    an_reader *reader;
    an_chw shape;
    float *values;
    const int64_t dims[4] = {1, 1, 2, 3};
    for (int i = 0; i < 4; i++)
        an_wire_put_int(&mean, (uint32_t)i + 1, dims[i]);
    for (int i = 0; i < 6; i++)
        an_wire_put_float(&mean, 5, (float)i + 0.5f);
    expect_ok(an_reader_memory(&reader, "mean", mean.bytes, mean.length));
    expect_ok(an_caffe_mean_read_from(reader, &shape, &values));
    assert_true(shape.c == 1 && shape.h == 2 && shape.w == 3);
    for (int i = 0; i < 6; i++)
        assert_true(values[i] == (float)i + 0.5f);
    an_free(values);
    an_reader_close(reader);
    an_wire_buffer_free(&mean);
}

/* ---- Models put together here ---- */

static const float zeros[64];

static void put_shape(an_wire_buffer *blob, const int *dims, int rank)
{
    an_wire_buffer shape = {0};
    for (int i = 0; i < rank; i++)
        an_wire_put_int(&shape, 1, dims[i]);
    an_wire_put_message(blob, 7, &shape);
}

/* A blob of `count` zeros with a shape; rank 0: without one. */
static void put_blob(an_wire_buffer *layer, const int *dims, int rank, int count)
{
    an_wire_buffer blob = {0};
    if (rank)
        put_shape(&blob, dims, rank);
    an_wire_put_bytes(&blob, 5, zeros, (size_t)count * sizeof *zeros);
    an_wire_put_message(layer, 7, &blob);
}

/* Begin a V2 layer: its name, its type, what it reads, and its output, which has its name. */
static an_wire_buffer begin(const char *name, const char *type, const char *reads)
{
    an_wire_buffer layer = {0};
    an_wire_put_text(&layer, 1, name);
    an_wire_put_text(&layer, 2, type);
    if (reads)
        an_wire_put_text(&layer, 3, reads);
    an_wire_put_text(&layer, 4, name);
    return layer;
}

static void end(an_wire_buffer *net, an_wire_buffer *layer)
{
    an_wire_put_message(net, 100, layer);
    assert_false(net->failed);
}

/* A convolution of 2 filters of 1 x 1 over 3 maps, with keys: pairs of field and value. */
static void put_conv(an_wire_buffer *net, const char *name, const char *reads, int n_keys,
                     const int (*keys)[2])
{
    an_wire_buffer layer = begin(name, "Convolution", reads), param = {0};
    put_blob(&layer, (const int[]){2, 3, 1, 1}, 4, 6);
    put_blob(&layer, (const int[]){2}, 1, 2);
    for (int i = 0; i < n_keys; i++)
        an_wire_put_int(&param, (uint32_t)keys[i][0], keys[i][1]);
    an_wire_put_message(&layer, 106, &param);
    end(net, &layer);
}

static alexnet_status open_net(an_wire_buffer *net, an_tensor_file **file)
{
    return rig_try_bytes(file, "net", net->bytes, net->length);
}

/* Open it, list its layers, and close it. */
static alexnet_status try_net(an_wire_buffer *net)
{
    an_tensor_file *file;
    an_outline outline;
    alexnet_status rc = open_net(net, &file);
    if (rc == ALEXNET_OK)
        rc = an_tensor_file_outline(file, &outline);
    if (rc == ALEXNET_OK)
        an_outline_free(&outline);
    an_tensor_file_close(file);
    an_wire_buffer_free(net);
    return rc;
}

static void test_keys(void **state)
{
    (void)state;
    an_wire_buffer net = {0};
    an_tensor_file *file;
    an_outline outline;
    /* pad_h, pad_w, kernel_h, kernel_w, stride_h, stride_w; then pad given twice */
    static const int apart[][2] = {{9, 1}, {10, 2}, {11, 1}, {12, 1}, {13, 3}, {14, 3}};
    static const int twice[][2] = {{1, 2}, {3, 4}, {3, 5}, {4, 1}, {6, 2}};
    put_conv(&net, "a", "data", 6, apart);
    put_conv(&net, "b", "a", 5, twice);
    an_wire_buffer layer = begin("pool", "Pooling", "b"), param = {0};
    an_wire_put_int(&param, 5, 3);
    an_wire_put_int(&param, 6, 3);
    an_wire_put_int(&param, 13, 1);
    an_wire_put_message(&layer, 121, &param);
    end(&net, &layer);
    layer = begin("norm", "LRN", "pool"); /* all defaults */
    end(&net, &layer);
    layer = begin("within", "LRN", "norm");
    an_wire_put_int(&param, 4, 1);
    an_wire_put_float(&param, 5, 2);
    an_wire_put_message(&layer, 118, &param);
    end(&net, &layer);
    layer = begin("fc", "InnerProduct", "within"); /* transposed, without biases */
    put_blob(&layer, (const int[]){5, 4}, 2, 20);
    an_wire_put_int(&param, 1, 4);
    an_wire_put_int(&param, 6, 1);
    an_wire_put_message(&layer, 117, &param);
    end(&net, &layer);
    expect_ok(open_net(&net, &file));
    expect_ok(an_tensor_file_outline(file, &outline));
    const an_outline_layer *l = outline.layers;
    assert_int_equal(outline.count, 6);
    assert_true(l[0].window == 1 && l[0].stride == 3 && l[0].padding[0] == 1 &&
                l[0].padding[1] == 2 && l[0].padding[2] == 1 && l[0].padding[3] == 2);
    assert_true(l[1].window == 1 && l[1].stride == 2 && l[1].padding[0] == 4 &&
                l[1].padding[1] == 5);
    expect_windows(&l[2], 3, 1, 0);
    assert_true(l[2].ceil == 0 && l[2].kind == AN_OUTLINE_POOL_MAX);
    assert_true(l[3].kind == AN_OUTLINE_LRN && l[3].window == 5 && l[3].alpha == 1 &&
                l[3].beta == 0.75 && l[3].k == 1);
    assert_true(l[4].kind == AN_OUTLINE_LRN_WITHIN && l[4].k == 1); /* Caffe ignores k here */
    assert_true(l[5].transposed && l[5].outputs == 4 && l[5].weight == 4 && l[5].bias == -1);
    an_outline_free(&outline);
    an_tensor_file_close(file);
    an_wire_buffer_free(&net);
}

/* A padding layer of V0 becomes the padding of the convolution after it. */
static void test_padding_layers(void **state)
{
    (void)state;
    static const struct {
        const char *type, *reads, *makes;
        int key, value;
    } layers[] = {{"padding", "data", "padded", 7, 2}, {"conv", "padded", "conv", 8, 1}};
    for (int good = 1; good >= 0; good--) {
        an_wire_buffer net = {0};
        an_wire_put_text(&net, 1, "old");
        for (int i = 0; i < 2; i++) {
            an_wire_buffer outer = {0}, inner = {0}, blob = {0};
            an_wire_put_text(&inner, 1, layers[i].makes);
            an_wire_put_text(&inner, 2, i && !good ? "relu" : layers[i].type);
            an_wire_put_int(&inner, (uint32_t)layers[i].key, layers[i].value);
            put_shape(&blob, (const int[]){2, 3, 1, 1}, 4);
            an_wire_put_bytes(&blob, 5, zeros, 6 * sizeof *zeros);
            if (i)
                an_wire_put_message(&inner, 50, &blob);
            an_wire_buffer_free(&blob);
            an_wire_put_message(&outer, 1, &inner);
            an_wire_put_text(&outer, 2, layers[i].reads);
            an_wire_put_text(&outer, 3, layers[i].makes);
            an_wire_put_message(&net, 2, &outer);
        }
        an_tensor_file *file;
        an_outline outline;
        if (!good) {
            put_conv(&net, "c", "conv", 0, NULL);
            expect_failure(try_net(&net), ALEXNET_ERROR_UNSUPPORTED,
                           "layer conv: padding that no convolution");
            continue;
        }
        expect_ok(open_net(&net, &file));
        expect_ok(an_tensor_file_outline(file, &outline));
        assert_int_equal(outline.count, 1);
        expect_windows(outline.layers, 1, 1, 2);
        an_outline_free(&outline);
        an_tensor_file_close(file);
        an_wire_buffer_free(&net);
    }
}

/* Three ways to give the input's size: the old dimensions, a shape, an Input layer. */
static void test_input(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        an_wire_buffer net = {0}, data = {0}, shape = {0}, param = {0};
        an_tensor_file *file;
        an_outline outline;
        an_wire_put_text(&net, 3, "data");
        if (way == 0) {
            for (int i = 0; i < 4; i++)
                an_wire_put_int(&net, 4, (const int[]){10, 3, 227, 228}[i]);
        } else if (way == 1) {
            an_wire_put_bytes(&shape, 1, "\x0a\x03\xe3\x01\xe4\x01", 6);
            an_wire_put_message(&net, 8, &shape);
        } else {
            data = begin("data", "Input", NULL);
            put_shape(&param, (const int[]){10, 3, 227, 228}, 4);
            /* put_shape writes field 7; InputParameter's is 1, whose tag is one byte too */
            param.bytes[0] = 1 << 3 | AN_WIRE_BYTES;
            an_wire_put_message(&data, 143, &param);
            end(&net, &data);
        }
        put_conv(&net, "conv", "data", 0, NULL);
        expect_ok(open_net(&net, &file));
        expect_ok(an_tensor_file_outline(file, &outline));
        assert_true(outline.input[0] == 3 && outline.input[1] == 227 && outline.input[2] == 228);
        an_outline_free(&outline);
        an_tensor_file_close(file);
        an_wire_buffer_free(&net);
    }
}

/* Try a net of one layer with `copies` blobs of `count` zeros, all with the same shape, and with a
 * blob of biases unless `biases` is 0. */
static alexnet_status try_blobs(const char *type, int rank, const int *dims, int count, int biases,
                                int copies)
{
    an_wire_buffer net = {0}, layer = begin("x", type, "data");
    for (int i = 0; i < copies; i++)
        put_blob(&layer, dims, rank, count);
    if (biases)
        put_blob(&layer, &biases, 1, biases);
    end(&net, &layer);
    return try_net(&net);
}

#define DIMS(...) (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), ((const int[]){__VA_ARGS__})
#define CONV "Convolution"
#define FC "InnerProduct"

static void test_shapes_that_do_not_fit(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_FORMAT;
    expect_failure(try_blobs(CONV, DIMS(2, 3, 1, 1), 5, 2, 1), bad,
                   "layer x, blob 0 has 6 elements by its shape, but its data have 5");
    expect_failure(try_blobs(CONV, 0, NULL, 5, 0, 1), bad, "layer x, blob 0 has no shape");
    expect_failure(try_blobs(CONV, DIMS(0, 3, 1, 1), 0, 0, 1), bad, "a dimension below 1");
    expect_failure(try_blobs(CONV, DIMS(-2, -3, 1, 1), 6, 0, 1), bad, "a dimension below 1");
    expect_failure(try_blobs(CONV, DIMS(INT32_MAX, INT32_MAX, INT32_MAX, 1), 6, 0, 1), bad,
                   "a dimension below 1, or too large ones");
    expect_failure(try_blobs(CONV, DIMS(2, 1, 3, 1, 1), 6, 0, 1), bad,
                   "dimensions of its weights: 4 expected, found 5");
    expect_failure(try_blobs(CONV, DIMS(1, 1, 1, 1, 1, 1, 1, 1, 6), 6, 0, 1), bad,
                   "more than 8 dimensions");
    expect_failure(try_blobs(FC, DIMS(2, 3, 2), 12, 0, 1), bad, "2 expected, found 3");
    expect_failure(try_blobs(FC, DIMS(2, 3), 6, 3, 1), bad,
                   "layer x: elements of its biases: 2 expected, found 3");
    expect_failure(try_blobs(FC, DIMS(2, 3), 6, 0, 2), bad, "elements of its biases");
    expect_failure(try_blobs(CONV, DIMS(2, 3, 1, 1), 6, 2, 2), bad,
                   "layer x has 3 blobs; its weights and its biases expected");
    expect_failure(try_blobs("Scale", DIMS(2), 2, 2, 1), bad, "without weights");
    expect_ok(try_blobs(FC, DIMS(1, 1, 2, 3), 6, 2, 1));
    expect_ok(try_blobs(CONV, DIMS(1, 3, 1, 1), 3, 1, 1));
}

/* Two shapes in one blob, which agree or not; weights that contradict the keys. */
static void test_contradictions(void **state)
{
    (void)state;
    for (int width = 3; width <= 6; width += 3) {
        an_wire_buffer net = {0}, layer = begin("x", FC, "data"), blob = {0};
        const int old[] = {1, 1, 6 / width, width};
        for (int i = 0; i < 4; i++)
            an_wire_put_int(&blob, (uint32_t)i + 1, old[i]);
        put_shape(&blob, (const int[]){2, 3}, 2);
        an_wire_put_bytes(&blob, 5, zeros, 6 * sizeof *zeros);
        an_wire_put_message(&layer, 7, &blob);
        end(&net, &layer);
        if (width == 3)
            expect_ok(try_net(&net));
        else
            expect_failure(try_net(&net), ALEXNET_ERROR_FORMAT, "two shapes that differ");
    }
    static const struct {
        int key[1][2];
        const char *says;
    } cases[] = {{{{1, 3}}, "layer x: outputs of its weights: 3 expected, found 2"},
                 {{{4, 2}}, "layer x: rows of its filters: 2 expected, found 1"},
                 {{{12, 5}}, "layer x: columns of its filters: 5 expected, found 1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        an_wire_buffer net = {0};
        put_conv(&net, "x", "data", 1, cases[i].key);
        expect_failure(try_net(&net), ALEXNET_ERROR_FORMAT, cases[i].says);
    }
}

static void test_layers_that_are_not_computed(void **state)
{
    (void)state;
    static const struct {
        int n, keys[3][2];
        const char *says;
    } convs[] = {
        {2, {{9, 0}, {13, 2}}, "strides of 2 rows and 1 columns"},
        {1, {{18, 2}}, "with dilation"},
        {1, {{16, 2}}, "along other axes"},
        {3, {{6, 1}, {6, 1}, {6, 1}}, "more than two values of stride"},
        {1, {{5, -7}}, "group = -7"},
    };
    for (size_t i = 0; i < sizeof convs / sizeof *convs; i++) {
        an_wire_buffer net = {0};
        put_conv(&net, "x", "data", convs[i].n, convs[i].keys);
        const bool damaged = strstr(convs[i].says, "group") != NULL;
        expect_failure(try_net(&net), damaged ? ALEXNET_ERROR_FORMAT : ALEXNET_ERROR_UNSUPPORTED,
                       convs[i].says);
    }
    static const struct {
        const char *type;
        uint32_t message;
        int n, keys[2][2];
        const char *says;
    } others[] = {
        {"TanH", 100, 0, {{0}}, "layer y is of a type that is not computed: TanH"},
        {"Pooling", 121, 1, {{12, 1}}, "layer y: global pooling"},
        {"Pooling", 121, 1, {{1, 2}}, "layer y: stochastic pooling"},
        {"Pooling", 121, 2, {{1, 1}, {4, 1}}, "average pooling that counts padding"},
        {"Pooling", 121, 1, {{5, 3}}, "windows of 3 rows and -1 columns"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        an_wire_buffer net = {0}, param = {0};
        put_conv(&net, "x", "data", 0, NULL);
        an_wire_buffer layer = begin("y", others[i].type, "x");
        for (int k = 0; k < others[i].n; k++)
            an_wire_put_int(&param, (uint32_t)others[i].keys[k][0], others[i].keys[k][1]);
        an_wire_put_message(&layer, others[i].message, &param);
        end(&net, &layer);
        expect_failure(try_net(&net), ALEXNET_ERROR_UNSUPPORTED, others[i].says);
    }
    an_wire_buffer net = {0}, param = {0};
    put_conv(&net, "x", "data", 0, NULL);
    an_wire_buffer layer = begin("y", "ReLU", "x");
    an_wire_put_float(&param, 1, 0.1f);
    an_wire_put_message(&layer, 123, &param);
    end(&net, &layer);
    expect_failure(try_net(&net), ALEXNET_ERROR_UNSUPPORTED, "a ReLU with a slope below 0");
}

static void test_no_chain(void **state)
{
    (void)state;
    an_wire_buffer net = {0};
    put_conv(&net, "a", "data", 0, NULL);
    put_conv(&net, "b", "a", 0, NULL);
    put_conv(&net, "c", "a", 0, NULL);
    expect_failure(try_net(&net), ALEXNET_ERROR_UNSUPPORTED,
                   "layer c reads a, which is not what b, the layer before it, computes");
    put_conv(&net, "a", "data", 0, NULL);
    an_wire_buffer layer = begin("sum", "ReLU", "a");
    an_wire_put_text(&layer, 3, "data");
    end(&net, &layer);
    expect_failure(try_net(&net), ALEXNET_ERROR_UNSUPPORTED, "layer sum: it reads several layers");
    put_conv(&net, "a", "data", 0, NULL);
    put_conv(&net, "a", "a", 0, NULL);
    expect_failure(try_net(&net), ALEXNET_ERROR_FORMAT, "tensor a.bias occurs twice");
}

/* The file cut at every length, and with every byte changed: an error that names the file, or a
 * model whose tensors can be read. */
static void test_damage(void **state)
{
    (void)state;
    unsigned char bytes[8192];
    FILE *golden = fopen("golden/caffe/v1-old-single-float.caffemodel", "rb");
    assert_non_null(golden);
    const size_t length = fread(bytes, 1, sizeof bytes, golden);
    fclose(golden);
    assert_true(length > 1000 && length < sizeof bytes);
    for (size_t i = 0; i < 2 * length; i++) {
        const size_t at = i % length;
        unsigned char *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, bytes, length);
        copy[at] ^= 0x55;
        an_wire_buffer net = {.bytes = copy, .length = i < length ? at : length};
        an_tensor_file *file;
        const alexnet_status rc = open_net(&net, &file);
        if (rc != ALEXNET_OK && !strstr(an_error_text(), "net"))
            fail_msg("byte %d: \"%s\"", (int)at, an_error_text());
        for (int t = 0; file && t < an_tensor_file_count(file); t++) {
            const an_tensor_entry *entry = an_tensor_file_entry(file, t);
            float values[256];
            assert_true(an_shape_count(entry->shape) <= 256);
            expect_ok(an_tensor_file_read(file, entry->name, entry->shape, AN_F32, values));
        }
        an_tensor_file_close(file);
        free(copy);
    }
}

/* A file that another program writes to after it was opened: an error, as soon as a field of data
 * is not where it was, or not as long. */
static void test_changed_while_read(void **state)
{
    (void)state;
    enum { PIECE = 600, FIELD = 5 << 3 | 2 }; /* of data; of more bytes than are read ahead */
    static const float piece[PIECE];
    static const unsigned char header[] = {FIELD, 0xe0, 0x12}; /* 2,400 bytes */
    static const struct {
        int at;
        unsigned char value;
    } changes[] = {{0, 6 << 3 | 2}, {1, 0xdf}};
    for (int c = 0; c < 2; c++) {
        an_wire_buffer net = {0};
        an_tensor_file *file;
        float values[2 * PIECE];
        for (int l = 0; l < 2; l++) {
            an_wire_buffer layer = begin(l ? "b" : "a", "InnerProduct", NULL), blob = {0};
            put_shape(&blob, (const int[]){2, PIECE}, 2);
            for (int i = 0; i < 2; i++)
                an_wire_put_bytes(&blob, 5, piece, sizeof piece);
            an_wire_put_message(&layer, 7, &blob);
            end(&net, &layer);
        }
        expect_ok(open_net(&net, &file));
        expect_ok(an_tensor_file_read(file, "b.weight", an_shape_of(2, 2, PIECE), AN_F32, values));
        unsigned char *first = memmem(net.bytes, net.length, header, sizeof header);
        assert_non_null(first);
        unsigned char *second = first + sizeof header + sizeof piece;
        assert_memory_equal(second, header, sizeof header);
        second[changes[c].at] = changes[c].value;
        expect_failure(
            an_tensor_file_read(file, "a.weight", an_shape_of(2, 2, PIECE), AN_F32, values),
            ALEXNET_ERROR_FORMAT, "net changed while it was read");
        an_tensor_file_close(file);
        an_wire_buffer_free(&net);
    }
}

/* Open a file, list its layers, and read a mean image. */
static alexnet_status use_files(void)
{
    an_reader *reader;
    an_tensor_file *file;
    an_outline outline;
    an_chw shape;
    float *values;
    AN_CHECK(
        an_caffe_mean_read("golden/caffe/mean-old-single-double.binaryproto", &shape, &values));
    an_free(values);
    AN_CHECK(an_reader_open(&reader, "golden/caffe/v0-old-packed-float.caffemodel"));
    AN_CHECK(an_tensor_file_open(&file, reader));
    const alexnet_status rc = an_tensor_file_outline(file, &outline);
    if (rc == ALEXNET_OK)
        an_outline_free(&outline);
    an_tensor_file_close(file);
    return rc;
}

/* Whichever allocation fails, it is reported and nothing leaks. */
static void test_no_memory(void **state)
{
    (void)state;
    const int64_t live = an_alloc_live();
    for (uint64_t n = 1;; n++) {
        an_alloc_fail_at(n);
        const alexnet_status rc = use_files();
        an_alloc_fail_at(0);
        assert_true(an_alloc_live() == live);
        if (rc == ALEXNET_OK) {
            assert_true(n > 30);
            return;
        }
        expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "out of memory");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_a_grey_mean),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_padding_layers),
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_shapes_that_do_not_fit),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_layers_that_are_not_computed),
        cmocka_unit_test(test_no_chain),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_changed_while_read),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("Caffe's files", tests, NULL, NULL);
}
