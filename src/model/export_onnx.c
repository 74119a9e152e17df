/*
 * ONNX for other programs. Everything but the weights is built in memory; they are read from the
 * net and written piece by piece, so that a model is never in memory twice.
 */
#include "model/export_onnx.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/writer.h"

/* The parts of the file, in order: a head, the graph with its weights, a tail. */
typedef struct parts {
    an_wire_buffer head, ends, tail;
    an_export_tensor *tensors;
    int n_tensors;
} parts;

static void put_ends(parts *p, const an_onnx_export *e)
{
    const alexnet_network *network = e->net->network;
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

static alexnet_status build(parts *p, an_onnx_export *e, const an_classes *classes,
                            const char *provenance, const an_export_options *options)
{
    const an_graph *graph = &e->net->network->graph;
    AN_CHECK(an_export_tensors(&p->tensors, &p->n_tensors, e->net, options));
    e->places = an_calloc((size_t)graph->count, sizeof *e->places);
    if (!e->places)
        return AN_FAIL_MEMORY((size_t)graph->count * sizeof *e->places, "a graph");
    an_wire_put_int(&p->head, AN_ONNX_MODEL_IR_VERSION, AN_ONNX_IR_VERSION);
    an_wire_put_text(&p->head, AN_ONNX_MODEL_PRODUCER, "alexnet");
    an_wire_put_text(&p->head, AN_ONNX_MODEL_PRODUCER_VERSION, alexnet_version());
    if (e->preprocessing)
        an_onnx_export_input(e);
    snprintf(e->places[0].name, sizeof e->places[0].name, "%s",
             e->preprocessing ? "input/prepared" : AN_ONNX_INPUT);
    for (int i = 1; i < graph->count; i++)
        an_onnx_export_node(e, i);
    put_ends(p, e);
    an_onnx_put_opset(&p->tail);
    AN_CHECK(an_model_file_metadata_to(put_metadata, &p->tail, e->net->network, classes));
    if (*provenance)
        an_onnx_put_metadata(&p->tail, AN_METADATA_PROVENANCE, provenance);
    if (p->head.failed || e->nodes.failed || p->ends.failed || p->tail.failed)
        return AN_FAIL_MEMORY(p->tail.length + e->nodes.length, "an ONNX graph");
    return ALEXNET_OK;
}

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
        AN_CHECK(put_tensor(writer, e->net, &p->tensors[i]));
    AN_CHECK(an_writer_put(writer, p->ends.bytes, p->ends.length));
    return an_writer_put(writer, p->tail.bytes, p->tail.length);
}

static alexnet_status write_onnx(const char *path, an_net *net, const an_classes *classes,
                                 const char *provenance, const an_export_options *options)
{
    alexnet_status rc = ALEXNET_OK;
    an_writer *writer = NULL;
    parts p = {0};
    an_onnx_export e = {
        .net = net, .weights = options->weights, .preprocessing = options->preprocessing};
    AN_TRY(build(&p, &e, classes, provenance, options));
    AN_TRY(an_writer_open(&writer, path));
    AN_TRY(put_file(writer, &p, &e));
    rc = an_writer_commit(writer);
    writer = NULL;
cleanup:
    an_writer_abort(writer);
    an_wire_buffer_free(&p.head);
    an_wire_buffer_free(&p.ends);
    an_wire_buffer_free(&p.tail);
    an_wire_buffer_free(&e.nodes);
    an_free(p.tensors);
    an_free(e.places);
    return rc;
}

const an_export_format an_export_onnx = {
    .name = "onnx",
    .endings = ".onnx",
    .about = "ONNX, for ONNX Runtime, OpenCV and others",
    .without = "",
    .takes_half = true,
    .takes_preprocessing = true,
    .write = write_onnx,
};
