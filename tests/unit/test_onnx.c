/*
 * Reading ONNX: files that the onnx package, PyTorch and ONNX Runtime wrote
 * (tools/make_onnx_goldens.py), and damaged or foreign ones that are written here.
 */
#include "scratch.h"
#include "tensor_rig.h"

#include <math.h>
#include <sys/stat.h>

#include "format/wire_write.h"

#define GOLDEN "golden/onnx/"

static an_tensor_file *open_golden(const char *path)
{
    an_tensor_file *file = rig_open_tensors(path);
    assert_string_equal(an_tensor_file_format(file), "onnx");
    return file;
}

/* Element i is i - 2.5, times a factor. */
static void expect_values(an_tensor_file *file, const char *name, double factor)
{
    const an_shape shape = an_shape_of(2, 2, 3);
    float f[6];
    double d[6];
    expect_ok(an_tensor_file_read(file, name, shape, AN_F32, f));
    expect_ok(an_tensor_file_read(file, name, shape, AN_F64, d));
    for (int i = 0; i < 6; i++)
        if (d[i] != factor * (i - 2.5) || f[i] != (float)d[i])
            fail_msg("%s[%d] is %g", name, i, d[i]);
}

static void test_reads_every_encoding(void **state)
{
    (void)state;
    static const char *const names[] = {"raw32",       "raw64",     "raw16",     "float_data",
                                        "double_data", "half_data", "bf16_data", "e4m3_data",
                                        "e5m2_raw",    "unpacked",  "pieces",    "constant"};
    an_tensor_file *file = open_golden(GOLDEN "types.onnx");
    int64_t longs[3];
    uint8_t bytes[2];
    float scalar;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_values(file, names[i], 1);
    expect_ok(an_tensor_file_read(file, "longs", an_shape_of(1, 3), AN_I64, longs));
    assert_true(longs[0] == 1 && longs[1] == -2 && longs[2] == 3);
    expect_ok(an_tensor_file_read(file, "bytes", an_shape_of(1, 2), AN_U8, bytes));
    assert_true(bytes[0] == 7 && bytes[1] == 255);
    expect_ok(an_tensor_file_read(file, "scalar", an_shape_of(0), AN_F32, &scalar));
    assert_true(scalar == 1.5f);
    expect_ok(an_tensor_file_read(file, "empty", an_shape_of(2, 0, 3), AN_F32, &scalar));
    assert_string_equal(an_tensor_file_find(file, "words")->type, "STRING");
    assert_int_equal(an_tensor_file_find(file, "five")->shape.rank, 5);
    assert_string_equal(an_tensor_file_metadata(file, "author"), "sm\xc3\xb6rg\xc3\xa5s");
    assert_null(an_tensor_file_metadata(file, "absent"));
    an_tensor_file_close(file);
}

/* Lists that are split into several fields: every read starts again at element 0. */
static void test_reads_in_pieces(void **state)
{
    (void)state;
    an_tensor_file *file = open_golden(GOLDEN "types.onnx");
    float f[6];
    for (int round = 0; round < 2; round++)
        expect_values(file, "pieces", 1);
    expect_values(file, "unpacked", 1);
    expect_ok(an_tensor_file_read(file, "pieces", an_shape_of(2, 2, 3), AN_F32, f));
    assert_true(f[5] == 2.5f);
    const an_tensor_entry *pieces = an_tensor_file_find(file, "pieces");
    static const int parts[][2] = {{0, 2}, {2, 3}, {5, 1}, {0, 6}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        float part[6];
        expect_ok(an_tensor_file_read_part(file, pieces, parts[i][0], parts[i][1], AN_F32, part));
        assert_memory_equal(part, f + parts[i][0], (size_t)parts[i][1] * sizeof *part);
    }
    an_tensor_file_close(file);
}

