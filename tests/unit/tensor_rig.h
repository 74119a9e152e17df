/*
 * Tensor files, opened from a path or from memory, and read. Includes cmocka.
 */
#ifndef TESTS_UNIT_TENSOR_RIG_H
#define TESTS_UNIT_TENSOR_RIG_H

#include "unit/expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "format/safetensors.h"
#include "format/tensor_file.h"

/** A reader of a file, which must be there. */
static inline an_reader *rig_reader(const char *path)
{
    an_reader *reader;
    expect_ok(an_reader_open(&reader, path));
    return reader;
}

/** Open a file as one of tensors. @return what came of it; *file is NULL unless it succeeded */
static inline alexnet_status rig_try_tensors(an_tensor_file **file, const char *path)
{
    *file = NULL;
    return an_tensor_file_open(file, rig_reader(path));
}

/** The same of bytes in memory. */
static inline alexnet_status rig_try_bytes(an_tensor_file **file, const char *name,
                                           const void *bytes, size_t length)
{
    an_reader *reader;
    *file = NULL;
    expect_ok(an_reader_memory(&reader, name, bytes, length));
    return an_tensor_file_open(file, reader);
}

/** A whole file, in a block of exactly its size; `bytes` is freed with free(). */
typedef struct rig_bytes {
    unsigned char *bytes;
    size_t length;
} rig_bytes;

static inline rig_bytes rig_load(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", folder, name);
    an_reader *reader = rig_reader(path);
    rig_bytes all = {.length = (size_t)an_reader_size(reader)};
    all.bytes = malloc(all.length);
    assert_non_null(all.bytes);
    expect_ok(an_reader_read(reader, 0, all.bytes, all.length));
    an_reader_close(reader);
    return all;
}

static inline an_tensor_file *rig_open_tensors(const char *path)
{
    an_tensor_file *file;
    expect_ok(rig_try_tensors(&file, path));
    return file;
}

/** A tensor in its own type; freed with an_free(). */
static inline void *rig_tensor(an_tensor_file *file, const an_tensor_entry *entry)
{
    void *data = an_malloc(entry->bytes);
    assert_non_null(data);
    expect_ok(an_tensor_file_read(file, entry->name, entry->shape, entry->dtype, data));
    return data;
}

/** A tensor as double; freed with an_free(). */
static inline double *rig_doubles(an_tensor_file *file, const char *name, int64_t *count)
{
    const an_tensor_entry *entry = an_tensor_file_find(file, name);
    assert_non_null(entry);
    *count = an_shape_count(entry->shape);
    double *values = an_calloc((size_t)*count, sizeof *values);
    assert_non_null(values);
    expect_ok(an_tensor_file_read(file, name, entry->shape, AN_F64, values));
    return values;
}

/** Write n vectors, whose names `pattern` makes of 0, 1, ..., and whose values follow one
 *  another in `values`. */
static inline void rig_write_vectors(const char *path, const char *pattern, int n,
                                     const int *lengths, const float *values)
{
    an_tensor_writer *writer;
    char name[64];
    expect_ok(an_tensor_writer_new(&writer, path));
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, pattern, i);
        expect_ok(an_tensor_writer_declare(writer, name, AN_F32, an_shape_of(1, lengths[i])));
    }
    for (int i = 0; i < n; values += lengths[i++])
        expect_ok(an_tensor_writer_data(writer, values, (size_t)lengths[i] * sizeof *values));
    expect_ok(an_tensor_writer_commit(writer));
}

/** The weights of LPIPS for two layers of 4 and `second` features, one after the other. */
static inline void rig_write_lpips(const char *path, int second, const float *values)
{
    rig_write_vectors(path, "lpips.%d.weight", 2, (const int[]){4, second}, values);
}

#endif
