/*
 * Checksums of a file's content, kept in its metadata, so that a bit that flips on a disk is
 * noticed, and its tensor named, when the tensor is read.
 *
 *     alexnet.crc32   JSON object: name of a tensor -> CRC-32 of its bytes as stored in the file,
 *                     8 hexadecimal digits; __metadata__, which no tensor is called, -> CRC-32 of
 *                     all other metadata whose key begins with "alexnet.": sorted by key, each as
 *                     the key, a zero byte, the text, a zero byte
 *
 * The CRC is that of zlib, zip and PNG (ISO 3309), in Python zlib.crc32(). Files without it, and
 * tensors that it does not name, are not checked.
 */
#ifndef AN_FORMAT_TENSOR_SUMS_H
#define AN_FORMAT_TENSOR_SUMS_H

#include <jansson.h>

#include "format/tensor_format.h"

#define AN_METADATA_SUMS "alexnet.crc32"

/** The checksum of a tensor, and of the elements read so far; or that of the metadata. */
typedef struct an_tensor_sum {
    bool known; /* the file has one */
    bool differs;
    uint32_t expected, found; /* found: of the elements before `next` */
    int64_t next;
} an_tensor_sum;

/** The value of the metadata for `count` tensors; owned. NULL if out of memory.
 * @param header  of a safetensors file: its members are the tensors in the order of `sums`, and
 *                __metadata__ */
char *an_tensor_sums_text(json_t *header, const uint32_t *sums);

/** Read the metadata of an open file, if it has any.
 * @return ALEXNET_ERROR_FORMAT if its text is of another form */
alexnet_status an_tensor_sums_open(an_tensor_file *file);
/** Add elements that were read to the checksum of their tensor, if the file has one. */
void an_tensor_sums_take(an_tensor_file *file, const an_tensor_entry *entry, int64_t first,
                         int64_t count, const void *bytes);

#endif