static void test_external_data(void **state)
{
    (void)state;
    an_tensor_file *file = open_golden(GOLDEN "external.onnx");
    expect_values(file, "first", 1);
    expect_values(file, "third", 3);
    expect_values(file, "second", 2);
    expect_values(file, "third", 3);
    an_tensor_file_close(file);
}

/* ---- Outlines ---- */

static const char *entry_name(const an_tensor_file *file, int entry)
{
    return entry < 0 ? "-" : an_tensor_file_entry(file, entry)->name;
}

static void describe(const an_tensor_file *file, const an_outline_layer *l, char *text, size_t room)
{
    const int *p = l->padding;
    switch (l->kind) {
    case AN_OUTLINE_CONV:
        snprintf(text, room, "conv %s %s: %d of %d/%d, pad %d %d %d %d, groups %d",
                 entry_name(file, l->weight), entry_name(file, l->bias), l->outputs, l->window,
                 l->stride, p[0], p[1], p[2], p[3], l->groups);
        break;
    case AN_OUTLINE_FC:
        snprintf(text, room, "fc %s %s: %d%s", entry_name(file, l->weight),
                 entry_name(file, l->bias), l->outputs, l->transposed ? ", transposed" : "");
        break;
    case AN_OUTLINE_POOL_MAX:
    case AN_OUTLINE_POOL_AVG:
        snprintf(text, room, "%s %d/%d, pad %d %d %d %d%s",
                 l->kind == AN_OUTLINE_POOL_MAX ? "max" : "avg", l->window, l->stride, p[0], p[1],
                 p[2], p[3], l->ceil ? ", ceil" : "");
        break;
    case AN_OUTLINE_LRN:
        snprintf(text, room, "lrn %d of %d, alpha %.6g/%d, beta %g, k %g", l->window, l->groups,
                 l->alpha, l->divided ? l->window : 1, l->beta, l->k);
        break;
    default: snprintf(text, room, "%s", an_outline_word(l->kind));
    }
}

/* @param expected  lines, then NULL */
static void expect_outline(const char *path, const int input[3], const char *const *expected)
{
    an_tensor_file *file = open_golden(path);
    an_outline outline;
    char text[256];
    int i = 0;
    expect_ok(an_tensor_file_outline(file, &outline));
    for (int c = 0; c < 3; c++)
        assert_int_equal(outline.input[c], input[c]);
    for (; expected[i] && i < outline.count; i++) {
        describe(file, &outline.layers[i], text, sizeof text);
        if (strcmp(text, expected[i]) != 0)
            fail_msg("%s, layer %d: \"%s\" expected, found \"%s\"", path, i, expected[i], text);
    }
    assert_null(expected[i]);
    assert_int_equal(outline.count, i);
    an_outline_free(&outline);
    an_tensor_file_close(file);
}

static void test_outline_of_pytorch(void **state)
{
    (void)state;
    static const char *const layers[] = {"conv features.0.weight features.0.bias: 4 of 5/2, "
                                         "pad 1 1 1 1, groups 1",
                                         "ReLU",
                                         "max 3/2, pad 0 0 0 0",
                                         "conv features.3.weight features.3.bias: 5 of 3/1, "
                                         "pad 1 1 1 1, groups 1",
                                         "ReLU",
                                         "avg 1/1, pad 0 0 0 0",
                                         "fc classifier.1.weight classifier.1.bias: 6",
                                         "ReLU",
                                         "fc classifier.3.weight classifier.3.bias: 4",
                                         NULL};
    const int input[3] = {3, 16, 16};
    expect_outline(GOLDEN "script_folded.onnx", input, layers);
    expect_outline(GOLDEN "script_plain.onnx", input, layers);
    expect_outline(GOLDEN "dynamo_folded.onnx", input, layers);
    expect_outline(GOLDEN "dynamo_plain.onnx", input, layers);
    expect_outline(GOLDEN "ort_extended.onnx", input, layers); /* made from script_plain.onnx */
}

