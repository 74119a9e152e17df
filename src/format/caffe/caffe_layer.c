#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/caffe/caffe.h"

/* The words for a type in V2 and V0, and its number in V1; NULL and 0: there is none. */
static const struct word {
    an_caffe_type type;
    const char *v2, *v0;
    uint64_t v1;
} words[] = {
    {AN_CAFFE_CONV, "Convolution", "conv", 4},
    {AN_CAFFE_FC, "InnerProduct", "innerproduct", 14},
    {AN_CAFFE_RELU, "ReLU", "relu", 18},
    {AN_CAFFE_LRN, "LRN", "lrn", 15},
    {AN_CAFFE_POOLING, "Pooling", "pool", 17},
    {AN_CAFFE_DROPOUT, "Dropout", "dropout", 6},
    {AN_CAFFE_SOFTMAX, "Softmax", "softmax", 20},
    {AN_CAFFE_PADDING, NULL, "padding", 0},
    {AN_CAFFE_COPY, "Split", "split", 22},
    {AN_CAFFE_COPY, "Flatten", "flatten", 8},
    {AN_CAFFE_DATA, "Input", NULL, 0},
    {AN_CAFFE_DATA, "Data", "data", 5},
    {AN_CAFFE_DATA, "ImageData", "images", 12},
    {AN_CAFFE_DATA, "HDF5Data", "hdf5_data", 9},
    {AN_CAFFE_DATA, "MemoryData", NULL, 29},
    {AN_CAFFE_DATA, "WindowData", "window_data", 24},
    {AN_CAFFE_DATA, "DummyData", NULL, 32},
    {AN_CAFFE_END, "SoftmaxWithLoss", "softmax_loss", 21},
    {AN_CAFFE_END, "Accuracy", "accuracy", 1},
    {AN_CAFFE_END, "MultinomialLogisticLoss", "multinomial_logistic_loss", 16},
    {AN_CAFFE_END, "EuclideanLoss", "euclidean_loss", 7},
    {AN_CAFFE_END, "HingeLoss", "hinge_loss", 28},
    {AN_CAFFE_END, "InfogainLoss", "infogain_loss", 13},
    {AN_CAFFE_END, "SigmoidCrossEntropyLoss", NULL, 27},
    {AN_CAFFE_END, "ArgMax", NULL, 30},
    {AN_CAFFE_END, "HDF5Output", "hdf5_output", 10},
    {AN_CAFFE_END, "Silence", NULL, 36},
};
enum { WORDS = sizeof words / sizeof words[0] };

/* The field numbers of a form; 0: it has no such field. V0's links are in the V1 around it. */
static const struct form {
    uint32_t name, type, blobs;
    uint32_t keys[AN_CAFFE_MESSAGES];
} v0 = {1, 2, 50, {0}},
  v1 = {4,
        5,
        6,
        {[AN_CAFFE_KEYS_CONV] = 10,
         [AN_CAFFE_KEYS_FC] = 17,
         [AN_CAFFE_KEYS_LRN] = 18,
         [AN_CAFFE_KEYS_POOL] = 19,
         [AN_CAFFE_KEYS_RELU] = 30,
         [AN_CAFFE_KEYS_CROP] = 36}},
  v2 = {1,
        2,
        7,
        {[AN_CAFFE_KEYS_CONV] = 106,
         [AN_CAFFE_KEYS_FC] = 117,
         [AN_CAFFE_KEYS_LRN] = 118,
         [AN_CAFFE_KEYS_POOL] = 121,
         [AN_CAFFE_KEYS_RELU] = 123,
         [AN_CAFFE_KEYS_INPUT] = 143,
         [AN_CAFFE_KEYS_CROP] = 100}};

enum { V1_V0 = 1, V1_BOTTOM = 2, V1_TOP = 3, V2_BOTTOM = 3, V2_TOP = 4, V2_LAYER = 100 };

static const char *file_of(const an_caffe_layer *layer)
{
    return an_reader_name(layer->message.file->reader);
}

