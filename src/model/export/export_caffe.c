/*
 * Models for Caffe: the weights with their layers (.caffemodel, with layers of the form V2, see
 * format/caffe/caffe.h) and, in files beside it, the network for inference (.prototxt) and the mean
 * image, if the network has one (_mean.binaryproto).
 */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "base/writer.h"
#include "format/wire_write.h"
#include "model/export/caffe_layers.h"
#include "model/export/export.h"

/* Field numbers: of NetParameter, LayerParameter, BlobProto, BlobShape and InputParameter. */
enum {
    NET_NAME = 1,
    NET_LAYER = 100,
    LAYER_NAME = 1,
    LAYER_TYPE = 2,
    LAYER_BOTTOM = 3,
    LAYER_TOP = 4,
    LAYER_BLOBS = 7,
    LAYER_INPUT = 143,
    BLOB_NUM = 1, /* then channels, height and width */
    BLOB_DATA = 5,
    BLOB_SHAPE = 7,
    SHAPE_DIM = 1,
    INPUT_SHAPE = 1,
};

/* ---- Weights ---- */

static alexnet_status put_file(void *writer, const void *bytes, size_t length)
{
    return an_writer_put(writer, bytes, length);
}

/* Write a buffer and free it. Fails if memory ran short while it was filled. */
static alexnet_status put_buffer(an_writer *model, an_wire_buffer *buffer)
{
    const alexnet_status rc = buffer->failed
                                  ? AN_FAIL_MEMORY(buffer->length, "a layer of a Caffe model")
                                  : an_writer_put(model, buffer->bytes, buffer->length);
    an_wire_buffer_free(buffer);
    return rc;
}

static void put_shape(an_wire_buffer *to, uint32_t number, const int64_t *dims, int rank)
{
    an_wire_buffer shape = {0};
    for (int i = 0; i < rank; i++)
        an_wire_put_int(&shape, SHAPE_DIM, dims[i]);
    an_wire_put_message(to, number, &shape);
}

/* The beginning of a blob, up to its numbers. */
static an_wire_buffer begin_blob(const an_param *param)
{
    an_wire_buffer blob = {0};
    put_shape(&blob, BLOB_SHAPE, param->shape.dim, param->shape.rank);
    an_wire_put_header(&blob, BLOB_DATA, (uint64_t)param->count * sizeof(float));
    return blob;
}

static uint64_t data_bytes(const an_param *param)
{
    return (uint64_t)param->count * sizeof(float);
}

/* Build the fields of a layer that come before its blobs, and those that come after. */
static void build_layer(const an_caffe_out *layer, const an_op_desc *desc, an_wire_buffer *front,
                        an_wire_buffer *back)
{
    an_wire_buffer message = {0};
    an_wire_put_text(front, LAYER_NAME, layer->name);
    an_wire_put_text(front, LAYER_TYPE, layer->type);
    for (int i = 0; i < layer->n_bottoms; i++)
        an_wire_put_text(front, LAYER_BOTTOM, layer->bottoms[i]);
    an_wire_put_text(front, LAYER_TOP, layer->top);
    for (int i = 0; i < layer->count; i++) {
        const an_caffe_setting *s = &layer->settings[i];
        if (s->real)
            an_wire_put_float(&message, s->number, (float)s->value);
        else
            an_wire_put_int(&message, s->number, (int64_t)s->value);
    }
    if (layer->message)
        an_wire_put_message(back, layer->message_number, &message);
    if (desc->kind == AN_OP_AUGMENT) {
        put_shape(&message, INPUT_SHAPE,
                  (const int64_t[]){1, desc->out.c, desc->out.h, desc->out.w}, 4);
        an_wire_put_message(back, LAYER_INPUT, &message);
    }
}

/* Write a blob as a field of a layer: the buffer from begin_blob(), which is freed, and the
 * numbers. */
