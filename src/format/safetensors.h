/*
 * safetensors files.
 *
 *     8 bytes   N, little-endian, at most 100 MB
 *     N bytes   JSON object: name -> {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]},
 *               and "__metadata__" -> {string: string}
 *     the rest  the tensors, row-major, little-endian, without gaps
 *
 * A reader checks everything against the file before anything is allocated for it: N, the JSON
 * (depth, duplicate names), dtypes, shapes (overflow), that each tensor's length is what its shape
 * says, and that the tensors cover the rest exactly, without overlap or gap.
 * Source: the format's page (peers section E6).
 */
#ifndef AN_FORMAT_SAFETENSORS_H
#define AN_FORMAT_SAFETENSORS_H

#include "base/source.h"
#include "tensor/tensor.h"

typedef struct an_tensor_entry {
    char *name;
    an_dtype dtype; /* AN_F32, AN_F64, AN_BF16, AN_U8 or AN_I32 */
    an_shape shape;
    uint64_t offset; /* in the source */
    uint64_t bytes;
} an_tensor_entry;

typedef struct an_safetensors an_safetensors;

/** Takes the source over, also on failure. Tensors are in the order of their data. */
alexnet_status an_safetensors_open(an_safetensors **out, an_source *source);
void an_safetensors_close(an_safetensors *file); /* NULL allowed */
const char *an_safetensors_name(const an_safetensors *file);
int an_safetensors_count(const an_safetensors *file);
const an_tensor_entry *an_safetensors_entry(const an_safetensors *file, int index);
/** @return NULL if there is none of that name */
const an_tensor_entry *an_safetensors_find(const an_safetensors *file, const char *name);
/** A string of __metadata__, borrowed. @return NULL if absent */
const char *an_safetensors_metadata(const an_safetensors *file, const char *key);

/**
 * Read a tensor as float32 or float64, converting from F32, F64 or BF16.
 * @return ALEXNET_ERROR_FORMAT if it is absent, or its shape or dtype is another: the text names
 *         file, tensor, expected and found
 */
alexnet_status an_safetensors_read(an_safetensors *file, const char *name, an_shape shape,
                                   an_dtype as, void *dst);

/**
 * Writing: describe all tensors, then give their data in that order. The first tensor begins at a
 * multiple of 8 bytes and no gap follows it, so declare wider element types first.
 */
typedef struct an_tensor_writer an_tensor_writer;

/** Opens a temporary file beside `path`. */
alexnet_status an_tensor_writer_new(an_tensor_writer **out, const char *path);
/** Replaces an earlier value. @return ALEXNET_ERROR_INVALID_ARGUMENT for text that is not UTF-8 */
alexnet_status an_tensor_writer_metadata(an_tensor_writer *writer, const char *key,
                                         const char *value);
/** @return ALEXNET_ERROR_INVALID_ARGUMENT for a name that is taken, or not UTF-8 */
alexnet_status an_tensor_writer_declare(an_tensor_writer *writer, const char *name, an_dtype dtype,
                                        an_shape shape);
/** The data of the next declared tensor, whole. The first call writes the header. */
alexnet_status an_tensor_writer_data(an_tensor_writer *writer, const void *data, size_t bytes);
/** All data given: flush, rename, free. Frees on failure too. */
alexnet_status an_tensor_writer_commit(an_tensor_writer *writer);
void an_tensor_writer_abort(an_tensor_writer *writer); /* NULL allowed */

#endif
