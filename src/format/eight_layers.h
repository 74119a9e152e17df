/*
 * The eight layers of an AlexNet, conv1 to conv5 and fc6 to fc8, for formats whose files hold
 * weights in a known order, without names and shapes.
 */
#ifndef AN_FORMAT_EIGHT_LAYERS_H
#define AN_FORMAT_EIGHT_LAYERS_H

#include "format/tensor_format.h"

enum { AN_EIGHT = 8, AN_EIGHT_CONV = 5 };

/** A layer's weight is [outputs, inputs, window, window], or [outputs, inputs] where window is 0.
 */
typedef struct an_eight_layer {
    int outputs, inputs, window;
} an_eight_layer;

/** The name of a layer, "conv1". */
const char *an_eight_name(int index);
/** The number of values in a layer's weight. */
int64_t an_eight_weights(const an_eight_layer *layer);
/**
 * Make the float32 entries of a file: entry 2 * i is the weight of layer i, entry 2 * i + 1 its
 * bias. The format fills in their offsets.
 * @param transposed  a weight of a fully connected layer is [inputs, outputs]
 */
alexnet_status an_eight_entries(an_tensor_file *file, const an_eight_layer layers[AN_EIGHT],
                                bool transposed);
/** Fill in an outline for such entries. */
alexnet_status an_eight_outline(an_outline *outline, const an_eight_layer layers[AN_EIGHT],
                                bool transposed);

#endif
