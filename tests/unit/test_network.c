/*
 * The built-in networks against figures that were worked out by hand from the paper, layers-145.cfg
 * of 2012, Caffe's prototxt files and torchvision's module, and networks of a user's own.
 */
#include "expect.h"
#include "scratch.h"

#include <math.h>

#include "base/builtin.h"
#include "model/network/network.h"

static alexnet_network *load(const char *name, int classes)
{
    alexnet_network *network;
    expect_ok(an_network_load(&network, name, classes));
    return network;
}

static alexnet_layer_info info_of(const alexnet_network *network, const char *layer)
{
    alexnet_layer_info info = {0};
    for (int i = 0; i < network->count; i++)
        if (strcmp(network->layers[i].name, layer) == 0)
            an_network_layer_info(network, i, &info);
    if (!info.name)
        fail_msg("%s has no layer %s", network->name, layer);
    return info;
}

/* ---- Sums ---- */

typedef struct sums {
    const char *name;
    int64_t parameters, mult_adds, neurons;
    const char *structure, *preprocessing;
} sums;

static void check_sums(const sums *expected)
{
    alexnet_network *network = load(expected->name, 1000);
    int64_t parameters = 0, mult_adds = 0, neurons = 0;
    print_message("%s\n", expected->name);
    for (int i = 0; i < network->count; i++) {
        alexnet_layer_info info;
        an_network_layer_info(network, i, &info);
        parameters += info.parameters;
        mult_adds += info.mult_adds;
        neurons += info.neurons;
    }
    assert_int_equal(parameters, expected->parameters);
    if (expected->mult_adds)
        assert_int_equal(mult_adds, expected->mult_adds);
    if (expected->neurons)
        assert_int_equal(neurons, expected->neurons);
    assert_string_equal(network->structure, expected->structure);
    assert_string_equal(network->preprocessing, expected->preprocessing);
    assert_string_equal(network->name, expected->name);
    an_network_release(network);
}

/* alexnet-mini's parameters by hand: 3,552 + 19,264 + 55,392 + 41,568 + 27,712 + 147,712 + 65,792
 * and 257,000 for 1000 classes. */
static void test_sums(void **state)
{
    (void)state;
    const sums all[] = {
        {"alexnet", 60965224, 724406816, 659272,
         "(CNN-RN-MP)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax",
         "short side resized to 256, centre crop of 224, RGB, minus the mean image (centre), "
         "times 1"},
        {"alexnet-2012", 60965224, 724406816, 659272,
         "CNN-RN-MP-CNN-(RN)x2-MP-(CNN)x3-MP-(FC-DO)x2-Linear-softmax",
         "short side resized to 256, centre crop of 224, RGB, minus the mean image (centre), "
         "times 1"},
        {"bvlc-alexnet", 60965224, 724406816, 659272,
         "(CNN-RN-MP)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax",
         "resized to 256x256, centre crop of 227, BGR, minus the mean image (aligned), times 1"},
        {"caffenet", 60965224, 724406816, 659272,
         "(CNN-MP-RN)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax",
         "resized to 256x256, centre crop of 227, BGR, minus the mean image (aligned), times 1"},
        {"alexnet-owt", 61100840, 714188480, 494184,
         "(CNN-MP)x2-(CNN)x3-MP-(DO-FC)x2-Linear-softmax",
         "short side resized to 256, centre crop of 224, RGB, minus 123.675, 116.28, 103.53, "
         "times 0.01712475, 0.017507, 0.01742919"},
        {"bvlc-alexnet-224", 60965224, 654560384, 609640,
         "(CNN-RN-MP)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax",
         "resized to 256x256, centre crop of 224, BGR, minus the mean image (aligned), times 1"},
        {"caffenet-224", 60965224, 654560384, 609640,
         "(CNN-MP-RN)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax",
         "resized to 256x256, centre crop of 224, BGR, minus the mean image (aligned), times 1"},
        {"darknet-alexnet", 62378344, 1135256096, 659272,
         "(CNN-MP)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax",
         "short side resized to 227, centre crop of 227, RGB, no mean, times 0.00392156863"},
        {"alexnet-mini", 617992, 0, 0, "(CNN-RN-MP)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax",
         "short side resized to 64, centre crop of 56, RGB, minus the mean image (centre), "
         "times 1"},
    };
    int count = 0;
    for (; an_builtin_networks[count].name; count++)
        ;
    assert_int_equal(count, sizeof all / sizeof all[0]);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        check_sums(&all[i]);
}

