#include "format/onnx/onnx_attribute.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

/* The axis of a Softmax where a node does not have it, from operator set 13 on; before, it is 1.
 * Ours are of a row for each picture, whose last axis is 1. */
enum { LAST = -1 };

/* What an attribute is where a node does not have it. */
static const struct {
    const char *op, *name; /* `op` NULL: any */
    an_onnx_attribute value;
} defaults[] = {
    {NULL, "auto_pad", {.there = true, .s = "NOTSET"}},
    {NULL, "strides", {.there = true, .n_ints = 2, .ints = {1, 1}}},
    {NULL, "dilations", {.there = true, .n_ints = 2, .ints = {1, 1}}},
    {NULL, "pads", {.there = true, .n_ints = 4}},
    {NULL, "group", {.there = true, .i = 1}},
    {NULL, "ceil_mode", {.there = true}},
    {NULL, "storage_order", {.there = true}},
    {NULL, "count_include_pad", {.there = true}},
    {"Flatten", "axis", {.there = true, .i = 1}},
    {"Gemm", "alpha", {.there = true, .f = 1}},
    {"Gemm", "beta", {.there = true, .f = 1}},
    {"Gemm", "transA", {.there = true}},
    {"Gemm", "transB", {.there = true}},
    {"LRN", "alpha", {.there = true, .f = 1e-4F}},
    {"LRN", "beta", {.there = true, .f = 0.75F}},
    {"LRN", "bias", {.there = true, .f = 1}},
    {"Pad", "mode", {.there = true, .s = "constant"}},
    {"Reshape", "allowzero", {.there = true}},
    {"Softmax", "axis", {.there = true, .i = LAST}},
};

alexnet_status an_onnx_attribute_of(const an_onnx_node *node, const char *name,
                                    an_onnx_attribute *out)
{
    AN_CHECK(an_onnx_node_attribute(node, name, out));
    for (size_t i = 0; !out->there && i < sizeof defaults / sizeof defaults[0]; i++)
        if (strcmp(name, defaults[i].name) == 0 &&
            (!defaults[i].op || strcmp(node->op, defaults[i].op) == 0))
            *out = defaults[i].value;
    if (!out->there && strcmp(node->op, "Split") == 0 && strcmp(name, AN_ONNX_PARTS) == 0)
        *out = (an_onnx_attribute){.there = true, .i = node->n_outputs};
    if (out->i == LAST && strcmp(node->op, "Softmax") == 0 && strcmp(name, "axis") == 0)
        out->i = 1;
    return ALEXNET_OK;
}

enum { INTS = sizeof((an_onnx_attribute *)0)->ints / sizeof(int64_t) };

bool an_onnx_attribute_same(const an_onnx_attribute *a, const an_onnx_attribute *b)
{
    return a->there == b->there && a->i == b->i && a->f == b->f && strcmp(a->s, b->s) == 0 &&
           a->n_ints == b->n_ints && a->n_ints <= INTS &&
           memcmp(a->ints, b->ints, (size_t)a->n_ints * sizeof a->ints[0]) == 0;
}

const char *an_onnx_attribute_text(const an_onnx_attribute *a, char text[AN_ONNX_ATTRIBUTE_TEXT])
{
    size_t length = 0;
    if (!a->there)
        return "none";
    if (*a->s)
        snprintf(text, AN_ONNX_ATTRIBUTE_TEXT, "%s", a->s);
    else if (!a->n_ints && a->f != 0)
        an_print_in(text, AN_ONNX_ATTRIBUTE_TEXT, "%.9g", a->f);
    else if (!a->n_ints)
        snprintf(text, AN_ONNX_ATTRIBUTE_TEXT, "%lld", (long long)a->i);
    for (int i = 0; i < a->n_ints && i < INTS && length < AN_ONNX_ATTRIBUTE_TEXT - 24; i++)
        length += (size_t)snprintf(text + length, AN_ONNX_ATTRIBUTE_TEXT - length, "%s%lld",
                                   i ? " " : "", (long long)a->ints[i]);
    return text;
}
