#include "format/safetensors.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/safetensors_header.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "tensors are read and written as they lie");

struct an_safetensors {
    an_source *source;
    an_safetensors_header header;
};

/* The length that the file begins with, checked; then the header that follows it. */
static alexnet_status read_header(an_safetensors *file)
{
    const char *name = an_source_name(file->source);
    unsigned char prefix[8];
    uint64_t length = 0, size = an_source_size(file->source);
    if (size < sizeof prefix)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: not a safetensors file, or cut short: it has %llu bytes", name,
                       (unsigned long long)size);
    AN_CHECK(an_source_read(file->source, 0, prefix, sizeof prefix));
    memcpy(&length, prefix, sizeof length);
    if (length > AN_SAFETENSORS_HEADER_MAX || length > size - sizeof prefix)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: not a safetensors file, or cut short: a header of %llu bytes is "
                       "announced, the file has %llu",
                       name, (unsigned long long)length, (unsigned long long)size);
    char *json = an_malloc((size_t)length);
    if (!json)
        return AN_FAIL_MEMORY(length, "the header of a safetensors file");
    alexnet_status rc = an_source_read(file->source, sizeof prefix, json, (size_t)length);
    if (rc == ALEXNET_OK)
        rc = an_safetensors_header_parse(&file->header, name, json, (size_t)length,
                                         sizeof prefix + length, size - sizeof prefix - length);
    an_free(json);
    return rc;
}

alexnet_status an_safetensors_open(an_safetensors **out, an_source *source)
{
    *out = NULL;
    an_safetensors *file = an_calloc(1, sizeof *file);
    if (!file) {
        an_source_close(source);
        return AN_FAIL_MEMORY(sizeof *file, "a safetensors file");
    }
    file->source = source;
    alexnet_status rc = read_header(file);
    if (rc != ALEXNET_OK) {
        an_safetensors_close(file);
        return rc;
    }
    *out = file;
    return ALEXNET_OK;
}

void an_safetensors_close(an_safetensors *file)
{
    if (!file)
        return;
    an_safetensors_header_clear(&file->header);
    an_source_close(file->source);
    an_free(file);
}

const char *an_safetensors_name(const an_safetensors *file)
{
    return an_source_name(file->source);
}

int an_safetensors_count(const an_safetensors *file)
{
    return file->header.count;
}

const an_tensor_entry *an_safetensors_entry(const an_safetensors *file, int index)
{
    assert(index >= 0 && index < file->header.count);
    return &file->header.entries[index];
}

const an_tensor_entry *an_safetensors_find(const an_safetensors *file, const char *name)
{
    for (int i = 0; i < file->header.count; i++)
        if (strcmp(file->header.entries[i].name, name) == 0)
            return &file->header.entries[i];
    return NULL;
}

const char *an_safetensors_metadata(const an_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(file->header.metadata, key));
}

/* Through a small buffer, so that a tensor in another type needs no second block of its size. */
static alexnet_status read_converted(an_safetensors *file, const an_tensor_entry *entry,
                                     an_dtype as, void *dst)
{
    enum { PIECE = 1024 };
    double raw[PIECE]; /* of any type: double is the widest */
    const int64_t count = an_shape_count(entry->shape);
    const size_t from = an_dtype_bytes(entry->dtype), to = an_dtype_bytes(as);
    for (int64_t i = 0; i < count; i += PIECE) {
        int64_t n = count - i < PIECE ? count - i : PIECE;
        AN_CHECK(an_source_read(file->source, entry->offset + (uint64_t)i * from, raw,
                                (size_t)n * from));
        an_convert((char *)dst + (size_t)i * to, as, raw, entry->dtype, n);
    }
    return ALEXNET_OK;
}

alexnet_status an_safetensors_read(an_safetensors *file, const char *name, an_shape shape,
                                   an_dtype as, void *dst)
{
    char expected[96], found[96];
    const an_tensor_entry *entry = an_safetensors_find(file, name);
    assert(as == AN_F32 || as == AN_F64);
    if (!entry)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s %s is expected, the file has none",
                       an_safetensors_name(file), name, an_shape_text(shape, expected));
    if (!an_shape_equal(entry->shape, shape))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: shape %s expected, found %s",
                       an_safetensors_name(file), name, an_shape_text(shape, expected),
                       an_shape_text(entry->shape, found));
    if (entry->dtype > AN_BF16)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: tensor %s: float32, float64 or bfloat16 expected, found %s",
                       an_safetensors_name(file), name, an_dtype_name(entry->dtype));
    if (entry->dtype == as)
        return an_source_read(file->source, entry->offset, dst, (size_t)entry->bytes);
    return read_converted(file, entry, as, dst);
}
