/*
 * Any bytes as a file of Deep Compression: an error, or a file whose convolutions give the same
 * values, or the same error, whether they are read whole or in pieces.
 */
#include "format/tensor_format.h"
#include "fuzz/tensors.h"

enum { LARGEST = 384 * 256 * 3 * 3, PIECE = 10007 };

static alexnet_status read_in_pieces(an_tensor_file *file, const an_tensor_entry *entry,
                                     int64_t count, float *values)
{
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < count && rc == ALEXNET_OK; i += PIECE)
        rc = file->format->read(file, entry, i, count - i < PIECE ? count - i : PIECE, values + i);
    return rc;
}

static void read_all(an_tensor_file *file, size_t length)
{
    static float whole[LARGEST], pieces[LARGEST];
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        const int64_t all = an_shape_count(entry->shape), count = all < LARGEST ? all : LARGEST;
        if (entry->offset > length || entry->bytes > length - entry->offset)
            abort();
        const alexnet_status rc = file->format->read(file, entry, 0, count, whole);
        if (rc != ALEXNET_OK && rc != ALEXNET_ERROR_FORMAT)
            abort();
        if (read_in_pieces(file, entry, count, pieces) != rc)
            abort();
        if (rc == ALEXNET_OK && memcmp(whole, pieces, (size_t)count * sizeof *whole) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_tensor_file *file = fuzz_open(bytes, length, "deep-compression");
    if (file)
        read_all(file, length);
    an_tensor_file_close(file);
    return 0;
}
