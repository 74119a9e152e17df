/*
 * Models for Caffe: a written file gives the same weights, bit for bit, and the network's layers
 * when it is read; networks that Caffe would compute differently are refused. tools/check_caffe.py
 * checks that OpenCV computes the same from the files.
 */
#include "net_rig.h"
#include "scratch.h"
#include "tensor_rig.h"

#include "base/writer.h"
#include "format/caffe/caffe.h"
#include "model/export/caffe_layers.h"
#include "model/export/export.h"

static char *ids[] = {"a", "b", "c"};
static const an_classes classes = {3, ids, ids};
static const an_export_options plain = {AN_F32, AN_NAMES_OURS, false};

#define INPUT "[input]\nsize = 17\nside = 20\nchannels = bgr\nmean = image\nmeanCrop = aligned\n"
#define CONV(name, inputs, more)                                                                   \
    "[" name "]\ntype = conv\ninputs = " inputs "\nfilters = 4\nfilterSize = 3\n" more
#define FC(name, inputs) "[" name "]\ntype = fc\ninputs = " inputs "\noutputs = classes\n"
#define PROBS(inputs) "[probs]\ntype = softmax\ninputs = " inputs "\n"
#define POOL(name, inputs, more)                                                                   \
    "[" name "]\ntype = pool\ninputs = " inputs "\nsizeX = 3\nstride = 2\n" more
#define LRN(type, more)                                                                            \
    "[norm]\ntype = " type "\ninputs = conv\nsize = 3\nscale = 0.03\npow = 0.75\n" more
#define REST FC("fc", "norm") PROBS("fc")

static const char whole[] = "[network]\nname = small\n" INPUT CONV(
    "conv1", "input",
    "stride = 2\nround = floor\nneuron = relu\n") "[norm1]\ntype = cmrnorm\ninputs = conv1\nsize = "
                                                  "3\nscale = 0.0001\npow = 0.75\nminDiv = 2\n"
                                                  "divide = no\ngroups = 1\n" POOL(
                                                      "pool1", "norm1",
                                                      "pool = max\nround = ceil\n")
                                                      CONV("conv2", "pool1",
                                                           "padding = 1\ngroups = 2\nneuron = "
                                                           "relu\n")
                                                          POOL("pool2", "conv2",
                                                               "pool = avg\nround = "
                                                               "floor\n") "[drop]\ntype "
                                                                          "= "
                                                                          "dropout\ninpu"
                                                                          "ts = "
                                                                          "pool2\nkeep "
                                                                          "= 0.75\nkind "
                                                                          "= "
                                                                          "inverted"
                                                                          "\n" FC("fc", "drop")
                                                                              PROBS("fc");

static void open_net(net_rig *rig, const char *text)
{
    an_program_options options = an_program_inference(1, 1);
    rig_open(rig, rig_ctx("ref", ALEXNET_PRECISION_FP32, 1), rig_parse(text, 3), &options, 13);
}

static alexnet_status write_net(net_rig *rig, const char *path)
{
    return an_export(&an_export_caffe, path, rig->net, &classes, "a test\nof two lines", &plain);
}

static void expect_same_weights(const net_rig *rig, an_tensor_file *file)
{
    int next = 0;
    for (int i = 0; i < rig->net->count; i++) {
        const an_param *p = &rig->net->params[i];
        if (!p->learned)
            continue;
        float *values = an_calloc((size_t)p->count, sizeof *values);
        double *ours = rig_read(rig, AN_VALUES, i);
        assert_string_equal(an_tensor_file_entry(file, next++)->name, p->name);
        expect_ok(an_tensor_file_read(file, p->name, p->shape, AN_F32, values));
        for (int64_t j = 0; j < p->count; j++)
            assert_true(values[j] == (float)ours[j]);
        an_free(values);
        an_free(ours);
    }
    assert_int_equal(an_tensor_file_count(file), next);
}