/* ---- Layer by layer ---- */

typedef struct layer_figures {
    const char *name;
    int64_t parameters, neurons, mult_adds;
} layer_figures;

static void check_layers(const char *name)
{
    static const layer_figures layers[] = {
        {"conv1", 34944, 290400, 105415200}, {"conv2", 307456, 186624, 223948800},
        {"conv3", 885120, 64896, 149520384}, {"conv4", 663936, 64896, 112140288},
        {"conv5", 442624, 43264, 74760192},  {"fc6", 37752832, 4096, 37748736},
        {"fc7", 16781312, 4096, 16777216},   {"fc8", 4097000, 1000, 4096000},
    };
    alexnet_network *network = load(name, 1000);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        alexnet_layer_info info = info_of(network, layers[i].name);
        assert_int_equal(info.parameters, layers[i].parameters);
        assert_int_equal(info.neurons, layers[i].neurons);
        assert_int_equal(info.mult_adds, layers[i].mult_adds);
        assert_int_equal(info.activation_bytes, layers[i].neurons * 4);
    }
    an_network_release(network);
}

static void test_layers(void **state)
{
    (void)state;
    check_layers("alexnet");
    check_layers("alexnet-2012");
    check_layers("bvlc-alexnet");
    check_layers("caffenet");
}

static void check_shape(const alexnet_network *network, const char *layer, int c, int side)
{
    alexnet_layer_info info = info_of(network, layer);
    assert_int_equal(info.output[0], c);
    assert_int_equal(info.output[1], side);
    assert_int_equal(info.output[2], side);
}

/* 224-55-27-27-13-13-13-13-6 */
static void test_shapes(void **state)
{
    (void)state;
    static const char *const names[] = {"alexnet",  "alexnet-2012", "bvlc-alexnet",
                                        "caffenet", "alexnet-owt",  "darknet-alexnet"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool owt = strcmp(names[i], "alexnet-owt") == 0;
        alexnet_network *network = load(names[i], 1000);
        check_shape(network, "conv1", owt ? 64 : 96, 55);
        check_shape(network, "pool1", owt ? 64 : 96, 27);
        check_shape(network, "conv2", owt ? 192 : 256, 27);
        check_shape(network, "pool2", owt ? 192 : 256, 13);
        check_shape(network, "conv3", 384, 13);
        check_shape(network, "conv4", owt ? 256 : 384, 13);
        check_shape(network, "conv5", 256, 13);
        check_shape(network, "pool5", 256, 6);
        check_shape(network, "fc6", 4096, 1);
        check_shape(network, "fc7", 4096, 1);
        check_shape(network, "fc8", 1000, 1);
        check_shape(network, "probs", 1000, 1);
        an_network_release(network);
    }
}

/* 224-54-26-26-12-12-12-12-6: the ONNX model zoo's, with the weights of the 227 input. */
static void test_shapes_of_the_model_zoo(void **state)
{
    (void)state;
    static const char *const names[] = {"bvlc-alexnet-224", "caffenet-224"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        alexnet_network *network = load(names[i], 1000);
        check_shape(network, "conv1", 96, 54);
        check_shape(network, "pool1", 96, 26);
        check_shape(network, "conv2", 256, 26);
        check_shape(network, "pool2", 256, 12);
        check_shape(network, "conv5", 256, 12);
        check_shape(network, "pool5", 256, 6);
        check_shape(network, "fc6", 4096, 1);
        an_network_release(network);
    }
}

static void test_arithmetic(void **state)
{
    (void)state;
    alexnet_network *own = load("alexnet", 1000), *owt = load("alexnet-owt", 1000),
                    *caffe = load("caffenet", 1000);
    assert_string_equal(info_of(own, "conv1").arithmetic, "ceil((224 - 11)/4) + 1 = 55");
    assert_string_equal(info_of(own, "pool1").arithmetic, "(55 - 3)/2 + 1 = 27");
    assert_string_equal(info_of(own, "conv2").arithmetic, "27 + 2*2 - 5 + 1 = 27");
    assert_string_equal(info_of(own, "fc6").arithmetic, "256*6*6 = 9216 inputs");
    assert_string_equal(info_of(own, "fc7").arithmetic, "");
    assert_string_equal(info_of(own, "norm1").arithmetic, "");
    assert_string_equal(info_of(owt, "conv1").arithmetic, "floor((224 + 2*2 - 11)/4) + 1 = 55");
    assert_string_equal(info_of(caffe, "conv1").arithmetic, "(227 - 11)/4 + 1 = 55");
    assert_string_equal(info_of(own, "conv1").neuron, "relu");
    assert_string_equal(info_of(own, "norm1").neuron, "");
    assert_string_equal(info_of(own, "norm1").type, "cmrnorm");
    an_network_release(own);
    an_network_release(owt);
    an_network_release(caffe);
}

