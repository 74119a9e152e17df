#include "model/recognise/adopt.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "model/network/network_edit.h"
#include "model/recognise/recognise.h"

/* The mean colour of ILSVRC 2012's training pictures, red, green, blue: the mean of Caffe's mean
 * image (ilsvrc_2012_mean.npy) over its pixels. */
static const double imagenet_mean[3] = {122.679, 116.669, 104.007};

/* Find the mean in the file, under our name and in our shape. @return false if the network needs
 * one and the file has none */
static bool find_mean(an_model_file *file)
{
    const alexnet_network *network = file->network;
    an_param_info params[AN_MAX_PARAMS];
    char why[256];
    file->mean = AN_BINDING_NONE;
    if (an_op_params(&network->graph.nodes[0].desc, params) == 0 ||
        network->input.mean == AN_INPUT_MEAN_FIXED)
        return true;
    file->mean.entries[0] = an_tensor_file_index(file->tensors, "input.mean");
    return an_binding_is(&file->mean) &&
           an_binding_fits(&file->mean, file->tensors, params[0].shape, why);
}

/* Use the published mean colour if the file has no mean. */
static alexnet_status presume_mean(an_model_file *file, alexnet_ctx *ctx)
{
    const an_channels channels = (an_channels)file->network->input.channels;
    double mean[3] = {0};
    char value[96];
    for (int c = 0; c < an_channel_count(channels); c++)
        for (int colour = 0; colour < 3; colour++)
            mean[c] += an_channel_share(channels, c, colour) * imagenet_mean[colour];
    if (channels == AN_CHANNELS_GREY)
        an_print_in(value, sizeof value, "%.9g", mean[0]);
    else
        an_print_in(value, sizeof value, "%.9g %.9g %.9g", mean[0], mean[1], mean[2]);
    an_log(ctx, ALEXNET_LOG_INFO,
           "%s has no mean; using the mean colour of ImageNet's training pictures: %s",
           an_tensor_file_name(file->tensors), value);
    file->mean = AN_BINDING_NONE;
    return an_network_set_input(&file->network, "mean", value);
}

/* A file of ours that is read as another network keeps its classes if their number matches. */
static alexnet_status find_classes(an_model_file *file, alexnet_ctx *ctx, int count, bool told)
{
    if (an_tensor_file_metadata(file->tensors, AN_METADATA_CLASSES)) {
        AN_CHECK(an_model_metadata_classes(&file->classes, file->tensors));
        if (file->classes.count == count)
            return ALEXNET_OK;
        an_classes_free(&file->classes);
    }
    const char *name = an_tensor_file_name(file->tensors);
    const char *order = an_tensor_file_class_order(file->tensors);
    const bool imagenet = count == AN_IMAGENET_CLASSES;
    if (!told && imagenet && order)
        an_log(
            ctx, ALEXNET_LOG_WARNING,
            "%s names no classes; its %d are in the order of %s, which is not that of ImageNet's "
            "identifiers, and are numbered: give their names in that order (`names_file`)",
            name, count, order);
    else if (!told)
        an_log(ctx, ALEXNET_LOG_INFO, "%s names no classes; its %d are %s", name, count,
               imagenet ? "taken to be ImageNet's, in the order of their identifiers" : "numbered");
    return an_classes_presume(&file->classes, count, !order);
}

alexnet_status an_adopt(an_model_file *file, alexnet_ctx *ctx, const an_model_options *options)
{
    an_recognition is;
    const char *name = an_tensor_file_name(file->tensors);
    AN_CHECK(an_recognise(&is, file->tensors, options->net, options->part));
    file->bound = true;
    file->network = is.network;
    file->match = is.match;
    an_log(ctx, ALEXNET_LOG_INFO, "%s is recognised as %s", name, is.found);
    if (!options->mean && !find_mean(file))
        AN_CHECK(presume_mean(file, ctx));
    return options->part ? ALEXNET_OK : find_classes(file, ctx, is.classes, options->names != NULL);
}
