/*
 * Any bytes as an ONNX model: an error, or a file whose tensors can all be read and whose outline,
 * where it has one, names tensors of the file.
 */
#include "fuzz/tensors.h"

static void read_all(an_tensor_file *file)
{
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        const int64_t count = an_shape_count(entry->shape);
        if (!an_dtype_is_float(entry->dtype) || count < 0)
            continue;
        double *values = malloc((size_t)count * sizeof *values + 1);
        /* A Constant may have the name of a tensor that is found before it; only the first is. */
        if (values && an_tensor_file_find(file, entry->name) == entry &&
            an_tensor_file_read(file, entry->name, entry->shape, AN_F64, values) != ALEXNET_OK)
            abort();
        free(values);
    }
    an_tensor_file_metadata(file, "alexnet.network");
}

static void read_outline(an_tensor_file *file)
{
    an_outline outline;
    if (an_tensor_file_outline(file, &outline) != ALEXNET_OK)
        return;
    for (int i = 0; i < outline.count; i++)
        if (outline.layers[i].weight >= an_tensor_file_count(file) ||
            outline.layers[i].bias >= an_tensor_file_count(file) || !outline.layers[i].name)
            abort();
    an_outline_free(&outline);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_tensor_file *file = fuzz_open(bytes, length, "onnx");
    if (file) {
        read_all(file);
        read_outline(file);
    }
    an_tensor_file_close(file);
    return 0;
}
