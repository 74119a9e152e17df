/*
 * A Caffe model as a file of tensors: LAYER.weight and LAYER.bias of its convolutions and fully
 * connected layers, in the file's order. caffe_outline.c lists its layers.
 */
#include "format/caffe/caffe.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/caffe/caffe_model.h"

/* ---- Recognition ---- */

static bool is_printable(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < ' ' || bytes[i] == 127)
            return false;
    return length > 0;
}

/* A varint of up to 5 bytes within the head. @return its length, 0: none */
static size_t peek(const unsigned char *head, size_t length, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < length && i < 5; i++) {
        *value |= (uint64_t)(head[i] & 127) << (7 * i);
        if (head[i] < 128)
            return i + 1;
    }
    return 0;
}

/* Whether bytes begin like a layer: V2 with its name or type; V1 with its bottom, top, name or
 * type; V0 with the name or type of its inner message. */
static bool is_layer(const unsigned char *body, size_t length, bool v2)
{
    uint64_t tag, size;
    const size_t skip = peek(body, length, &tag);
    const size_t more = skip ? peek(body + skip, length - skip, &size) : 0;
    if (!more)
        return false;
    body += skip + more;
    length -= skip + more;
    if (!v2 && tag == (1 << 3 | AN_WIRE_BYTES))
        return is_layer(body, length, true);
    if (!v2 && tag == (5 << 3 | AN_WIRE_VARINT))
        return size < 64;
    return (tag & 7) == AN_WIRE_BYTES && tag >> 3 <= (v2 ? 2 : 4) &&
           is_printable(body, size < length ? (size_t)size : length);
}

/* Protocol buffers have no signature, so the file must consist of fields of NetParameter up to the
 * first layer, which must begin like a layer. */
static bool recognise(const unsigned char *head, size_t length, uint64_t file_size)
{
    size_t at = 0;
    (void)file_size;
    for (;;) {
        uint64_t tag, size;
        const size_t skip = peek(head + at, length - at, &tag);
        const size_t more = skip ? peek(head + at + skip, length - at - skip, &size) : 0;
        if (!more)
            return false;
        at += skip + more;
        switch (tag) {
        case AN_CAFFE_NET_LAYERS << 3 | AN_WIRE_BYTES:
        case AN_CAFFE_NET_LAYER << 3 | AN_WIRE_BYTES:
            return is_layer(head + at, length - at, tag >> 3 == AN_CAFFE_NET_LAYER);
        case AN_CAFFE_NET_NAME << 3 | AN_WIRE_BYTES:
            if (size > length - at || (size && !is_printable(head + at, (size_t)size)))
                return false;
            at += (size_t)size;
            break;
        case AN_CAFFE_NET_INPUT << 3 | AN_WIRE_BYTES:
        case AN_CAFFE_NET_INPUT_SHAPE << 3 | AN_WIRE_BYTES:
        case AN_CAFFE_NET_STATE << 3 | AN_WIRE_BYTES:
            if (size > length - at)
                return false;
            at += (size_t)size;
            break;
        case AN_CAFFE_NET_INPUT_DIM << 3 | AN_WIRE_VARINT:
        case AN_CAFFE_NET_BACKWARD << 3 | AN_WIRE_VARINT:
        case AN_CAFFE_NET_DEBUG << 3 | AN_WIRE_VARINT: break;
        default: return false;
        }
    }
}

/* ---- Tensors ---- */

/* Make room for the tensors of one more layer, in steps. */
static alexnet_status make_room(an_tensor_file *file, an_caffe_model *model)
{
    enum { STEP = 64, MOST = 2 * AN_OUTLINE_MAX };
    if (file->count + AN_CAFFE_BLOBS <= model->room)
        return ALEXNET_OK;
    const size_t room = (size_t)model->room + STEP;
    if (room > MOST)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has more than %d layers with weights",
                       an_tensor_file_name(file), AN_OUTLINE_MAX);
    an_tensor_entry *entries = an_realloc(file->entries, room, sizeof *entries);
    if (entries)
        file->entries = entries;
    an_caffe_blob *blobs = an_realloc(model->blobs, room, sizeof *blobs);
    if (blobs)
        model->blobs = blobs;
    if (!entries || !blobs)
        return AN_FAIL_MEMORY(room * sizeof *blobs, "a list of tensors");
    model->room = (int)room;
    return ALEXNET_OK;
}

