#include "model/network/network.h"

#include <stdio.h>
#include <string.h>

#include "api/options.h"
#include "base/builtin.h"
#include "base/status.h"

const alexnet_builtin *alexnet_network_builtin(int index)
{
    return an_builtin_get(an_builtin_networks, index);
}

alexnet_status alexnet_network_load(alexnet_network **out, alexnet_ctx *ctx,
                                    const char *name_or_path)
{
    AN_NEED(out);
    (void)ctx;
    *out = NULL;
    AN_NEED(name_or_path);
    return an_network_load(out, name_or_path, 0);
}

void alexnet_network_free(alexnet_network *network)
{
    an_network_release(network);
}

const char *alexnet_network_name(const alexnet_network *network)
{
    if (!network)
        return NULL;
    return network->name;
}

const char *alexnet_network_text(const alexnet_network *network)
{
    if (!network)
        return NULL;
    return network->text;
}

const char *alexnet_network_structure(const alexnet_network *network)
{
    if (!network)
        return NULL;
    return network->structure;
}

const char *alexnet_network_preprocessing(const alexnet_network *network)
{
    return network ? network->preprocessing : NULL;
}

int alexnet_network_layer_count(const alexnet_network *network)
{
    if (!network)
        return 0;
    return network->count;
}

alexnet_status alexnet_network_layer(const alexnet_network *network, int index,
                                     alexnet_layer_info *info)
{
    AN_NEED(network);
    AN_NEED(info);
    memset(info, 0, sizeof *info);
    if (index < 0 || index >= network->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "layer %d of a network with %d", index,
                       network->count);
    an_network_layer_info(network, index, info);
    return ALEXNET_OK;
}

int alexnet_network_side(const alexnet_network *network)
{
    return network ? network->input.size : 0;
}

int alexnet_network_towers(const alexnet_network *network, int layer)
{
    if (!network || layer < 0 || layer >= network->count)
        return 0;
    return an_network_towers(network, layer);
}

alexnet_status alexnet_network_field(const alexnet_network *network, int layer, int row, int column,
                                     alexnet_rectangle *field)
{
    alexnet_layer_info info;
    AN_NEED(field);
    memset(field, 0, sizeof *field);
    AN_NEED(network);
    AN_CHECK(alexnet_network_layer(network, layer, &info));
    if (row < 0 || row >= info.output[1] || column < 0 || column >= info.output[2])
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "unit (%d, %d) of layer %s, which has %d x %d", row, column, info.name,
                       info.output[1], info.output[2]);
    *field = an_network_field(network, layer, row, column);
    return ALEXNET_OK;
}