/* ---- First weights (docs/differences-from-paper.md) ---- */

static const an_layer *layer_of(const alexnet_network *network, const char *name)
{
    for (int i = 0; i < network->count; i++)
        if (strcmp(network->layers[i].name, name) == 0)
            return &network->layers[i];
    fail_msg("%s has no layer %s", network->name, name);
    return NULL;
}

/* Standard deviations and biases of conv1 to conv5 and fc6 to fc8. */
static void check_first(const char *name, const double deviations[8], const double biases[8])
{
    static const char *const layers[] = {"conv1", "conv2", "conv3", "conv4",
                                         "conv5", "fc6",   "fc7",   "fc8"};
    alexnet_network *network = load(name, 1000);
    for (int i = 0; i < 8; i++) {
        const an_layer *layer = layer_of(network, layers[i]);
        assert_int_equal(layer->init_w.kind, AN_INIT_NORMAL);
        assert_int_equal(layer->init_b.kind, AN_INIT_NORMAL);
        assert_true(layer->init_w.value == deviations[i]);
        assert_true(layer->init_b.value == biases[i]);
    }
    an_network_release(network);
}

static void test_first_weights(void **state)
{
    (void)state;
    const double paper[] = {.01, .01, .01, .01, .01, .01, .01, .01};
    const double trained[] = {.01, .01, .03, .03, .03, .01, .01, .01};
    const double caffe[] = {.01, .01, .01, .01, .01, .005, .005, .01};
    const double ones[] = {0, 1, 0, 1, 1, 1, 1, 0}, tenths[] = {0, .1, 0, .1, .1, .1, .1, 0};
    check_first("alexnet", paper, ones);
    check_first("alexnet-2012", trained, ones);
    check_first("bvlc-alexnet", caffe, tenths);
    check_first("caffenet", caffe, ones);
}

/* ---- A user's own ---- */

/* A network whose input has `size` and whose conv1 has the caller's keys. */
static alexnet_network *own_network(const char *size, const char *conv1, int classes)
{
    char text[2048];
    alexnet_network *network;
    snprintf(text, sizeof text,
             "[input]\nsize = %s\nside = 256\n[conv1]\ntype = conv\ninputs = input\nfilters = 4\n"
             "%s\n[fc]\ntype = fc\ninputs = conv1\noutputs = classes\n"
             "[probs]\ntype = softmax\ninputs = fc\n",
             size, conv1);
    expect_ok(an_network_parse(&network, text, "own.ini", "own", classes));
    return network;
}

static void check_own(const char *size, const char *conv1, int side, const char *arithmetic)
{
    alexnet_network *network = own_network(size, conv1, 7);
    check_shape(network, "conv1", 4, side);
    assert_string_equal(info_of(network, "conv1").arithmetic, arithmetic);
    assert_int_equal(info_of(network, "fc").parameters, (4 * side * side + 1) * 7);
    assert_string_equal(network->structure, "CNN-Linear-softmax");
    an_network_release(network);
}

static void test_own_sizes(void **state)
{
    (void)state;
    check_own("224", "filterSize = 11\nstride = 4\nround = floor", 54,
              "floor((224 - 11)/4) + 1 = 54");
    check_own("224", "filterSize = 11\nstride = 4\nround = ceil", 55,
              "ceil((224 - 11)/4) + 1 = 55");
    check_own("227", "filterSize = 11\nstride = 4\nround = floor", 55, "(227 - 11)/4 + 1 = 55");
    check_own("224", "filterSize = 11\nstride = 4\nround = floor\npadding = 0 0 3 3", 55,
              "(224 + 0 + 3 - 11)/4 + 1 = 55");
    check_own("4", "filterSize = 1\nstride = 5\nround = ceil", 1,
              "ceil((4 - 1)/5) + 1 - 1 beyond the edge = 1");
    check_own("20", "filterSize = 20", 1, "20 - 20 + 1 = 1");
    check_own("1", "filterSize = 1", 1, "1 - 1 + 1 = 1");
}

