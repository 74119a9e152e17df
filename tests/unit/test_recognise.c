/*
 * Files of other programs: which network they are recognised as, by the layers that they list or by
 * the names and shapes of their tensors, and the errors for those that fit none.
 */
#include "recognise_rig.h"

#include "base/builtin.h"

/* ---- By names ---- */

static void forget(const char *name)
{
    for (int i = 0; i < fake.count; i++)
        if (strcmp(fake.names[i], name) == 0)
            snprintf(fake.names[i], sizeof fake.names[0], "something else");
}

static void test_our_names(void **state)
{
    (void)state;
    static const char *const what[][2] = {
        {"alexnet", "bvlc-alexnet"},          {"alexnet-2012", "bvlc-alexnet"},
        {"bvlc-alexnet", "bvlc-alexnet"},     {"caffenet", "bvlc-alexnet"},
        {"alexnet-owt", "alexnet-owt"},       {"alexnet-mini", "alexnet-mini"},
        {"bvlc-alexnet-224", "bvlc-alexnet"},
    };
    static const char *const prefixes[] = {"", "module.", "model.", "state_dict.module.backbone."};
    for (size_t i = 0; i < sizeof what / sizeof what[0]; i++)
        for (size_t j = 0; j < sizeof prefixes / sizeof prefixes[0]; j++) {
            add_network(what[i][0], i % 2 ? 1000 : 7, AN_NAMES_OURS, prefixes[j]);
            expect_network(what[i][1]);
        }
}

static void test_other_names(void **state)
{
    (void)state;
    an_recognition is;
    add_network("alexnet-owt", 1000, AN_NAMES_TORCHVISION, "");
    expect_network("alexnet-owt");
    assert_non_null(find("features.10.weight"));
    add_network("bvlc-alexnet", 1000, AN_NAMES_TORCHVISION, "net.");
    expect_network("bvlc-alexnet");
    add_network("alexnet-2012", 1000, AN_NAMES_TOWERS, "");
    assert_non_null(find("fc2048bb.weight"));
    expect_network("alexnet-2012");
    add_network("alexnet-mini", 10, AN_NAMES_TOWERS, "");
    expect_ok(recognise(&is, NULL, false));
    assert_string_equal(is.network->name, "alexnet-mini");
    assert_int_equal(is.classes, 10);
    const an_binding *fc7 = is.match.pairs[an_network_find_layer(is.network, "fc7")];
    assert_true(fc7[0].swapped && !fc7[1].swapped);
    assert_ptr_equal(find("fc128ba.weight"), &fake.entries[fc7[0].entries[0]]);
    assert_ptr_equal(find("fc128bb.weight"), &fake.entries[fc7[0].entries[1]]);
    an_recognition_free(&is);
}

/* DataParallel around a part of the network, as in PyTorch's example for ImageNet, and a head of
 * convolutions, as in timm's networks. */
static void test_module_inside_and_convolutions_as_head(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int side;
    } timm[] = {{"classifier.1", "pre_logits.fc1", 6},
                {"classifier.4", "pre_logits.fc2", 1},
                {"classifier.6", "head.fc", 0}};
    char name[160];
    add_network("alexnet-owt", 1000, AN_NAMES_TORCHVISION, "");
    for (int i = 0; i < fake.count; i++) {
        snprintf(name, sizeof name, "%s", fake.names[i]);
        if (strncmp(name, "features.", 9) == 0)
            snprintf(fake.names[i], sizeof fake.names[i], "features.module.%.99s", name + 9);
    }
    expect_network("alexnet-owt");
    add_network("alexnet-owt", 1000, AN_NAMES_TORCHVISION, "");
    for (size_t i = 0; i < 3; i++)
        for (int which = 0; which < 2; which++) {
            const char *end = which ? "bias" : "weight";
            snprintf(name, sizeof name, "%s.%s", timm[i].from, end);
            an_tensor_entry *entry = find(name);
            snprintf(entry->name, sizeof fake.names[0], "%s.%s", timm[i].to, end);
            const int side = timm[i].side;
            if (!which && side)
                entry->shape = an_shape_of(4, (int)entry->shape.dim[0],
                                           (int)entry->shape.dim[1] / side / side, side, side);
        }
    expect_network("alexnet-owt");
}