static alexnet_status read_text(const an_caffe_layer *layer, const an_wire_field *field,
                                const char *what, char *text, size_t room)
{
    char *copy;
    if (field->type != AN_WIRE_BYTES)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s is not text", file_of(layer), what);
    AN_CHECK(an_wire_text(&field->body, what, room - 1, &copy));
    memcpy(text, copy, strlen(copy) + 1);
    an_free(copy);
    return ALEXNET_OK;
}

/* A type by its word, or in V1 by its number. */
static alexnet_status read_type(const an_wire_field *field, const struct form *form,
                                an_caffe_layer *layer)
{
    if (form == &v1 && field->type == AN_WIRE_VARINT)
        snprintf(layer->word, sizeof layer->word, "number %llu", (unsigned long long)field->value);
    else
        AN_CHECK(read_text(layer, field, "a layer's type", layer->word, sizeof layer->word));
    layer->type = AN_CAFFE_OTHER;
    for (int i = 0; i < WORDS; i++) {
        const char *word = form == &v2 ? words[i].v2 : words[i].v0;
        if (form == &v1 ? words[i].v1 == field->value && field->value
                        : word && strcmp(word, layer->word) == 0)
            layer->type = words[i].type;
    }
    return ALEXNET_OK;
}

/* Take any field of a layer. */
static alexnet_status take(an_caffe_layer *layer, const struct form *form,
                           const an_wire_field *field)
{
    if (field->number == form->name)
        return read_text(layer, field, "a layer's name", layer->name, sizeof layer->name);
    if (field->number == form->type)
        return read_type(field, form, layer);
    if (field->type != AN_WIRE_BYTES)
        return ALEXNET_OK;
    if (field->number == form->blobs) {
        if (layer->n_blobs < AN_CAFFE_BLOBS)
            layer->blobs[layer->n_blobs] = field->body;
        layer->n_blobs += layer->n_blobs < INT32_MAX;
    }
    for (int i = 0; i < AN_CAFFE_MESSAGES; i++)
        if (field->number == form->keys[i]) {
            layer->keys[i] = field->body;
            layer->has_keys[i] = true;
        }
    return ALEXNET_OK;
}

/* Take all fields of a message; `inner` receives the V0 message inside a V1. */
static alexnet_status take_all(an_caffe_layer *layer, an_wire message, const struct form *form,
                               an_wire *inner, bool *has_inner)
{
    an_wire_field field;
    bool more;
    for (;;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more)
            return ALEXNET_OK;
        if (form == &v1 && field.number == V1_V0 && field.type == AN_WIRE_BYTES) {
            *inner = field.body;
            *has_inner = true;
        } else {
            AN_CHECK(take(layer, form, &field));
        }
    }
}

alexnet_status an_caffe_layer_read(const an_wire *net, const an_wire_field *field,
                                   an_caffe_layer *layer)
{
    an_wire inner;
    bool has_inner = false;
    *layer = (an_caffe_layer){.message = *net, .v2 = field->number == V2_LAYER};
    if (field->type != AN_WIRE_BYTES)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: a layer is not a message", file_of(layer));
    layer->message = field->body;
    AN_CHECK(take_all(layer, field->body, layer->v2 ? &v2 : &v1, &inner, &has_inner));
    if (!has_inner)
        return ALEXNET_OK;
    *layer = (an_caffe_layer){.message = field->body};
    layer->keys[AN_CAFFE_KEYS_V0] = inner;
    layer->has_keys[AN_CAFFE_KEYS_V0] = true;
    return take_all(layer, inner, &v0, &inner, &has_inner);
}

alexnet_status an_caffe_layer_keys(const an_caffe_layer *layer, an_caffe_message kind,
                                   an_caffe_keys *keys)
{
    if (layer->has_keys[AN_CAFFE_KEYS_V0])
        kind = AN_CAFFE_KEYS_V0;
    if (layer->has_keys[kind])
        return an_caffe_keys_read(layer->keys[kind], kind, layer->name, keys);
    an_caffe_keys_default(keys);
    return ALEXNET_OK;
}

bool an_caffe_has_weights(an_caffe_type type)
{
    return type == AN_CAFFE_CONV || type == AN_CAFFE_FC;
}