/* Rows and columns have an arithmetic each where they differ. */
static void test_oblong_maps(void **state)
{
    (void)state;
    alexnet_network *network =
        own_network("45", "filterSize = 5\nstride = 3\nround = ceil\npadding = 2 1 0 3", 7);
    const alexnet_layer_info conv = info_of(network, "conv1");
    assert_int_equal(conv.output[1], 15);
    assert_int_equal(conv.output[2], 16);
    assert_string_equal(conv.arithmetic, "(45 + 2 + 0 - 5)/3 + 1 = 15 rows, "
                                         "ceil((45 + 1 + 3 - 5)/3) + 1 = 16 columns");
    assert_string_equal(info_of(network, "fc").arithmetic, "4*15*16 = 960 inputs");
    an_network_release(network);
}

/* Keys in any case and in any order. A network without a name takes that of its file. */
static void test_keys_as_the_2012_code_has_them(void **state)
{
    (void)state;
    static const char text[] = "[input]\nSIDE = 8\nsize = 8\nmean = none\n"
                               "[fc]\nOUTPUTS = classes\nInputs = input\nTYPE = fc\ninitw = he\n"
                               "[probs]\ninputs=fc\ntype=softmax\n";
    scratch_text("Own-net_2.v1.ini", text);
    alexnet_network *network = load("./Own-net_2.v1.ini", 3);
    assert_string_equal(network->name, "Own-net_2");
    assert_int_equal(layer_of(network, "fc")->init_w.kind, AN_INIT_HE);
    assert_string_equal(network->text, text);
    an_network_release(network);
}

static void test_values(void **state)
{
    (void)state;
    static const char text[] =
        "[input]\nsize = 8\nside = 8\nmean = 1 -2 3.5\nscale = 0.5 -2 4\nchannels = bgr\n"
        "[conv1]\ntype = conv\ninputs = input\nfilters = 3\ngroups = 3\nfilterSize = 3\n"
        "padding = 1 2 3 4\nneuron = tanh[1.7159,0.6666]\n"
        "[sum]\ntype = eltsum\ninputs = conv1, conv1\nneuron = logistic\n"
        "[act]\ntype = neuron\ninputs = sum\nneuron = tanh\n"
        "[fc]\ntype = fc\ninputs = act\noutputs = classes\ninitB = uniform\n"
        "[probs]\ntype = softmax\ninputs = fc\n";
    alexnet_network *network;
    expect_ok(an_network_parse(&network, text, "own.ini", "own", 3));
    assert_true(network->input.fixed_mean[2] == 3.5);
    assert_true(network->input.scale[1] == -2);
    const an_layer *conv = layer_of(network, "conv1");
    assert_memory_equal(conv->padding, ((int[]){1, 2, 3, 4}), sizeof conv->padding);
    alexnet_layer_info info = info_of(network, "conv1");
    assert_int_equal(info.output[0], 9); /* filters are per group, as in the 2012 code */
    assert_int_equal(info.output[1], 8 + 1 + 3 - 3 + 1);
    assert_int_equal(info.output[2], 8 + 2 + 4 - 3 + 1);
    assert_string_equal(info.neuron, "tanh[1.7159,0.6666]");
    assert_string_equal(info_of(network, "sum").neuron, "logistic");
    assert_string_equal(info_of(network, "act").neuron, "tanh[1,1]");
    assert_int_equal(layer_of(network, "fc")->init_b.kind, AN_INIT_UNIFORM);
    an_network_release(network);
}

/* Each dropout layer draws masks of its own, by its number. */
static void test_dropouts_are_numbered(void **state)
{
    (void)state;
    alexnet_network *network = load("alexnet", 1000);
    uint32_t dropouts = 0;
    for (int i = 0; i < network->graph.count; i++) {
        const an_op_desc *desc = &network->graph.nodes[i].desc;
        if (desc->kind == AN_OP_DROPOUT)
            assert_int_equal(desc->u.dropout.layer, dropouts++);
    }
    assert_int_equal(dropouts, 2);
    an_network_release(network);
}

