/*
 * The walk through an ONNX graph, from its output back to its input; shared by:
 *
 *     onnx_outline.c   the walk: from a node to the node that computes its input
 *     onnx_layer.c     each operator as a layer
 *     onnx_constant.c  a node's weights and other inputs that are constant
 */
#ifndef AN_FORMAT_ONNX_ONNX_WALK_H
#define AN_FORMAT_ONNX_ONNX_WALK_H

#include <limits.h>

#include "format/onnx/onnx.h"

typedef struct an_onnx_walk {
    an_tensor_file *file;
    an_onnx *onnx;
    an_outline *outline; /* from the last layer to the first */
    bool *passed;        /* per node */
    int bias;            /* entry that an Add adds to the product before it; -1: none */
    char *bias_node;     /* the name of the Add, owned */
    an_onnx_node node;   /* the current one */
    int data;            /* which of its inputs depends on the graph's input */
} an_onnx_walk;

/** "FILE: node NAME (Conv): " and what is wrong. */
#define AN_ONNX_REFUSE(w, format, ...)                                                             \
    AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: node %.120s (%.40s): " format,                         \
            an_tensor_file_name((w)->file), (w)->node.name, (w)->node.op, __VA_ARGS__)

/** A number of a layer; INT_MAX, which no network has, if it does not fit. */
static inline int an_onnx_as_int(int64_t value)
{
    return value >= 0 && value <= INT_MAX ? (int)value : INT_MAX;
}

/** Add the node as a layer, or keep it as a bias for the one before it. */
alexnet_status an_onnx_take_node(an_onnx_walk *w);

/**
 * Find the tensor of a value, also through Identity, Cast and Transpose, which exporters leave
 * before weights.
 * @param entry  out, -1: the value is not constant
 */
alexnet_status an_onnx_constant(const an_onnx_walk *w, const char *name, int *entry,
                                bool *transposed);
/** Find a weight or a bias of the node, which must be there. */
alexnet_status an_onnx_parameter(const an_onnx_walk *w, int index, const char *what, int *entry,
                                 bool *transposed);
/** The integers of a small tensor. */
alexnet_status an_onnx_integers(const an_onnx_walk *w, int entry, int64_t values[8], int *count);
bool an_onnx_is_quantised(const char *op);
/** Whether a TensorProto.DataType is a floating-point type of 16 bits or more. */
bool an_onnx_is_float(int64_t type);
alexnet_status an_onnx_refuse_quantised(const an_onnx_walk *w, const char *op);

#endif
