#include "model/mean_file.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "format/caffe/caffe.h"
#include "model/model_metadata.h"
#include "model/network/network_edit.h"

enum { SIDE_MAX = 8192 }; /* of [input] */

/* The tensor that is the mean: input.mean, or the only one. NULL: none. */
static const an_tensor_entry *find_tensor(const an_tensor_file *file)
{
    const an_tensor_entry *mean = an_tensor_file_find(file, "input.mean");
    return mean || an_tensor_file_count(file) != 1 ? mean : an_tensor_file_entry(file, 0);
}

/* The side of a mean of shape [C], [C, 1, 1] or [C, side, side], with or without a 1 before it; C
 * is 3 or 1. @return 0 for any other shape */
static int side_of(an_shape shape, int *channels)
{
    int64_t *d = shape.dim;
    if (shape.rank == 4 && d[0] == 1) {
        memmove(d, d + 1, 3 * sizeof *d);
        shape.rank = 3;
    }
    if (shape.rank < 1 || shape.rank > 3 || (d[0] != 3 && d[0] != 1))
        return 0;
    *channels = (int)d[0];
    if (shape.rank == 1)
        return 1;
    return shape.rank == 3 && d[1] == d[2] && d[1] >= 1 && d[1] <= SIDE_MAX ? (int)d[1] : 0;
}

static int64_t count_of(const an_mean_file *mean)
{
    return (int64_t)mean->channels * mean->side * mean->side;
}

/* The order of channels: a model of this program says it in its network's text; a single NumPy
 * array is assumed to be Caffe's mean. */
static alexnet_status find_order(an_mean_file *out, an_tensor_file *file)
{
    alexnet_network *network;
    an_classes classes = {0};
    if (strcmp(an_tensor_file_format(file), "npy") == 0)
        out->bgr = true;
    if (!an_model_metadata_is_ours(file))
        return ALEXNET_OK;
    const alexnet_status rc = an_model_metadata_read(&network, &classes, file);
    if (rc == ALEXNET_OK)
        out->bgr = network->input.channels == AN_CHANNELS_BGR;
    an_network_release(network);
    an_classes_free(&classes);
    return rc;
}

static alexnet_status read_tensor(an_mean_file *out, an_tensor_file *file)
{
    const char *name = an_tensor_file_name(file);
    char shape[96];
    const an_tensor_entry *entry = find_tensor(file);
    if (!entry)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no tensor input.mean", name);
    out->side = side_of(entry->shape, &out->channels);
    if (!out->side || !an_dtype_is_float(entry->dtype))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a mean: expected a floating-point number or a square map for "
                       "each of 3 channels (grey: 1), found %s %s",
                       name, entry->dtype == AN_OTHER ? entry->type : an_dtype_name(entry->dtype),
                       an_shape_text(entry->shape, shape));
    const int64_t count = count_of(out);
    out->values = an_malloc((size_t)count * sizeof *out->values);
    if (!out->values)
        return AN_FAIL_MEMORY((size_t)count * sizeof *out->values, "a mean image");
    AN_CHECK(an_tensor_file_read_part(file, entry, 0, count, AN_F32, out->values));
    return find_order(out, file);
}

/* Whether a file begins like Caffe's mean image, a protocol buffer: with the tag of its number of
 * pictures, of its data or of its shape. */
static bool may_be_caffe(const char *path)
{
    an_reader *reader;
    unsigned char first = 0;
    if (an_tensor_file_format_of(path) || an_reader_open(&reader, path) != ALEXNET_OK)
        return false;
    const alexnet_status rc = an_reader_read(reader, 0, &first, 1);
    an_reader_close(reader);
    return rc == ALEXNET_OK && (first == 0x08 || first == 0x2a || first == 0x3a || first == 0x42);
}

static alexnet_status read_caffe(an_mean_file *out, const char *path)
{
    an_chw shape;
    AN_CHECK(an_caffe_mean_read(path, &shape, &out->values));
    out->bgr = true;
    if ((shape.c != 3 && shape.c != 1) || shape.h != shape.w || shape.h > SIDE_MAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is a mean of %dx%dx%d; expected 3 square maps, or one", path, shape.c,
                       shape.h, shape.w);
    out->side = shape.h;
    out->channels = shape.c;
    return ALEXNET_OK;
}

static alexnet_status read_tensors(an_mean_file *out, alexnet_ctx *ctx, const char *path)
{
    an_reader *reader;
    an_tensor_file *file;
    AN_CHECK(an_reader_open(&reader, path));
    AN_CHECK(an_tensor_file_open_as(&file, reader, "a mean (.npy, .binaryproto or a model)"));
    alexnet_status rc = read_tensor(out, file);
    an_tensor_file_warn(file, ctx);
    an_tensor_file_close(file);
    return rc;
}

alexnet_status an_mean_file_read(an_mean_file *out, alexnet_ctx *ctx, const char *path, bool bgr)
{
    *out = (an_mean_file){.bgr = bgr};
    alexnet_status rc = may_be_caffe(path) ? read_caffe(out, path) : read_tensors(out, ctx, path);
    if (rc == ALEXNET_OK && !an_all_finite(out->values, count_of(out), AN_F32))
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has values that are not finite numbers", path);
    if (rc != ALEXNET_OK)
        an_mean_file_free(out);
    return rc;
}

void an_mean_file_free(an_mean_file *mean)
{
    an_free(mean->values);
    *mean = (an_mean_file){0};
}

static void reverse_channels(an_mean_file *mean)
{
    const size_t area = (size_t)mean->side * (size_t)mean->side;
    float *first = mean->values, *last = mean->values + 2 * area;
    for (size_t i = 0; i < area; i++) {
        const float value = first[i];
        first[i] = last[i];
        last[i] = value;
    }
    mean->bgr = !mean->bgr;
}

/* If the network did not subtract a mean image before, the image is aligned with the picture as in
 * Caffe, where most mean images come from. */
static alexnet_status set_image(alexnet_network **network)
{
    if ((*network)->input.mean == AN_INPUT_MEAN_IMAGE)
        return ALEXNET_OK;
    AN_CHECK(an_network_set_input(network, "mean", "image"));
    return an_network_set_input(network, "meanCrop", "aligned");
}

alexnet_status an_mean_file_apply(an_mean_file *mean, alexnet_network **network, const char *path)
{
    const an_input *input = &(*network)->input;
    char value[96];
    if (mean->channels != an_channel_count((an_channels)input->channels))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is a mean of %d %s; %s has %d", path,
                       mean->channels, an_text_plural(mean->channels, "channel", "channels"),
                       (*network)->name, an_channel_count((an_channels)input->channels));
    if (mean->channels == 3 && mean->bgr != (input->channels == AN_CHANNELS_BGR))
        reverse_channels(mean);
    if (mean->side == 1 && mean->channels == 1) {
        an_print_in(value, sizeof value, "%.9g", mean->values[0]);
        return an_network_set_input(network, "mean", value);
    }
    if (mean->side == 1) {
        an_print_in(value, sizeof value, "%.9g %.9g %.9g", mean->values[0], mean->values[1],
                    mean->values[2]);
        return an_network_set_input(network, "mean", value);
    }
    if (mean->side != input->side)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is a mean of pictures of %dx%d; those of %s have %dx%d", path,
                       mean->side, mean->side, (*network)->name, input->side, input->side);
    return set_image(network);
}
