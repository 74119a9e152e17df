/*
 * The JSON header of a safetensors file: what safetensors.c (reading) and safetensors_write.c
 * share.
 */
#ifndef AN_FORMAT_SAFETENSORS_HEADER_H
#define AN_FORMAT_SAFETENSORS_HEADER_H

#include <jansson.h>

#include "format/safetensors.h"

/** The format's limit of the header, in bytes. */
#define AN_SAFETENSORS_HEADER_MAX 100000000u

/** The member of the header that is not a tensor. */
#define AN_SAFETENSORS_METADATA "__metadata__"

typedef struct an_safetensors_header {
    int count;
    an_tensor_entry *entries; /* in the order of their data */
    json_t *metadata;         /* object of strings, or NULL */
} an_safetensors_header;

/**
 * Read and check a header.
 * @param file        name for error texts
 * @param json        `length` bytes
 * @param data_start  offset of the tensors in the file; the entries' offsets count from the file's
 *                    beginning
 * @param data_bytes  bytes from there to the end of the file
 * @return ALEXNET_ERROR_FORMAT, or _UNSUPPORTED for element types and ranks that we do not read;
 *         `out` is then empty
 */
alexnet_status an_safetensors_header_parse(an_safetensors_header *out, const char *file,
                                           const char *json, size_t length, uint64_t data_start,
                                           uint64_t data_bytes);
void an_safetensors_header_clear(an_safetensors_header *header);

/** The format's word for an element type: "F32". */
const char *an_safetensors_dtype_word(an_dtype dtype);

#endif
