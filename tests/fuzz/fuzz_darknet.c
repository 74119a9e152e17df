/*
 * Darknet's weights: the first 4 bytes of the input say how far the file's size is from that of one
 * class, and the rest is its beginning; the remainder of the file, which has at least 233 MB, is
 * zero. An error, or a file whose tensors lie inside and can be read at both ends.
 */
#include "format/tensor_format.h"
#include "fuzz/tensors.h"

enum { ONE_CLASS = 12 + 4 + (58281344 + 4097) * 4, MORE = 64 << 20, BEGIN = 4096 };

static void read_ends(an_tensor_file *file, uint64_t size)
{
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        float value;
        if (entry->offset > size || entry->bytes > size - entry->offset ||
            (int64_t)entry->bytes != 4 * an_shape_count(entry->shape))
            abort();
        if (file->format->read(file, entry, 0, 1, &value) != ALEXNET_OK ||
            file->format->read(file, entry, an_shape_count(entry->shape) - 1, 1, &value) !=
                ALEXNET_OK)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static unsigned char *hole;
    an_outline outline;
    int32_t more;
    if (!hole && !(hole = calloc(1, (size_t)ONE_CLASS + MORE)))
        return 0;
    if (length < sizeof more || length - sizeof more > BEGIN)
        return 0;
    memcpy(&more, bytes, sizeof more);
    const size_t size = (size_t)((int64_t)ONE_CLASS + more % MORE);
    memset(hole, 0, BEGIN);
    memcpy(hole, bytes + sizeof more, length - sizeof more);
    an_tensor_file *file = fuzz_open(hole, size, "darknet");
    if (file) {
        read_ends(file, size);
        if (an_tensor_file_outline(file, &outline) != ALEXNET_OK)
            abort();
        an_outline_free(&outline);
    }
    an_tensor_file_close(file);
    return 0;
}
