/*
 * Whether an ONNX file has the graph that is expected. Both graphs are followed from their first
 * outputs back to their inputs, and must have the same nodes with the same attributes, inputs and
 * constants on the way. Names do not matter, nor the order of nodes, attributes that give an
 * operator's default, the batch size, or Identity and Cast nodes between floating types. A node
 * that ONNX Runtime's optimiser has joined with the Relu after it counts as both.
 *
 * In the expected graph a tensor without a type stands for a tensor with any values.
 */
#ifndef AN_FORMAT_ONNX_ONNX_COMPARE_H
#define AN_FORMAT_ONNX_ONNX_COMPARE_H

#include "format/tensor_file.h"

typedef struct an_onnx_comparison {
    an_tensor_file *file, *expected; /* borrowed, both ONNX */
    int *partners;        /* per value of the expected graph, owned: the file's value; -1: none */
    char difference[512]; /* the first node or tensor that differs, with what was expected and what
                             was found; "" if the graphs are the same */
} an_onnx_comparison;

alexnet_status an_onnx_compare(an_onnx_comparison *out, an_tensor_file *file,
                               an_tensor_file *expected);
/** Whether an input of the graph is of bytes, pixels, and not of floating-point numbers. */
alexnet_status an_onnx_takes_bytes(const an_tensor_file *file, bool *takes);
/** The file's tensor that stands where the expected graph uses its tensor `name`; -1: it does not.
 */
int an_onnx_counterpart(const an_onnx_comparison *comparison, const char *name);
void an_onnx_comparison_free(an_onnx_comparison *comparison);

#endif
