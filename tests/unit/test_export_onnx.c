/*
 * Writing ONNX: which nodes are written, that no bit of a weight is lost, and that no file is left
 * half written. What the nodes compute is checked with ONNX Runtime and OpenCV by
 * tools/check_onnx.py.
 */
#include "net_rig.h"
#include "scratch.h"
#include "tensor_rig.h"

#include "base/wire.h"
#include "base/writer.h"
#include "model/export/export.h"
#include "model/model.h"

static char *ids[] = {"n01", "n02"}, *names[] = {"sm\xc3\xb6rg\xc3\xa5s", "two"};
static const an_classes classes = {2, ids, names};
static const an_export_options plain = {AN_F32, AN_NAMES_OURS, false};

/* Every kind of layer; sizes that are rounded up, padding of one side, towers. */
static const char every[] = "[input]\nsize = 18\nside = 20\nmean = image\nchannels = bgr\n"
                            "scale = 0.02\n"
                            "[conv1]\ntype = conv\ninputs = input\nfilters = 2\ngroups = 1\n"
                            "filterSize = 5\nstride = 2\npadding = 0\nround = ceil\n"
                            "neuron = tanh[1.7,0.66]\n"
                            "[conv2]\ntype = conv\ninputs = input\nfilters = 2\nfilterSize = 5\n"
                            "stride = 2\npadding = 0\nround = ceil\nneuron = relu\n"
                            "[both]\ntype = concat\ninputs = conv1, conv2\n"
                            "[norm]\ntype = cmrnorm\ninputs = both\ngroups = 2\nsize = 5\n"
                            "scale = 0.1\npow = 0.75\nminDiv = 2\ndivide = no\n"
                            "[rnorm]\ntype = rnorm\ninputs = norm\nsize = 3\nscale = 0.1\n"
                            "pow = 0.75\nminDiv = 1\ndivide = yes\n"
                            "[pool]\ntype = pool\ninputs = rnorm\npool = avg\nsizeX = 3\n"
                            "stride = 2\nround = ceil\n"
                            "[fc1]\ntype = fc\ninputs = pool\noutputs = 6\nneuron = logistic\n"
                            "[fc2]\ntype = fc\ninputs = pool\noutputs = 6\n"
                            "[sum]\ntype = eltsum\ninputs = fc1, fc2\n"
                            "[drop1]\ntype = dropout\ninputs = sum\nkeep = 0.25\nkind = mask\n"
                            "[drop2]\ntype = dropout\ninputs = drop1\nkeep = 0.5\n"
                            "kind = inverted\n"
                            "[pool2]\ntype = pool\ninputs = drop2\npool = max\nsizeX = 1\n"
                            "stride = 1\n"
                            "[fc3]\ntype = fc\ninputs = pool2\noutputs = classes\n"
                            "[probs]\ntype = softmax\ninputs = fc3\n";

static void open_rig(net_rig *rig, const char *device)
{
    alexnet_network *network;
    an_program_options options = an_program_inference(1, 1);
    expect_ok(an_network_parse(&network, every, "every", "every", 2));
    rig_open(rig, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), network, &options, 7);
}

/* ---- What is in the file ---- */

static bool next(an_wire *message, an_wire_field *field)
{
    bool more;
    expect_ok(an_wire_next(message, field, &more));
    return more;
}

/* The first field with this number; the test fails if there is none. */
static an_wire_field need(an_wire message, uint32_t number)
{
    an_wire_field field;
    while (next(&message, &field))
        if (field.number == number)
            return field;
    fail_msg("no field %u", number);
    return field;
}

static void append(char *text, size_t room, an_wire body, const char *before)
{
    char *part;
    const size_t length = strlen(text);
    expect_ok(an_wire_text(&body, "a text", 4096, &part));
    snprintf(text + length, room - length, "%s%s", before, part);
    an_free(part);
}

