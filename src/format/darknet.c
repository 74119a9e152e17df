/*
 * Darknet's `alexnet.weights`: the weights of its cfg/alexnet.cfg, for any number of classes.
 *
 *     int32     major, minor, revision of the format
 *     uint64    pictures that it was trained on, where 0.2 <= version < 1000; else int32
 *     float32   of each layer in order its biases [outputs], then its weights: those of a
 *               convolution [filters, channels, rows, columns]; those of a connected layer
 *               [outputs, inputs], or [inputs, outputs] where major or minor is above 1000
 *
 * all little-endian, without gaps. The network has no groups and no batch normalisation, so the
 * file holds nothing else. It has no signature and no names, and is recognised by a plausible
 * version and a size that the network has with some whole number of classes. The count of pictures
 * may have 4 bytes whatever the version, because it is written as the machine's size_t; the size of
 * the file decides. Source: https://github.com/pjreddie/darknet, src/parser.c (load_weights_upto)
 * and cfg/alexnet.cfg.
 */
#include <string.h>

#include "base/status.h"
#include "format/eight_layers.h"

enum {
    HEADER = 12,     /* bytes of the version */
    HEADER_MAX = 20, /* with a count of 8 bytes */
    VERSION_MAX = 9999,
    TRANSPOSED = 1000, /* a version above this */
    CLASSES_MAX = 100000,
};

static const an_eight_layer network[AN_EIGHT] = {
    {96, 3, 11},   {256, 96, 5},    {384, 256, 3},   {384, 384, 3},
    {256, 384, 3}, {4096, 9216, 0}, {4096, 4096, 0}, {1, 4096, 0}, /* per class */
};

typedef struct header {
    int classes;
    bool transposed;
    uint64_t bytes; /* before the first layer */
} header;

/* Bytes of the layers for a number of classes. */
static uint64_t size_of_layers(int first, int end, int classes)
{
    uint64_t values = 0;
    for (int i = first; i < end; i++) {
        const uint64_t one = (uint64_t)an_eight_weights(&network[i]) + (uint64_t)network[i].outputs;
        values += i == AN_EIGHT - 1 ? one * (uint64_t)classes : one;
    }
    return values * sizeof(float);
}

static bool understand(header *out, const unsigned char *head, size_t length, uint64_t size)
{
    int32_t version[3];
    if (length < HEADER_MAX)
        return false;
    memcpy(version, head, sizeof version);
    for (int i = 0; i < 3; i++)
        if (version[i] < 0 || version[i] > VERSION_MAX)
            return false;
    out->transposed = version[0] > TRANSPOSED || version[1] > TRANSPOSED;
    const uint64_t rest = size_of_layers(0, AN_EIGHT - 1, 0),
                   one = size_of_layers(AN_EIGHT - 1, AN_EIGHT, 1);
    for (out->bytes = HEADER + 4; out->bytes <= HEADER_MAX; out->bytes += 4) {
        if (size < out->bytes + rest + one || (size - out->bytes - rest) % one)
            continue;
        const uint64_t classes = (size - out->bytes - rest) / one;
        out->classes = (int)classes;
        return classes <= CLASSES_MAX;
    }
    return false;
}

static bool recognise(const unsigned char *head, size_t length, uint64_t size)
{
    header found;
    return understand(&found, head, length, size);
}

/* The network with the file's number of classes. */
static alexnet_status open_header(an_tensor_file *file, header *found,
                                  an_eight_layer layers[AN_EIGHT])
{
    unsigned char head[HEADER_MAX];
    AN_CHECK(an_reader_read(file->reader, 0, head, sizeof head));
    if (!understand(found, head, sizeof head, an_reader_size(file->reader)))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s changed while it was read",
                       an_tensor_file_name(file));
    memcpy(layers, network, sizeof network);
    layers[AN_EIGHT - 1].outputs = found->classes;
    return ALEXNET_OK;
}

static alexnet_status open_file(an_tensor_file *file)
{
    header found;
    an_eight_layer layers[AN_EIGHT];
    AN_CHECK(open_header(file, &found, layers));
    AN_CHECK(an_eight_entries(file, layers, found.transposed));
    uint64_t offset = found.bytes;
    for (int i = 0; i < AN_EIGHT; i++) {
        an_tensor_entry *weight = &file->entries[2 * i], *bias = weight + 1;
        bias->offset = offset;
        bias->bytes = (uint64_t)layers[i].outputs * sizeof(float);
        weight->offset = offset + bias->bytes;
        weight->bytes = (uint64_t)an_eight_weights(&layers[i]) * sizeof(float);
        offset = weight->offset + weight->bytes;
    }
    return ALEXNET_OK;
}

static alexnet_status read_elements(an_tensor_file *file, const an_tensor_entry *entry,
                                    int64_t first, int64_t count, void *dst)
{
    return an_reader_read(file->reader, entry->offset + (uint64_t)first * sizeof(float), dst,
                          (size_t)count * sizeof(float));
}

static alexnet_status outline(an_tensor_file *file, an_outline *out)
{
    header found;
    an_eight_layer layers[AN_EIGHT];
    AN_CHECK(open_header(file, &found, layers));
    return an_eight_outline(out, layers, found.transposed);
}

static void close_state(void *state)
{
    (void)state; /* there is no state */
}

const an_tensor_format an_darknet_format = {
    .name = "darknet",
    .endings = ".weights",
    .about = "alexnet.weights of Darknet",
    .recognise = recognise,
    .open = open_file,
    .read = read_elements,
    .outline = outline,
    .usual_network = "darknet-alexnet",
    .class_order = "Darknet's data/imagenet.labels.list",
    .close = close_state,
};
