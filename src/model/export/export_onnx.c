/*
 * ONNX for other programs. Everything but the weights is built in memory; they are read from the
 * net and written piece by piece, so that a model is never in memory twice.
 */
#include "model/export/export_onnx.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/version.h"
#include "base/writer.h"

/* The parts of the file, in order: a head, the graph with its weights, a tail. */
typedef struct parts {
    an_net *net;
    an_wire_buffer head, ends, tail;
    an_export_tensor *tensors;
    int n_tensors;
} parts;

static void put_ends(parts *p, const an_onnx_export *e)
{
    const alexnet_network *network = e->network;
    const int size = network->input.size;
    const an_graph *graph = &network->graph;
    if (e->preprocessing)
        an_onnx_put_end(&p->ends, AN_ONNX_GRAPH_INPUT, AN_ONNX_INPUT, AN_U8,
                        (const int64_t[]){-1, size, size, 3}, 4,
                        "pixels of the centre crop, red, green, blue, 0 to 255");
    else
        an_onnx_put_end(&p->ends, AN_ONNX_GRAPH_INPUT, AN_ONNX_INPUT, AN_F32,
                        (const int64_t[]){-1, graph->nodes[0].desc.out.c, size, size}, 4,
                        network->preprocessing);
    an_onnx_put_end(&p->ends, AN_ONNX_GRAPH_OUTPUT, e->places[graph->count - 1].name, AN_F32,
                    (const int64_t[]){-1, network->classes}, 2, "probabilities of the classes");
    an_wire_put_text(&p->ends, AN_ONNX_GRAPH_NAME, network->name);
}

static alexnet_status put_metadata(void *tail, const char *key, const char *value)
{
    an_onnx_put_metadata(tail, key, value);
    return ALEXNET_OK;
}

/* Build everything but the weights and the metadata. */
static alexnet_status build_graph(parts *p, an_onnx_export *e)
{
    const an_graph *graph = &e->network->graph;
    e->places = an_calloc((size_t)graph->count, sizeof *e->places);
    if (!e->places)
        return AN_FAIL_MEMORY((size_t)graph->count * sizeof *e->places, "a graph");
    an_wire_put_int(&p->head, AN_ONNX_MODEL_IR_VERSION, AN_ONNX_IR_VERSION);
    an_wire_put_text(&p->head, AN_ONNX_MODEL_PRODUCER, "alexnet");
    an_wire_put_text(&p->head, AN_ONNX_MODEL_PRODUCER_VERSION, AN_VERSION);
    if (e->preprocessing)
        an_onnx_export_input(e);
    snprintf(e->places[0].name, sizeof e->places[0].name, "%s",
             e->preprocessing ? "input/prepared" : AN_ONNX_INPUT);
    for (int i = 1; i < graph->count; i++)
        an_onnx_export_node(e, i);
    put_ends(p, e);
    an_onnx_put_opset(&p->tail);
    return ALEXNET_OK;
}

static alexnet_status check_built(const parts *p, const an_onnx_export *e)
{
    return p->head.failed || e->nodes.failed || p->ends.failed || p->tail.failed
               ? AN_FAIL_MEMORY(p->tail.length + e->nodes.length, "an ONNX graph")
               : ALEXNET_OK;
}

static alexnet_status build(parts *p, an_onnx_export *e, const an_classes *classes,
                            const char *provenance, const an_export_options *options)
{
    AN_CHECK(an_export_tensors(&p->tensors, &p->n_tensors, p->net, options));
    AN_CHECK(build_graph(p, e));
    AN_CHECK(an_model_metadata_write_to(put_metadata, &p->tail, e->network, classes));
    if (*provenance)
        an_onnx_put_metadata(&p->tail, AN_METADATA_PROVENANCE, provenance);
    return check_built(p, e);
}

static void free_parts(parts *p, an_onnx_export *e)
{
    an_wire_buffer_free(&p->head);
    an_wire_buffer_free(&p->ends);
    an_wire_buffer_free(&p->tail);
    an_wire_buffer_free(&e->nodes);
    an_free(p->tensors);
    an_free(e->places);
}

/* ---- The graph alone ---- */

static void put_fixed_mean(an_wire_buffer *nodes, const char *name, an_shape shape,
                           const an_input *input)
{
    const float mean[3] = {(float)input->fixed_mean[0], (float)input->fixed_mean[1],
                           (float)input->fixed_mean[2]};
    an_onnx_put_floats(nodes, name, shape, mean);
}

/* The parameters of all layers, and the mean, without values unless the network's text has them. */
static void put_parameters(an_wire_buffer *nodes, const alexnet_network *network)
{
    for (int i = 0; i < network->graph.count; i++) {
        const an_node *node = &network->graph.nodes[i];
        an_param_info params[AN_MAX_PARAMS];
        const int n = an_op_params(&node->desc, params);
        for (int j = 0; j < n; j++) {
            an_onnx_name name;
            snprintf(name, sizeof name, "%s.%s",
                     node->layer < 0 ? "input" : network->layers[node->layer].name, params[j].name);
            if (node->layer < 0 && network->input.mean == AN_INPUT_MEAN_FIXED)
                put_fixed_mean(nodes, name, params[j].shape, &network->input);
            else
                an_onnx_put_any(nodes, name, params[j].shape);
        }
    }
}

