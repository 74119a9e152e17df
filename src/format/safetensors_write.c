#include "format/safetensors.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crc32.h"
#include "base/json.h"
#include "base/status.h"
#include "base/utf8.h"
#include "base/writer.h"
#include "format/safetensors_header.h"
#include "format/tensor_sums.h"

/* The data begin at a multiple of this, for readers that map the file. */
enum { DATA_ALIGN = 8 };

struct an_tensor_writer {
    char *path;        /* for error texts */
    an_tensor_put put; /* where the bytes go */
    void *to;
    an_writer *file;  /* the same as `to`; NULL: `to` is the caller's */
    json_t *header;   /* the whole object; metadata is its first member */
    json_t *metadata; /* borrowed from the header */
    uint64_t *bytes;  /* [count] of each declared tensor */
    uint32_t *sums;   /* [count] their checksums, 0 until known */
    bool summed;      /* whether the file gets them */
    int count;        /* declared */
    int given;        /* tensors whose data was written completely */
    uint64_t part;    /* bytes written of the next */
    uint64_t offset;  /* end of the last declared tensor */
    bool header_written;
};

static void release(an_tensor_writer *writer)
{
    json_decref(writer->header);
    an_free(writer->bytes);
    an_free(writer->sums);
    an_free(writer->path);
    an_free(writer);
}

alexnet_status an_tensor_writer_new_to(an_tensor_writer **out, const char *name, an_tensor_put put,
                                       void *to)
{
    *out = NULL;
    an_tensor_writer *writer = an_calloc(1, sizeof *writer);
    if (!writer)
        return AN_FAIL_MEMORY(sizeof *writer, name);
    writer->put = put;
    writer->to = to;
    writer->path = an_strdup(name);
    writer->header = json_object();
    writer->metadata = json_object();
    if (json_object_set_new(writer->header, AN_SAFETENSORS_METADATA, writer->metadata) != 0 ||
        !writer->path) {
        release(writer);
        return AN_FAIL_MEMORY(strlen(name), name);
    }
    *out = writer;
    return ALEXNET_OK;
}

static alexnet_status put_in_file(void *file, const void *bytes, size_t length)
{
    return an_writer_put(file, bytes, length);
}

alexnet_status an_tensor_writer_new(an_tensor_writer **out, const char *path)
{
    an_writer *file;
    *out = NULL;
    AN_CHECK(an_writer_open(&file, path));
    alexnet_status rc = an_tensor_writer_new_to(out, path, put_in_file, file);
    if (rc == ALEXNET_OK)
        (*out)->file = file;
    else
        an_writer_abort(file);
    return rc;
}

void an_tensor_writer_sum(an_tensor_writer *writer)
{
    assert(writer->file && !writer->header_written);
    writer->summed = true;
}

alexnet_status an_tensor_writer_metadata(an_tensor_writer *writer, const char *key,
                                         const char *value)
{
    assert(!writer->header_written);
    if (!an_is_utf8(key) || !an_is_utf8(value))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s: %s cannot be stored, because it is not UTF-8 text: %s", writer->path,
                       key, value);
    if (json_object_set_new(writer->metadata, key, json_string(value)) != 0)
        return AN_FAIL_MEMORY(strlen(value), key);
    return ALEXNET_OK;
}

/* {"dtype": .., "shape": [..], "data_offsets": [begin, end]}; NULL if out of memory. */
static json_t *describe(an_dtype dtype, an_shape shape, uint64_t begin, uint64_t end)
{
    json_t *dims = json_array();
    for (int i = 0; i < shape.rank; i++)
        if (json_array_append_new(dims, json_integer(shape.dim[i])) != 0) {
            json_decref(dims);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", an_safetensors_dtype_word(dtype), "shape",
                     dims, "data_offsets", (json_int_t)begin, (json_int_t)end);
}

/* Make room for one more tensor. */
static alexnet_status make_room(an_tensor_writer *writer)
{
    uint64_t *bytes = an_grow(writer->bytes, writer->count, sizeof *bytes);
    if (bytes)
        writer->bytes = bytes;
    uint32_t *sums = an_grow(writer->sums, writer->count, sizeof *sums);
    if (sums)
        writer->sums = sums;
    return bytes && sums ? ALEXNET_OK : AN_FAIL_MEMORY(sizeof *bytes, "a list of tensors");
}