static void append_ints(char *text, size_t room, an_wire attribute)
{
    an_wire_field field;
    while (next(&attribute, &field))
        if (field.number == 3 || field.number == 8) {
            const size_t length = strlen(text);
            snprintf(text + length, room - length, " %d", (int)an_wire_int(&field));
        } else if (field.number == 2) {
            const size_t length = strlen(text);
            snprintf(text + length, room - length, " %.4g", an_wire_real(&field));
        }
}

/* "Conv x w b > y; pads 0 0 1 1" */
static void describe(char *text, size_t room, an_wire node)
{
    an_wire all = node;
    an_wire_field field;
    text[0] = '\0';
    append(text, room, need(node, 4).body, "");
    while (next(&all, &field))
        if (field.number == 1)
            append(text, room, field.body, " ");
    append(text, room, need(node, 2).body, " > ");
    for (all = node; next(&all, &field);)
        if (field.number == 5) {
            append(text, room, need(field.body, 1).body, "; ");
            append_ints(text, room, field.body);
        }
}

static void expect_nodes(const char *path, const char *const *expected)
{
    an_wire_file file;
    an_wire_field field;
    an_reader *reader = rig_reader(path);
    char text[512];
    int i = 0;
    an_wire graph = need(an_wire_open(&file, reader), 7).body;
    while (next(&graph, &field)) {
        if (field.number != 1)
            continue;
        describe(text, sizeof text, field.body);
        if (!expected[i] || strcmp(text, expected[i]) != 0)
            fail_msg("node %d: \"%s\" expected, found \"%s\"", i,
                     expected[i] ? expected[i] : "none", text);
        i++;
    }
    assert_null(expected[i]);
    an_reader_close(reader);
}

static void test_nodes(void **state)
{
    (void)state;
    static const char *const nodes[] = {
        "Conv input conv1.weight conv1.bias > conv1/conv; kernel_shape 5 5; strides 2 2; "
        "pads 0 0 1 1; group 1",
        "Mul conv1/conv conv1/b > conv1/scaled",
        "Tanh conv1/scaled > conv1/tanh",
        "Mul conv1/tanh conv1/a > conv1",
        "Conv input conv2.weight conv2.bias > conv2/conv; kernel_shape 5 5; strides 2 2; "
        "pads 0 0 1 1; group 1",
        "Relu conv2/conv > conv2",
        "Concat conv1 conv2 > both; axis 1",
        "Split both > norm/part0; axis 1",
        "LRN norm/part0 > norm/normal0; size 5; alpha 0.5; beta 0.75; bias 2",
        "LRN norm/part1 > norm/normal1; size 5; alpha 0.5; beta 0.75; bias 2",
        "Concat norm/normal0 norm/normal1 > norm; axis 1",
        "Mul norm norm > rnorm/square",
        "Pad rnorm/square rnorm/pads > rnorm/padded",
        "AveragePool rnorm/padded > rnorm/mean; kernel_shape 3 3; strides 1 1",
        "Mul rnorm/mean rnorm/alpha > rnorm/sum",
        "Add rnorm/sum rnorm/k > rnorm/base",
        "Pow rnorm/base rnorm/beta > rnorm/factor",
        "Mul norm rnorm/factor > rnorm",
        "AveragePool rnorm > pool; kernel_shape 3 3; strides 2 2; pads 0 0 1 1",
        "Flatten pool > fc1/fc/flat0; axis 1",
        "Gemm fc1/fc/flat0 fc1.weight fc1.bias > fc1/fc; transB 1",
        "Sigmoid fc1/fc > fc1",
        "Flatten pool > fc2/flat0; axis 1",
        "Gemm fc2/flat0 fc2.weight fc2.bias > fc2; transB 1",
        "Sum fc1 fc2 > sum",
        "Mul sum drop1/keep > drop1",
        "Reshape drop1 pool2/maps0/shape > pool2/maps0",
        "MaxPool pool2/maps0 > pool2; kernel_shape 1 1; strides 1 1; pads 0 0 0 0",
        "Flatten pool2 > fc3/flat0; axis 1",
        "Gemm fc3/flat0 fc3.weight fc3.bias > fc3; transB 1",
        "Softmax fc3 > probs; axis 1",
        NULL};
    int64_t pads[8];
    float number;
    net_rig rig;
    open_rig(&rig, "cpu");
    expect_ok(an_export(&an_export_onnx, "x.onnx", rig.net, &classes, "a test", &plain));
    expect_nodes("x.onnx", nodes);
    an_tensor_file *tensors = rig_open_tensors("x.onnx");
    expect_ok(an_tensor_file_read(tensors, "rnorm/pads", an_shape_of(1, 8), AN_I64, pads));
    assert_memory_equal(pads, ((int64_t[8]){0, 0, 1, 1, 0, 0, 1, 1}), sizeof pads);
    expect_ok(an_tensor_file_read(tensors, "rnorm/alpha", an_shape_of(0), AN_F32, &number));
    assert_true(number == 0.1F); /* times an average over the window */
    expect_ok(an_tensor_file_read(tensors, "rnorm/beta", an_shape_of(0), AN_F32, &number));
    assert_true(number == -0.75F);
    an_tensor_file_close(tensors);
    rig_close(&rig);
}

