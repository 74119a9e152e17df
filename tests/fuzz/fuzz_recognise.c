/*
 * Files of tensors and of layers that nobody would write: the tensors of a built-in network and the
 * layers that a file would list for it, changed as the bytes say. Recognition gives an error, or a
 * network every parameter of which is bound to a tensor of as many elements, or whose layer is
 * lacking.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/builtin.h"
#include "format/tensor_format.h"
#include "model/recognise/recognise.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { ENTRIES = 48, LAYERS = 48, NAME = 64 };

static struct {
    an_tensor_entry entries[ENTRIES];
    char names[ENTRIES][NAME];
    int count;
    an_outline_layer layers[LAYERS];
    char layer_names[LAYERS][NAME];
    int layer_count, input[3];
} made;

static alexnet_status tell_outline(an_tensor_file *file, an_outline *outline)
{
    (void)file;
    memcpy(outline->input, made.input, sizeof made.input);
    for (int i = 0; i < made.layer_count; i++) {
        an_outline_layer *layer;
        alexnet_status rc =
            an_outline_add(outline, made.layers[i].kind, made.layer_names[i], &layer);
        if (rc != ALEXNET_OK)
            return rc;
        char *name = layer->name;
        *layer = made.layers[i];
        layer->name = name;
    }
    return ALEXNET_OK;
}

static void close_nothing(void *state)
{
    (void)state;
}

static const an_tensor_format format = {
    .name = "fuzz", .outline = tell_outline, .close = close_nothing};

/* ---- The bytes ---- */

typedef struct stream {
    const uint8_t *at, *end;
} stream;

