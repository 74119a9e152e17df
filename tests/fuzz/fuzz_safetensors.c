/*
 * Any bytes as a safetensors file: an error, or a file whose tensors can all be read and lie
 * inside.
 */
#include "fuzz/tensors.h"

static void read_all(an_tensor_file *file, size_t length)
{
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        if (entry->offset > length || entry->bytes > length - entry->offset ||
            !an_tensor_file_find(file, entry->name))
            abort();
        const int64_t count = an_shape_count(entry->shape); /* -1: of a rank that is not read */
        if (count < 0 || !an_dtype_is_float(entry->dtype))
            continue;
        double *values = malloc((size_t)count * sizeof *values + 1);
        if (values && an_tensor_file_read(file, entry->name, entry->shape, AN_F64, values) != 0)
            abort();
        if (values && an_tensor_file_read(file, entry->name, entry->shape, AN_F32, values) != 0)
            abort();
        free(values);
    }
    char damage[AN_DAMAGE_TEXT] = "";
    if (an_tensor_file_damage(file, damage) != (*damage != '\0'))
        abort();
    an_tensor_file_metadata(file, "network");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_tensor_file *file = fuzz_open(bytes, length, NULL);
    if (file)
        read_all(file, length);
    an_tensor_file_close(file);
    return 0;
}