/* The nodes in front of the first convolution. */
static void test_preprocessing(void **state)
{
    (void)state;
    static const char *const nodes[] = {"Cast input > input/float; to 1",
                                        "Transpose input/float > input/planes; perm 0 3 1 2",
                                        "Gather input/planes input/order > input/bgr; axis 1",
                                        ("Slice input.mean input/mean/first input/mean/end "
                                         "input/mean/axes > input/mean"),
                                        "Sub input/bgr input/mean > input/centred",
                                        "Mul input/centred input/scale > input/prepared"};
    an_wire_file file;
    an_wire_field field;
    an_reader *reader;
    an_tensor_file *tensors;
    char text[512];
    int i = 0;
    int64_t bounds[2];
    net_rig rig;
    const an_export_options inside = {AN_F32, AN_NAMES_OURS, true};
    open_rig(&rig, "cpu");
    expect_ok(an_export(&an_export_onnx, "x.onnx", rig.net, &classes, "", &inside));
    expect_ok(an_reader_open(&reader, "x.onnx"));
    an_wire graph = need(an_wire_open(&file, reader), 7).body;
    while (i < 6 && next(&graph, &field)) {
        if (field.number != 1)
            continue;
        describe(text, sizeof text, field.body);
        assert_string_equal(text, nodes[i]);
        i++;
    }
    assert_int_equal(i, 6);
    expect_ok(an_tensor_file_open(&tensors, reader));
    expect_ok(an_tensor_file_read(tensors, "input/mean/first", an_shape_of(1, 2), AN_I64, bounds));
    assert_true(bounds[0] == 1 && bounds[1] == 1);
    expect_ok(an_tensor_file_read(tensors, "input/mean/end", an_shape_of(1, 2), AN_I64, bounds));
    assert_true(bounds[0] == 19 && bounds[1] == 19);
    an_tensor_file_close(tensors);
    rig_close(&rig);
}

/* ---- Round trip ---- */

static void expect_same_model(const net_rig *rig, const char *path)
{
    alexnet_model *model;
    expect_ok(an_model_load(&model, rig->ctx, rig_reader(path), NULL));
    assert_string_equal(model->format, "onnx");
    assert_string_equal(model->provenance, "a test");
    assert_string_equal(model->net->network->text, every);
    assert_int_equal(model->classes.count, 2);
    assert_string_equal(model->classes.names[0], names[0]);
    assert_int_equal(model->net->count, rig->net->count);
    for (int i = 0; i < rig->net->count; i++) {
        const size_t count = (size_t)rig->net->params[i].count;
        float *before = an_calloc(count, sizeof *before), *after = an_calloc(count, sizeof *after);
        expect_ok(an_net_read(rig->net, AN_VALUES, i, before, AN_F32));
        expect_ok(an_net_read(model->net, AN_VALUES, i, after, AN_F32));
        assert_memory_equal(before, after, count * sizeof *before);
        an_free(before);
        an_free(after);
    }
    an_model_release(model);
}

