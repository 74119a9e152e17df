/*
 * Writing ONNX: nodes, constants, and the inputs and outputs of a graph, into a buffer. Of a large
 * tensor only the header is built; the caller writes its data after it (wire_write.h).
 */
#ifndef AN_FORMAT_ONNX_ONNX_WRITE_H
#define AN_FORMAT_ONNX_ONNX_WRITE_H

#include "format/wire_write.h"
#include "tensor/tensor.h"

/**
 * The versions that files are written in: those of ONNX 1.8 (2020), which ONNX Runtime has read
 * since 1.6 and OpenCV since 4.5.
 */
enum { AN_ONNX_IR_VERSION = 7, AN_ONNX_OPSET = 13 };

/** Fields of ModelProto and GraphProto that an export fills in. */
enum {
    AN_ONNX_MODEL_IR_VERSION = 1,
    AN_ONNX_MODEL_PRODUCER = 2,
    AN_ONNX_MODEL_PRODUCER_VERSION = 3,
    AN_ONNX_MODEL_GRAPH = 7,
    AN_ONNX_MODEL_OPSET = 8,
    AN_ONNX_MODEL_METADATA = 14,
    AN_ONNX_GRAPH_NODE = 1,
    AN_ONNX_GRAPH_NAME = 2,
    AN_ONNX_GRAPH_INITIALIZER = 5,
    AN_ONNX_GRAPH_INPUT = 11,
    AN_ONNX_GRAPH_OUTPUT = 12,
};

/** To build a node, begin it, add inputs, outputs and attributes, and put it into a graph. */
an_wire_buffer an_onnx_node_new(const char *op, const char *name);
void an_onnx_put_input(an_wire_buffer *node, const char *value);
void an_onnx_put_output(an_wire_buffer *node, const char *value);
void an_onnx_put_int(an_wire_buffer *node, const char *attribute, int64_t value);
void an_onnx_put_float(an_wire_buffer *node, const char *attribute, double value);
void an_onnx_put_ints(an_wire_buffer *node, const char *attribute, const int *values, int count);
/** Frees the node. */
void an_onnx_put_node(an_wire_buffer *graph, an_wire_buffer *node);

/** Constants as initializers; a shape of rank 0 is a number. */
void an_onnx_put_floats(an_wire_buffer *graph, const char *name, an_shape shape,
                        const float *values);
void an_onnx_put_longs(an_wire_buffer *graph, const char *name, const int64_t *values, int count);
/** A tensor without a type: it stands for one of this shape with any values (onnx_compare.h). */
void an_onnx_put_any(an_wire_buffer *graph, const char *name, an_shape shape);
/**
 * Begin a large initializer: everything before its values, which the caller writes.
 * @param whole  receives the length of the message, values included
 */
an_wire_buffer an_onnx_tensor_begin(const char *name, an_dtype type, an_shape shape,
                                    uint64_t *whole);
/**
 * An input or output of the graph.
 * @param field  AN_ONNX_GRAPH_INPUT or AN_ONNX_GRAPH_OUTPUT
 * @param dims   the first is -1: any batch size
 * @param about  what it is, for people
 */
void an_onnx_put_end(an_wire_buffer *graph, uint32_t field, const char *name, an_dtype type,
                     const int64_t *dims, int rank, const char *about);
/** A text of ModelProto.metadata_props. */
void an_onnx_put_metadata(an_wire_buffer *model, const char *key, const char *value);
void an_onnx_put_opset(an_wire_buffer *model);

#endif