/* Shapes of Caffe's old files, transposed matrices, and tensors with arbitrary names. */
static void test_other_shapes(void **state)
{
    (void)state;
    an_recognition is;
    add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, "");
    for (int i = 0; i < fake.count; i++) {
        const an_shape s = fake.entries[i].shape;
        if (s.rank == 2)
            fake.entries[i].shape = an_shape_of(4, 1, 1, (int)s.dim[0], (int)s.dim[1]);
        if (s.rank == 1)
            fake.entries[i].shape = an_shape_of(4, 1, 1, 1, (int)s.dim[0]);
    }
    expect_network("bvlc-alexnet");
    add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, "");
    for (int i = 0; i < fake.count; i++) {
        const an_shape s = fake.entries[i].shape;
        if (s.rank == 2)
            fake.entries[i].shape = an_shape_of(2, (int)s.dim[1], (int)s.dim[0]);
    }
    expect_ok(recognise(&is, NULL, false));
    assert_int_equal(is.classes, 1000);
    for (int i = 6; i <= 8; i++) { /* also fc7, which is square */
        char name[8];
        snprintf(name, sizeof name, "fc%d", i);
        assert_true(is.match.pairs[an_network_find_layer(is.network, name)][0].transposed);
    }
    an_recognition_free(&is);
    for (int first = 0; first < 2; first++) {
        add_network("alexnet-mini", 5, AN_NAMES_OURS, "");
        for (int i = 0; i < fake.count; i++)
            snprintf(fake.names[i], sizeof fake.names[i], "arr_%d", i);
        for (int i = 0; first && i < fake.count; i += 2) { /* biases before weights */
            const an_shape shape = fake.entries[i].shape;
            fake.entries[i].shape = fake.entries[i + 1].shape;
            fake.entries[i + 1].shape = shape;
        }
        expect_network("alexnet-mini");
    }
}

static void test_parts_and_overrides(void **state)
{
    (void)state;
    an_recognition is;
    add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, "");
    expect_ok(recognise(&is, "caffenet", false));
    assert_string_equal(is.network->name, "caffenet");
    an_recognition_free(&is);
    expect_failure(recognise(&is, "alexnet-owt", false), ALEXNET_ERROR_FORMAT,
                   "file does not fit alexnet-owt: layer conv1: weight of shape [64, 3, 11, 11] "
                   "expected, found [96, 3, 11, 11]");
    expect_failure(recognise(&is, "no-such", false), ALEXNET_ERROR_INVALID_ARGUMENT, "no-such");
    for (int i = 0; i < fake.count; i++)
        if (strncmp(fake.names[i], "fc", 2) == 0) {
            fake.names[i][0] = 'x';
            fake.entries[i].shape = an_shape_of(2, 7, 9);
        }
    expect_none("nearest is bvlc-alexnet: layer fc6: the file has no such layer");
    expect_ok(recognise(&is, NULL, true));
    assert_string_equal(is.network->name, "bvlc-alexnet");
    assert_false(is.match.lacks[an_network_find_layer(is.network, "conv5")]);
    assert_true(is.match.lacks[an_network_find_layer(is.network, "fc6")]);
    an_recognition_free(&is);
}

/* A part of a network for grey pictures stays grey, although the network is loaded again. */
static void test_grey_part(void **state)
{
    (void)state;
    an_recognition is;
    add_network("alexnet-owt", 1000, AN_NAMES_TORCHVISION, "");
    find("features.0.weight")->shape = an_shape_of(4, 64, 1, 11, 11);
    for (int i = 0; i < fake.count; i++)
        if (strncmp(fake.names[i], "classifier", 10) == 0)
            fake.entries[i].shape = an_shape_of(1, 1), fake.names[i][0] = 'x';
    expect_ok(recognise(&is, NULL, false));
    assert_string_equal(is.network->name, "alexnet-owt");
    assert_int_equal(is.network->input.channels, AN_CHANNELS_GREY);
    an_recognition_free(&is);
}

