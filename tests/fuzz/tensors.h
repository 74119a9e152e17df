/*
 * Shared by the fuzz targets of tensor files: any bytes as a file give an error, or tensors. What
 * can be read of them as float64 can be read as float32 too.
 */
#ifndef TESTS_FUZZ_TENSORS_H
#define TESTS_FUZZ_TENSORS_H

#include "format/tensor_file.h"
#include "fuzz/require.h"

enum { FUZZ_ELEMENTS = 1 << 16 };

static inline void fuzz_tensor(an_tensor_file *file, const an_tensor_entry *entry)
{
    static double values[FUZZ_ELEMENTS];
    const int64_t count = an_shape_count(entry->shape);
    if (!an_tensor_file_find(file, entry->name) || !memchr(entry->type, 0, sizeof entry->type))
        abort();
    if (!an_dtype_is_float(entry->dtype) || count < 0 || count > FUZZ_ELEMENTS)
        return;
    if (an_tensor_file_read(file, entry->name, entry->shape, AN_F64, values) != ALEXNET_OK)
        return;
    if (an_tensor_file_read(file, entry->name, entry->shape, AN_F32, values) != ALEXNET_OK)
        abort();
}

/** Open bytes as a file of tensors. @return NULL if they are none of this format (NULL: any) */
static inline an_tensor_file *fuzz_open(const uint8_t *bytes, size_t length, const char *format)
{
    an_reader *reader;
    an_tensor_file *file;
    if (an_reader_memory(&reader, "fuzz", bytes, length) != ALEXNET_OK ||
        an_tensor_file_open(&file, reader) != ALEXNET_OK)
        return NULL;
    if (!format || strcmp(an_tensor_file_format(file), format) == 0)
        return file;
    an_tensor_file_close(file);
    return NULL;
}

static inline void fuzz_tensors(const uint8_t *bytes, size_t length)
{
    an_tensor_file *file = fuzz_open(bytes, length, NULL);
    if (!file)
        return;
    for (int i = 0; i < an_tensor_file_count(file); i++)
        fuzz_tensor(file, an_tensor_file_entry(file, i));
    const char *text = an_tensor_file_metadata(file, "alexnet.network");
    if (text && strlen(text) == SIZE_MAX)
        abort();
    an_tensor_file_close(file);
}

#endif
