/*
 * What makes no difference between two ONNX graphs: attributes that give an operator's default, and
 * attributes that are left out because they would, a Relu joined with the node before it; and what
 * does: the domain of an operator. A graph of ours is rewritten, one thing at a time, and compared
 * with itself.
 */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "format/onnx/onnx_compare.h"
#include "format/wire_write.h"
#include "model/export/export_onnx.h"

typedef an_wire_buffer buffer;

/* Every operator with an attribute that has a default; where ours writes it, its value is that
 * default. */
static const char text[] =
    "[input]\nsize = 10\nside = 10\nmean = 1 2 3\nchannels = rgb\nscale = 0.02\n"
    "[conv]\ntype = conv\ninputs = input\nfilters = 2\ngroups = 1\nfilterSize = 3\nstride = 1\n"
    "padding = 0\nneuron = relu\n"
    "[norm]\ntype = cmrnorm\ninputs = conv\ngroups = 2\nsize = 5\nscale = 0.00002\npow = 0.75\n"
    "minDiv = 1\ndivide = no\n"
    "[rnorm]\ntype = rnorm\ninputs = norm\nsize = 3\nscale = 0.1\npow = 0.75\nminDiv = 1\n"
    "divide = yes\n"
    "[pool]\ntype = pool\ninputs = rnorm\npool = max\nsizeX = 3\nstride = 1\nround = floor\n"
    "[fc]\ntype = fc\ninputs = pool\noutputs = classes\nneuron = relu\n"
    "[probs]\ntype = softmax\ninputs = fc\n";

static const struct change {
    const char *op, *attribute;
    const char *same;   /* NULL: leave the attribute out */
    const char *other;  /* another value */
    const char *said;   /* of that one */
    const char *domain; /* of the operator; NULL: none */
} changes[] = {
    {"Conv", "auto_pad", "NOTSET", "VALID", "auto_pad = NOTSET expected, found VALID", NULL},
    {"Conv", "strides", NULL, "2:2", "strides = 1 1 expected, found 2 2", NULL},
    {"Conv", "dilations", "1:1", "2:2", "dilations = 1 1 expected, found 2 2", NULL},
    {"Conv", "pads", NULL, "0:0:1:1", "pads = 0 0 0 0 expected, found 0 0 1 1", NULL},
    {"Conv", "group", NULL, "2", "group = 1 expected, found 2", NULL},
    {"MaxPool", "strides", NULL, "2:1", "strides = 1 1 expected, found 2 1", NULL},
    {"MaxPool", "pads", NULL, "1:0:0:0", "pads = 0 0 0 0 expected, found 1 0 0 0", NULL},
    {"MaxPool", "ceil_mode", "0", "1", "ceil_mode = 0 expected, found 1", NULL},
    {"MaxPool", "storage_order", "0", "1", "storage_order = 0 expected, found 1", NULL},
    {"AveragePool", "count_include_pad", "0", "1", "count_include_pad = 0 expected, found 1", NULL},
    {"Flatten", "axis", NULL, "0", "axis = 1 expected, found 0", NULL},
    {"Gemm", "alpha", "1.0", "0.5", "alpha = 1 expected, found 0.5", NULL},
    {"Gemm", "beta", "1.0", "0.5", "beta = 1 expected, found 0.5", NULL},
    {"Gemm", "transA", "0", "1", "transA = 0 expected, found 1", NULL},
    {"LRN", "alpha", NULL, "0.001", "alpha = 9.99999975e-05 expected, found 0.00100000005", NULL},
    {"LRN", "beta", NULL, "0.5", "beta = 0.75 expected, found 0.5", NULL},
    {"LRN", "bias", NULL, "2.0", "bias = 1 expected, found 2", NULL},
    {"Pad", "mode", "constant", "edge", "mode = constant expected, found edge", NULL},
    {"Reshape", "allowzero", "0", "1", "allowzero = 0 expected, found 1", NULL},
    {"Softmax", "axis", NULL, "0", "axis = 1 expected, found 0", NULL},
    {"Softmax", "axis", "-1", "2", "axis = 1 expected, found 2", NULL},
    {"Split", "num_outputs", "2", "3", "num_outputs = 2 expected, found 3", NULL},
};

/* ---- Rewriting ---- */