static void test_names_that_fit_none(void **state)
{
    (void)state;
    add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, "");
    find("conv4.weight")->shape = an_shape_of(4, 384, 384, 3, 3);
    expect_none(
        "fits no built-in network; the nearest is bvlc-alexnet: layer conv4: weight of shape "
        "[384, 192, 3, 3] expected, found [384, 384, 3, 3]");
    add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, "");
    forget("conv3.bias");
    expect_none("layer conv3: the file has no biases for it");
    add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, "");
    find("fc7.weight")->dtype = AN_I8;
    expect_none(
        "layer fc7: weight of float8, float16, bfloat16, float32 or float64 expected, found int8");
    add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, ""); /* whatever the shapes, none is of use */
    for (int i = 0; i < fake.count; i++)
        if (fake.entries[i].shape.rank > 1) {
            fake.entries[i].dtype = AN_OTHER;
            snprintf(fake.entries[i].type, sizeof fake.entries[i].type, "INT4");
        }
    expect_none("file has no weights that can be read: float8, float16, bfloat16, float32 or "
                "float64 expected, found INT4 (tensor conv1.weight)");
    add_network("alexnet-2012", 1000, AN_NAMES_TOWERS, "");
    forget("conv2b.weight");
    expect_none("layer conv2: ");
    clear();
    expect_none("file holds no weights of convolutions or fully connected layers");
    add("step", an_shape_of(1, 1));
    expect_none("file holds no weights");
    add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, "");
    find("fc8.weight")->shape = an_shape_of(2, AN_CLASSES_MAX + 1, 4096);
    find("fc8.bias")->shape = an_shape_of(1, AN_CLASSES_MAX + 1);
    expect_none("layer fc8 has 100001 outputs; 1 to 100000 expected");
    /* twice this number overflows an int64 */
    add_network("alexnet-2012", 1000, AN_NAMES_TOWERS, "");
    find("conv1a.weight")->shape.dim[0] = find("conv1b.weight")->shape.dim[0] = INT64_MAX / 2 + 1;
    expect_none("layer conv1: ");
}

/* Shapes at the limits of what a file can state. */
static void test_strange_shapes(void **state)
{
    (void)state;
    static const an_shape strange[] = {{0, {0}},
                                       {1, {0}},
                                       {2, {0, 0}},
                                       {2, {INT64_MAX, 1}},
                                       {4, {1, 1, 1, 1}},
                                       {4, {0, 0, 0, 0}},
                                       {7, {0}},

                                       {2, {1, INT64_MAX}},
                                       {4, {INT64_MAX, 1, 1, 1}}};
    an_recognition is;
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
        for (int j = 0; j < 16; j++) {
            add_network("bvlc-alexnet", 1000, AN_NAMES_OURS, "");
            fake.entries[j].shape = strange[i];
            if (recognise(&is, NULL, false) == ALEXNET_OK)
                fail_msg("recognised with a strange shape %zu of %s", i, fake.names[j]);
        }
}

/* ---- By the layers that a file lists ---- */

static an_outline_layer *list_layer(an_outline_kind kind, const char *name)
{
    an_outline_layer *layer;
    expect_ok(an_outline_add(&fake.outline, kind, name, &layer));
    return layer;
}

static void list_neuron(const an_layer *layer)
{
    char name[96];
    snprintf(name, sizeof name, "relu-%s", layer->name);
    if (layer->has_neuron)
        list_layer(AN_OUTLINE_NEURON, name);
}