static alexnet_status put_blob(an_writer *model, an_net *net, int param, an_wire_buffer *blob)
{
    const an_param *p = &net->params[param];
    const an_export_tensor tensor = {.shape = p->shape, .type = AN_F32, .param = param};
    an_wire_buffer field = {0};
    an_wire_put_header(&field, LAYER_BLOBS, blob->length + data_bytes(p));
    AN_CHECK(put_buffer(model, &field));
    AN_CHECK(put_buffer(model, blob));
    return an_export_values(net, &tensor, put_file, model);
}

/* Write a layer with `params` parameters from `first` on. The file has lengths first, so everything
 * but the numbers is built in advance. */
static alexnet_status write_layer(an_writer *model, an_net *net, int node, int first, int params)
{
    an_caffe_out layer;
    an_wire_buffer head = {0}, front = {0}, back = {0}, blobs[AN_MAX_PARAMS] = {{0}};
    alexnet_status rc = ALEXNET_OK;
    AN_CHECK(an_caffe_layer_of(&layer, net->network, node));
    build_layer(&layer, &net->network->graph.nodes[node].desc, &front, &back);
    uint64_t length = front.length + back.length;
    for (int i = 0; i < params; i++) {
        const an_param *p = &net->params[first + i];
        blobs[i] = begin_blob(p);
        length += an_wire_field_size(LAYER_BLOBS, blobs[i].length + data_bytes(p));
    }
    an_wire_put_header(&head, NET_LAYER, length);
    AN_TRY(put_buffer(model, &head));
    AN_TRY(put_buffer(model, &front));
    for (int i = 0; i < params; i++)
        AN_TRY(put_blob(model, net, first + i, &blobs[i]));
    AN_TRY(put_buffer(model, &back));
cleanup:
    an_wire_buffer_free(&front);
    an_wire_buffer_free(&back);
    for (int i = 0; i < AN_MAX_PARAMS; i++)
        an_wire_buffer_free(&blobs[i]);
    return rc;
}

static alexnet_status write_model(an_writer *model, an_net *net)
{
    an_wire_buffer name = {0};
    an_wire_put_text(&name, NET_NAME, net->network->name);
    AN_CHECK(put_buffer(model, &name));
    for (int i = 0; i < net->network->graph.count; i++) {
        an_param_info infos[AN_MAX_PARAMS];
        const an_op_desc *desc = &net->network->graph.nodes[i].desc;
        /* the parameter of node 0, the mean, has its own file */
        const int params = i > 0 ? an_op_params(desc, infos) : 0;
        AN_CHECK(write_layer(model, net, i, net->node_param[i], params));
    }
    return ALEXNET_OK;
}

/* Write the mean image as Caffe's own tool does: with the old fields for dimensions, and with blue
 * first whatever the network's order. */
static alexnet_status write_mean(an_writer *file, an_net *net, int mean)
{
    const an_param *p = &net->params[mean];
    const bool rgb = net->network->input.channels == AN_CHANNELS_RGB;
    const int64_t planes = p->shape.dim[0], area = p->count / planes;
    an_wire_buffer blob = {0};
    an_wire_put_int(&blob, BLOB_NUM, 1);
    for (int i = 0; i < p->shape.rank; i++)
        an_wire_put_int(&blob, BLOB_NUM + 1 + (uint32_t)i, p->shape.dim[i]);
    an_wire_put_header(&blob, BLOB_DATA, data_bytes(p));
    AN_CHECK(put_buffer(file, &blob));
    for (int64_t plane = 0; plane < planes; plane++) {
        const an_export_tensor tensor = {.shape = an_shape_of(1, (int)area),
                                         .type = AN_F32,
                                         .param = mean,
                                         .first = (rgb ? planes - 1 - plane : plane) * area};
        AN_CHECK(an_export_values(net, &tensor, put_file, file));
    }
    return ALEXNET_OK;
}

/* ---- The files ---- */

