/*
 * safetensors files.
 *
 *     8 bytes   N, little-endian, at most 100 MB
 *     N bytes   JSON object: name -> {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]},
 *               and "__metadata__" -> {string: string}
 *     the rest  the tensors, row-major, little-endian, without gaps
 *
 * This header is for writing them; they are read as tensor files (tensor_file.h). Everything is
 * checked against the file before anything is allocated for it: N, the JSON (depth, duplicate
 * names), shapes (overflow), that each tensor of a known dtype has the length that its shape
 * implies, and that the tensors cover the rest exactly, without overlap or gap. Source:
 * https://github.com/huggingface/safetensors, "Format".
 */
#ifndef AN_FORMAT_SAFETENSORS_H
#define AN_FORMAT_SAFETENSORS_H

#include "tensor/tensor.h"

/**
 * Writing: describe all tensors, then give their data in that order. The first tensor begins at a
 * multiple of 8 bytes and no gap follows it, so declare wider element types first.
 */
typedef struct an_tensor_writer an_tensor_writer;

/** Opens a temporary file beside `path`. */
alexnet_status an_tensor_writer_new(an_tensor_writer **out, const char *path);
/** Takes the bytes of a file in order. */
typedef alexnet_status (*an_tensor_put)(void *to, const void *bytes, size_t length);
/** Passes the bytes to `put` instead of writing a file. @param name  for error texts */
alexnet_status an_tensor_writer_new_to(an_tensor_writer **out, const char *name, an_tensor_put put,
                                       void *to);
/** Add checksums of the tensors to the metadata (tensor_sums.h). The writer must write to a file,
 *  whose header is rewritten once they are known. */
void an_tensor_writer_sum(an_tensor_writer *writer);
/** Replaces an earlier value. @return ALEXNET_ERROR_INVALID_ARGUMENT for text that is not UTF-8 */
alexnet_status an_tensor_writer_metadata(an_tensor_writer *writer, const char *key,
                                         const char *value);
/** @return ALEXNET_ERROR_INVALID_ARGUMENT for a name that is taken, or not UTF-8 */
alexnet_status an_tensor_writer_declare(an_tensor_writer *writer, const char *name, an_dtype dtype,
                                        an_shape shape);
/** Write the next data of the declared tensors: a tensor or a part of one. The first call writes
 *  the header before it. */
alexnet_status an_tensor_writer_data(an_tensor_writer *writer, const void *data, size_t bytes);
/** After all data: flush, rename, free. Frees on failure too. */
alexnet_status an_tensor_writer_commit(an_tensor_writer *writer);
void an_tensor_writer_abort(an_tensor_writer *writer); /* NULL allowed */

#endif