/* List a section of a network file with everything that a file of Caffe or ONNX would state. */
static void list_section(const an_layer *layer)
{
    static const struct {
        an_layer_type type;
        an_outline_kind kind;
    } kinds[] = {{AN_LAYER_CONV, AN_OUTLINE_CONV},        {AN_LAYER_FC, AN_OUTLINE_FC},
                 {AN_LAYER_POOL, AN_OUTLINE_POOL_MAX},    {AN_LAYER_CMRNORM, AN_OUTLINE_LRN},
                 {AN_LAYER_RNORM, AN_OUTLINE_LRN_WITHIN}, {AN_LAYER_DROPOUT, AN_OUTLINE_DROPOUT},
                 {AN_LAYER_SOFTMAX, AN_OUTLINE_SOFTMAX}};
    int k = 0;
    while (kinds[k].type != layer->type)
        k++;
    an_outline_layer *l = list_layer(kinds[k].kind, layer->name);
    char name[96];
    if (layer->type & (AN_LAYER_CONV | AN_LAYER_FC)) {
        snprintf(name, sizeof name, "%s.weight", layer->name);
        l->weight = (int)(find(name) - fake.entries);
        snprintf(name, sizeof name, "%s.bias", layer->name);
        l->bias = (int)(find(name) - fake.entries);
        l->outputs = layer->type == AN_LAYER_FC ? layer->outputs : layer->filters * layer->groups;
    }
    if (layer->type & (AN_LAYER_CONV | AN_LAYER_POOL)) {
        l->window = layer->type == AN_LAYER_CONV ? layer->filter_size : layer->size;
        l->stride = layer->stride;
        l->groups = layer->type == AN_LAYER_CONV ? layer->groups : AN_UNKNOWN;
        l->ceil = layer->round;
        for (int i = 0; i < 4; i++)
            l->padding[i] = layer->padding[layer->type == AN_LAYER_CONV ? i : 0];
    }
    if (layer->type & (AN_LAYER_CMRNORM | AN_LAYER_RNORM)) {
        l->window = layer->size;
        l->alpha = (float)layer->scale;
        l->beta = (float)layer->pow;
        l->k = layer->min_div;
        l->divided = layer->divide;
        if (layer->type == AN_LAYER_CMRNORM)
            l->groups = layer->groups;
    }
    list_neuron(layer);
}

static void list_network(const char *name)
{
    alexnet_network *network = load(name, 1000);
    add_network(name, 1000, AN_NAMES_OURS, "");
    fake.outline.input[0] = 3;
    fake.outline.input[1] = fake.outline.input[2] = network->input.size;
    for (int i = 0; i < network->count; i++)
        list_section(&network->layers[i]);
    an_network_release(network);
}

static an_outline_layer *listed(const char *name)
{
    for (int i = 0; i < fake.outline.count; i++)
        if (strcmp(fake.outline.layers[i].name, name) == 0)
            return &fake.outline.layers[i];
    fail_msg("no layer %s", name);
    return NULL;
}

/* What a file says of its layers distinguishes networks whose weights have the same shapes. */
static void test_every_network_is_itself(void **state)
{
    (void)state;
    /* No file lists dropout with a factor at test time: others' does nothing then. */
    static const char factor[] = ": layer drop6 (in the file fc7): dropout with a factor in "
                                 "inference (kind = mask) expected, found fully connected layer";
    char nearest[200];
    for (int i = 0; an_builtin_networks[i].name; i++) {
        const char *name = an_builtin_networks[i].name;
        alexnet_network *network = load(name, 1000);
        const int drop = an_network_find_layer(network, "drop6");
        const an_op_desc *desc = &network->graph.nodes[network->graph.layer_node[drop]].desc;
        const bool has_factor = desc->u.dropout.kind == AN_DROPOUT_MASK;
        an_network_release(network);
        list_network(name);
        snprintf(nearest, sizeof nearest, "the nearest is %s%s", name, factor);
        if (has_factor)
            expect_none(nearest);
        else
            expect_network(name);
    }
    /* An input of 224 with the ceil rule equals 3 more rows and columns of zeros with the floor
     * rule. */
    list_network("alexnet");
    listed("conv1")->ceil = 0;
    listed("conv1")->padding[2] = listed("conv1")->padding[3] = 3;
    snprintf(nearest, sizeof nearest, "the nearest is alexnet%s", factor);
    expect_none(nearest);
    /* Pooling windows that extend past the edge equal padding at the end. */
    list_network("bvlc-alexnet-224");
    listed("pool5")->ceil = 0;
    listed("pool5")->padding[2] = listed("pool5")->padding[3] = 1;
    expect_network("bvlc-alexnet-224");
    /* A layer may be without biases, if the file lists its layers. */
    list_network("caffenet");
    listed("conv1")->bias = -1;
    expect_network("caffenet");
}

/* Each property that a file may state, changed: the error has the layer, the expected and the found
 * value. */