/* `path` with `ending` in place of .caffemodel, or appended if it does not end so; owned. */
static char *beside(const char *path, const char *ending)
{
    static const char own[] = ".caffemodel";
    size_t length = strlen(path);
    if (length > strlen(own) && an_text_same(path + length - strlen(own), own))
        length -= strlen(own);
    return an_format("%.*s%s", (int)length, path, ending);
}

/* Everything in a model but its weights takes far fewer bytes than this. */
enum { ROOM_FOR_LAYERS = 1 << 20 };

static alexnet_status check(const an_net *net)
{
    const alexnet_network *network = net->network;
    an_caffe_out layer;
    int64_t bytes = ROOM_FOR_LAYERS;
    for (int i = 0; i < net->count; i++)
        bytes += net->params[i].count * (int64_t)sizeof(float);
    if (bytes > INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "the weights take %.1f GiB; a Caffe model holds less than 2, the limit of "
                       "protocol buffers",
                       (double)bytes / (1 << 30));
    for (int i = 0; i < network->graph.count; i++)
        if (an_caffe_layer_of(&layer, network, i) != ALEXNET_OK)
            return an_fail_within(ALEXNET_ERROR_UNSUPPORTED,
                                  "Caffe has no network such as this one");
    return ALEXNET_OK;
}

enum { MODEL, MEAN, TEXT, FILES };

/* The file of a mean image has no mark: it is the library's if the text beside it is. */
static alexnet_status check_beside(const char *text, const char *mean)
{
    bool there;
    AN_CHECK(an_export_check_beside(text, AN_CAFFE_TEXT_MARK));
    AN_CHECK(an_file_exists(text, &there));
    return there || !mean ? ALEXNET_OK : an_export_check_beside(mean, NULL);
}

/* The parameter that is a mean image; -1: none. */
static int mean_image(const an_net *net)
{
    const int mean = an_net_find(net, "input.mean");
    return mean >= 0 && net->params[mean].shape.rank == 3 ? mean : -1;
}

static alexnet_status write_files(an_writer *files[FILES], const char *const paths[FILES],
                                  an_net *net, const char *provenance)
{
    const int mean = mean_image(net);
    AN_CHECK(check_beside(paths[TEXT], mean >= 0 ? paths[MEAN] : NULL));
    for (int i = 0; i < FILES; i++)
        if (i != MEAN || mean >= 0)
            AN_CHECK(an_writer_open(&files[i], paths[i]));
    AN_CHECK(an_caffe_text_write(files[TEXT], net, provenance));
    AN_CHECK(write_model(files[MODEL], net));
    return files[MEAN] ? write_mean(files[MEAN], net, mean) : ALEXNET_OK;
}

/* No file gets its final name before all are written; the model is the last. */
static alexnet_status commit(an_writer *files[FILES])
{
    for (int i = FILES - 1; i >= 0; i--) {
        an_writer *file = files[i];
        files[i] = NULL;
        if (file)
            AN_CHECK(an_writer_commit(file));
    }
    return ALEXNET_OK;
}

static alexnet_status write_caffe(const char *path, an_net *net, const an_classes *classes,
                                  const char *provenance, const an_export_options *options)
{
    an_writer *files[FILES] = {NULL};
    char *text = beside(path, ".prototxt"), *mean = beside(path, "_mean.binaryproto");
    alexnet_status rc = ALEXNET_OK;
    (void)classes, (void)options;
    if (!text || !mean) {
        rc = AN_FAIL_MEMORY(strlen(path), "a path");
        goto cleanup;
    }
    AN_TRY(check(net));
    AN_TRY(write_files(files, (const char *const[FILES]){path, mean, text}, net, provenance));
    AN_TRY(commit(files));
cleanup:
    for (int i = 0; i < FILES; i++)
        an_writer_abort(files[i]);
    an_free(text);
    an_free(mean);
    return rc;
}

const an_export_format an_export_caffe = {
    .name = "caffemodel",
    .endings = ".caffemodel",
    .about = "Caffe's, with the .prototxt and the mean image beside it",
    .without = "class names",
    .write = write_caffe,
};
