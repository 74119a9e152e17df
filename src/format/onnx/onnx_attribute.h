/*
 * Attributes of nodes as graphs are compared by them: with an operator's default where a node does
 * not have one.
 */
#ifndef AN_FORMAT_ONNX_ONNX_ATTRIBUTE_H
#define AN_FORMAT_ONNX_ONNX_ATTRIBUTE_H

#include "format/onnx/onnx_walk.h"

/** An attribute of Split from operator set 18 on: as many as it has outputs. */
#define AN_ONNX_PARTS "num_outputs"

/** Read an attribute of a node, or its default (ONNX, Operators.md). */
alexnet_status an_onnx_attribute_of(const an_onnx_node *node, const char *name,
                                    an_onnx_attribute *out);
/** Whether two have the same value, or neither is there. */
bool an_onnx_attribute_same(const an_onnx_attribute *a, const an_onnx_attribute *b);

enum { AN_ONNX_ATTRIBUTE_TEXT = 96 };
/** The value as text for an error, in `text` or a constant; long lists are cut. */
const char *an_onnx_attribute_text(const an_onnx_attribute *a, char text[AN_ONNX_ATTRIBUTE_TEXT]);

#endif
