/*
 * The inputs of a node that do not depend on the picture.
 */
#include <string.h>

#include "base/status.h"
#include "format/onnx/onnx_walk.h"

bool an_onnx_is_quantised(const char *op)
{
    static const char *const ops[] = {"DequantizeLinear",      "QuantizeLinear", "QLinearConv",
                                      "DynamicQuantizeLinear", "QLinearMatMul",  "ConvInteger",
                                      "MatMulInteger"};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(op, ops[i]) == 0)
            return true;
    return false;
}

bool an_onnx_is_float(int64_t type)
{
    enum { FLOAT = 1, FLOAT16 = 10, DOUBLE = 11, BFLOAT16 = 16 };
    return type == FLOAT || type == FLOAT16 || type == DOUBLE || type == BFLOAT16;
}

alexnet_status an_onnx_refuse_quantised(const an_onnx_walk *w, const char *op)
{
    return AN_ONNX_REFUSE(
        w, "%.40s: weights of 8 bits are not read; take the model's version in float32", op);
}

alexnet_status an_onnx_constant(const an_onnx_walk *w, const char *name, int *entry,
                                bool *transposed)
{
    enum { DEEPEST = 8 };
    alexnet_status rc = ALEXNET_OK;
    an_onnx_node node = {0};
    const an_onnx_value *value = an_onnx_find(w->onnx, name);
    *entry = -1;
    *transposed = false;
    for (int depth = 0; value && value->entry < 0 && value->node >= 0 && depth < DEEPEST; depth++) {
        an_onnx_node_free(&node);
        AN_TRY(an_onnx_node_read(&node, w->onnx, value->node));
        if (an_onnx_is_quantised(node.op)) {
            const an_onnx_value *from =
                node.n_inputs ? an_onnx_find(w->onnx, node.inputs[0]) : NULL;
            if (from && from->entry >= 0)
                AN_TRY(an_onnx_refuse_quantised(w, node.op));
            value = NULL;
        } else if (node.n_inputs && strcmp(node.op, "Transpose") == 0) {
            an_onnx_attribute perm;
            AN_TRY(an_onnx_node_attribute(&node, "perm", &perm));
            const bool swaps =
                !perm.n_ints || (perm.n_ints == 2 && perm.ints[0] == 1 && perm.ints[1] == 0);
            const bool keeps = perm.n_ints == 2 && perm.ints[0] == 0 && perm.ints[1] == 1;
            *transposed ^= swaps;
            value = swaps || keeps ? an_onnx_find(w->onnx, node.inputs[0]) : NULL;
        } else if (node.n_inputs && strcmp(node.op, "Cast") == 0) {
            an_onnx_attribute to;
            AN_TRY(an_onnx_node_attribute(&node, "to", &to));
            value = an_onnx_is_float(to.i) ? an_onnx_find(w->onnx, node.inputs[0]) : NULL;
        } else if (node.n_inputs && strcmp(node.op, "Identity") == 0) {
            value = an_onnx_find(w->onnx, node.inputs[0]);
        } else {
            value = NULL;
        }
    }
    if (value)
        *entry = value->entry;
cleanup:
    an_onnx_node_free(&node);
    return rc;
}

alexnet_status an_onnx_parameter(const an_onnx_walk *w, int index, const char *what, int *entry,
                                 bool *transposed)
{
    AN_CHECK(an_onnx_constant(w, an_onnx_node_input(&w->node, index), entry, transposed));
    if (*entry < 0)
        return AN_ONNX_REFUSE(w, "its %s, %.120s, is not a tensor of the file", what,
                              an_onnx_node_input(&w->node, index));
    return ALEXNET_OK;
}

alexnet_status an_onnx_integers(const an_onnx_walk *w, int entry, int64_t values[8], int *count)
{
    const an_tensor_entry *e = &w->file->entries[entry];
    const int64_t n = an_shape_count(e->shape);
    *count = 0;
    if (e->dtype != AN_I64 || n < 0 || n > 8)
        return AN_ONNX_REFUSE(w, "a list of at most 8 INT64 expected in %.120s", e->name);
    *count = (int)n;
    return n ? w->file->format->read(w->file, e, 0, n, values) : ALEXNET_OK;
}
