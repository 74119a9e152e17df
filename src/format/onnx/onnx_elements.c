/*
 * Reads the elements of an ONNX file's tensors.
 */
#include <string.h>

#include "base/files.h"
#include "base/status.h"
#include "format/onnx/onnx.h"

alexnet_status an_onnx_open_beside(an_onnx *onnx, const char *location)
{
    if (onnx->beside) {
        const char *path = an_reader_name(onnx->beside);
        const size_t length = strlen(path), n = strlen(location);
        const size_t folder = an_path_folder(an_reader_name(onnx->wire.reader));
        if (length == folder + n && strcmp(path + folder, location) == 0)
            return ALEXNET_OK;
        an_reader_close(onnx->beside);
        onnx->beside = NULL;
    }
    return an_reader_open_beside(&onnx->beside, onnx->wire.reader, location);
}

/* Store the lowest `width` bytes of a number. */
static void store(void *dst, int64_t index, size_t width, uint64_t value)
{
    memcpy((char *)dst + (size_t)index * width, &value, width);
}

/* Decode numbers of the list from the cursor on. */
static alexnet_status decode(an_onnx *onnx, const an_tensor_entry *entry, int64_t count, void *dst)
{
    const uint32_t list = onnx->cursor.tensor->field;
    const size_t width = an_dtype_bytes(entry->dtype);
    const bool varints = entry->dtype != AN_F32 && entry->dtype != AN_F64;
    an_wire *chunk = &onnx->cursor.chunk;
    an_wire_field field;
    uint64_t value;
    bool more;
    for (int64_t i = 0; i < count;) {
        const uint64_t left = an_wire_length(chunk);
        if (left && varints) {
            AN_CHECK(an_wire_varint(chunk, &value));
            store(dst, i++, width, value);
            continue;
        }
        if (left) {
            const uint64_t wanted = (uint64_t)(count - i) * width;
            const size_t n = (size_t)(left < wanted ? left : wanted);
            AN_CHECK(
                an_reader_read(chunk->file->reader, chunk->at, (char *)dst + (size_t)i * width, n));
            chunk->at += n;
            i += (int64_t)(n / width);
            continue;
        }
        AN_CHECK(an_wire_next(&onnx->cursor.message, &field, &more));
        if (!more) /* they were counted when the file was opened */
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s changed while it was read",
                           an_reader_name(onnx->wire.reader));
        if (field.number == list && field.type == AN_WIRE_BYTES)
            *chunk = field.body;
        else if (field.number == list)
            store(dst, i++, width, field.value);
    }
    return ALEXNET_OK;
}

alexnet_status an_onnx_read(an_tensor_file *file, const an_tensor_entry *entry, int64_t first,
                            int64_t count, void *dst)
{
    an_onnx *onnx = file->state;
    const an_onnx_tensor *tensor = &onnx->tensors[entry - file->entries];
    const size_t width = an_dtype_bytes(entry->dtype);
    if (tensor->field) {
        if (first == 0) {
            onnx->cursor.tensor = tensor;
            onnx->cursor.message = tensor->body;
            onnx->cursor.chunk = (an_wire){.file = &onnx->wire};
        }
        return decode(onnx, entry, count, dst);
    }
    if (tensor->location)
        AN_CHECK(an_onnx_open_beside(onnx, tensor->location));
    return an_reader_read(tensor->location ? onnx->beside : file->reader,
                          entry->offset + (uint64_t)first * width, dst, (size_t)count * width);
}