/* An attribute of a node: "1:1" is a list, "0.5" a number, "2" an integer, anything else a text. */
static void put_attribute(buffer *node, const char *name, const char *value)
{
    enum { ATTRIBUTE = 5, NAME = 1, FLOAT = 2, INT = 3, STRING = 4, INTS = 8 };
    buffer attribute = {0};
    an_wire_put_text(&attribute, NAME, name);
    if (strchr(value, ':'))
        for (const char *at = value; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL)
            an_wire_put_int(&attribute, INTS, atoi(at));
    else if (strchr(value, '.'))
        an_wire_put_float(&attribute, FLOAT, (float)atof(value));
    else if (strspn(value, "-0123456789") == strlen(value))
        an_wire_put_int(&attribute, INT, atoi(value));
    else
        an_wire_put_text(&attribute, STRING, value);
    an_wire_put_message(node, ATTRIBUTE, &attribute);
}

/* Whether a message has a field with this text. */
static bool has_text(const buffer *model, an_wire message, uint32_t number, const char *text_of_it)
{
    an_wire_field field;
    const size_t length = strlen(text_of_it);
    for (bool more = true; more;) {
        expect_ok(an_wire_next(&message, &field, &more));
        if (more && field.number == number && field.type == AN_WIRE_BYTES &&
            an_wire_length(&field.body) == length &&
            memcmp(model->bytes + field.body.at, text_of_it, length) == 0)
            return true;
    }
    return false;
}

/* Copy a message of a model, with the change in the nodes of its operator. */
static void copy(buffer *to, const buffer *model, an_wire message, const struct change *change,
                 const char *value)
{
    enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, ATTRIBUTE_NAME = 1 };
    enum { NODE_OP = 4, NODE_ATTRIBUTE = 5, NODE_DOMAIN = 7 };
    static const uint32_t path[] = {MODEL_GRAPH, GRAPH_NODE};
    static int depth;
    an_wire_field field;
    const bool changes_here = depth == 2 && has_text(model, message, NODE_OP, change->op);
    for (bool more = true; more;) {
        expect_ok(an_wire_next(&message, &field, &more));
        if (!more)
            break;
        if (field.type == AN_WIRE_VARINT) {
            an_wire_put_int(to, field.number, an_wire_int(&field));
        } else if (depth < 2 && field.number == path[depth]) {
            buffer inner = {0};
            depth++;
            copy(&inner, model, field.body, change, value);
            depth--;
            an_wire_put_message(to, field.number, &inner);
        } else if (!changes_here || field.number != NODE_ATTRIBUTE ||
                   !has_text(model, field.body, ATTRIBUTE_NAME, change->attribute)) {
            assert_int_equal(field.type, AN_WIRE_BYTES);
            an_wire_put_bytes(to, field.number, model->bytes + field.body.at,
                              an_wire_length(&field.body));
        }
    }
    if (changes_here && value)
        put_attribute(to, change->attribute, value);
    if (changes_here && change->domain)
        an_wire_put_text(to, NODE_DOMAIN, change->domain);
}

enum { NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OPERATOR = 4, NODE_OF = 7 };

/* Copy fields of a node: its output and name, or everything but these and its operator. */
static void copy_fields(buffer *to, const buffer *model, an_wire node, bool result)
{
    an_wire_field field;
    for (bool more = true; more;) {
        expect_ok(an_wire_next(&node, &field, &more));
        const bool is_result = field.number == NODE_OUTPUT || field.number == NODE_NAME;
        if (more && is_result == result && field.number != NODE_OPERATOR)
            an_wire_put_bytes(to, field.number, model->bytes + field.body.at,
                              an_wire_length(&field.body));
    }
}

/* Copy a model, with each `op` and the Relu after it joined as ONNX Runtime does, in the Relu's
 * place. */
static void copy_joined(buffer *to, const buffer *model, an_wire message, const char *op,
                        const char *activation)
{
    enum { MODEL_GRAPH = 7, GRAPH_NODE = 1 };
    static int depth;
    an_wire_field field;
    an_wire last = {0}; /* the node before this one */
    for (bool more = true; more;) {
        expect_ok(an_wire_next(&message, &field, &more));
        if (!more)
            break;
        buffer inner = {0};
        if (field.type == AN_WIRE_VARINT) {
            an_wire_put_int(to, field.number, an_wire_int(&field));
        } else if (depth == 0 && field.number == MODEL_GRAPH) {
            depth++;
            copy_joined(&inner, model, field.body, op, activation);
            depth--;
            an_wire_put_message(to, field.number, &inner);
        } else if (depth == 1 && field.number == GRAPH_NODE && last.file &&
                   has_text(model, field.body, NODE_OPERATOR, "Relu") &&
                   has_text(model, last, NODE_OPERATOR, op)) {
            char joined[32];
            snprintf(joined, sizeof joined, "Fused%s", op);
            copy_fields(&inner, model, last, false);
            copy_fields(&inner, model, field.body, true);
            an_wire_put_text(&inner, NODE_OPERATOR, joined);
            an_wire_put_text(&inner, NODE_OF, "com.microsoft");
            put_attribute(&inner, "activation", activation);
            an_wire_put_message(to, GRAPH_NODE, &inner);
        } else {
            an_wire_put_bytes(to, field.number, model->bytes + field.body.at,
                              an_wire_length(&field.body));
        }
        if (depth == 1 && field.number == GRAPH_NODE)
            last = field.body;
    }
}