/* From its third level of optimisation on, ONNX Runtime's convolutions read weights and maps in a
 * layout of its own. */
static void test_layouts_of_onnx_runtime(void **state)
{
    (void)state;
    an_tensor_file *file = open_golden(GOLDEN "ort_all.onnx");
    an_outline outline;
    expect_failure(an_tensor_file_outline(file, &outline), ALEXNET_ERROR_UNSUPPORTED,
                   "node ReorderOutput_token_5 (ReorderOutput): an operator of "
                   "com.microsoft.nchwc is not among the layers that this program has (ONNX "
                   "Runtime has optimised this model: take it as it was before)");
    an_tensor_file_close(file);
}

static void test_outline_of_caffe(void **state)
{
    (void)state;
    static const char *const layers[] = {
        "conv conv1_w_0 conv1_b_0: 4 of 5/2, pad 0 0 0 0, groups 1",
        "ReLU",
        "lrn 5 of 1, alpha 0.0001/5, beta 0.75, k 1",
        "max 3/2, pad 0 0 1 1",
        "conv conv2_w_0 conv2_b_0: 6 of 3/1, pad 1 1 1 1, groups 2",
        "ReLU",
        "fc fc6_w_0 fc6_b_0: 5",
        "ReLU",
        "dropout",
        "fc fc8_w_0 fc8_b_0: 4",
        "softmax",
        NULL};
    expect_outline(GOLDEN "zoo.onnx", (const int[]){3, 16, 16}, layers);
}

static void test_outline_of_products(void **state)
{
    (void)state;
    static const char *const layers[] = {"fc w1 b1: 4, transposed", "ReLU", "fc w2 -: 5",
                                         "fc w3 -: 3", NULL};
    expect_outline(GOLDEN "products.onnx", (const int[]){6, 1, 1}, layers);
}

/* ---- Files that are written here ---- */

typedef an_wire_buffer buffer;

/* "Conv x,w,b y": a node with inputs and outputs. The operator may follow its domain and a colon.
 */
static void put_node(buffer *graph, const char *text)
{
    char copy[16384], *rest = NULL, *inner = NULL;
    buffer node = {0};
    snprintf(copy, sizeof copy, "%s", text);
    char *op = strtok_r(copy, " ", &rest), *in = strtok_r(NULL, " ", &rest);
    char *out = strtok_r(NULL, " ", &rest);
    for (char *name = strtok_r(in, ",", &inner); name; name = strtok_r(NULL, ",", &inner))
        an_wire_put_text(&node, 1, strcmp(name, "-") == 0 ? "" : name);
    for (char *name = strtok_r(out, ",", &inner); name; name = strtok_r(NULL, ",", &inner))
        an_wire_put_text(&node, 2, name);
    char *colon = strchr(op, ':');
    if (colon) {
        *colon = '\0';
        an_wire_put_text(&node, 7, op);
        op = colon + 1;
    }
    an_wire_put_text(&node, 4, op);
    for (char *name; (name = strtok_r(NULL, " ", &rest));) {
        /* an attribute: "group=2" or "pads=1:1:1:1" */
        buffer attribute = {0};
        char *value = strchr(name, '=');
        *value++ = '\0';
        an_wire_put_text(&attribute, 1, name);
        if (strchr(value, ':'))
            for (char *n = strtok_r(value, ":", &inner); n; n = strtok_r(NULL, ":", &inner))
                an_wire_put_int(&attribute, 8, atoi(n));
        else if (strchr(value, '.'))
            an_wire_put_float(&attribute, 2, (float)atof(value));
        else if (value[0] >= 'A')
            an_wire_put_text(&attribute, 4, value);
        else
            an_wire_put_int(&attribute, 3, atoi(value));
        an_wire_put_message(&node, 5, &attribute);
    }
    an_wire_put_message(graph, 1, &node);
}

