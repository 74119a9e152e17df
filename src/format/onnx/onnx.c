/*
 * ONNX as a format of tensor files.
 */
#include "format/onnx/onnx.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2, ENTRY_KEY = 1, ENTRY_VALUE = 2 };

/* A model begins with ir_version, a small number. The next field must be one of ModelProto's: a
 * producer, a domain, a version, a text, the graph or the operator sets. */
static bool recognise(const unsigned char *head, size_t length, uint64_t size)
{
    if (length < 8 || head[0] != 0x08 || head[1] == 0 || head[1] > 31 ||
        !memchr("\x12\x1a\x22\x28\x32\x3a\x42", head[2], 7))
        return false;
    if (head[2] == 0x28 || head[3] >= 0x80 || head[2] == 0x3a) /* a number, or a long field */
        return true;
    const uint64_t next = 4 + (uint64_t)head[3];
    return next == size || (next < length && head[next] &&
                            memchr("\x12\x1a\x22\x28\x32\x3a\x42\x72", head[next], 8));
}

static alexnet_status read_opset(an_onnx *onnx, an_wire message)
{
    an_wire_field field;
    bool more, ours = true;
    int64_t version = 0;
    char *domain = NULL;
    for (;;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more)
            break;
        if (field.number == OPSET_VERSION && field.type == AN_WIRE_VARINT)
            version = an_wire_int(&field);
        if (field.number == OPSET_DOMAIN && field.type == AN_WIRE_BYTES) {
            AN_CHECK(an_wire_text(&field.body, "a domain", AN_ONNX_NAME_MAX, &domain));
            ours = *domain == '\0' || strcmp(domain, "ai.onnx") == 0;
            an_free(domain);
        }
    }
    if (ours)
        onnx->opset = version;
    return ALEXNET_OK;
}

static alexnet_status read_text(an_onnx *onnx, an_wire message)
{
    enum { LONGEST = 16 << 20, MOST = 1000 };
    an_wire_field field;
    bool more;
    if (onnx->n_texts == MOST)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has more than %d texts of metadata",
                       an_reader_name(onnx->wire.reader), MOST);
    an_onnx_text *texts = an_grow(onnx->texts, onnx->n_texts, sizeof *texts);
    if (!texts)
        return AN_FAIL_MEMORY(sizeof *texts, "metadata");
    onnx->texts = texts;
    an_onnx_text *text = &texts[onnx->n_texts++];
    for (;;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more)
            return ALEXNET_OK;
        char **to = field.type != AN_WIRE_BYTES   ? NULL
                    : field.number == ENTRY_KEY   ? &text->key
                    : field.number == ENTRY_VALUE ? &text->value
                                                  : NULL;
        if (to) {
            an_free(*to);
            AN_CHECK(an_wire_text(&field.body, "a text of the metadata", LONGEST, to));
        }
    }
}

static alexnet_status read_model(an_onnx *onnx, an_wire message)
{
    an_wire_field field;
    bool more, found = false;
    for (;;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more)
            break;
        if (field.type != AN_WIRE_BYTES)
            continue;
        if (field.number == MODEL_OPSET)
            AN_CHECK(read_opset(onnx, field.body));
        if (field.number == MODEL_METADATA)
            AN_CHECK(read_text(onnx, field.body));
        if (field.number == MODEL_GRAPH) {
            onnx->graph = field.body;
            found = true;
        }
    }
    if (!found)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: an ONNX model without a graph",
                       an_reader_name(onnx->wire.reader));
    return ALEXNET_OK;
}

static alexnet_status open_file(an_tensor_file *file)
{
    an_onnx *onnx = an_calloc(1, sizeof *onnx);
    if (!onnx)
        return AN_FAIL_MEMORY(sizeof *onnx, "an ONNX model");
    file->state = onnx;
    AN_CHECK(read_model(onnx, an_wire_open(&onnx->wire, file->reader)));
    return an_onnx_read_graph(file, onnx);
}

static const char *metadata(const an_tensor_file *file, const char *key)
{
    const an_onnx *onnx = file->state;
    for (int i = 0; i < onnx->n_texts; i++)
        if (onnx->texts[i].key && strcmp(onnx->texts[i].key, key) == 0)
            return onnx->texts[i].value ? onnx->texts[i].value : "";
    return NULL;
}

static void close_state(void *state)
{
    an_onnx *onnx = state;
    if (!onnx)
        return;
    for (int i = 0; i < onnx->n_values; i++)
        an_free(onnx->values[i].name);
    for (int i = 0; i < onnx->n_texts; i++) {
        an_free(onnx->texts[i].key);
        an_free(onnx->texts[i].value);
    }
    for (int i = 0; i < onnx->n_tensors; i++)
        an_free(onnx->tensors[i].location);
    an_reader_close(onnx->beside);
    an_free(onnx->nodes);
    an_free(onnx->values);
    an_free(onnx->texts);
    an_free(onnx->tensors);
    an_free(onnx->result);
    an_free(onnx);
}

const an_tensor_format an_onnx_format = {
    .name = "onnx",
    .endings = ".onnx",
    .about = "ONNX, of any exporter",
    .recognise = recognise,
    .open = open_file,
    .read = an_onnx_read,
    .metadata = metadata,
    .outline = an_onnx_outline,
    .close = close_state,
};