/* What is written beside a model replaces nothing of other origin. */
static void test_files_of_others(void **state)
{
    (void)state;
    net_rig rig;
    open_net(&rig, whole);
    scratch_text("o.prototxt", "name: \"mine\"\n");
    expect_failure(write_net(&rig, "o.caffemodel"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "o.prototxt exists, and is not from this program");
    assert_int_equal(remove("o.prototxt"), 0);
    scratch_text("o_mean.binaryproto", "mine");
    expect_failure(write_net(&rig, "o.caffemodel"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "o_mean.binaryproto exists, and is not from this program");
    assert_int_equal(access("o.caffemodel", F_OK), -1);
    assert_int_equal(access("o.prototxt", F_OK), -1);
    assert_int_equal(remove("o_mean.binaryproto"), 0);
    for (int times = 0; times < 2; times++)
        expect_ok(write_net(&rig, "o.caffemodel"));
    assert_int_equal(access("o_mean.binaryproto", F_OK), 0);
    rig_close(&rig);
}

static void test_round_trip(void **state)
{
    (void)state;
    net_rig rig;
    an_outline outline;
    open_net(&rig, whole);
    expect_ok(write_net(&rig, "small.caffemodel"));
    an_tensor_file *file = rig_open_tensors("small.caffemodel");
    expect_same_weights(&rig, file);
    expect_ok(an_tensor_file_outline(file, &outline));
    const an_outline_layer *l = outline.layers;
    assert_int_equal(outline.count, 10);
    assert_true(outline.input[0] == 3 && outline.input[1] == 17 && outline.input[2] == 17);
    assert_true(l[0].kind == AN_OUTLINE_CONV && l[0].stride == 2 && l[0].window == 3);
    assert_true(l[1].kind == AN_OUTLINE_NEURON);
    assert_true(l[2].kind == AN_OUTLINE_LRN && l[2].k == 2 && (float)l[2].alpha == 0.0003f &&
                l[2].beta == 0.75 && l[2].divided == 1);
    assert_true(l[3].kind == AN_OUTLINE_POOL_MAX && l[3].ceil == 1);
    assert_true(l[4].kind == AN_OUTLINE_CONV && l[4].groups == 2 && l[4].padding[3] == 1 &&
                l[4].outputs == 8);
    assert_true(l[6].kind == AN_OUTLINE_POOL_AVG && l[6].ceil == 0);
    assert_true(l[7].kind == AN_OUTLINE_DROPOUT && l[8].kind == AN_OUTLINE_FC &&
                l[9].kind == AN_OUTLINE_SOFTMAX);
    an_outline_free(&outline);
    an_tensor_file_close(file);
    rig_close(&rig);
}

static void test_mean(void **state)
{
    (void)state;
    net_rig rig;
    an_chw shape;
    float *values;
    open_net(&rig, whole);
    expect_ok(write_net(&rig, "other.bin")); /* another ending is kept */
    expect_ok(an_caffe_mean_read("other.bin_mean.binaryproto", &shape, &values));
    assert_true(shape.c == 3 && shape.h == 20 && shape.w == 20);
    double *ours = rig_read(&rig, AN_VALUES, an_net_find(rig.net, "input.mean"));
    for (int i = 0; i < 3 * 20 * 20; i++)
        assert_true(values[i] == (float)ours[i]);
    an_free(ours);
    an_free(values);
    rig_close(&rig);
}

/* In Caffe's file blue comes first, also for a network that takes red first. */
static void test_mean_of_rgb(void **state)
{
    (void)state;
    enum { AREA = 20 * 20 };
    net_rig rig;
    an_chw shape;
    float *values;
    size_t length;
    char text[sizeof whole];
    memcpy(text, whole, sizeof whole);
    memcpy(strstr(text, "bgr"), "rgb", 3);
    open_net(&rig, text);
    expect_ok(write_net(&rig, "rgb.caffemodel"));
    expect_ok(an_caffe_mean_read("rgb_mean.binaryproto", &shape, &values));
    assert_true(shape.c == 3 && shape.h == 20 && shape.w == 20);
    double *ours = rig_read(&rig, AN_VALUES, an_net_find(rig.net, "input.mean"));
    for (int plane = 0; plane < 3; plane++)
        for (int i = 0; i < AREA; i++)
            assert_true(values[plane * AREA + i] == (float)ours[(2 - plane) * AREA + i]);
    an_free(ours);
    an_free(values);
    unsigned char *proto = scratch_read("rgb.prototxt", &length);
    assert_non_null(strstr((const char *)proto,
                           "# The file of the mean image has blue first, the input red.\n"));
    free(proto);
    rig_close(&rig);
}

static const char expected_text[] =
    "# a test of two lines\n"
    "# The input: pixels from 0 to 255, short side resized to 20, centre crop of 17, BGR, minus "
    "the mean image (aligned), times 1.\n"
    "name: \"small\"\n"
    "layer {\n  name: \"data\"\n  type: \"Input\"\n  top: \"data\"\n"
    "  input_param { shape: { dim: 1 dim: 3 dim: 17 dim: 17 } }\n}\n"
    "layer {\n  name: \"conv1\"\n  type: \"Convolution\"\n  bottom: \"data\"\n  top: \"conv1\"\n"
    "  convolution_param {\n    num_output: 4\n    kernel_size: 3\n    stride: 2\n  }\n}\n"
    "layer {\n  name: \"conv1/neuron\"\n  type: \"ReLU\"\n  bottom: \"conv1\"\n"
    "  top: \"conv1\"\n}\n"
    "layer {\n  name: \"norm1\"\n  type: \"LRN\"\n  bottom: \"conv1\"\n  top: \"norm1\"\n"
    "  lrn_param {\n    local_size: 3\n    alpha: 0.0003\n    beta: 0.75\n    k: 2\n  }\n}\n"
    "layer {\n  name: \"pool1\"\n  type: \"Pooling\"\n  bottom: \"norm1\"\n  top: \"pool1\"\n"
    "  pooling_param {\n    pool: MAX\n    kernel_size: 3\n    stride: 2\n  }\n}\n"
    "layer {\n  name: \"conv2\"\n  type: \"Convolution\"\n  bottom: \"pool1\"\n  top: \"conv2\"\n"
    "  convolution_param {\n    num_output: 8\n    pad: 1\n    kernel_size: 3\n    group: 2\n"
    "  }\n}\n"
    "layer {\n  name: \"conv2/neuron\"\n  type: \"ReLU\"\n  bottom: \"conv2\"\n"
    "  top: \"conv2\"\n}\n"
    "layer {\n  name: \"pool2\"\n  type: \"Pooling\"\n  bottom: \"conv2\"\n  top: \"pool2\"\n"
    "  pooling_param {\n    pool: AVE\n    kernel_size: 3\n    stride: 2\n"
    "    round_mode: FLOOR\n  }\n}\n"
    "layer {\n  name: \"drop\"\n  type: \"Dropout\"\n  bottom: \"pool2\"\n  top: \"drop\"\n"
    "  dropout_param {\n    dropout_ratio: 0.25\n  }\n}\n"
    "layer {\n  name: \"fc\"\n  type: \"InnerProduct\"\n  bottom: \"drop\"\n  top: \"fc\"\n"
    "  inner_product_param {\n    num_output: 3\n  }\n}\n"
    "layer {\n  name: \"prob\"\n  type: \"Softmax\"\n  bottom: \"fc\"\n  top: \"prob\"\n}\n";

static void test_text(void **state)
{
    (void)state;
    net_rig rig;
    size_t length;
    open_net(&rig, whole);
    expect_ok(write_net(&rig, "small.CaffeModel"));
    unsigned char *text = scratch_read("small.prototxt", &length);
    assert_string_equal((const char *)text, expected_text);
    free(text);
    rig_close(&rig);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {INPUT CONV("conv", "input", "stride = 3\nround = ceil\n") FC("fc", "conv") PROBS("fc"),
         "layer conv has 6 x 6 outputs, and in Caffe, which rounds down and pads opposite sides "
         "alike, it would have 5 x 5"},
        {INPUT CONV("conv", "input", "padding = 0 0 1 1\n") FC("fc", "conv") PROBS("fc"),
         "layer conv has 16 x 16 outputs"},
        {INPUT CONV("conv", "input", "") LRN("cmrnorm", "groups = 2\nminDiv = 1\ndivide = no\n")
             REST,
         "layer norm: its LRN stops at the edges of 2 groups"},
        {INPUT CONV("conv", "input", "") LRN("rnorm", "minDiv = 2\ndivide = no\n") REST,
         "layer norm: k is 2"},
        {INPUT CONV("conv", "input", "")
             POOL("norm", "conv", "pool = avg\npadding = 1\nround = floor\n") REST,
         "layer norm: Caffe's average pooling counts the padding"},
        {INPUT CONV("conv", "input", "") "[norm]\ntype = dropout\ninputs = conv\nkeep = 0.5\n"
                                         "kind = mask\n" REST,
         "layer norm: dropout is compensated when the network is used"},
        {INPUT CONV("conv", "input", "neuron = tanh[1.7,0.66]\n") FC("fc", "conv") PROBS("fc"),
         "layer conv: Caffe's tanh has no factors"},
        {INPUT FC("first", "input") CONV("conv", "first", "padding = 1\n") FC("fc", "conv")
             PROBS("fc"),
         "layer conv reads a fully connected layer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_rig rig;
        open_net(&rig, cases[i].text);
        const alexnet_status rc = write_net(&rig, "refused.caffemodel");
        expect_failure(rc, ALEXNET_ERROR_UNSUPPORTED, cases[i].says);
        expect_failure(rc, ALEXNET_ERROR_UNSUPPORTED, "Caffe has no network such as this one");
        rig_close(&rig);
    }
    assert_int_not_equal(access("refused.caffemodel", F_OK), 0);
    assert_int_not_equal(access("refused.prototxt", F_OK), 0);
}

/* Other rounding or padding is accepted if the sizes are equal; several inputs become Caffe's
 * Concat and Eltwise. */
static void test_what_looks_different(void **state)
{
    (void)state;
    static const char *const texts[] = {
        INPUT CONV("conv", "input", "stride = 2\nround = ceil\n") FC("fc", "conv") PROBS("fc"),
        INPUT CONV("conv", "input", "stride = 4\nround = floor\npadding = 0 0 1 1\n")
            FC("fc", "conv") PROBS("fc"),
        INPUT CONV("a", "input", "neuron = logistic\n") CONV("b", "input", "neuron = tanh[1,1]\n")
            CONV("c", "a b", "") CONV(
                "d", "a",
                "") "[e]\ntype = eltsum\ninputs = c d\n"
                    "[f]\ntype = eltsum\ninputs = e\n[data]\ntype = concat\ninputs = f e\n" LRN(
                        "rnorm", "minDiv = 1\ndivide = yes\n") FC("fc", "norm") PROBS("fc"),
    };
    static const char *const hold[] = {
        "stride: 2", "stride: 4",
        "name: \"c/concat\"\n  type: \"Concat\"\n  bottom: \"a\"\n  bottom: \"b\"\n"
        "  top: \"c/concat\"\n}\nlayer {\n  name: \"c\"\n  type: \"Convolution\"\n"
        "  bottom: \"c/concat\"\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        net_rig rig;
        size_t length;
        char text[2048];
        snprintf(text, sizeof text, "%s", texts[i]);
        char *norm = strstr(text, "inputs = conv\nsize");
        if (norm) /* the third, whose LRN reads the layer data */
            memcpy(norm, "inputs = data", 13);
        open_net(&rig, text);
        expect_ok(write_net(&rig, "x.caffemodel"));
        unsigned char *proto = scratch_read("x.prototxt", &length);
        if (!strstr((const char *)proto, hold[i]))
            fail_msg("%s", (const char *)proto);
        free(proto);
        rig_close(&rig);
    }
}

/* Caffe finds weights by the names of layers, so that even the longest names must differ. */
static void test_long_names(void **state)
{
    (void)state;
#define LONGEST "a23456789012345678901234567890123456789012345b7"
    net_rig rig;
    size_t length;
    assert_int_equal(strlen(LONGEST), AN_NAME_MAX);
    open_net(&rig, INPUT CONV("a", "input", "") CONV("b", "input", "")
                       CONV(LONGEST, "a b", "neuron = relu\n") FC("fc", LONGEST) PROBS("fc"));
    expect_ok(write_net(&rig, "long.caffemodel"));
    unsigned char *proto = scratch_read("long.prototxt", &length);
    assert_non_null(strstr((const char *)proto, "  name: \"" LONGEST "/concat\"\n"));
    assert_non_null(strstr((const char *)proto, "  name: \"" LONGEST "\"\n"));
    assert_non_null(strstr((const char *)proto, "  name: \"" LONGEST "/neuron\"\n"));
    free(proto);
    rig_close(&rig);
#undef LONGEST
}

/* Which of the built-in networks can be written for Caffe. */
static void test_built_in(void **state)
{
    (void)state;
    static const struct {
        const char *name, *refused;
    } cases[] = {{"bvlc-alexnet", NULL},
                 {"caffenet", NULL},
                 {"alexnet-owt", NULL},
                 {"alexnet", "layer conv1 has 55 x 55 outputs, and in Caffe"},
                 {"alexnet-2012", "layer conv1 has 55 x 55 outputs, and in Caffe"},
                 {"alexnet-mini", "layer conv1 has 26 x 26 outputs"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        alexnet_network *network;
        an_caffe_out layer;
        alexnet_status rc = ALEXNET_OK;
        expect_ok(an_network_load(&network, cases[i].name, 0));
        for (int node = 0; node < network->graph.count && rc == ALEXNET_OK; node++)
            rc = an_caffe_layer_of(&layer, network, node);
        if (cases[i].refused)
            expect_failure(rc, ALEXNET_ERROR_UNSUPPORTED, cases[i].refused);
        else
            expect_ok(rc);
        an_network_release(network);
    }
}

/* Whichever allocation fails, and whenever the disk is full: it is reported, nothing leaks, and the
 * file that was there stays. */
static void test_trouble(void **state)
{
    (void)state;
    net_rig rig;
    size_t length;
    open_net(&rig, whole);
    for (uint64_t bytes = 0; bytes < 6000; bytes += 500) {
        scratch_text("x.caffemodel", "old");
        an_writer_fail_after(bytes);
        const alexnet_status rc = write_net(&rig, "x.caffemodel");
        an_writer_fail_after(UINT64_MAX);
        expect_failure(rc, ALEXNET_ERROR_IO, "x");
        unsigned char *left = scratch_read("x.caffemodel", &length);
        assert_true(length == 3 && memcmp(left, "old", 3) == 0);
        free(left);
        static const char *const others[] = {"x.prototxt", "x_mean.binaryproto", "x.caffemodel.tmp",
                                             "x.prototxt.tmp", "x_mean.binaryproto.tmp"};
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            assert_int_not_equal(access(others[i], F_OK), 0);
    }
    const int64_t live = an_alloc_live();
    for (uint64_t n = 1;; n++) {
        an_alloc_fail_at(n);
        const alexnet_status rc = write_net(&rig, "x.caffemodel");
        an_alloc_fail_at(0);
        assert_true(an_alloc_live() == live);
        if (rc == ALEXNET_OK) {
            assert_true(n > 30);
            break;
        }
        expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "out of memory");
    }
    rig_close(&rig);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),  TEST(test_files_of_others),      TEST(test_mean),
        TEST(test_mean_of_rgb), TEST(test_long_names),           TEST(test_text),
        TEST(test_refusals),    TEST(test_what_looks_different), TEST(test_built_in),
        TEST(test_trouble),
    };
    return cmocka_run_group_tests_name("models for Caffe", tests, NULL, NULL);
}
