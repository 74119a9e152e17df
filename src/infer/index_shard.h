/*
 * A file of a picture index: features of some pictures, with stamps that tell whether a picture has
 * changed. A safetensors file:
 *
 *     stamps    I64 [N]      an_data_kind.stamp() of each picture, timed
 *     sums      I32 [N]      CRC-32C of each row: its stamp, its features, its key and a zero byte
 *     features  F32 [N, D]   a row whose first value is a NaN: the picture could not be read
 *     keys      U8  [bytes]  names of the pictures within their folder, a zero byte after each
 *
 * and metadata `alexnet.index`, the identity of model and layer. The file is mapped, not read: a
 * row is compared with its checksum where it is first used. Files of earlier versions have no
 * sums, and no other tensor; a builder writes their rows to new files.
 */
#ifndef AN_INFER_INDEX_SHARD_H
#define AN_INFER_INDEX_SHARD_H

#include <stdbool.h>

#include "base/mapping.h"

#define AN_METADATA_INDEX "alexnet.index"

/** An open shard. Everything is borrowed from the mapping but `key`. */
typedef struct an_index_shard {
    char *path;
    an_mapping mapping;
    int64_t count;
    int dims;
    const int64_t *stamps; /* [count] */
    const int32_t *sums;   /* [count]; NULL: the file has none */
    const float *features; /* [count][dims] */
    const char **key;      /* [count] */
    bool waste;            /* to be removed, once its used rows are in another file */
    int64_t used;          /* rows in use, as the index counts them */
} an_index_shard;

/**
 * Open a shard.
 * @param identity  of model and layer, which the shard must have
 * @return ALEXNET_ERROR_FORMAT if it is damaged, or has another identity or number of dimensions
 */
alexnet_status an_index_shard_open(an_index_shard *out, const char *path, const char *identity,
                                   int dims);
void an_index_shard_close(an_index_shard *shard); /* all zero allowed */

/** A row of a shard; NULL: the picture could not be read. */
const float *an_index_shard_row(const an_index_shard *shard, int64_t index);

/**
 * Compare a row with its checksum.
 * @return ALEXNET_ERROR_FORMAT, naming the file, the row and its picture; ALEXNET_OK also for a
 * file without checksums
 */
alexnet_status an_index_shard_check(const an_index_shard *shard, int64_t index);

/** A row to be written. */
typedef struct an_index_row {
    const char *key;
    int64_t stamp;
    const float *features; /* NULL: the picture could not be read */
} an_index_row;

/** Write a shard, whole or not at all. */
alexnet_status an_index_shard_write(const char *path, const char *identity,
                                    const an_index_row *rows, int64_t count, int dims);

#endif
