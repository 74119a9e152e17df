#include "format/eight_layers.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/status.h"

const char *an_eight_name(int index)
{
    static const char *const names[AN_EIGHT] = {"conv1", "conv2", "conv3", "conv4",
                                                "conv5", "fc6",   "fc7",   "fc8"};
    return names[index];
}

int64_t an_eight_weights(const an_eight_layer *layer)
{
    const int64_t area = layer->window ? (int64_t)layer->window * layer->window : 1;
    return (int64_t)layer->outputs * layer->inputs * area;
}

static an_shape weight_shape(const an_eight_layer *layer, bool transposed)
{
    if (layer->window)
        return an_shape_of(4, layer->outputs, layer->inputs, layer->window, layer->window);
    return transposed ? an_shape_of(2, layer->inputs, layer->outputs)
                      : an_shape_of(2, layer->outputs, layer->inputs);
}

alexnet_status an_eight_entries(an_tensor_file *file, const an_eight_layer layers[AN_EIGHT],
                                bool transposed)
{
    file->entries = an_calloc(2 * AN_EIGHT, sizeof *file->entries);
    if (!file->entries)
        return AN_FAIL_MEMORY(2 * AN_EIGHT * sizeof *file->entries, "a list of tensors");
    file->count = 2 * AN_EIGHT;
    for (int i = 0; i < 2 * AN_EIGHT; i++) {
        an_tensor_entry *entry = &file->entries[i];
        const an_eight_layer *layer = &layers[i / 2];
        entry->name = an_format("%s.%s", an_eight_name(i / 2), i % 2 ? "bias" : "weight");
        if (!entry->name)
            return AN_FAIL_MEMORY(16, "a tensor's name");
        entry->dtype = AN_F32;
        snprintf(entry->type, sizeof entry->type, "float32");
        entry->shape = i % 2 ? an_shape_of(1, layer->outputs) : weight_shape(layer, transposed);
    }
    return ALEXNET_OK;
}

alexnet_status an_eight_outline(an_outline *outline, const an_eight_layer layers[AN_EIGHT],
                                bool transposed)
{
    for (int i = 0; i < AN_EIGHT; i++) {
        an_outline_layer *layer;
        AN_CHECK(an_outline_add(outline, i < AN_EIGHT_CONV ? AN_OUTLINE_CONV : AN_OUTLINE_FC,
                                an_eight_name(i), &layer));
        layer->weight = 2 * i;
        layer->bias = 2 * i + 1;
        layer->outputs = layers[i].outputs;
        if (i < AN_EIGHT_CONV)
            layer->window = layers[i].window;
        else
            layer->transposed = transposed;
    }
    return ALEXNET_OK;
}
