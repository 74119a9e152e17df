/*
 * Any bytes as a safetensors file: an error, or a file whose tensors can all be read and lie
 * inside.
 */
#include <stdint.h>
#include <stdlib.h>

#include "format/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void read_all(an_safetensors *file, size_t length)
{
    for (int i = 0; i < an_safetensors_count(file); i++) {
        const an_tensor_entry *entry = an_safetensors_entry(file, i);
        if (entry->offset > length || entry->bytes > length - entry->offset ||
            !an_safetensors_find(file, entry->name))
            abort();
        if (entry->dtype > AN_BF16)
            continue;
        const size_t count = (size_t)an_shape_count(entry->shape);
        double *values = malloc(count * sizeof *values + 1);
        if (values && an_safetensors_read(file, entry->name, entry->shape, AN_F64, values) != 0)
            abort();
        if (values && an_safetensors_read(file, entry->name, entry->shape, AN_F32, values) != 0)
            abort();
        free(values);
    }
    an_safetensors_metadata(file, "network");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_source *source;
    an_safetensors *file;
    if (an_source_memory(&source, "fuzz", bytes, length) != ALEXNET_OK ||
        an_safetensors_open(&file, source) != ALEXNET_OK)
        return 0;
    read_all(file, length);
    an_safetensors_close(file);
    return 0;
}
