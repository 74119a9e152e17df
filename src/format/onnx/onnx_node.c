/*
 * A node of an ONNX graph.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/onnx/onnx.h"

/* Fields of NodeProto and AttributeProto. */
enum { INPUT = 1, OUTPUT = 2, NAME = 3, OP = 4, ATTRIBUTE = 5, DOMAIN = 7 };
enum { ATTR_NAME = 1, ATTR_F = 2, ATTR_I = 3, ATTR_S = 4, ATTR_INTS = 8 };
enum { INPUTS = sizeof((an_onnx_node *)0)->inputs / sizeof(char *) };

static alexnet_status take(char **to, const an_wire_field *field)
{
    an_free(*to);
    return an_wire_text(&field->body, "a name in a node", AN_ONNX_NAME_MAX, to);
}

static alexnet_status read_field(an_onnx_node *node, const an_wire_field *field, char **output)
{
    if (field->type != AN_WIRE_BYTES)
        return ALEXNET_OK;
    switch (field->number) {
    case INPUT:
        if (node->n_inputs++ >= INPUTS)
            return ALEXNET_OK;
        return take(&node->inputs[node->n_inputs - 1], field);
    case OUTPUT: return node->n_outputs++ ? ALEXNET_OK : take(output, field);
    case NAME: return take(&node->name, field);
    case OP: return take(&node->op, field);
    case DOMAIN: return take(&node->domain, field);
    default: return ALEXNET_OK;
    }
}

/* Texts that the file omits become "". */
static alexnet_status complete(an_onnx_node *node, char **output)
{
    if (*output && (!node->name || !*node->name)) {
        an_free(node->name);
        node->name = *output;
        *output = NULL;
    }
    char **texts[] = {&node->name, &node->op, &node->domain};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!*texts[i] && !(*texts[i] = an_strdup("")))
            return AN_FAIL_MEMORY(1, "a name");
    return ALEXNET_OK;
}

alexnet_status an_onnx_node_read(an_onnx_node *node, const an_onnx *onnx, int index)
{
    alexnet_status rc = ALEXNET_OK;
    an_wire_field field;
    bool more = true;
    char *output = NULL;
    *node = (an_onnx_node){.index = index, .body = onnx->nodes[index]};
    an_wire message = node->body;
    while (more) {
        AN_TRY(an_wire_next(&message, &field, &more));
        if (more)
            AN_TRY(read_field(node, &field, &output));
    }
    AN_TRY(complete(node, &output));
cleanup:
    an_free(output);
    if (rc != ALEXNET_OK)
        an_onnx_node_free(node);
    return rc;
}

void an_onnx_node_free(an_onnx_node *node)
{
    an_free(node->op);
    an_free(node->domain);
    an_free(node->name);
    for (int i = 0; i < INPUTS; i++)
        an_free(node->inputs[i]);
    *node = (an_onnx_node){0};
}

const char *an_onnx_node_domain(const an_onnx_node *node)
{
    return strcmp(node->domain, "ai.onnx") == 0 ? "" : node->domain;
}

const char *an_onnx_domain_advice(const char *domain)
{
    return strncmp(domain, AN_ONNX_RUNTIME, strlen(AN_ONNX_RUNTIME)) == 0
               ? " (ONNX Runtime has optimised this model: take it as it was before)"
               : "";
}

const char *an_onnx_node_input(const an_onnx_node *node, int index)
{
    return index < node->n_inputs && index < INPUTS ? node->inputs[index] : "";
}

/* A node is read again for each node that depends on it, so its size is limited. */
enum { ATTRIBUTE_FIELDS_MAX = 4096 }; /* of all attributes of a node, and numbers in one field */

static alexnet_status count_down(const an_wire *attribute, int *left)
{
    return (*left)-- > 0 ? ALEXNET_OK
                         : AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                                   "%s: the attributes of a node have more than %d fields",
                                   an_reader_name(attribute->file->reader), ATTRIBUTE_FIELDS_MAX);
}

