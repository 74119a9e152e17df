/*
 * Any bytes as a Caffe model and as a mean image: an error, or tensors that lie inside the file and
 * can all be read, and layers whose tensors are the file's.
 */
#include "base/alloc.h"
#include "format/caffe/caffe.h"
#include "fuzz/tensors.h"

static void read_all(an_tensor_file *file, size_t length)
{
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        const int64_t count = an_shape_count(entry->shape);
        require(entry->offset <= length && entry->bytes <= length - entry->offset);
        require(count > 0 && (uint64_t)count <= length / sizeof(float));
        double *values = malloc((size_t)count * sizeof *values);
        require(values != NULL);
        require(an_tensor_file_read(file, entry->name, entry->shape, AN_F64, values) == ALEXNET_OK);
        require(an_tensor_file_read(file, entry->name, entry->shape, AN_F32, values) == ALEXNET_OK);
        free(values);
    }
}

static void list_layers(an_tensor_file *file)
{
    an_outline outline;
    if (an_tensor_file_outline(file, &outline) != ALEXNET_OK)
        return;
    int next = 0; /* tensors belong to layers in their order */
    for (int i = 0; i < outline.count; i++) {
        const an_outline_layer *layer = &outline.layers[i];
        require(layer->weight < 0 || layer->weight == next++);
        require(layer->bias < 0 || layer->bias == next++);
    }
    require(next == an_tensor_file_count(file));
    an_outline_free(&outline);
}

static void try_model(const uint8_t *bytes, size_t length)
{
    an_tensor_file *file = fuzz_open(bytes, length, "caffemodel");
    if (file) {
        read_all(file, length);
        list_layers(file);
    }
    an_tensor_file_close(file);
}

static void try_mean(const uint8_t *bytes, size_t length)
{
    an_reader *reader;
    an_chw shape;
    float *values;
    require(an_reader_memory(&reader, "fuzz", bytes, length) == ALEXNET_OK);
    if (an_caffe_mean_read_from(reader, &shape, &values) == ALEXNET_OK)
        require((uint64_t)an_chw_count(shape) <= length / sizeof(float));
    an_free(values);
    an_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_model(bytes, length);
    try_mean(bytes, length);
    return 0;
}