static void test_there_and_back(void **state)
{
    (void)state;
    net_rig rig;
    open_rig(&rig, "cpu");
    for (int inside = 0; inside < 2; inside++) {
        const an_export_options options = {AN_F32, AN_NAMES_OURS, inside != 0};
        expect_ok(an_export(&an_export_onnx, "x.onnx", rig.net, &classes, "a test", &options));
        expect_same_model(&rig, "x.onnx");
    }
    rig_close(&rig);
}

/* In half precision weights have two bytes; the mean stays float32. */
static void test_half(void **state)
{
    (void)state;
    static const an_dtype types[] = {AN_F16, AN_BF16};
    net_rig rig;
    open_rig(&rig, "cpu");
    for (int t = 0; t < 2; t++) {
        const an_export_options options = {types[t], AN_NAMES_OURS, false};
        expect_ok(an_export(&an_export_onnx, "x.onnx", rig.net, &classes, "", &options));
        an_tensor_file *file = rig_open_tensors("x.onnx");
        assert_int_equal(an_tensor_file_find(file, "fc1.weight")->dtype, types[t]);
        assert_int_equal(an_tensor_file_find(file, "input.mean")->dtype, AN_F32);
        an_tensor_file_close(file);
    }
    rig_close(&rig);
}

/* ---- Trouble ---- */

static void test_full_disk(void **state)
{
    (void)state;
    net_rig rig;
    open_rig(&rig, "cpu");
    for (uint64_t room = 0; room < 8000; room += 1000) {
        an_writer_fail_after(room);
        expect_failure(an_export(&an_export_onnx, "full.onnx", rig.net, &classes, "", &plain),
                       ALEXNET_ERROR_IO, "full.onnx");
        assert_int_not_equal(access("full.onnx", F_OK), 0);
        assert_int_not_equal(access("full.onnx.tmp", F_OK), 0);
    }
    an_writer_fail_after(UINT64_MAX);
    rig_close(&rig);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    net_rig rig;
    open_rig(&rig, "cpu");
    const an_export_options inside = {AN_F16, AN_NAMES_OURS, true};
    const int64_t live = an_alloc_live();
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    for (uint64_t n = 1; rc == ALEXNET_ERROR_NO_MEMORY; n++) {
        const uint64_t made = an_alloc_count();
        an_alloc_fail_at(n);
        rc = an_export(&an_export_onnx, "short.onnx", rig.net, &classes, "a test", &inside);
        an_alloc_fail_at(0);
        assert_true(rc == ALEXNET_ERROR_NO_MEMORY || an_alloc_count() - made < n);
        assert_int_equal(an_alloc_live(), live);
        assert_int_not_equal(access("short.onnx.tmp", F_OK), 0);
        assert_true(n < 10000);
    }
    expect_ok(rc);
    rig_close(&rig);
}

static void test_names_that_are_no_text(void **state)
{
    (void)state;
    char *bad[] = {"\xff", "two"};
    const an_classes named = {2, bad, names};
    net_rig rig;
    open_rig(&rig, "cpu");
    expect_failure(an_export(&an_export_onnx, "x.onnx", rig.net, &named, "", &plain),
                   ALEXNET_ERROR_UNSUPPORTED, "not UTF-8");
    rig_close(&rig);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH(test_nodes),
        SCRATCH(test_preprocessing),
        SCRATCH(test_there_and_back),
        SCRATCH(test_half),
        SCRATCH(test_full_disk),
        SCRATCH(test_short_of_memory),
        SCRATCH(test_names_that_are_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
