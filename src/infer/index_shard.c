#include "infer/index_shard.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/safetensors.h"
#include "format/tensor_file.h"

/* Find a tensor, and check its type and rank, and that it is inside the mapping. */
static alexnet_status find(const an_index_shard *s, const an_tensor_file *file, const char *name,
                           an_dtype type, int rank, const an_tensor_entry **out)
{
    const an_tensor_entry *entry = an_tensor_file_find(file, name);
    *out = entry;
    if (entry && entry->dtype == type && entry->shape.rank == rank &&
        entry->offset <= s->mapping.length && entry->bytes <= s->mapping.length - entry->offset &&
        entry->offset % an_dtype_bytes(type) == 0)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s of an index is missing or damaged", s->path,
                   name);
}

/* The keys, of which there must be as many as rows. */
static alexnet_status list_keys(an_index_shard *s, const char *bytes, uint64_t length)
{
    s->key = an_calloc((size_t)s->count + 1, sizeof *s->key);
    if (!s->key)
        return AN_FAIL_MEMORY((size_t)s->count * sizeof *s->key, "the index of a folder");
    const char *end = bytes + length;
    int64_t n = 0;
    for (const char *at = bytes; at < end && n < s->count; n++) {
        const char *zero = memchr(at, '\0', (size_t)(end - at));
        if (!zero)
            break;
        s->key[n] = at;
        at = zero + 1;
        if (n == s->count - 1 && at == end)
            return ALEXNET_OK;
    }
    return s->count == 0 && length == 0
               ? ALEXNET_OK
               : AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: expected one name for each of %lld pictures",
                         s->path, (long long)s->count);
}

static alexnet_status take(an_index_shard *s, const an_tensor_file *file, const char *identity)
{
    const an_tensor_entry *stamps, *features, *keys;
    const char *of = an_tensor_file_metadata(file, AN_METADATA_INDEX);
    if (!of || strcmp(of, identity) != 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not an index of %s", s->path, identity);
    AN_CHECK(find(s, file, "stamps", AN_I64, 1, &stamps));
    AN_CHECK(find(s, file, "features", AN_F32, 2, &features));
    AN_CHECK(find(s, file, "keys", AN_U8, 1, &keys));
    s->count = stamps->shape.dim[0];
    if (features->shape.dim[0] != s->count || features->shape.dim[1] != s->dims)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: features [%lld, %d] expected, found [%lld, %lld]",
                       s->path, (long long)s->count, s->dims, (long long)features->shape.dim[0],
                       (long long)features->shape.dim[1]);
    s->stamps = (const int64_t *)(s->mapping.bytes + stamps->offset);
    s->features = (const float *)(s->mapping.bytes + features->offset);
    return list_keys(s, (const char *)s->mapping.bytes + keys->offset, keys->bytes);
}

alexnet_status an_index_shard_open(an_index_shard *out, const char *path, const char *identity,
                                   int dims)
{
    an_reader *reader;
    an_tensor_file *file = NULL;
    alexnet_status rc = ALEXNET_OK;
    *out = (an_index_shard){.dims = dims};
    AN_CHECK(an_reader_open(&reader, path));
    AN_CHECK(an_tensor_file_open(&file, reader));
    out->path = an_strdup(path);
    if (!out->path)
        rc = AN_FAIL_MEMORY(strlen(path), "a path");
    if (rc == ALEXNET_OK)
        rc = an_mapping_open(&out->mapping, path);
    if (rc == ALEXNET_OK)
        rc = take(out, file, identity);
    an_tensor_file_close(file);
    if (rc != ALEXNET_OK)
        an_index_shard_close(out);
    return rc;
}

void an_index_shard_close(an_index_shard *s)
{
    an_mapping_close(&s->mapping);
    an_free(s->key);
    an_free(s->path);
    *s = (an_index_shard){0};
}

const float *an_index_shard_row(const an_index_shard *s, int64_t index)
{
    const float *row = s->features + (size_t)index * (size_t)s->dims;
    return isnan(row[0]) ? NULL : row;
}

/* Declare tensors with wider elements first, so that all are aligned. */
static alexnet_status declare(an_tensor_writer *writer, const an_index_row *rows, int64_t count,
                              int dims)
{
    int64_t bytes = 0;
    for (int64_t i = 0; i < count; i++)
        bytes += (int64_t)strlen(rows[i].key) + 1;
    const an_shape one = {1, {count}}, two = {2, {count, dims}}, text = {1, {bytes}};
    AN_CHECK(an_tensor_writer_declare(writer, "stamps", AN_I64, one));
    AN_CHECK(an_tensor_writer_declare(writer, "features", AN_F32, two));
    return an_tensor_writer_declare(writer, "keys", AN_U8, text);
}

static alexnet_status put_rows(an_tensor_writer *writer, const an_index_row *rows, int64_t count,
                               int dims)
{
    const size_t bytes = (size_t)dims * sizeof(float);
    for (int64_t i = 0; i < count; i++)
        AN_CHECK(an_tensor_writer_data(writer, &rows[i].stamp, sizeof rows[i].stamp));
    float *absent = an_calloc((size_t)dims, sizeof *absent);
    if (!absent)
        return AN_FAIL_MEMORY(bytes, "the index of a folder");
    absent[0] = NAN;
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < count && rc == ALEXNET_OK; i++)
        rc = an_tensor_writer_data(writer, rows[i].features ? rows[i].features : absent, bytes);
    an_free(absent);
    for (int64_t i = 0; i < count && rc == ALEXNET_OK; i++)
        rc = an_tensor_writer_data(writer, rows[i].key, strlen(rows[i].key) + 1);
    return rc;
}

alexnet_status an_index_shard_write(const char *path, const char *identity,
                                    const an_index_row *rows, int64_t count, int dims)
{
    an_tensor_writer *writer;
    AN_CHECK(an_tensor_writer_new(&writer, path));
    alexnet_status rc = an_tensor_writer_metadata(writer, AN_METADATA_INDEX, identity);
    if (rc == ALEXNET_OK)
        rc = declare(writer, rows, count, dims);
    if (rc == ALEXNET_OK)
        rc = put_rows(writer, rows, count, dims);
    if (rc == ALEXNET_OK)
        return an_tensor_writer_commit(writer);
    an_tensor_writer_abort(writer);
    return rc;
}