alexnet_status an_tensor_writer_declare(an_tensor_writer *writer, const char *name, an_dtype dtype,
                                        an_shape shape)
{
    assert(!writer->header_written);
    const int64_t count = an_shape_count(shape);
    assert(count >= 0 && count <= INT64_MAX / 8);
    const uint64_t bytes = (uint64_t)count * an_dtype_bytes(dtype);
    if (!an_is_utf8(name) || json_object_get(writer->header, name))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s: tensor %s cannot be stored: its name is %s", writer->path, name,
                       an_is_utf8(name) ? "taken" : "not UTF-8 text");
    AN_CHECK(make_room(writer));
    if (json_object_set_new(writer->header, name,
                            describe(dtype, shape, writer->offset, writer->offset + bytes)) != 0)
        return AN_FAIL_MEMORY(strlen(name), "the header of a safetensors file");
    writer->bytes[writer->count++] = bytes;
    writer->offset += bytes;
    return ALEXNET_OK;
}

/* Put the checksums into the header. Their text has the same length whether known or not. */
static alexnet_status put_sums(an_tensor_writer *writer)
{
    if (!writer->summed)
        return ALEXNET_OK;
    char *text = an_tensor_sums_text(writer->header, writer->sums);
    if (!text)
        return AN_FAIL_MEMORY((size_t)writer->count * 64, "checksums of tensors");
    alexnet_status rc = an_tensor_writer_metadata(writer, AN_METADATA_SUMS, text);
    an_free(text);
    return rc;
}

/* The length, then the JSON, padded with spaces to align the data. */
static alexnet_status put_header(an_tensor_writer *writer, const char *text)
{
    static const char blanks[] = "        ";
    const size_t length = strlen(text);
    const uint64_t padded = ((uint64_t)length + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
    if (padded > AN_SAFETENSORS_HEADER_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: a header of %zu bytes is more than the format allows", writer->path,
                       length);
    AN_CHECK(writer->put(writer->to, &padded, sizeof padded));
    AN_CHECK(writer->put(writer->to, text, length));
    return writer->put(writer->to, blanks, (size_t)padded - length);
}

static alexnet_status write_header(an_tensor_writer *writer)
{
    AN_CHECK(put_sums(writer));
    char *text = an_json_text(writer->header, JSON_COMPACT);
    if (!text)
        return AN_FAIL_MEMORY((size_t)writer->count * 64, "the header of a safetensors file");
    const alexnet_status rc = put_header(writer, text);
    an_free(text);
    writer->header_written = true;
    return rc;
}

/* Write the header over the one whose checksums were not known yet. */
static alexnet_status write_header_again(an_tensor_writer *writer)
{
    AN_CHECK(an_writer_rewind(writer->file));
    writer->header_written = false;
    return write_header(writer);
}

alexnet_status an_tensor_writer_data(an_tensor_writer *writer, const void *data, size_t bytes)
{
    if (writer->given == writer->count || bytes > writer->bytes[writer->given] - writer->part)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s: %zu bytes for tensor %d of %d are not what was declared", writer->path,
                       bytes, writer->given, writer->count);
    if (!writer->header_written)
        AN_CHECK(write_header(writer));
    AN_CHECK(writer->put(writer->to, data, bytes));
    if (writer->summed)
        writer->sums[writer->given] = an_crc32(writer->sums[writer->given], data, bytes);
    writer->part += bytes;
    if (writer->part == writer->bytes[writer->given]) {
        writer->part = 0;
        writer->given++;
    }
    return ALEXNET_OK;
}

alexnet_status an_tensor_writer_commit(an_tensor_writer *writer)
{
    alexnet_status rc = ALEXNET_OK;
    if (writer->given != writer->count)
        rc = AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s: the data of %d of %d tensors is missing",
                     writer->path, writer->count - writer->given, writer->count);
    else if (!writer->header_written)
        rc = write_header(writer);
    else if (writer->summed)
        rc = write_header_again(writer);
    if (writer->file)
        rc = an_writer_end(writer->file, rc);
    release(writer);
    return rc;
}

void an_tensor_writer_abort(an_tensor_writer *writer)
{
    if (!writer)
        return;
    an_writer_abort(writer->file);
    release(writer);
}