alexnet_status an_onnx_export_graph(an_wire_buffer *model, const alexnet_network *network,
                                    bool preprocessing)
{
    parts p = {0};
    an_onnx_export e = {.network = network, .weights = AN_F32, .preprocessing = preprocessing};
    alexnet_status rc;
    *model = (an_wire_buffer){0};
    AN_TRY(build_graph(&p, &e));
    put_parameters(&e.nodes, network);
    AN_TRY(check_built(&p, &e));
    an_wire_put_fields(&e.nodes, &p.ends);
    an_wire_put_fields(model, &p.head);
    an_wire_put_message(model, AN_ONNX_MODEL_GRAPH, &e.nodes);
    an_wire_put_fields(model, &p.tail);
    rc = model->failed ? AN_FAIL_MEMORY(model->length, "an ONNX graph") : ALEXNET_OK;
cleanup:
    free_parts(&p, &e);
    return rc;
}

/* ---- The file ---- */

static alexnet_status put_bytes(void *writer, const void *bytes, size_t length)
{
    return an_writer_put(writer, bytes, length);
}

/* The length of the graph: nodes, the weights as they will be written, and the ends. */
static alexnet_status measure(const parts *p, const an_onnx_export *e, uint64_t *length)
{
    *length = e->nodes.length + p->ends.length;
    for (int i = 0; i < p->n_tensors; i++) {
        const an_export_tensor *t = &p->tensors[i];
        uint64_t whole;
        an_wire_buffer begin = an_onnx_tensor_begin(t->name, t->type, t->shape, &whole);
        const bool failed = begin.failed;
        an_wire_buffer_free(&begin);
        if (failed)
            return AN_FAIL_MEMORY(256, "an ONNX graph");
        *length += an_wire_field_size(AN_ONNX_GRAPH_INITIALIZER, whole);
    }
    return ALEXNET_OK;
}

static alexnet_status put_tensor(an_writer *writer, an_net *net, const an_export_tensor *t)
{
    uint64_t whole;
    an_wire_buffer begin = an_onnx_tensor_begin(t->name, t->type, t->shape, &whole), field = {0};
    alexnet_status rc = ALEXNET_OK;
    an_wire_put_header(&field, AN_ONNX_GRAPH_INITIALIZER, whole);
    if (begin.failed || field.failed)
        AN_TRY(AN_FAIL_MEMORY(256, "an ONNX graph"));
    AN_TRY(an_writer_put(writer, field.bytes, field.length));
    AN_TRY(an_writer_put(writer, begin.bytes, begin.length));
    AN_TRY(an_export_values(net, t, put_bytes, writer));
cleanup:
    an_wire_buffer_free(&begin);
    an_wire_buffer_free(&field);
    return rc;
}

static alexnet_status put_file(an_writer *writer, parts *p, const an_onnx_export *e)
{
    uint64_t length;
    AN_CHECK(measure(p, e, &length));
    if (length + p->head.length + p->tail.length + 16 > INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "the model takes %.1f GiB; an ONNX file holds less than 2, the limit of "
                       "protocol buffers",
                       (double)length / (1 << 30));
    an_wire_put_header(&p->head, AN_ONNX_MODEL_GRAPH, length);
    if (p->head.failed)
        return AN_FAIL_MEMORY(64, "an ONNX graph");
    AN_CHECK(an_writer_put(writer, p->head.bytes, p->head.length));
    AN_CHECK(an_writer_put(writer, e->nodes.bytes, e->nodes.length));
    for (int i = 0; i < p->n_tensors; i++)
        AN_CHECK(put_tensor(writer, p->net, &p->tensors[i]));
    AN_CHECK(an_writer_put(writer, p->ends.bytes, p->ends.length));
    return an_writer_put(writer, p->tail.bytes, p->tail.length);
}

static alexnet_status write_onnx(const char *path, an_net *net, const an_classes *classes,
                                 const char *provenance, const an_export_options *options)
{
    alexnet_status rc = ALEXNET_OK;
    an_writer *writer;
    parts p = {.net = net};
    an_onnx_export e = {.network = net->network,
                        .weights = options->weights,
                        .preprocessing = options->preprocessing};
    AN_TRY(build(&p, &e, classes, provenance, options));
    AN_TRY(an_writer_open(&writer, path));
    rc = an_writer_end(writer, put_file(writer, &p, &e));
cleanup:
    free_parts(&p, &e);
    return rc;
}

const an_export_format an_export_onnx = {
    .name = "onnx",
    .endings = ".onnx",
    .about = "ONNX, for ONNX Runtime, OpenCV and others",
    .without = "",
    .takes_half = true,
    .takes_bf16 = true,
    .takes_preprocessing = true,
    .write = write_onnx,
};
