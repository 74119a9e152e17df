/*
 * The preprocessing as nodes: pixels of a crop, uint8 [N, H, W, 3] in R, G, B order as decoders
 * produce them, become the input of the first layer (op/augment.h).
 *
 * A mean image has the stored picture's size, but the graph's input is a crop, so the centre of the
 * mean image is subtracted. With `meanCrop = centre` that is right for every crop. With `aligned`
 * it is right for the centre crop, which is the one used to classify pictures.
 */
#include "model/export/export_onnx.h"

static void put_channels(an_onnx_export *e, const char *from, const char *to)
{
    an_wire_buffer node = an_onnx_node_new("Gather", to);
    an_onnx_put_longs(&e->nodes, "input/order", (const int64_t[]){2, 1, 0}, 3);
    an_onnx_put_input(&node, from);
    an_onnx_put_input(&node, "input/order");
    an_onnx_put_output(&node, to);
    an_onnx_put_int(&node, "axis", 1);
    an_onnx_put_node(&e->nodes, &node);
}

/* Grey from [N, H, W, 3]. The sums are integers below 2^24, so that floats are exact in any
 * order of summation; the result is rounded as in an_grey(). */
static void put_grey(an_onnx_export *e, const char *from, const char *to)
{
    static const float weights[3] = {AN_GREY_RED, AN_GREY_GREEN, AN_GREY_BLUE};
    static const float half = 0x8000, unit = 0x1p-16f;
    an_onnx_put_floats(&e->nodes, "input/grey/weights", an_shape_of(2, 3, 1), weights);
    an_onnx_export_binary(e, "MatMul", from, "input/grey/weights", "input/grey/sum");
    an_onnx_put_floats(&e->nodes, "input/grey/half", an_shape_of(0), &half);
    an_onnx_export_binary(e, "Add", "input/grey/sum", "input/grey/half", "input/grey/raised");
    an_onnx_put_floats(&e->nodes, "input/grey/unit", an_shape_of(0), &unit);
    an_onnx_export_binary(e, "Mul", "input/grey/raised", "input/grey/unit", "input/grey/level");
    an_onnx_export_unary(e, "Floor", "input/grey/level", to, NULL, 0);
}

/* The mean as [C, 1, 1], or the middle of a mean image, [C, H, W]. */
static void put_mean(an_onnx_export *e, const char *to)
{
    const an_augment_desc *d = &e->network->graph.nodes[0].desc.u.augment;
    if (d->mean == AN_MEAN_CHANNEL) {
        an_onnx_put_longs(&e->nodes, "input/mean/shape",
                          (const int64_t[]){an_channel_count(d->channels), 1, 1}, 3);
        an_onnx_export_binary(e, "Reshape", "input.mean", "input/mean/shape", to);
        return;
    }
    const int64_t first = (d->side - d->crop) / 2, end = first + d->crop;
    an_onnx_put_longs(&e->nodes, "input/mean/first", (const int64_t[]){first, first}, 2);
    an_onnx_put_longs(&e->nodes, "input/mean/end", (const int64_t[]){end, end}, 2);
    an_onnx_put_longs(&e->nodes, "input/mean/axes", (const int64_t[]){1, 2}, 2);
    an_wire_buffer node = an_onnx_node_new("Slice", to);
    an_onnx_put_input(&node, "input.mean");
    an_onnx_put_input(&node, "input/mean/first");
    an_onnx_put_input(&node, "input/mean/end");
    an_onnx_put_input(&node, "input/mean/axes");
    an_onnx_put_output(&node, to);
    an_onnx_put_node(&e->nodes, &node);
}

void an_onnx_export_input(an_onnx_export *e)
{
    enum { TO_FLOAT = 1 };
    const an_augment_desc *d = &e->network->graph.nodes[0].desc.u.augment;
    const float scale[3] = {(float)d->scale[0], (float)d->scale[1], (float)d->scale[2]};
    const char *levels = "input/float", *at = "input/planes";
    an_onnx_export_unary(e, "Cast", AN_ONNX_INPUT, levels, "to", TO_FLOAT);
    if (d->channels == AN_CHANNELS_GREY) {
        put_grey(e, levels, "input/grey");
        levels = "input/grey";
    }
    an_wire_buffer node = an_onnx_node_new("Transpose", at);
    an_onnx_put_input(&node, levels);
    an_onnx_put_output(&node, at);
    an_onnx_put_ints(&node, "perm", (const int[]){0, 3, 1, 2}, 4);
    an_onnx_put_node(&e->nodes, &node);
    if (d->channels == AN_CHANNELS_BGR) {
        put_channels(e, at, "input/bgr");
        at = "input/bgr";
    }
    if (d->mean != AN_MEAN_NONE) {
        put_mean(e, "input/mean");
        an_onnx_export_binary(e, "Sub", at, "input/mean", "input/centred");
        at = "input/centred";
    }
    an_onnx_put_floats(&e->nodes, "input/scale",
                       an_shape_of(3, an_channel_count(d->channels), 1, 1), scale);
    an_onnx_export_binary(e, "Mul", at, "input/scale", "input/prepared");
}
