/*
 * The JSON header of a safetensors file: shared by safetensors.c (reading) and safetensors_write.c.
 */
#ifndef AN_FORMAT_SAFETENSORS_HEADER_H
#define AN_FORMAT_SAFETENSORS_HEADER_H

#include <jansson.h>

#include "format/tensor_format.h"

/** The format's limit on the header, in bytes. */
#define AN_SAFETENSORS_HEADER_MAX 100000000u

/** The member of the header that is not a tensor. */
#define AN_SAFETENSORS_METADATA "__metadata__"

/**
 * Read and check a header: fills in the file's entries, in the order of their data, and its state,
 * which is the JSON object of the metadata.
 * @param json  `length` bytes; the tensors begin after them, 8 + length bytes into the file
 */
alexnet_status an_safetensors_header_parse(an_tensor_file *file, const char *json, size_t length);

/** The format's word for an element type: "F32"; NULL for AN_OTHER. */
const char *an_safetensors_dtype_word(an_dtype dtype);

#endif
