#include "model/network/network.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

int an_network_find_layer(const alexnet_network *network, const char *name)
{
    for (int i = network->count; i-- > 0;)
        if (strcmp(network->layers[i].name, name) == 0)
            return i;
    return -1;
}

static const char *layer_at(void *user, int i)
{
    return ((const alexnet_network *)user)->layers[i].name;
}

const char *an_network_nearest_layer(const alexnet_network *network, int count, const char *name)
{
    return an_text_nearest(name, count, layer_at, (alexnet_network *)network);
}

alexnet_network *an_network_retain(alexnet_network *network)
{
    atomic_fetch_add(&network->references, 1);
    return network;
}

void an_network_release(alexnet_network *network)
{
    if (!network || atomic_fetch_sub(&network->references, 1) != 1)
        return;
    for (int i = 0; network->arithmetic && i < network->count; i++)
        an_free(network->arithmetic[i]);
    an_free(network->arithmetic);
    an_free(network->neurons);
    an_free(network->structure);
    an_free(network->preprocessing);
    an_graph_free(&network->graph);
    an_free(network->layers);
    an_free(network->text);
    an_free(network);
}
