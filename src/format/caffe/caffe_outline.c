/*
 * The layers of a Caffe model, which must be a chain.
 */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "format/caffe/caffe_model.h"

typedef struct listing {
    an_tensor_file *file;
    an_outline *outline;
    const an_caffe_layer *layer; /* the current one */
    an_caffe_keys keys;          /* of `layer` */
    int entry;                   /* the next one of the file */
    bool begun;                  /* some layer has computed something */
    an_caffe_layer tip;          /* the latest one that did; the next must read its output */
    int padding;                 /* V0: of the next convolution or pooling; -1: it has its own */
    int crop;                    /* side of the pictures' crops, -1: unknown */
    int input_dims;              /* dimensions in the old form seen so far */
} listing;

static alexnet_status unsupported(const listing *l, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: layer %s: %s", an_tensor_file_name(l->file),
                   l->layer->name, what);
}

static alexnet_status whole(const listing *l, an_caffe_key key, int value[2])
{
    return an_caffe_keys_whole(&l->keys, key, l->layer->name, &l->layer->message, value);
}

/* A key that is the same for rows and columns. */
static alexnet_status square(const listing *l, an_caffe_key key, const char *what, int *value)
{
    int both[2];
    AN_CHECK(whole(l, key, both));
    if (both[0] != both[1])
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: layer %s: %s of %d rows and %d columns; only squares are computed",
                       an_tensor_file_name(l->file), l->layer->name, what, both[0], both[1]);
    *value = both[0];
    return ALEXNET_OK;
}

static alexnet_status add(listing *l, an_outline_kind kind, an_outline_layer **out)
{
    return an_outline_add(l->outline, kind, l->layer->name, out);
}

/* Window, stride and padding of a convolution or pooling. */
static alexnet_status fill_windows(listing *l, an_outline_layer *out)
{
    int pad[2];
    AN_CHECK(square(l, AN_CAFFE_KERNEL, "windows", &out->window));
    AN_CHECK(square(l, AN_CAFFE_STRIDE, "strides", &out->stride));
    AN_CHECK(whole(l, AN_CAFFE_PAD, pad));
    for (int i = 0; i < 4; i++)
        out->padding[i] = l->padding >= 0 ? l->padding : pad[i % 2];
    l->padding = -1;
    return ALEXNET_OK;
}

/* The entries of a layer with weights. */
static void take_entries(listing *l, an_outline_layer *out, int which_dim)
{
    if (l->layer->n_blobs > 0) {
        out->weight = l->entry++;
        if (out->outputs < 0)
            out->outputs = (int)l->file->entries[out->weight].shape.dim[which_dim];
    }
    if (l->layer->n_blobs > 1)
        out->bias = l->entry++;
}

static alexnet_status add_conv(listing *l)
{
    an_outline_layer *out;
    int axis, dilation;
    AN_CHECK(add(l, AN_OUTLINE_CONV, &out));
    AN_CHECK(square(l, AN_CAFFE_AXIS, "an axis", &axis));
    AN_CHECK(square(l, AN_CAFFE_DILATION, "dilation", &dilation));
    if (axis != 1 || dilation != 1)
        return unsupported(l, "a convolution with dilation, or along other axes");
    AN_CHECK(square(l, AN_CAFFE_OUTPUTS, "outputs", &out->outputs));
    AN_CHECK(square(l, AN_CAFFE_GROUPS, "groups", &out->groups));
    AN_CHECK(fill_windows(l, out));
    take_entries(l, out, 0);
    if (out->window < 0 && out->weight >= 0)
        out->window = (int)l->file->entries[out->weight].shape.dim[2];
    return ALEXNET_OK;
}

static alexnet_status add_fc(listing *l)
{
    an_outline_layer *out;
    int transposed;
    AN_CHECK(add(l, AN_OUTLINE_FC, &out));
    AN_CHECK(square(l, AN_CAFFE_OUTPUTS, "outputs", &out->outputs));
    AN_CHECK(square(l, AN_CAFFE_TRANSPOSE, "transpose", &transposed));
    out->transposed = transposed > 0;
    take_entries(l, out, transposed > 0);
    return ALEXNET_OK;
}

static alexnet_status add_relu(listing *l)
{
    an_outline_layer *out;
    if (l->keys.value[AN_CAFFE_SLOPE][0] != 0)
        return unsupported(l, "a ReLU with a slope below 0");
    return add(l, AN_OUTLINE_NEURON, &out);
}