/* A float32 tensor of zeros; `bytes` may contradict its shape. */
static void put_tensor(buffer *graph, const char *name, int rank, const int64_t *dims,
                       int64_t bytes)
{
    static const unsigned char zeros[4096];
    buffer tensor = {0};
    for (int i = 0; i < rank; i++)
        an_wire_put_int(&tensor, 1, dims[i]);
    an_wire_put_int(&tensor, 2, 1);
    an_wire_put_text(&tensor, 8, name);
    an_wire_put_bytes(&tensor, 9, zeros, (size_t)bytes);
    an_wire_put_message(graph, 5, &tensor);
}

static void put_value(buffer *graph, uint32_t field, const char *name)
{
    buffer value = {0};
    an_wire_put_text(&value, 1, name);
    an_wire_put_message(graph, field, &value);
}

/* A graph from x to y with these nodes, and tensors w [4, 3, 3, 3], m [4, 5], b [4]. */
static buffer graph_of(const char *const *nodes)
{
    buffer graph = {0};
    for (int i = 0; nodes[i]; i++)
        put_node(&graph, nodes[i]);
    put_tensor(&graph, "w", 4, (const int64_t[]){4, 3, 3, 3}, 432);
    put_tensor(&graph, "m", 2, (const int64_t[]){4, 5}, 80);
    put_tensor(&graph, "b", 1, (const int64_t[]){4}, 16);
    put_value(&graph, 11, "x");
    put_value(&graph, 12, "y");
    return graph;
}

/* Open a graph as a model in memory; frees it. */
static alexnet_status open_graph(an_tensor_file **file, buffer *graph)
{
    static unsigned char bytes[1 << 16]; /* outlives this call, because the opened file reads it */
    buffer model = {0};
    an_wire_put_int(&model, 1, 8);
    an_wire_put_text(&model, 2, "test");
    an_wire_put_message(&model, 7, graph);
    assert_false(model.failed);
    assert_true(model.length <= sizeof bytes);
    memcpy(bytes, model.bytes, model.length);
    const size_t length = model.length;
    an_wire_buffer_free(&model);
    return rig_try_bytes(file, "model", bytes, length);
}

static void expect_bad_graph(buffer graph, const char *part)
{
    an_tensor_file *file;
    expect_failure(open_graph(&file, &graph), ALEXNET_ERROR_FORMAT, part);
    assert_null(file);
}

static void expect_no_chain(const char *const *nodes, alexnet_status status, const char *part)
{
    buffer graph = graph_of(nodes);
    an_tensor_file *file;
    an_outline outline;
    expect_ok(open_graph(&file, &graph));
    expect_failure(an_tensor_file_outline(file, &outline), status, part);
    an_tensor_file_close(file);
}

#define NODES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_what_is_no_chain(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_FORMAT, other = ALEXNET_ERROR_UNSUPPORTED;
    expect_no_chain(NODES("Relu p q", "Relu q p", "Relu p y"), bad, "has a cycle through p");
    expect_no_chain(NODES("Relu y y"), bad, "has a cycle through y");
    expect_no_chain(NODES("Relu z y"), bad, "no node computes the value z");
    expect_no_chain(NODES("Relu x z"), bad, "no node computes the value y");
    expect_no_chain(NODES("Identity b y"), other, "comes from the tensor b");
    expect_no_chain(NODES("Relu x a", "Relu x c", "Add a,c y"), other, "the network branches");
    expect_no_chain(NODES("Relu x a", "Add a,b y"), other, "y adds a tensor to its result");
    expect_no_chain(NODES("Add x,b y"), other, "adds a tensor to the input");
    expect_no_chain(NODES("Conv x,w,b a", "Add a,b y"), other, "a second bias");
    expect_no_chain(NODES("Conv x,w a", "Add a,b y"), other, "is not a bias");
    expect_no_chain(NODES("Gemm x,m,b a transB=1", "Add a,b c", "Add b,c y"), other,
                    "node c (Add): y adds a tensor to its result");
    expect_no_chain(NODES("BatchNormalization x,b,b,b,b y"), other,
                    "node y (BatchNormalization): batch normalisation");
    expect_no_chain(NODES("DequantizeLinear b,b,b q", "Conv x,q,b y"), other,
                    "weights of 8 bits are not read");
    expect_no_chain(NODES("QLinearConv x,b,b,w,b,b,b,b y"), other, "8 bits");
    expect_no_chain(NODES("Sigmoid x y"), other, "the operator is not among the layers");
    expect_no_chain(NODES("MaxPool x a,y kernel_shape=3:3"), other, "its output 1 is used");
    expect_no_chain(NODES("Softmax x y axis=2"), other, "over axis 2");
    expect_no_chain(NODES("Flatten x y axis=2"), other, "from axis 2");
}

