/*
 * The files of the export to ONNX.
 *
 *     export_onnx.c         the file: graph, weights, metadata
 *     export_onnx_nodes.c   operators as nodes of the graph
 *     export_onnx_input.c   the preprocessing as nodes
 */
#ifndef AN_MODEL_EXPORT_EXPORT_ONNX_H
#define AN_MODEL_EXPORT_EXPORT_ONNX_H

#include "format/onnx/onnx_write.h"
#include "model/export/export.h"

/** The name of a value: its layer's, with a suffix for values inside the layer: "norm1/part0". */
typedef char an_onnx_name[AN_NAME_MAX + 49];

/** The output of a node of our graph as a value in the ONNX graph. */
typedef struct an_onnx_place {
    an_onnx_name name;
    bool flat; /* [N, C], not [N, C, H, W] */
} an_onnx_place;

typedef struct an_onnx_export {
    const alexnet_network *network;
    an_dtype weights;      /* type of the weights in the file */
    bool preprocessing;    /* include it in the graph */
    an_wire_buffer nodes;  /* nodes and constants: fields of GraphProto */
    an_onnx_place *places; /* per node of our graph */
} an_onnx_export;

/** The graph's input. */
#define AN_ONNX_INPUT "input"

/**
 * Build the model that a network is written as, in float32, as a message. Its weights have no type
 * and no values (an_onnx_put_any()).
 */
alexnet_status an_onnx_export_graph(an_wire_buffer *model, const alexnet_network *network,
                                    bool preprocessing);

/* ---- Between the files of the export ---- */

/** Write node `index` of our graph, and set its place. */
void an_onnx_export_node(an_onnx_export *e, int index);
/** Write the preprocessing, node 0; its output is "input/prepared". */
void an_onnx_export_input(an_onnx_export *e);
/** Write a node with one input and one output. @param attribute  a whole number; NULL: none */
void an_onnx_export_unary(an_onnx_export *e, const char *op, const char *from, const char *to,
                          const char *attribute, int64_t value);
/** Write a node with one output and two inputs, the second a constant number or list. */
void an_onnx_export_binary(an_onnx_export *e, const char *op, const char *from, const char *with,
                           const char *to);

#endif
