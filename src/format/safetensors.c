/*
 * safetensors as a format of tensor files.
 */
#include "format/safetensors.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/safetensors_header.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are read and written as stored");

enum { PREFIX = 8 }; /* bytes of the header's length */

static bool recognise(const unsigned char *head, size_t length, uint64_t size)
{
    uint64_t announced;
    (void)size;
    if (length < PREFIX + 1)
        return false;
    memcpy(&announced, head, sizeof announced);
    return announced <= AN_SAFETENSORS_HEADER_MAX && head[PREFIX] == '{';
}

static alexnet_status open_file(an_tensor_file *file)
{
    const char *name = an_tensor_file_name(file);
    const uint64_t size = an_reader_size(file->reader);
    uint64_t length;
    AN_CHECK(an_reader_read(file->reader, 0, &length, sizeof length));
    if (length > size - PREFIX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: cut short or damaged: the header claims %llu bytes, the file has %llu",
                       name, (unsigned long long)length, (unsigned long long)size);
    char *json = an_malloc((size_t)length);
    if (!json)
        return AN_FAIL_MEMORY(length, "the header of a safetensors file");
    alexnet_status rc = an_reader_read(file->reader, PREFIX, json, (size_t)length);
    if (rc == ALEXNET_OK)
        rc = an_safetensors_header_parse(file, json, (size_t)length);
    an_free(json);
    return rc;
}

static alexnet_status read_elements(an_tensor_file *file, const an_tensor_entry *entry,
                                    int64_t first, int64_t count, void *dst)
{
    const size_t width = an_dtype_bytes(entry->dtype);
    return an_reader_read(file->reader, entry->offset + (uint64_t)first * width, dst,
                          (size_t)count * width);
}

static const char *metadata(const an_tensor_file *file, const char *key)
{
    return json_string_value(json_object_get(file->state, key));
}

static void close_state(void *state)
{
    json_decref(state);
}

const an_tensor_format an_safetensors_format = {
    .name = "safetensors",
    .endings = ".safetensors",
    .about = "model files of this program, and weights of others",
    .recognise = recognise,
    .open = open_file,
    .read = read_elements,
    .metadata = metadata,
    .close = close_state,
};
