/*
 * `AlexNet_compressed.net` of "Deep Compression" (Han, Mao, Dally, ICLR 2016): Caffe's AlexNet with
 * most weights pruned to zero and the others quantised to 256 values in convolutions (codes of 8
 * bits) and 16 in fully connected layers (4 bits).
 *
 *     uint32    for each of the eight layers: how many weights it lists, n
 *     then of each layer
 *     float32   the values that the codes stand for, 256 or 16
 *     float32   its biases, [outputs]
 *     n codes   of 8 or 4 bits, the byte's lower half first
 *     n gaps    of 4 bits, likewise: how many weights are skipped before the listed one
 *
 * all little-endian, each list filled up to a whole byte. Weights are counted in the order
 * [outputs, channels / groups, rows, columns], or [outputs, inputs]. A weight that is not listed
 * has code 0; where more than 15 in a row are skipped, one with code 0 is listed in between. The
 * file has no signature: it is recognised by its size, which follows from the eight counts. Source:
 * https://github.com/songhan/Deep-Compression-AlexNet, decode.py and bvlc_alexnet_deploy.prototxt.
 *
 * It is unpacked as it is read, with a few kilobytes of memory.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/eight_layers.h"

enum {
    HEADER = AN_EIGHT * 4,
    VALUES_MAX = 256,
    BLOCK = 4096, /* listed weights that are read at a time; even */
};

static const an_eight_layer network[AN_EIGHT] = {
    {96, 3, 11},   {256, 48, 5},    {384, 256, 3},   {384, 192, 3},
    {256, 192, 3}, {4096, 9216, 0}, {4096, 4096, 0}, {1000, 4096, 0},
};

static int values_of(int layer)
{
    return layer < AN_EIGHT_CONV ? 256 : 16;
}

static uint64_t bytes_of(uint64_t count, int bits)
{
    return (count * (uint64_t)bits + 7) / 8;
}

/* Where a layer's parts are. */
typedef struct packed_layer {
    int64_t listed;
    int bits; /* of a code */
    uint64_t values, biases, codes, gaps;
} packed_layer;

/* How far a layer is unpacked. */
typedef struct unpacking {
    int layer;       /* -1: none */
    int64_t element; /* the next one */
    int64_t taken;   /* listed weights so far */
    int64_t place;   /* element of the latest one taken; -1: none yet */
    float value;     /* of that one */
    float values[VALUES_MAX];
    unsigned char codes[BLOCK], gaps[BLOCK / 2]; /* the block that holds the next one */
} unpacking;

typedef struct state {
    packed_layer layers[AN_EIGHT];
    unpacking at;
} state;

/* @return the file size that follows from the counts; 0: they are not valid counts */
static uint64_t place_layers(packed_layer layers[AN_EIGHT], const unsigned char *head)
{
    uint64_t offset = HEADER;
    for (int i = 0; i < AN_EIGHT; i++) {
        packed_layer *l = &layers[i];
        uint32_t listed;
        memcpy(&listed, head + 4 * i, sizeof listed);
        if (listed < 1 || listed > an_eight_weights(&network[i]))
            return 0;
        l->listed = listed;
        l->bits = i < AN_EIGHT_CONV ? 8 : 4;
        l->values = offset;
        l->biases = l->values + (uint64_t)values_of(i) * sizeof(float);
        l->codes = l->biases + (uint64_t)network[i].outputs * sizeof(float);
        l->gaps = l->codes + bytes_of(listed, l->bits);
        offset = l->gaps + bytes_of(listed, 4);
    }
    return offset;
}

static bool recognise(const unsigned char *head, size_t length, uint64_t size)
{
    packed_layer layers[AN_EIGHT];
    return length >= HEADER && place_layers(layers, head) == size;
}

static alexnet_status open_file(an_tensor_file *file)
{
    unsigned char head[HEADER];
    state *s = an_calloc(1, sizeof *s);
    if (!s)
        return AN_FAIL_MEMORY(sizeof *s, "a compressed model");
    file->state = s;
    s->at.layer = -1;
    AN_CHECK(an_reader_read(file->reader, 0, head, sizeof head));
    if (place_layers(s->layers, head) != an_reader_size(file->reader))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s changed while it was read",
                       an_tensor_file_name(file));
    AN_CHECK(an_eight_entries(file, network, false));
    for (int i = 0; i < AN_EIGHT; i++) {
        const packed_layer *l = &s->layers[i];
        an_tensor_entry *weight = &file->entries[2 * i], *bias = weight + 1;
        weight->offset = l->codes;
        weight->bytes = bytes_of((uint64_t)l->listed, l->bits) + bytes_of((uint64_t)l->listed, 4);
        bias->offset = l->biases;
        bias->bytes = (uint64_t)network[i].outputs * sizeof(float);
    }
    return ALEXNET_OK;
}