alexnet_status an_caffe_layer_link(const an_caffe_layer *layer, bool top, an_wire *at,
                                   char text[AN_CAFFE_NAME + 1])
{
    const uint32_t number = layer->v2 ? (top ? V2_TOP : V2_BOTTOM) : (top ? V1_TOP : V1_BOTTOM);
    an_wire_field field;
    bool more;
    text[0] = '\0';
    do
        AN_CHECK(an_wire_next(at, &field, &more));
    while (more && field.number != number);
    return more ? read_text(layer, &field, "what a layer reads", text, AN_CAFFE_NAME + 1)
                : ALEXNET_OK;
}

/* ---- Weights ---- */

static alexnet_status misfit(const an_caffe_layer *layer, const char *what, int64_t expected,
                             int64_t found)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: layer %s: %s: %lld expected, found %lld",
                   file_of(layer), layer->name, what, (long long)expected, (long long)found);
}

/* Restore the leading 1s that a weight of `rank` dimensions has. */
static alexnet_status widen(const an_caffe_layer *layer, an_caffe_blob *blob, int rank)
{
    if (blob->rank > rank)
        return misfit(layer, "dimensions of its weights", rank, blob->rank);
    const int more = rank - blob->rank;
    memmove(blob->dim + more, blob->dim, (size_t)blob->rank * sizeof *blob->dim);
    for (int i = 0; i < more; i++)
        blob->dim[i] = 1;
    blob->rank = rank;
    return ALEXNET_OK;
}

/* Check the weights against the keys that the layer gives. */
static alexnet_status check_weights(const an_caffe_layer *layer, const an_caffe_blob *weight,
                                    int64_t *outputs)
{
    const bool conv = layer->type == AN_CAFFE_CONV;
    int announced[2], kernel[2], transposed[2];
    an_caffe_keys keys;
    AN_CHECK(an_caffe_layer_keys(layer, conv ? AN_CAFFE_KEYS_CONV : AN_CAFFE_KEYS_FC, &keys));
    AN_CHECK(an_caffe_keys_whole(&keys, AN_CAFFE_OUTPUTS, layer->name, &layer->message, announced));
    AN_CHECK(an_caffe_keys_whole(&keys, AN_CAFFE_KERNEL, layer->name, &layer->message, kernel));
    AN_CHECK(
        an_caffe_keys_whole(&keys, AN_CAFFE_TRANSPOSE, layer->name, &layer->message, transposed));
    *outputs = weight->dim[!conv && transposed[0] > 0];
    if (announced[0] >= 0 && *outputs != announced[0])
        return misfit(layer, "outputs of its weights", announced[0], *outputs);
    for (int i = 0; conv && i < 2; i++)
        if (kernel[i] >= 0 && weight->dim[2 + i] != kernel[i])
            return misfit(layer, i ? "columns of its filters" : "rows of its filters", kernel[i],
                          weight->dim[2 + i]);
    return ALEXNET_OK;
}

alexnet_status an_caffe_layer_blobs(const an_caffe_layer *layer,
                                    an_caffe_blob blobs[AN_CAFFE_BLOBS])
{
    int64_t outputs;
    char what[AN_CAFFE_NAME + 32];
    if (layer->n_blobs > AN_CAFFE_BLOBS)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: layer %s has %d blobs; its weights and its biases expected",
                       file_of(layer), layer->name, layer->n_blobs);
    for (int i = 0; i < layer->n_blobs; i++) {
        snprintf(what, sizeof what, "layer %s, blob %d", layer->name, i);
        AN_CHECK(an_caffe_blob_find(layer->blobs[i], what, &blobs[i]));
    }
    if (layer->n_blobs == 0)
        return ALEXNET_OK;
    AN_CHECK(widen(layer, &blobs[0], layer->type == AN_CAFFE_CONV ? 4 : 2));
    AN_CHECK(check_weights(layer, &blobs[0], &outputs));
    if (layer->n_blobs == 2 && (blobs[1].rank != 1 || blobs[1].dim[0] != outputs))
        return misfit(layer, "elements of its biases", outputs, blobs[1].count);
    return ALEXNET_OK;
}