static alexnet_status add_entry(an_tensor_file *file, const an_caffe_layer *layer,
                                const an_caffe_blob *blob, bool bias)
{
    an_caffe_model *model = file->state;
    an_tensor_entry *entry = &file->entries[file->count];
    *entry =
        (an_tensor_entry){.dtype = blob->dtype,
                          .shape.rank = blob->rank,
                          .offset = blob->whole ? blob->at : blob->message.at,
                          .bytes = blob->whole ? (uint64_t)blob->count * an_dtype_bytes(blob->dtype)
                                               : an_wire_length(&blob->message)};
    snprintf(entry->type, sizeof entry->type, "%s", blob->dtype == AN_F64 ? "double" : "float");
    memcpy(entry->shape.dim, blob->dim, (size_t)blob->rank * sizeof *blob->dim);
    entry->name = an_format("%s.%s", layer->name, bias ? "bias" : "weight");
    if (!entry->name)
        return AN_FAIL_MEMORY(AN_CAFFE_NAME, "a tensor's name");
    model->blobs[file->count++] = *blob;
    return ALEXNET_OK;
}

static alexnet_status add_layer(an_tensor_file *file, const an_caffe_layer *layer)
{
    an_caffe_blob blobs[AN_CAFFE_BLOBS];
    if (!an_caffe_has_weights(layer->type) || layer->n_blobs == 0)
        return ALEXNET_OK;
    AN_CHECK(an_caffe_layer_blobs(layer, blobs));
    AN_CHECK(make_room(file, file->state));
    for (int i = 0; i < layer->n_blobs; i++)
        AN_CHECK(add_entry(file, layer, &blobs[i], i == 1));
    return ALEXNET_OK;
}

static alexnet_status open_file(an_tensor_file *file)
{
    an_caffe_layer layer;
    an_wire_field field;
    bool more;
    an_caffe_model *model = file->state = an_calloc(1, sizeof *model);
    if (!model)
        return AN_FAIL_MEMORY(sizeof *model, "a Caffe model");
    an_wire net = an_wire_open(&model->file, file->reader);
    for (;;) {
        AN_CHECK(an_wire_next(&net, &field, &more));
        if (!more)
            break;
        if (field.number != AN_CAFFE_NET_LAYERS && field.number != AN_CAFFE_NET_LAYER)
            continue;
        AN_CHECK(an_caffe_layer_read(&net, &field, &layer));
        AN_CHECK(add_layer(file, &layer));
    }
    if (file->count == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has layers of Caffe without weights; give the .caffemodel",
                       an_tensor_file_name(file));
    return an_tensor_file_check_names(file);
}

static alexnet_status read_elements(an_tensor_file *file, const an_tensor_entry *entry,
                                    int64_t first, int64_t count, void *dst)
{
    an_caffe_model *model = file->state;
    return an_caffe_blob_read(&model->blobs[entry - file->entries], &model->cursor, first, count,
                              dst);
}

static void close_state(void *state)
{
    an_caffe_model *model = state;
    if (model)
        an_free(model->blobs);
    an_free(model);
}

const an_tensor_format an_caffe_format = {
    .name = "caffemodel",
    .endings = ".caffemodel",
    .about = "models of every version of Caffe",
    .recognise = recognise,
    .open = open_file,
    .read = read_elements,
    .outline = an_caffe_outline,
    .usual_network = "bvlc-alexnet",
    .close = close_state,
};
