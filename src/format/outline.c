#include "format/outline.h"

#include <math.h>

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_outline_add(an_outline *outline, an_outline_kind kind, const char *name,
                              an_outline_layer **layer)
{
    *layer = NULL;
    if (outline->count == AN_OUTLINE_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "a network of more than %d layers",
                       AN_OUTLINE_MAX);
    an_outline_layer *more = an_grow(outline->layers, outline->count, sizeof *more);
    if (!more)
        return AN_FAIL_MEMORY(2 * (size_t)outline->count * sizeof *more, "a network's layers");
    outline->layers = more;
    char *copy = an_strdup(name);
    if (!copy)
        return AN_FAIL_MEMORY(64, "a layer's name");
    *layer = &outline->layers[outline->count++];
    **layer = (an_outline_layer){
        .kind = kind,
        .name = copy,
        .weight = -1,
        .bias = -1,
        .outputs = AN_UNKNOWN,
        .window = AN_UNKNOWN,
        .stride = AN_UNKNOWN,
        .groups = AN_UNKNOWN,
        .padding = {AN_UNKNOWN, AN_UNKNOWN, AN_UNKNOWN, AN_UNKNOWN},
        .ceil = AN_UNKNOWN,
        .alpha = NAN,
        .beta = NAN,
        .k = NAN,
        .divided = AN_UNKNOWN,
    };
    return ALEXNET_OK;
}

void an_outline_free(an_outline *outline)
{
    for (int i = 0; i < outline->count; i++)
        an_free(outline->layers[i].name);
    an_free(outline->layers);
    *outline = (an_outline){0};
}

const char *an_outline_word(an_outline_kind kind)
{
    static const char *const words[] = {
        [AN_OUTLINE_CONV] = "convolution",
        [AN_OUTLINE_FC] = "fully connected layer",
        [AN_OUTLINE_NEURON] = "ReLU",
        [AN_OUTLINE_LRN] = "LRN across maps",
        [AN_OUTLINE_LRN_WITHIN] = "LRN within a map",
        [AN_OUTLINE_POOL_MAX] = "max pooling",
        [AN_OUTLINE_POOL_AVG] = "average pooling",
        [AN_OUTLINE_DROPOUT] = "dropout",
        [AN_OUTLINE_SOFTMAX] = "softmax",
    };
    return words[kind];
}