/* The network that docs/networks.md shows, and the figures given there. */
static void test_the_manuals_example(void **state)
{
    (void)state;
    size_t length;
    char *manual = (char *)scratch_read("../docs/networks.md", &length);
    char *begin = strstr(manual, "```ini\n"), *end = strstr(begin + 7, "```");
    alexnet_network *network;
    alexnet_layer_info info;
    *end = '\0';
    expect_ok(an_network_parse(&network, begin + 7, "docs/networks.md", "", 1000));
    *end = '`';
    assert_non_null(strstr(manual, network->structure));
    for (int i = 0; i < network->count; i++) {
        an_network_layer_info(network, i, &info);
        assert_non_null(strstr(manual, info.arithmetic));
    }
    assert_int_equal(info_of(network, "conv1").parameters, 2432);
    assert_int_equal(info_of(network, "fc2").parameters, 8193000);
    assert_non_null(strstr(manual, "8,195,432     10,649,600")); /* the sums of its table */
    an_network_release(network);
    free(manual);
}

static void test_classes_follow_the_data(void **state)
{
    (void)state;
    for (int classes = 1; classes <= AN_CLASSES_MAX; classes = classes * 10 + 3) {
        alexnet_network *network = load("alexnet-mini", classes);
        assert_int_equal(info_of(network, "fc8").parameters, (int64_t)classes * 257);
        an_network_release(network);
    }
}

/* More classes than a model file can hold are refused at once, whether the caller or the network
 * file asks for them. */
static void test_too_many_classes(void **state)
{
    (void)state;
    alexnet_network *network;
    static const char wide[] = "[input]\nsize = 1\nside = 1\n[f]\ntype = fc\ninputs = input\n"
                               "outputs = 100001\n[p]\ntype = softmax\ninputs = f\n";
    expect_failure(an_network_load(&network, "alexnet-mini", AN_CLASSES_MAX + 1),
                   ALEXNET_ERROR_UNSUPPORTED,
                   "built-in network alexnet-mini: 100001 classes; a model has at most 100000");
    expect_failure(an_network_parse(&network, wide, "wide", "wide", 0), ALEXNET_ERROR_UNSUPPORTED,
                   "wide: 100001 classes; a model has at most 100000");
    assert_null(network);
}

/* Without data, the network file says how many classes there are, and `classes` stands for 1000. */
static void test_classes_without_data(void **state)
{
    (void)state;
    static const char ten[] = "[input]\nsize = 8\nside = 10\nmean = none\n[f]\ntype = fc\n"
                              "inputs = input\noutputs = 10\n[p]\ntype = softmax\ninputs = f\n";
    alexnet_network *network = load("alexnet-mini", 0);
    assert_int_equal(network->classes, 1000);
    an_network_release(network);
    expect_ok(an_network_parse(&network, ten, "ten.ini", "ten", 0));
    assert_int_equal(network->classes, 10);
    an_network_release(network);
    expect_failure(an_network_parse(&network, ten, "ten.ini", "ten", 5), ALEXNET_ERROR_FORMAT,
                   "the softmax has 10 outputs where the data has 5 classes");
}

static void test_names(void **state)
{
    (void)state;
    alexnet_network *network;
    expect_failure(an_network_load(&network, "alexnet-ovt", 10), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "did you mean alexnet-owt?");
    assert_null(network);
    expect_failure(an_network_load(&network, "/", 10), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "neither a built-in network nor a network file");
    scratch_write("zero.ini", "[input]\0", 8);
    expect_failure(an_network_load(&network, "zero.ini", 10), ALEXNET_ERROR_FORMAT,
                   "zero.ini is not a network file: it holds a zero byte");
    assert_null(network);
    scratch_write("wide.ini", "\xFF\xFE[\0i\0n\0", 8); /* as Windows editors may save it */
    expect_failure(an_network_load(&network, "wide.ini", 10), ALEXNET_ERROR_FORMAT,
                   "wide.ini is UTF-16 text; save it as UTF-8");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_manuals_example),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_shapes_of_the_model_zoo),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_first_weights),
        cmocka_unit_test(test_own_sizes),
        cmocka_unit_test(test_oblong_maps),
        cmocka_unit_test(test_dropouts_are_numbered),
        IN_SCRATCH(test_keys_as_the_2012_code_has_them),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_classes_follow_the_data),
        cmocka_unit_test(test_too_many_classes),
        cmocka_unit_test(test_classes_without_data),
        IN_SCRATCH(test_names),
    };
    return cmocka_run_group_tests_name("networks", tests, NULL, NULL);
}