/* The name of an attribute, owned; "" if it has none. */
static alexnet_status read_name(an_wire attribute, int *left, char **name)
{
    an_wire_field field;
    bool more = true;
    *name = NULL;
    while (more) {
        AN_CHECK(count_down(&attribute, left));
        AN_CHECK(an_wire_next(&attribute, &field, &more));
        if (more && field.number == ATTR_NAME && field.type == AN_WIRE_BYTES) {
            an_free(*name);
            AN_CHECK(an_wire_text(&field.body, "an attribute's name", AN_ONNX_NAME_MAX, name));
        }
    }
    if (!*name && !(*name = an_strdup("")))
        return AN_FAIL_MEMORY(1, "an attribute's name");
    return ALEXNET_OK;
}

/* Whether an attribute is called `name`. */
static alexnet_status is_called(an_wire attribute, const char *name, int *left, bool *is)
{
    char *found;
    const alexnet_status rc = read_name(attribute, left, &found);
    *is = rc == ALEXNET_OK && strcmp(found, name) == 0;
    an_free(found);
    return rc;
}

alexnet_status an_onnx_node_attribute_name(const an_onnx_node *node, int index, char **name)
{
    an_wire message = node->body;
    an_wire_field field;
    int left = ATTRIBUTE_FIELDS_MAX;
    *name = NULL;
    for (bool more = true; more;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (more && field.number == ATTRIBUTE && field.type == AN_WIRE_BYTES && index-- == 0) {
            const alexnet_status rc = read_name(field.body, &left, name);
            if (rc != ALEXNET_OK) {
                an_free(*name);
                *name = NULL;
            }
            return rc;
        }
    }
    return ALEXNET_OK;
}

static void add_int(an_onnx_attribute *out, int64_t value)
{
    if (out->n_ints < (int)(sizeof out->ints / sizeof out->ints[0]))
        out->ints[out->n_ints] = value;
    out->n_ints += out->n_ints < INT32_MAX;
}

static alexnet_status read_value(const an_wire_field *field, int *left, an_onnx_attribute *out)
{
    an_wire chunk = field->body;
    uint64_t value;
    char *text;
    if (field->number == ATTR_I && field->type == AN_WIRE_VARINT)
        out->i = an_wire_int(field);
    if (field->number == ATTR_F && field->type == AN_WIRE_FIXED32)
        out->f = an_wire_real(field);
    if (field->number == ATTR_INTS && field->type == AN_WIRE_VARINT)
        add_int(out, an_wire_int(field));
    while (field->number == ATTR_INTS && field->type == AN_WIRE_BYTES && an_wire_length(&chunk)) {
        AN_CHECK(count_down(&chunk, left));
        AN_CHECK(an_wire_varint(&chunk, &value));
        add_int(out, (int64_t)value);
    }
    if (field->number == ATTR_S && field->type == AN_WIRE_BYTES) {
        AN_CHECK(an_wire_text(&field->body, "an attribute", sizeof out->s - 1, &text));
        memcpy(out->s, text, strlen(text) + 1);
        an_free(text);
    }
    return ALEXNET_OK;
}

alexnet_status an_onnx_node_attribute(const an_onnx_node *node, const char *name,
                                      an_onnx_attribute *out)
{
    an_wire message = node->body, attribute;
    an_wire_field field;
    int left = ATTRIBUTE_FIELDS_MAX;
    bool more = true, is;
    *out = (an_onnx_attribute){0};
    while (more) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more || field.number != ATTRIBUTE || field.type != AN_WIRE_BYTES)
            continue;
        attribute = field.body;
        AN_CHECK(is_called(attribute, name, &left, &is));
        for (bool inside = is; inside;) {
            AN_CHECK(count_down(&attribute, &left));
            AN_CHECK(an_wire_next(&attribute, &field, &inside));
            if (inside)
                AN_CHECK(read_value(&field, &left, out));
        }
        out->there |= is;
    }
    return ALEXNET_OK;
}