static alexnet_status add_lrn(listing *l)
{
    an_outline_layer *out;
    int within;
    AN_CHECK(square(l, AN_CAFFE_REGION, "norm_region", &within));
    AN_CHECK(add(l, within ? AN_OUTLINE_LRN_WITHIN : AN_OUTLINE_LRN, &out));
    AN_CHECK(square(l, AN_CAFFE_SIZE, "windows", &out->window));
    out->alpha = l->keys.value[AN_CAFFE_ALPHA][0];
    out->beta = l->keys.value[AN_CAFFE_BETA][0];
    out->k = within ? 1 : l->keys.value[AN_CAFFE_K][0]; /* Caffe ignores k within a map */
    out->divided = 1;
    if (!isfinite(out->alpha) || !isfinite(out->beta) || !isfinite(out->k))
        return unsupported(l, "constants that are not finite numbers");
    return ALEXNET_OK;
}

static alexnet_status add_pool(listing *l)
{
    an_outline_layer *out;
    int method, global, round;
    AN_CHECK(square(l, AN_CAFFE_POOL, "pool", &method));
    AN_CHECK(square(l, AN_CAFFE_GLOBAL, "global_pooling", &global));
    AN_CHECK(square(l, AN_CAFFE_ROUND, "round_mode", &round));
    if (global > 0 || method > 1)
        return unsupported(l, global > 0 ? "global pooling" : "stochastic pooling");
    AN_CHECK(add(l, method ? AN_OUTLINE_POOL_AVG : AN_OUTLINE_POOL_MAX, &out));
    AN_CHECK(fill_windows(l, out));
    if (method && (out->padding[0] > 0 || out->padding[1] > 0))
        return unsupported(l, "average pooling that counts padding");
    out->ceil = round == 0;
    return ALEXNET_OK;
}

static alexnet_status add_plain(listing *l, an_outline_kind kind)
{
    an_outline_layer *out;
    return add(l, kind, &out);
}

static alexnet_status add_layer(listing *l)
{
    if (l->padding >= 0 && l->layer->type != AN_CAFFE_CONV && l->layer->type != AN_CAFFE_POOLING)
        return unsupported(l, "padding that no convolution or pooling follows");
    switch (l->layer->type) {
    case AN_CAFFE_CONV: return add_conv(l);
    case AN_CAFFE_FC: return add_fc(l);
    case AN_CAFFE_RELU: return add_relu(l);
    case AN_CAFFE_LRN: return add_lrn(l);
    case AN_CAFFE_POOLING: return add_pool(l);
    case AN_CAFFE_DROPOUT: return add_plain(l, AN_OUTLINE_DROPOUT);
    case AN_CAFFE_SOFTMAX: return add_plain(l, AN_OUTLINE_SOFTMAX);
    case AN_CAFFE_PADDING: return square(l, AN_CAFFE_PAD, "padding", &l->padding);
    case AN_CAFFE_COPY: return ALEXNET_OK;
    default:
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: layer %s is of a type that is not computed: %s",
                       an_tensor_file_name(l->file), l->layer->name, l->layer->word);
    }
}

/* ---- The chain ---- */

/* Check that a layer reads the output of the one before it, and nothing else. */
static alexnet_status check_link(listing *l)
{
    char reads[AN_CAFFE_NAME + 1], more[AN_CAFFE_NAME + 1], made[AN_CAFFE_NAME + 1];
    an_wire bottom = l->layer->message, top = l->tip.message;
    AN_CHECK(an_caffe_layer_link(l->layer, false, &bottom, reads));
    if (reads[0])
        AN_CHECK(an_caffe_layer_link(l->layer, false, &bottom, more));
    if (reads[0] && more[0])
        return unsupported(l, "it reads several layers; a chain of layers expected");
    if (!reads[0] || !l->begun)
        return ALEXNET_OK;
    do
        AN_CHECK(an_caffe_layer_link(&l->tip, true, &top, made));
    while (made[0] && strcmp(made, reads) != 0);
    if (made[0])
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s: layer %s reads %s, which is not what %s, the layer before it, computes: a "
                   "chain of layers expected",
                   an_tensor_file_name(l->file), l->layer->name, reads, l->tip.name);
}