static int byte(stream *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

/* Small numbers, sizes that networks have, and numbers that are no sizes. */
static int64_t number(stream *s)
{
    static const int64_t known[] = {0,    1,    3,         11,        48,        96,        256,
                                    4096, 9216, INT32_MAX, INT64_MAX, INT64_MIN, AN_UNKNOWN};
    const int b = byte(s);
    return b < 200 ? b : known[(size_t)b % (sizeof known / sizeof known[0])];
}

/* ---- A network as a file has it ---- */

static void start(const alexnet_network *network, bool listed)
{
    const an_graph *graph = &network->graph;
    memset(&made, 0, sizeof made);
    made.input[0] = 3;
    made.input[1] = made.input[2] = network->input.size;
    for (int i = 1; i < graph->count; i++) {
        const an_op_desc *d = &graph->nodes[i].desc;
        an_param_info params[AN_MAX_PARAMS];
        an_outline_layer *l = &made.layers[made.layer_count];
        const int n = an_op_params(d, params);
        const char *layer = network->layers[graph->nodes[i].layer].name;
        *l = (an_outline_layer){.weight = n > 0 ? made.count : -1,
                                .bias = n > 1 ? made.count + 1 : -1,
                                .window = AN_UNKNOWN,
                                .stride = AN_UNKNOWN,
                                .groups = AN_UNKNOWN,
                                .ceil = AN_UNKNOWN,
                                .divided = 0};
        switch (d->kind) {
        case AN_OP_CONV: l->kind = AN_OUTLINE_CONV; break;
        case AN_OP_FC: l->kind = AN_OUTLINE_FC; break;
        case AN_OP_POOL: l->kind = AN_OUTLINE_POOL_MAX; break;
        case AN_OP_LRN: l->kind = AN_OUTLINE_LRN; break;
        case AN_OP_LRN_WITHIN: l->kind = AN_OUTLINE_LRN_WITHIN; break;
        case AN_OP_NEURON: l->kind = AN_OUTLINE_NEURON; break;
        case AN_OP_DROPOUT: l->kind = AN_OUTLINE_DROPOUT; break;
        default: l->kind = AN_OUTLINE_SOFTMAX; break;
        }
        if (d->kind == AN_OP_CONV)
            l->outputs = d->u.conv.k;
        if (d->kind == AN_OP_FC)
            l->outputs = d->u.fc.k;
        if (d->kind == AN_OP_LRN || d->kind == AN_OP_LRN_WITHIN) {
            l->alpha = d->u.lrn.alpha;
            l->beta = d->u.lrn.beta;
            l->k = d->u.lrn.k;
        }
        for (int side = 0; side < 4; side++)
            l->padding[side] = AN_UNKNOWN;
        snprintf(made.layer_names[made.layer_count], NAME, "%s", layer);
        made.layer_count += listed;
        for (int j = 0; j < n; j++) {
            an_tensor_entry *e = &made.entries[made.count];
            snprintf(made.names[made.count], NAME, "%s.%s", layer, params[j].name);
            *e = (an_tensor_entry){
                .name = made.names[made.count], .dtype = AN_F32, .shape = params[j].shape};
            made.count++;
        }
    }
}

static void change_tensor(stream *s)
{
    static const char *const words[] = {"conv1.weight",
                                        "features.0.weight",
                                        "fc2048a.bias",
                                        "classifier.6.bias",
                                        "module.fc6_w_0",
                                        "slice1.0.weight",
                                        "x.features.3.weight",
                                        "input.mean",
                                        "running_mean",
                                        "fc1000.weight",
                                        "",
                                        "."};
    an_tensor_entry *e = &made.entries[byte(s) % made.count];
    switch (byte(s) % 4) {
    case 0:
        snprintf(e->name, NAME, "%s", words[(size_t)byte(s) % (sizeof words / sizeof words[0])]);
        break;
    case 1: e->dtype = (an_dtype)(byte(s) % (AN_OTHER + 1)); break;
    case 2:
        e->shape.rank = byte(s) % 6;
        for (int i = 0; i < AN_MAX_RANK; i++)
            e->shape.dim[i] = number(s);
        break;
    default:
        if (e->shape.rank > 0 && e->shape.rank <= AN_MAX_RANK)
            e->shape.dim[byte(s) % e->shape.rank] = number(s);
    }
}

static void change_layer(stream *s)
{
    an_outline_layer *l = &made.layers[byte(s) % made.layer_count];
    const int what = byte(s) % 14;
    const int value = (int)number(s);
    int *const fields[] = {&l->weight,     &l->bias,       &l->outputs,    &l->window,
                           &l->stride,     &l->groups,     &l->padding[0], &l->padding[1],
                           &l->padding[2], &l->padding[3], &l->ceil,       &l->divided};
    if (what < 12)
        *fields[what] = value;
    else if (what == 12)
        l->kind = (an_outline_kind)(byte(s) % (AN_OUTLINE_SOFTMAX + 1));
    else
        l->transposed = !l->transposed;
}

static void check(const an_recognition *is, const an_tensor_file *file)
{
    const an_graph *graph = &is->network->graph;
    char why[256];
    if (is->classes < 1 || is->classes > AN_CLASSES_MAX || is->network->classes != is->classes)
        abort();
    for (int i = 1; i < graph->count; i++) {
        an_param_info params[AN_MAX_PARAMS];
        const int n = an_op_params(&graph->nodes[i].desc, params);
        for (int j = 0; j < n; j++) {
            const an_binding *b = &is->match.pairs[graph->nodes[i].layer][j];
            const bool lacks = is->match.lacks[graph->nodes[i].layer]; /* a part of a network */
            if (lacks && an_binding_is(b))
                abort();
            if (!lacks && !an_binding_fits(b, file, params[j].shape, why))
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const nets[] = {"alexnet-mini", "bvlc-alexnet", "alexnet-owt",
                                       "alexnet-2012"};
    stream s = {bytes, bytes + length};
    const int first = byte(&s);
    alexnet_network *network;
    an_reader *reader;
    an_recognition is;
    if (an_network_load(&network, nets[first % 4], 1 + byte(&s)) != ALEXNET_OK)
        abort();
    start(network, first & 4);
    an_network_release(network);
    for (int i = 0; i < 64 && s.at < s.end; i++)
        made.layer_count &&byte(&s) & 1 ? change_layer(&s) : change_tensor(&s);
    if (an_reader_memory(&reader, "fuzz", "", 0) != ALEXNET_OK)
        return 0;
    an_tensor_file file = {
        .format = &format, .reader = reader, .count = made.count, .entries = made.entries};
    if (an_recognise(&is, &file, first & 8 ? nets[first % 4] : NULL, false) == ALEXNET_OK) {
        check(&is, &file);
        an_recognition_free(&is);
    }
    if (an_recognise(&is, &file, NULL, true) == ALEXNET_OK)
        an_recognition_free(&is);
    an_reader_close(reader);
    return 0;
}
