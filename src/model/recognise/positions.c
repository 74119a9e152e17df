#include "model/recognise/positions.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A position in a sequence: "features." and 4 of "features.4.weight". */
typedef struct position {
    const char *name;
    size_t before, length; /* of the name: what is before the number, and with it */
    int number;
} position;

/* The position in the name of a layer's weight. @return false if it has none */
static bool find_position(const an_match *match, int layer, const an_tensor_file *file,
                          position *out)
{
    const int entry = match->pairs[layer][0].entries[0];
    if (entry < 0)
        return false;
    out->name = an_tensor_file_entry(file, entry)->name;
    const char *end = strrchr(out->name, '.'), *begin = end;
    while (begin && begin > out->name && isdigit((unsigned char)begin[-1]))
        begin--;
    if (!begin || begin == end || end - begin > 4 || (begin > out->name && begin[-1] != '.'))
        return false;
    out->before = (size_t)(begin - out->name);
    out->length = (size_t)(end - out->name);
    out->number = 0;
    for (; begin < end; begin++)
        out->number = 10 * out->number + (*begin - '0');
    return true;
}

static bool is_conv(const alexnet_network *network, int layer)
{
    return network->layers[layer].type == AN_LAYER_CONV;
}

/* The next convolution after a layer; -1: none. */
static int next_conv(const alexnet_network *network, int layer)
{
    for (int i = layer + 1; i < network->count; i++)
        if (is_conv(network, i))
            return i;
    return -1;
}

/* How many modules a convolution and the layers after it are, up to the next. A ReLU is one. */
static int count_modules(const alexnet_network *network, int from, int to)
{
    int count = 0;
    for (int i = from; i < to; i++)
        count += 1 + network->layers[i].has_neuron;
    return count;
}

an_positions an_positions_compare(const alexnet_network *network, const an_match *match,
                                  const an_tensor_file *file, char doubt[AN_POSITIONS_TEXT])
{
    position one, two;
    bool compared = false, counts = true; /* 0, 1, 2, ... */
    doubt[0] = '\0';
    for (int i = next_conv(network, -1), next; i >= 0; i = next) {
        next = next_conv(network, i);
        if (next < 0 || !find_position(match, i, file, &one) ||
            !find_position(match, next, file, &two) || one.before != two.before ||
            memcmp(one.name, two.name, one.before) != 0)
            continue;
        const int expected = count_modules(network, i, next), found = two.number - one.number;
        compared = true;
        counts &= found == 1;
        if (found == expected || doubt[0])
            continue;
        snprintf(doubt, AN_POSITIONS_TEXT,
                 "by its names, %d layers without weights are between %.*s and %.*s, but %s has %d "
                 "there; if the file's network has or lacks LRN or pooling, results are wrong",
                 found - 1, one.length < 100 ? (int)one.length : 100, one.name,
                 two.length < 100 ? (int)two.length : 100, two.name, network->name, expected - 1);
    }
    if (counts)
        doubt[0] = '\0';
    if (doubt[0])
        return AN_POSITIONS_DIFFER;
    return compared && !counts ? AN_POSITIONS_AGREE : AN_POSITIONS_NONE;
}