static void test_what_layers_must_be(void **state)
{
    (void)state;
    const alexnet_status other = ALEXNET_ERROR_UNSUPPORTED;
    expect_no_chain(NODES("Conv x,nothing,b y"), other, "its weight, nothing, is not a tensor");
    expect_no_chain(NODES("Relu x a", "Conv x,a,b y"), other, "its weight, a, is not a tensor");
    expect_no_chain(NODES("Conv x,m,b y"), other, "a weight [K, C, R, S] expected");
    expect_no_chain(NODES("Conv x,w,b y dilations=2:2"), other, "dilations of 1 expected, found 2");
    expect_no_chain(NODES("Conv x,w,b y strides=2:1"), other, "strides must be the same");
    expect_no_chain(NODES("Conv x,w,b y kernel_shape=3:5"), other, "kernel_shape must be the same");
    expect_no_chain(NODES("Conv x,w,b y kernel_shape=5:5"), other, "square filters expected");
    expect_no_chain(NODES("Conv x,w,b y auto_pad=SAME_UPPER"), other, "auto_pad = SAME_UPPER");
    expect_no_chain(NODES("Conv x,w,b y auto_pad=VALID pads=1:1:1:1"), other,
                    "auto_pad = VALID and pads; explicit padding expected");
    expect_no_chain(NODES("Conv x,w,b y pads=1:1"), other, "four pads expected, found 2");
    expect_no_chain(NODES("Gemm x,w,b y"), other, "a matrix of weights expected");
    expect_no_chain(NODES("Relu x a", "Cast a y to=6"), other, "to type 6; a floating-point type");
    expect_no_chain(NODES("Cast w v to=3", "Conv x,v,b y"), other,
                    "its weight, v, is not a tensor");
    expect_no_chain(NODES("Gemm x,m,b y alpha=0.5"), other, "alpha = 1, beta = 1, transA = 0");
    expect_no_chain(NODES("Gemm x,m,b y beta=2.0"), other, "found 1, 2, 0");
    expect_no_chain(NODES("Gemm x,m,b y transA=1"), other, "found 1, 1, 1");
    expect_no_chain(NODES("AveragePool x y kernel_shape=3:3 pads=1:1:1:1 count_include_pad=1"),
                    other, "counts its padding");
    expect_no_chain(NODES("Reshape x,b y"), other, "INT64 expected in b");
    expect_no_chain(NODES("FusedConv x,w,b y activation=Relu"), other, "the operator is not among");
#define ORT "com.microsoft:"
    expect_no_chain(NODES(ORT "FusedConv x,w,b y activation=Tanh"), other,
                    "activation = Relu expected, found Tanh");
    expect_no_chain(NODES(ORT "FusedGemm x,m,b y"), other,
                    "activation = Relu expected, found none");
    expect_no_chain(NODES(ORT "FusedConv x,w,b,x y activation=Relu"), other,
                    "adds x before its activation: the network branches");
    expect_no_chain(NODES(ORT "FusedGemm x,m,b y activation=Relu alpha=0.5"), other,
                    "alpha = 1, beta = 1, transA = 0 expected, found 0.5");
    expect_no_chain(NODES(ORT "FusedConv x,w a activation=Relu", "Add a,b y"), other,
                    "node a (FusedConv): y adds a tensor to its result");
    expect_no_chain(NODES(ORT "Conv x,w,b y"), other, "an operator of com.microsoft is not among");
    expect_no_chain(NODES("ai.onnx:Softmax x y axis=2"), other, "over axis 2");
#undef ORT
}