static an_caffe_message message_of(an_caffe_type type)
{
    switch (type) {
    case AN_CAFFE_CONV: return AN_CAFFE_KEYS_CONV;
    case AN_CAFFE_FC: return AN_CAFFE_KEYS_FC;
    case AN_CAFFE_LRN: return AN_CAFFE_KEYS_LRN;
    case AN_CAFFE_POOLING: return AN_CAFFE_KEYS_POOL;
    case AN_CAFFE_RELU: return AN_CAFFE_KEYS_RELU;
    default: return AN_CAFFE_KEYS_CROP;
    }
}

/* ---- The input's size ---- */

/* Take the next one of the dimensions N, C, H and W. */
static void put_dim(listing *l, int64_t dim)
{
    const int at = l->input_dims++;
    if (at >= 1 && at <= 3 && dim >= 1 && dim <= INT16_MAX)
        l->outline->input[at - 1] = (int)dim;
}

static alexnet_status read_shape(listing *l, an_wire shape)
{
    an_wire_field field;
    bool more;
    uint64_t dim;
    while (l->input_dims < 4) {
        AN_CHECK(an_wire_next(&shape, &field, &more));
        if (!more)
            return ALEXNET_OK;
        if (field.number == 1 && field.type == AN_WIRE_VARINT)
            put_dim(l, an_wire_int(&field));
        while (field.number == 1 && field.type == AN_WIRE_BYTES &&
               an_wire_length(&field.body) > 0 && l->input_dims < 4) {
            AN_CHECK(an_wire_varint(&field.body, &dim));
            put_dim(l, (int64_t)dim);
        }
    }
    return ALEXNET_OK;
}

/* The shape that an Input layer gives, or the size of crops. */
static alexnet_status read_data_layer(listing *l)
{
    an_wire_field field;
    bool more = l->layer->has_keys[AN_CAFFE_KEYS_INPUT];
    an_wire input = l->layer->keys[AN_CAFFE_KEYS_INPUT];
    int crop[2];
    AN_CHECK(whole(l, AN_CAFFE_CROP, crop));
    if (crop[0] > 0)
        l->crop = crop[0];
    while (more) {
        AN_CHECK(an_wire_next(&input, &field, &more));
        if (more && field.number == 1 && field.type == AN_WIRE_BYTES)
            AN_CHECK(read_shape(l, field.body));
    }
    return ALEXNET_OK;
}

/* ---- All layers ---- */

static alexnet_status list_layer(listing *l, const an_caffe_layer *layer)
{
    l->layer = layer;
    if (layer->type == AN_CAFFE_END)
        return ALEXNET_OK;
    AN_CHECK(an_caffe_layer_keys(layer, message_of(layer->type), &l->keys));
    if (layer->type == AN_CAFFE_DATA)
        return read_data_layer(l);
    AN_CHECK(check_link(l));
    AN_CHECK(add_layer(l));
    l->begun = true;
    l->tip = *layer;
    return ALEXNET_OK;
}

static alexnet_status list_field(listing *l, const an_wire *net, an_wire_field *field)
{
    an_caffe_layer layer;
    switch (field->number) {
    case AN_CAFFE_NET_INPUT_DIM:
        if (field->type == AN_WIRE_VARINT)
            put_dim(l, an_wire_int(field));
        return ALEXNET_OK;
    case AN_CAFFE_NET_INPUT_SHAPE:
        return field->type == AN_WIRE_BYTES ? read_shape(l, field->body) : ALEXNET_OK;
    case AN_CAFFE_NET_LAYERS:
    case AN_CAFFE_NET_LAYER:
        AN_CHECK(an_caffe_layer_read(net, field, &layer));
        return list_layer(l, &layer);
    default: return ALEXNET_OK;
    }
}

alexnet_status an_caffe_outline(an_tensor_file *file, an_outline *outline)
{
    an_caffe_model *model = file->state;
    listing l = {.file = file, .outline = outline, .padding = -1, .crop = -1};
    an_wire net = an_wire_open(&model->file, file->reader);
    an_wire_field field;
    bool more = true;
    while (more) {
        AN_CHECK(an_wire_next(&net, &field, &more));
        if (more)
            AN_CHECK(list_field(&l, &net, &field));
    }
    if (l.crop > 0 && outline->input[1] < 0)
        outline->input[1] = outline->input[2] = l.crop;
    return ALEXNET_OK;
}
