#include "infer/index_shard.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crc32c.h"
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
    const an_tensor_entry *stamps, *features, *keys, *sums = NULL;
    const char *of = an_tensor_file_metadata(file, AN_METADATA_INDEX);
    if (!of || strcmp(of, identity) != 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not an index of %s", s->path, identity);
    AN_CHECK(find(s, file, "stamps", AN_I64, 1, &stamps));
    AN_CHECK(find(s, file, "features", AN_F32, 2, &features));
    AN_CHECK(find(s, file, "keys", AN_U8, 1, &keys));
    if (an_tensor_file_find(file, "sums"))
        AN_CHECK(find(s, file, "sums", AN_I32, 1, &sums));
    const int found = an_tensor_file_count(file), expected = sums ? 4 : 3;
    if (found != expected) /* or sums whose name is damaged would be none */
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %d tensors expected, found %d", s->path, expected,
                       found);
    s->count = stamps->shape.dim[0];
    if (features->shape.dim[0] != s->count || features->shape.dim[1] != s->dims)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: features [%lld, %d] expected, found [%lld, %lld]",
                       s->path, (long long)s->count, s->dims, (long long)features->shape.dim[0],
                       (long long)features->shape.dim[1]);
    if (sums && sums->shape.dim[0] != s->count)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: sums [%lld] expected, found [%lld]", s->path,
                       (long long)s->count, (long long)sums->shape.dim[0]);
    s->sums = sums ? (const int32_t *)(s->mapping.bytes + sums->offset) : NULL;
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

static uint32_t sum_row(int64_t stamp, const float *features, int dims, const char *key)
{
    const uint32_t sum = an_crc32c(0, &stamp, sizeof stamp);
    return an_crc32c(an_crc32c(sum, features, (size_t)dims * sizeof *features), key,
                     strlen(key) + 1);
}

alexnet_status an_index_shard_check(const an_index_shard *s, int64_t index)
{
    const float *features = s->features + (size_t)index * (size_t)s->dims;
    if (!s->sums)
        return ALEXNET_OK;
    const uint32_t expected = (uint32_t)s->sums[index];
    const uint32_t found = sum_row(s->stamps[index], features, s->dims, s->key[index]);
    if (found == expected)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: row %lld of %lld (%s) is damaged: checksum %08x expected, %08x found",
                   s->path, (long long)index, (long long)s->count, s->key[index],
                   (unsigned)expected, (unsigned)found);
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
    AN_CHECK(an_tensor_writer_declare(writer, "sums", AN_I32, one));
    AN_CHECK(an_tensor_writer_declare(writer, "features", AN_F32, two));
    return an_tensor_writer_declare(writer, "keys", AN_U8, text);
}

static const float *features_of(const an_index_row *row, const float *absent)
{
    return row->features ? row->features : absent;
}

static alexnet_status put_rows(an_tensor_writer *writer, const an_index_row *rows, int64_t count,
                               int dims, const float *absent)
{
    const size_t bytes = (size_t)dims * sizeof(float);
    for (int64_t i = 0; i < count; i++)
        AN_CHECK(an_tensor_writer_data(writer, &rows[i].stamp, sizeof rows[i].stamp));
    for (int64_t i = 0; i < count; i++) {
        const uint32_t sum =
            sum_row(rows[i].stamp, features_of(&rows[i], absent), dims, rows[i].key);
        AN_CHECK(an_tensor_writer_data(writer, &sum, sizeof sum));
    }
    for (int64_t i = 0; i < count; i++)
        AN_CHECK(an_tensor_writer_data(writer, features_of(&rows[i], absent), bytes));
    for (int64_t i = 0; i < count; i++)
        AN_CHECK(an_tensor_writer_data(writer, rows[i].key, strlen(rows[i].key) + 1));
    return ALEXNET_OK;
}

alexnet_status an_index_shard_write(const char *path, const char *identity,
                                    const an_index_row *rows, int64_t count, int dims)
{
    alexnet_status rc = ALEXNET_OK;
    an_tensor_writer *writer = NULL;
    float *absent = an_calloc((size_t)dims, sizeof *absent);
    if (!absent)
        return AN_FAIL_MEMORY((size_t)dims * sizeof *absent, "the index of a folder");
    absent[0] = NAN;
    AN_TRY(an_tensor_writer_new(&writer, path));
    AN_TRY(an_tensor_writer_metadata(writer, AN_METADATA_INDEX, identity));
    AN_TRY(declare(writer, rows, count, dims));
    AN_TRY(put_rows(writer, rows, count, dims, absent));
    rc = an_tensor_writer_commit(writer);
    writer = NULL;
cleanup:
    an_tensor_writer_abort(writer);
    an_free(absent);
    return rc;
}