static void test_damaged_graphs(void **state)
{
    (void)state;
    buffer graph = graph_of(NODES("Relu x y", "Relu x y"));
    expect_bad_graph(graph, "two values of the graph are called y");
    graph = graph_of(NODES("Relu x y"));
    put_tensor(&graph, "b", 1, (const int64_t[]){4}, 16);
    expect_bad_graph(graph, "two values of the graph are called b");
    graph = graph_of(NODES("Relu x b"));
    expect_bad_graph(graph, "two values of the graph are called b");
    graph = graph_of(NODES("Relu x y"));
    put_tensor(&graph, "t", 2, (const int64_t[]){4, 5}, 79);
    expect_bad_graph(graph, "tensor t: 80 bytes of raw data expected, found 79");
    graph = graph_of(NODES("Relu x y"));
    put_tensor(&graph, "t", 1, (const int64_t[]){-1}, 4);
    expect_bad_graph(graph, "dimension 0, of -1, is negative");
    graph = graph_of(NODES("Relu x y"));
    put_tensor(&graph, "t", 3, (const int64_t[]){1LL << 31, 1LL << 31, 4}, 4);
    expect_bad_graph(graph, "dimension 1, of 2147483648, is negative or larger than any file");
}

/* The number of fields that are read again for each node that depends on them is limited. */
static void test_many_fields(void **state)
{
    (void)state;
    buffer graph = graph_of(NODES("Relu x y")), tensor = {0};
    an_wire_put_int(&tensor, 1, 1);
    an_wire_put_int(&tensor, 2, 1);
    an_wire_put_text(&tensor, 8, "t");
    an_wire_put_bytes(&tensor, 9, "four", 4);
    for (int i = 0; i < 1100; i++)
        an_wire_put_int(&tensor, 99, 1);
    an_wire_put_message(&graph, 5, &tensor);
    expect_bad_graph(graph, "tensor t has 1104 fields for 1 elements");
    char text[16384] = "MaxPool x y kernel_shape=3";
    for (size_t length = strlen(text), i = 0; i < 4100; i++, length += 2)
        memcpy(text + length, ":3", 3);
    expect_no_chain(NODES(text), ALEXNET_ERROR_UNSUPPORTED,
                    "model: the attributes of a node have more than 4096 fields");
}

/* A graph with a tensor t of shape [3], whose numbers are the list `field` of `bytes` bytes. */
static buffer listed(uint32_t field, int type, const void *numbers, size_t bytes)
{
    buffer graph = graph_of(NODES("Relu x y")), tensor = {0};
    an_wire_put_int(&tensor, 1, 3);
    an_wire_put_int(&tensor, 2, type);
    an_wire_put_text(&tensor, 8, "t");
    an_wire_put_bytes(&tensor, field, numbers, bytes);
    an_wire_put_message(&graph, 5, &tensor);
    return graph;
}