static alexnet_status begin(an_tensor_file *file, int layer)
{
    state *s = file->state;
    unpacking *at = &s->at;
    at->layer = -1; /* until the values have been read */
    at->element = at->taken = 0;
    at->place = -1;
    AN_CHECK(an_reader_read(file->reader, s->layers[layer].values, at->values,
                            (size_t)values_of(layer) * sizeof(float)));
    at->layer = layer;
    return ALEXNET_OK;
}

static alexnet_status read_block(an_tensor_file *file)
{
    state *s = file->state;
    unpacking *at = &s->at;
    const packed_layer *l = &s->layers[at->layer];
    const int64_t left = l->listed - at->taken;
    const uint64_t count = left < BLOCK ? (uint64_t)left : BLOCK, first = (uint64_t)at->taken;
    AN_CHECK(an_reader_read(file->reader, l->codes + bytes_of(first, l->bits), at->codes,
                            (size_t)bytes_of(count, l->bits)));
    return an_reader_read(file->reader, l->gaps + bytes_of(first, 4), at->gaps,
                          (size_t)bytes_of(count, 4));
}

static int half_byte(const unsigned char *bytes, int64_t index)
{
    return bytes[index / 2] >> (index % 2 ? 4 : 0) & 15;
}

/* Take the next listed weight: its place and value. */
static alexnet_status take(an_tensor_file *file)
{
    state *s = file->state;
    unpacking *at = &s->at;
    const int64_t index = at->taken % BLOCK, count = an_eight_weights(&network[at->layer]);
    if (index == 0)
        AN_CHECK(read_block(file));
    at->place += half_byte(at->gaps, index) + 1;
    if (at->place >= count)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: damaged: %s has %lld weights; the file lists one beyond them",
                       an_tensor_file_name(file), an_eight_name(at->layer), (long long)count);
    at->taken++;
    at->value =
        at->values[s->layers[at->layer].bits == 8 ? at->codes[index] : half_byte(at->codes, index)];
    return ALEXNET_OK;
}

/* Unpack from the current element on. A weight listed past the end of the layer is an error. */
static alexnet_status unpack(an_tensor_file *file, int64_t count, float *dst)
{
    state *s = file->state;
    unpacking *at = &s->at;
    const int64_t listed = s->layers[at->layer].listed, end = at->element + count;
    const int64_t all = an_eight_weights(&network[at->layer]);
    while (at->element < end) {
        if (at->place < at->element && at->taken < listed)
            AN_CHECK(take(file));
        const bool waits = at->place >= at->element;
        const int64_t until = waits && at->place < end ? at->place : end;
        for (; at->element < until; at->element++)
            *dst++ = at->values[0];
        if (waits && at->element < end) {
            *dst++ = at->value;
            at->element++;
        }
    }
    return end == all && at->taken < listed ? take(file) : ALEXNET_OK;
}

/* Skip to an element. */
static alexnet_status go_to(an_tensor_file *file, int layer, int64_t element)
{
    float passed[256];
    state *s = file->state;
    if (s->at.layer != layer || s->at.element > element)
        AN_CHECK(begin(file, layer));
    while (s->at.element < element) {
        const int64_t left = element - s->at.element;
        AN_CHECK(unpack(file, left < 256 ? left : 256, passed));
    }
    return ALEXNET_OK;
}

static alexnet_status read_elements(an_tensor_file *file, const an_tensor_entry *entry,
                                    int64_t first, int64_t count, void *dst)
{
    const int index = (int)(entry - file->entries);
    if (index % 2)
        return an_reader_read(file->reader, entry->offset + (uint64_t)first * sizeof(float), dst,
                              (size_t)count * sizeof(float));
    AN_CHECK(go_to(file, index / 2, first));
    return unpack(file, count, dst);
}

static alexnet_status outline(an_tensor_file *file, an_outline *out)
{
    (void)file;
    return an_eight_outline(out, network, false);
}

const an_tensor_format an_deep_compression_format = {
    .name = "deep-compression",
    .endings = ".net",
    .about = "AlexNet_compressed.net of Deep Compression",
    .recognise = recognise,
    .open = open_file,
    .read = read_elements,
    .outline = outline,
    .usual_network = "bvlc-alexnet",
    .close = an_free,
};