static void test_each_difference(void **state)
{
    (void)state;
#define DIFFERENCE(network, layer, field, value, part)                                             \
    list_network(network);                                                                         \
    listed(layer)->field = value;                                                                  \
    expect_none(part)
    DIFFERENCE("bvlc-alexnet", "norm2", k, 3, "layer norm2: k = 1 expected, found 3");
    DIFFERENCE("bvlc-alexnet", "norm2", beta, 0.5, "layer norm2: beta = 0.75 expected, found 0.5");
    DIFFERENCE("bvlc-alexnet", "norm2", alpha, 5e-4,
               "layer norm2: alpha = 2e-05 expected, found 0.0001 after division by the window");
    DIFFERENCE("bvlc-alexnet", "norm2", divided, 0, "layer norm2: alpha = 2e-05 expected, found ");
    DIFFERENCE("bvlc-alexnet", "norm2", window, 3, "layer norm2: a window of 5 expected, found 3");
    DIFFERENCE("bvlc-alexnet", "norm2", groups, 2,
               "layer norm2: windows over 1 groups of maps expected, found 2");
    DIFFERENCE("bvlc-alexnet", "conv4", stride, 2, "layer conv4: a stride of 1 expected, found 2");
    DIFFERENCE("bvlc-alexnet", "conv4", window, 5,
               "layer conv4: windows of 3x3 expected, found 5x5");
    DIFFERENCE("bvlc-alexnet", "conv4", groups, 1, "layer conv4: 2 groups expected, found 1");
    DIFFERENCE("bvlc-alexnet", "conv4", padding[0], 0,
               "layer conv4: 1 rows and columns of padding expected, found 0");
    DIFFERENCE("bvlc-alexnet", "conv4", padding[3], 3,
               "layer conv4: an output of 13x13 expected, found 13x15");
    DIFFERENCE("bvlc-alexnet", "conv4", padding[2], -7,
               "layer conv4: 1 rows and columns of padding");
    DIFFERENCE("bvlc-alexnet", "pool5", window, 2, "layer pool5: windows of 3x3");
    DIFFERENCE("bvlc-alexnet", "pool5", kind, AN_OUTLINE_POOL_AVG,
               "layer pool5: max pooling expected, found average pooling");
    DIFFERENCE("bvlc-alexnet-224", "pool2", ceil, 1, /* everything fits 227 except the input */
               "nearest is bvlc-alexnet: an input of 3x227x227 expected, found 3x224x224");
    DIFFERENCE("bvlc-alexnet", "fc7", kind, AN_OUTLINE_LRN,
               "layer fc7: fully connected layer expected, found LRN across maps");
#undef DIFFERENCE
    list_network("bvlc-alexnet");
    fake.outline.input[1] = fake.outline.input[2] = 200;
    expect_none("an input of 3x227x227 expected, found 3x200x200");
    list_network("bvlc-alexnet");
    list_layer(AN_OUTLINE_LRN, "one-more");
    expect_none("the file has 2 more layers, the first is probs"); /* a softmax that is not last */
    list_network("bvlc-alexnet");
    listed("fc8")->weight = -1;
    expect_none("layer fc8: the file has no weights for it");
    list_network("bvlc-alexnet");
    listed("fc8")->weight = fake.count + 5;
    expect_none("layer fc8: the file has no weights for it");
}

/* A network that is requested although the file lists other layers: the first difference is noted.
 */
static void test_requested_although_it_differs(void **state)
{
    (void)state;
    an_recognition is;
    list_network("bvlc-alexnet");
    expect_ok(recognise(&is, "bvlc-alexnet", false));
    assert_string_equal(is.match.doubt, "");
    an_recognition_free(&is);
    expect_ok(recognise(&is, "caffenet", false));
    assert_string_equal(is.network->name, "caffenet");
    assert_string_equal(is.match.doubt,
                        "read as caffenet, as requested, but its own layers differ: "
                        "layer pool1 (in the file norm1): max pooling expected, "
                        "found LRN across maps");
    an_recognition_free(&is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_names),
        cmocka_unit_test(test_other_names),
        cmocka_unit_test(test_module_inside_and_convolutions_as_head),
        cmocka_unit_test(test_other_shapes),
        cmocka_unit_test(test_parts_and_overrides),
        cmocka_unit_test(test_grey_part),
        cmocka_unit_test(test_names_that_fit_none),
        cmocka_unit_test(test_strange_shapes),
        cmocka_unit_test(test_every_network_is_itself),
        cmocka_unit_test(test_each_difference),
        cmocka_unit_test(test_requested_although_it_differs),
    };
    return cmocka_run_group_tests_name("recognition", tests, NULL, clear_after_group);
}