static an_tensor_file *open_model(const buffer *model)
{
    an_reader *reader;
    an_tensor_file *file;
    assert_false(model->failed);
    expect_ok(an_reader_memory(&reader, "a graph", model->bytes, model->length));
    expect_ok(an_tensor_file_open(&file, reader));
    return file;
}

/* Compare a model that was changed with what it was. Frees the changed one. */
static void expect_said(const buffer *model, buffer *changed, const char *what, const char *said)
{
    an_onnx_comparison comparison;
    assert_true(changed->length != model->length ||
                memcmp(changed->bytes, model->bytes, model->length) != 0);
    an_tensor_file *expected = open_model(model), *file = open_model(changed);
    expect_ok(an_onnx_compare(&comparison, file, expected));
    if (*said ? !strstr(comparison.difference, said) : *comparison.difference)
        fail_msg("%s: \"%s\" expected, found \"%s\"", what, said, comparison.difference);
    an_onnx_comparison_free(&comparison);
    an_tensor_file_close(expected);
    an_tensor_file_close(file);
    an_wire_buffer_free(changed);
}

static void expect_difference(const buffer *model, const struct change *change, const char *value,
                              const char *said)
{
    buffer changed = {0};
    an_wire_file wire = {0};
    an_reader *reader;
    char what[96];
    expect_ok(an_reader_memory(&reader, "a graph", model->bytes, model->length));
    copy(&changed, model, an_wire_open(&wire, reader), change, value);
    an_reader_close(reader);
    snprintf(what, sizeof what, "%s, %s = %s", change->op, change->attribute,
             value ? value : "none");
    expect_said(model, &changed, what, said);
}

static void expect_joined(const buffer *model, const char *op, const char *activation,
                          const char *said)
{
    buffer changed = {0};
    an_wire_file wire = {0};
    an_reader *reader;
    expect_ok(an_reader_memory(&reader, "a graph", model->bytes, model->length));
    copy_joined(&changed, model, an_wire_open(&wire, reader), op, activation);
    an_reader_close(reader);
    expect_said(model, &changed, op, said);
}

static buffer make_model(void)
{
    alexnet_network *network;
    buffer model;
    expect_ok(an_network_parse(&network, text, "a test", "test", 2));
    expect_ok(an_onnx_export_graph(&model, network, true));
    an_network_release(network);
    return model;
}

static void test_defaults(void **state)
{
    (void)state;
    buffer model = make_model();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        expect_difference(&model, &changes[i], changes[i].same, "");
        expect_difference(&model, &changes[i], changes[i].other, changes[i].said);
    }
    an_wire_buffer_free(&model);
}

/* An operator of the same name in another domain is another operator. */
static void test_domains(void **state)
{
    (void)state;
    struct change change = {.op = "Conv", .attribute = "none"};
    buffer model = make_model();
    change.domain = "ai.onnx";
    expect_difference(&model, &change, NULL, "");
    change.domain = "custom";
    expect_difference(&model, &change, NULL, "node conv/conv: Conv expected, found Conv of custom");
    change.domain = "com.microsoft.nchwc";
    expect_difference(&model, &change, NULL,
                      "Conv expected, found Conv of com.microsoft.nchwc (ONNX Runtime has "
                      "optimised this model: take it as it was before)");
    an_wire_buffer_free(&model);
}

/* A node and the Relu after it may be one, whose other attributes and inputs are compared. */
static void test_joined(void **state)
{
    (void)state;
    const struct change groups = {.op = "Conv", .attribute = "group"};
    buffer model = make_model(), other = {0}, changed = {0};
    an_wire_file wire = {0};
    an_reader *reader;
    expect_joined(&model, "Conv", "Relu", "");
    expect_joined(&model, "Gemm", "Relu", "");
    expect_joined(&model, "Conv", "Tanh", "Relu expected, found FusedConv of com.microsoft");
    expect_ok(an_reader_memory(&reader, "a graph", model.bytes, model.length));
    copy(&other, &model, an_wire_open(&wire, reader), &groups, "2");
    an_reader_close(reader);
    expect_ok(an_reader_memory(&reader, "a graph", other.bytes, other.length));
    wire = (an_wire_file){0};
    copy_joined(&changed, &other, an_wire_open(&wire, reader), "Conv", "Relu");
    an_reader_close(reader);
    expect_said(&model, &changed, "two groups", "group = 1 expected, found 2");
    an_wire_buffer_free(&other);
    an_wire_buffer_free(&model);
}

