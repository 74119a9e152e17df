#include "model/recognise/agree.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/onnx/onnx_compare.h"
#include "model/export/export_onnx.h"

bool an_agree_is_needed(const an_tensor_file *file)
{
    return strcmp(an_tensor_file_format(file), "onnx") == 0;
}

static alexnet_status make_pairs(an_match *match, int layers)
{
    match->pairs = an_calloc((size_t)layers, sizeof *match->pairs);
    match->lacks = an_calloc((size_t)layers, sizeof *match->lacks);
    if (!match->pairs || !match->lacks)
        return AN_FAIL_MEMORY((size_t)layers * sizeof *match->pairs, "a network's layers");
    for (int i = 0; i < layers; i++)
        match->pairs[i][0] = match->pairs[i][1] = AN_BINDING_NONE;
    match->fits = match->listed = true;
    return ALEXNET_OK;
}

/* Bind the parameters of a layer to the tensors that stand for them in the file. */
static alexnet_status bind_layer(an_match *match, const an_onnx_comparison *same,
                                 const an_node *node, const char *layer)
{
    an_param_info params[AN_MAX_PARAMS];
    char name[AN_NAME_MAX + 17], why[256];
    const int n = an_op_params(&node->desc, params);
    for (int i = 0; i < n; i++) {
        an_binding *binding = &match->pairs[node->layer][i];
        snprintf(name, sizeof name, "%s.%s", layer, params[i].name);
        binding->entries[0] = an_onnx_counterpart(same, name);
        if (binding->entries[0] < 0) /* the output does not depend on the layer */
            binding->entries[0] = an_tensor_file_index(same->file, name);
        if (binding->entries[0] < 0)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no tensor %s",
                           an_tensor_file_name(same->file), name);
        if (!an_binding_fits(binding, same->file, params[i].shape, why))
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: layer %s: %s of %s",
                           an_tensor_file_name(same->file), layer, params[i].name, why);
    }
    return ALEXNET_OK;
}

static alexnet_status bind(an_match *match, an_binding *mean, const an_onnx_comparison *same,
                           const alexnet_network *network)
{
    const int used = an_onnx_counterpart(same, "input.mean");
    if (used >= 0)
        mean->entries[0] = used;
    AN_CHECK(make_pairs(match, network->count));
    for (int i = 1; i < network->graph.count; i++) {
        const an_node *node = &network->graph.nodes[i];
        AN_CHECK(bind_layer(match, same, node, network->layers[node->layer].name));
    }
    return ALEXNET_OK;
}

enum { DIFFERENCE = 576 };

/* Compare the file's graph with the one that the network is written as. */
static alexnet_status compare_graphs(an_match *match, an_binding *mean,
                                     const alexnet_network *network, an_tensor_file *file,
                                     char difference[DIFFERENCE])
{
    an_wire_buffer model = {0};
    an_reader *reader;
    an_tensor_file *expected = NULL;
    an_onnx_comparison same = {0};
    bool preprocessing;
    alexnet_status rc;
    AN_TRY(an_onnx_takes_bytes(file, &preprocessing));
    AN_TRY(an_onnx_export_graph(&model, network, preprocessing));
    AN_TRY(an_reader_memory(&reader, "a graph", model.bytes, model.length));
    AN_TRY(an_tensor_file_open(&expected, reader));
    AN_TRY(an_onnx_compare(&same, file, expected));
    if (!*same.difference)
        AN_TRY(bind(match, mean, &same, network));
    memcpy(difference, same.difference, sizeof same.difference);
cleanup:
    an_onnx_comparison_free(&same);
    an_tensor_file_close(expected);
    an_wire_buffer_free(&model);
    return rc;
}

/* Compare the file's layers, if its graph is a chain of them, with those of the network. */
static alexnet_status compare_layers(an_match *match, const alexnet_network *network,
                                     an_tensor_file *file, char difference[DIFFERENCE])
{
    an_listing listing;
    alexnet_status rc = an_listing_make(&listing, file, network);
    if (rc == ALEXNET_ERROR_FORMAT || rc == ALEXNET_ERROR_UNSUPPORTED)
        return ALEXNET_OK;
    AN_CHECK(rc);
    if (listing.listed)
        rc = an_match_make(match, network, &listing, file, AN_MATCH_WHOLE);
    if (rc == ALEXNET_OK && listing.listed && !match->fits)
        snprintf(difference, DIFFERENCE, "%s", match->difference);
    an_listing_free(&listing);
    return rc;
}

alexnet_status an_agree(an_match *match, an_binding *mean, const alexnet_network *network,
                        an_tensor_file *file)
{
    char difference[DIFFERENCE];
    *match = (an_match){0};
    *mean = AN_BINDING_NONE;
    mean->entries[0] = an_tensor_file_index(file, "input.mean");
    AN_CHECK(compare_graphs(match, mean, network, file, difference));
    if (!match->fits)
        AN_CHECK(compare_layers(match, network, file, difference));
    if (match->fits)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: its graph is not that of the network in its metadata, so that another "
                   "program must have changed it: %s",
                   an_tensor_file_name(file), difference);
}