static void test_damaged_lists(void **state)
{
    (void)state;
    const float two[2] = {1, 2};
    expect_bad_graph(listed(4, 1, two, 8), "tensor t: 3 elements expected for shape [3], found 2");
    expect_bad_graph(listed(4, 1, two, 7), "its data is 7 bytes, not a multiple of 4");
    expect_bad_graph(listed(5, 1, two, 8), "3 elements expected for shape [3], found 0");
    expect_bad_graph(listed(5, 10, "\1\2", 2), "3 elements expected for shape [3], found 2");
    expect_bad_graph(listed(5, 10, "\xff\xff\xff", 3), "a number is cut short");
    expect_bad_graph(listed(5, 10, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\1\1", 14),
                     "a number of over 64 bits");
}

/* A list that begins packed and ends with a number alone, and the reverse. */
static void test_lists_of_both_kinds(void **state)
{
    (void)state;
    const float values[3] = {1, 2, 3};
    for (int order = 0; order < 2; order++) {
        buffer graph = graph_of(NODES("Relu x y")), tensor = {0};
        an_tensor_file *file;
        float read[3];
        an_wire_put_int(&tensor, 1, 3);
        an_wire_put_int(&tensor, 2, 1);
        an_wire_put_text(&tensor, 8, "t");
        if (order == 1)
            an_wire_put_float(&tensor, 4, values[0]);
        an_wire_put_bytes(&tensor, 4, values + order, 2 * sizeof *values);
        if (order == 0)
            an_wire_put_float(&tensor, 4, values[2]);
        an_wire_put_message(&graph, 5, &tensor);
        expect_ok(open_graph(&file, &graph));
        expect_ok(an_tensor_file_read(file, "t", an_shape_of(1, 3), AN_F32, read));
        assert_memory_equal(read, values, sizeof read);
        an_tensor_file_close(file);
    }
}

/* ---- Data in other files ---- */

/* A model in "m/model.onnx" whose one tensor, of 24 bytes, lies elsewhere. */
static alexnet_status open_external(const char *location, const char *offset, const char *length)
{
    const char *const entries[][2] = {
        {"location", location}, {"offset", offset}, {"length", length}};
    buffer graph = graph_of(NODES("Relu x y")), tensor = {0}, model = {0};
    an_tensor_file *file;
    an_wire_put_int(&tensor, 1, 6);
    an_wire_put_int(&tensor, 2, 1);
    an_wire_put_text(&tensor, 8, "t");
    for (int i = 0; i < 3; i++) {
        buffer entry = {0};
        if (!entries[i][1])
            continue;
        an_wire_put_text(&entry, 1, entries[i][0]);
        an_wire_put_text(&entry, 2, entries[i][1]);
        an_wire_put_message(&tensor, 13, &entry);
    }
    an_wire_put_int(&tensor, 14, 1);
    an_wire_put_message(&graph, 5, &tensor);
    an_wire_put_int(&model, 1, 8);
    an_wire_put_message(&model, 7, &graph);
    assert_false(model.failed);
    scratch_write("m/model.onnx", model.bytes, model.length);
    an_wire_buffer_free(&model);
    alexnet_status rc = rig_try_tensors(&file, "m/model.onnx");
    an_tensor_file_close(file);
    return rc;
}

static void test_external_data_stays_below(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_FORMAT;
    char absolute[512];
    assert_int_equal(mkdir("m", 0777), 0);
    assert_int_equal(mkdir("m/in", 0777), 0);
    scratch_text("secret", "0123456789012345678901234567");
    scratch_text("m/in/data", "0123456789012345678901234567");
    assert_int_equal(symlink("../secret", "m/link"), 0);
    assert_int_equal(symlink("..", "m/up"), 0);
    assert_non_null(getcwd(absolute, sizeof absolute - 10));
    strcat(absolute, "/secret");

    expect_ok(open_external("in/data", NULL, NULL));
    expect_ok(open_external("in/data", "4", "24"));
    expect_failure(open_external(absolute, NULL, NULL), bad, "must be named below its folder");
    expect_failure(open_external("../secret", NULL, NULL), bad, "must be named below its folder");
    expect_failure(open_external("in/../../secret", NULL, NULL), bad, "must be named below");
    expect_ok(open_external("./in/data", NULL, NULL));
    expect_failure(open_external("./../secret", NULL, NULL), bad, "must be named below");
    expect_failure(open_external(".//secret", NULL, NULL), bad, "must be named below");
    expect_failure(open_external("in//data", NULL, NULL), bad, "must be named below");
    expect_failure(open_external("", NULL, NULL), bad, "must be named below");
    expect_failure(open_external("link", NULL, NULL), bad, "m/link is a link");
    expect_failure(open_external("up/secret", NULL, NULL), bad, "m/up is a link");
    expect_failure(open_external("in", NULL, NULL), bad, "m/in: it is a folder, not a file");
    expect_failure(open_external("none", NULL, NULL), ALEXNET_ERROR_IO, "m/none");
    expect_failure(open_external(NULL, "0", NULL), bad, "has no location");
    expect_failure(open_external("in/data", "5", NULL), bad, "24 bytes expected at 5 of m/in/data");
    expect_failure(open_external("in/data", "0", "20"), bad, "the model claims another length");
    expect_failure(open_external("in/data", "-1", NULL), bad, "the offset of its external data");
    expect_failure(open_external("in/data", "18446744073709551616", NULL), bad, "is not a number");
    expect_failure(open_external("in/data", "18446744073709551615", NULL), bad, "bytes expected");
}

static void test_external_data_of_memory(void **state)
{
    (void)state;
    size_t length;
    an_tensor_file *file;
    unsigned char *bytes = scratch_read(GOLDEN "external.onnx", &length);
    expect_failure(rig_try_bytes(&file, "block", bytes, length), ALEXNET_ERROR_FORMAT,
                   "external.data, which cannot be found for a model in memory");
    free(bytes);
}

/* Files cut at every length, and with every allocation failing: no crash, and nothing leaks. */
static void test_cut_and_short_of_memory(void **state)
{
    (void)state;
    static const char *const paths[] = {GOLDEN "types.onnx", GOLDEN "products.onnx"};
    for (size_t p = 0; p < 2; p++) {
        size_t whole;
        unsigned char *bytes = scratch_read(paths[p], &whole);
        const int64_t live = an_alloc_live();
        for (size_t length = 0; length < whole; length++) {
            an_tensor_file *file;
            if (rig_try_bytes(&file, "cut", bytes, length) == ALEXNET_OK)
                an_tensor_file_close(file);
        }
        alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
        for (uint64_t n = 1; rc == ALEXNET_ERROR_NO_MEMORY; n++) {
            an_reader *reader;
            an_tensor_file *file = NULL;
            an_outline outline = {0};
            const uint64_t made = an_alloc_count();
            an_alloc_fail_at(n);
            rc = an_reader_memory(&reader, "short", bytes, whole);
            if (rc == ALEXNET_OK)
                rc = an_tensor_file_open(&file, reader);
            if (rc == ALEXNET_OK)
                rc = an_tensor_file_outline(file, &outline);
            an_outline_free(&outline);
            an_tensor_file_close(file);
            assert_true(n < 10000);
            assert_true(rc == ALEXNET_ERROR_NO_MEMORY || an_alloc_count() - made < n);
        }
        an_alloc_fail_at(0);
        expect_ok(rc);
        assert_int_equal(an_alloc_live(), live);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_encoding),
        cmocka_unit_test(test_reads_in_pieces),
        cmocka_unit_test(test_external_data),
        cmocka_unit_test(test_outline_of_pytorch),
        cmocka_unit_test(test_layouts_of_onnx_runtime),
        cmocka_unit_test(test_outline_of_caffe),
        cmocka_unit_test(test_outline_of_products),
        cmocka_unit_test(test_what_is_no_chain),
        cmocka_unit_test(test_what_layers_must_be),
        cmocka_unit_test(test_damaged_graphs),
        cmocka_unit_test(test_many_fields),
        cmocka_unit_test(test_damaged_lists),
        cmocka_unit_test(test_lists_of_both_kinds),
        cmocka_unit_test_setup_teardown(test_external_data_stays_below, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(test_external_data_of_memory),
        cmocka_unit_test(test_cut_and_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
