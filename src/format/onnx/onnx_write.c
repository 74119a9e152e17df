#include "format/onnx/onnx_write.h"

#include <assert.h>

/* Fields of NodeProto, AttributeProto, TensorProto, ValueInfoProto and their parts. */
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTR_NAME = 1, ATTR_F = 2, ATTR_I = 3, ATTR_INTS = 8, ATTR_TYPE = 20 };
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_INTS = 7 }; /* AttributeProto.AttributeType */
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, VALUE_DOC = 3, TENSOR_OF_TYPE = 1 };
enum { ELEMENT = 1, SHAPE = 2, DIM = 1, DIM_VALUE = 1, DIM_NAME = 2 };

/* TensorProto.DataType */
static int type_of(an_dtype type)
{
    static const int types[] = {
        [AN_F32] = 1, [AN_U8] = 2, [AN_I64] = 7, [AN_F16] = 10, [AN_BF16] = 16};
    assert(type < (int)(sizeof types / sizeof types[0]) && types[type]);
    return types[type];
}

an_wire_buffer an_onnx_node_new(const char *op, const char *name)
{
    an_wire_buffer node = {0};
    an_wire_put_text(&node, NODE_NAME, name);
    an_wire_put_text(&node, NODE_OP, op);
    return node;
}

void an_onnx_put_input(an_wire_buffer *node, const char *value)
{
    an_wire_put_text(node, NODE_INPUT, value);
}

void an_onnx_put_output(an_wire_buffer *node, const char *value)
{
    an_wire_put_text(node, NODE_OUTPUT, value);
}

static an_wire_buffer attribute(const char *name, int type)
{
    an_wire_buffer message = {0};
    an_wire_put_text(&message, ATTR_NAME, name);
    an_wire_put_int(&message, ATTR_TYPE, type);
    return message;
}

void an_onnx_put_int(an_wire_buffer *node, const char *name, int64_t value)
{
    an_wire_buffer message = attribute(name, TYPE_INT);
    an_wire_put_int(&message, ATTR_I, value);
    an_wire_put_message(node, NODE_ATTRIBUTE, &message);
}

void an_onnx_put_float(an_wire_buffer *node, const char *name, double value)
{
    an_wire_buffer message = attribute(name, TYPE_FLOAT);
    an_wire_put_float(&message, ATTR_F, (float)value);
    an_wire_put_message(node, NODE_ATTRIBUTE, &message);
}

void an_onnx_put_ints(an_wire_buffer *node, const char *name, const int *values, int count)
{
    an_wire_buffer message = attribute(name, TYPE_INTS);
    for (int i = 0; i < count; i++)
        an_wire_put_int(&message, ATTR_INTS, values[i]);
    an_wire_put_message(node, NODE_ATTRIBUTE, &message);
}

void an_onnx_put_node(an_wire_buffer *graph, an_wire_buffer *node)
{
    an_wire_put_message(graph, 1, node);
}

/* A tensor up to its values. @param type  AN_OTHER: without a type */
static an_wire_buffer tensor_head(const char *name, an_dtype type, an_shape shape)
{
    an_wire_buffer tensor = {0};
    for (int i = 0; i < shape.rank; i++)
        an_wire_put_int(&tensor, TENSOR_DIMS, shape.dim[i]);
    if (type != AN_OTHER)
        an_wire_put_int(&tensor, TENSOR_TYPE, type_of(type));
    an_wire_put_text(&tensor, TENSOR_NAME, name);
    return tensor;
}

void an_onnx_put_any(an_wire_buffer *graph, const char *name, an_shape shape)
{
    an_wire_buffer tensor = tensor_head(name, AN_OTHER, shape);
    an_wire_put_message(graph, AN_ONNX_GRAPH_INITIALIZER, &tensor);
}

an_wire_buffer an_onnx_tensor_begin(const char *name, an_dtype type, an_shape shape,
                                    uint64_t *whole)
{
    an_wire_buffer tensor = tensor_head(name, type, shape);
    const uint64_t bytes = (uint64_t)an_shape_count(shape) * an_dtype_bytes(type);
    an_wire_put_header(&tensor, TENSOR_RAW, bytes);
    *whole = tensor.length + bytes;
    return tensor;
}

static void put_constant(an_wire_buffer *graph, const char *name, an_dtype type, an_shape shape,
                         const void *values)
{
    an_wire_buffer tensor = tensor_head(name, type, shape);
    an_wire_put_bytes(&tensor, TENSOR_RAW, values,
                      (size_t)an_shape_count(shape) * an_dtype_bytes(type));
    an_wire_put_message(graph, AN_ONNX_GRAPH_INITIALIZER, &tensor);
}

void an_onnx_put_floats(an_wire_buffer *graph, const char *name, an_shape shape,
                        const float *values)
{
    put_constant(graph, name, AN_F32, shape, values);
}

void an_onnx_put_longs(an_wire_buffer *graph, const char *name, const int64_t *values, int count)
{
    put_constant(graph, name, AN_I64, an_shape_of(1, count), values);
}

void an_onnx_put_end(an_wire_buffer *graph, uint32_t field, const char *name, an_dtype type,
                     const int64_t *dims, int rank, const char *about)
{
    an_wire_buffer value = {0}, outer = {0}, tensor = {0}, shape = {0};
    for (int i = 0; i < rank; i++) {
        an_wire_buffer dim = {0};
        if (dims[i] < 0)
            an_wire_put_text(&dim, DIM_NAME, "N");
        else
            an_wire_put_int(&dim, DIM_VALUE, dims[i]);
        an_wire_put_message(&shape, DIM, &dim);
    }
    an_wire_put_int(&tensor, ELEMENT, type_of(type));
    an_wire_put_message(&tensor, SHAPE, &shape);
    an_wire_put_message(&outer, TENSOR_OF_TYPE, &tensor);
    an_wire_put_text(&value, VALUE_NAME, name);
    an_wire_put_message(&value, VALUE_TYPE, &outer);
    an_wire_put_text(&value, VALUE_DOC, about);
    an_wire_put_message(graph, field, &value);
}

void an_onnx_put_metadata(an_wire_buffer *model, const char *key, const char *value)
{
    an_wire_buffer entry = {0};
    an_wire_put_text(&entry, 1, key);
    an_wire_put_text(&entry, 2, value);
    an_wire_put_message(model, AN_ONNX_MODEL_METADATA, &entry);
}

void an_onnx_put_opset(an_wire_buffer *model)
{
    enum { VERSION = 2 };
    an_wire_buffer opset = {0};
    an_wire_put_int(&opset, VERSION, AN_ONNX_OPSET);
    an_wire_put_message(model, AN_ONNX_MODEL_OPSET, &opset);
}