/* Copy a model, with its result through a Cast to an element type. */
static void copy_cast(buffer *to, const buffer *model, an_wire message, const char *type)
{
    enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, GRAPH_OUTPUT = 12, NODE_INPUT = 1, OUTPUT_NAME = 1 };
    an_wire_field field;
    for (bool more = true; more;) {
        expect_ok(an_wire_next(&message, &field, &more));
        if (!more)
            break;
        buffer inner = {0}, node = {0};
        if (field.type == AN_WIRE_VARINT) {
            an_wire_put_int(to, field.number, an_wire_int(&field));
        } else if (field.number == MODEL_GRAPH) {
            copy_cast(&inner, model, field.body, type);
            an_wire_put_message(to, MODEL_GRAPH, &inner);
        } else if (field.number == GRAPH_OUTPUT) {
            an_wire_put_text(&node, NODE_INPUT, "probs");
            an_wire_put_text(&node, NODE_OUTPUT, "cast");
            an_wire_put_text(&node, NODE_OPERATOR, "Cast");
            put_attribute(&node, "to", type);
            an_wire_put_message(to, GRAPH_NODE, &node);
            an_wire_put_text(&inner, OUTPUT_NAME, "cast");
            an_wire_put_message(to, GRAPH_OUTPUT, &inner);
        } else {
            an_wire_put_bytes(to, field.number, model->bytes + field.body.at,
                              an_wire_length(&field.body));
        }
    }
}

/* A Cast between floating-point types leaves values as they are; one to integers does not. */
static void test_cast(void **state)
{
    (void)state;
    static const struct {
        const char *type, *said;
    } types[] = {{"1", ""},
                 {"10", ""}, /* FLOAT16 */
                 {"11", ""}, /* DOUBLE */
                 {"16", ""}, /* BFLOAT16 */
                 {"2", "Softmax expected, found Cast"},
                 {"6", "Softmax expected, found Cast"},
                 {"7", "Softmax expected, found Cast"},
                 {"9", "Softmax expected, found Cast"}};
    buffer model = make_model();
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        buffer changed = {0};
        an_wire_file wire = {0};
        an_reader *reader;
        expect_ok(an_reader_memory(&reader, "a graph", model.bytes, model.length));
        copy_cast(&changed, &model, an_wire_open(&wire, reader), types[i].type);
        an_reader_close(reader);
        expect_said(&model, &changed, types[i].type, types[i].said);
    }
    an_wire_buffer_free(&model);
}

/* Bytes of a model, the first such, and others in their place. */
struct patch {
    size_t length;
    const char *from, *to, *said;
};

static void expect_patched(const buffer *model, const struct patch *patch)
{
    unsigned char *copied = an_malloc(model->length);
    memcpy(copied, model->bytes, model->length);
    unsigned char *at = memmem(copied, model->length, patch->from, patch->length);
    assert_non_null(at);
    memcpy(at, patch->to, patch->length);
    buffer changed = {.bytes = copied, .length = model->length};
    expect_said(model, &changed, patch->said, patch->said);
}

/* A number of pictures in place of any; constants of another shape or type; parts of a Split in
 * another order; an input in place of one that is used twice. */
static void test_patched(void **state)
{
    (void)state;
    static const struct patch patches[] = {
        {5, "\x0A\x03\x12\x01N", "\x0A\x03\x08\x81\x00", ""},
        {6, "\x08\x03\x08\x01\x08\x01", "\x08\x01\x08\x03\x08\x01",
         "tensor input/scale: shape [3, 1, 1] expected, found [1, 3, 1]"},
        {4, "\x08\x03\x10\x07", "\x08\x03\x10\x0D", "INT64 expected, found UINT64"},
        {24, "\x12\x0Anorm/part0\x12\x0Anorm/part1", "\x12\x0Anorm/part1\x12\x0Anorm/part0",
         "output 0 expected, found 1"},
        {12, "\x0A\x04norm\x0A\x04norm",
         "\x0A\x04norm\x0A\x04"
         "conv",
         "value conv: norm expected, as elsewhere"},
    };
    buffer model = make_model();
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++)
        expect_patched(&model, &patches[i]);
    an_wire_buffer_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_domains),
        cmocka_unit_test(test_joined), cmocka_unit_test(test_cast), cmocka_unit_test(test_patched)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
