#include "format/safetensors_header.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { DTYPES = AN_I32 + 1 };

const char *an_safetensors_dtype_word(an_dtype dtype)
{
    static const char *const words[DTYPES] = {
        [AN_F32] = "F32", [AN_F64] = "F64", [AN_BF16] = "BF16", [AN_U8] = "U8", [AN_I32] = "I32"};
    return words[dtype];
}

/* What the parts of the header are checked against, and named with. */
typedef struct extent {
    const char *file;
    uint64_t data_start, data_bytes;
} extent;

static alexnet_status parse_dtype(an_tensor_entry *entry, const extent *in, const json_t *value)
{
    const char *word = json_string_value(value);
    if (!word)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: its dtype is not a string", in->file,
                       entry->name);
    for (int i = 0; i < DTYPES; i++)
        if (strcmp(word, an_safetensors_dtype_word((an_dtype)i)) == 0) {
            entry->dtype = (an_dtype)i;
            return ALEXNET_OK;
        }
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s: tensor %s: dtype %s is not read; F32, F64, BF16, U8 and I32 are", in->file,
                   entry->name, word);
}

static alexnet_status parse_shape(an_tensor_entry *entry, const extent *in, const json_t *value)
{
    if (!json_is_array(value))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: its shape is not an array", in->file,
                       entry->name);
    size_t rank = json_array_size(value);
    if (rank > AN_MAX_RANK)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: tensor %s: at most %d dimensions are read, it has %zu", in->file,
                       entry->name, AN_MAX_RANK, rank);
    entry->shape.rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(value, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s: tensor %s: dimension %zu is not an integer of 0 or more", in->file,
                           entry->name, i);
        entry->shape.dim[i] = json_integer_value(dim);
    }
    int64_t bytes = an_shape_count(entry->shape);
    if (bytes < 0 || __builtin_mul_overflow(bytes, (int64_t)an_dtype_bytes(entry->dtype), &bytes)) {
        char text[96];
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: shape %s is larger than any file",
                       in->file, entry->name, an_shape_text(entry->shape, text));
    }
    entry->bytes = (uint64_t)bytes;
    return ALEXNET_OK;
}

static alexnet_status parse_offsets(an_tensor_entry *entry, const extent *in, const json_t *value)
{
    const json_t *first = json_array_get(value, 0), *second = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_integer(first) || !json_is_integer(second))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: data_offsets is not [begin, end]",
                       in->file, entry->name);
    long long begin = json_integer_value(first), end = json_integer_value(second);
    if (begin < 0 || end < begin || (uint64_t)end > in->data_bytes)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: tensor %s: its data is said to be at %lld to %lld, of %llu bytes; "
                       "the file is cut short or damaged",
                       in->file, entry->name, begin, end, (unsigned long long)in->data_bytes);
    if ((uint64_t)(end - begin) != entry->bytes) {
        char text[96];
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: tensor %s: %s of shape %s is %llu bytes, its data_offsets say %lld",
                       in->file, entry->name, an_dtype_name(entry->dtype),
                       an_shape_text(entry->shape, text), (unsigned long long)entry->bytes,
                       end - begin);
    }
    entry->offset = in->data_start + (uint64_t)begin;
    return ALEXNET_OK;
}

/* The name is stored first, so that the others can use it. */
static alexnet_status parse_tensor(an_tensor_entry *entry, const extent *in, const char *name,
                                   const json_t *value)
{
    entry->name = an_strdup(name);
    if (!entry->name)
        return AN_FAIL_MEMORY(strlen(name), "the name of a tensor");
    if (!json_is_object(value))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: its description is not an object",
                       in->file, name);
    AN_CHECK(parse_dtype(entry, in, json_object_get(value, "dtype")));
    AN_CHECK(parse_shape(entry, in, json_object_get(value, "shape")));
    return parse_offsets(entry, in, json_object_get(value, "data_offsets"));
}

static alexnet_status parse_metadata(an_safetensors_header *out, const extent *in, json_t *value)
{
    const char *key;
    json_t *text;
    if (!json_is_object(value))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: __metadata__ is not an object", in->file);
    json_object_foreach(value, key, text)
    {
        if (!json_is_string(text))
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: __metadata__: %s is not a string", in->file,
                           key);
    }
    out->metadata = json_incref(value);
    return ALEXNET_OK;
}

/* By place; where an empty tensor and another begin together, the empty one comes first. */
static int by_place(const void *a, const void *b)
{
    const an_tensor_entry *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Tensors in the order of their data must follow one another and end with the file. */
static alexnet_status check_cover(const an_safetensors_header *header, const extent *in)
{
    uint64_t reached = in->data_start;
    for (int i = 0; i < header->count; i++) {
        const an_tensor_entry *entry = &header->entries[i];
        if (entry->offset != reached)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: %s before its data", in->file,
                           entry->name,
                           entry->offset < reached ? "another one overlaps it, or lies"
                                                   : "bytes that belong to no tensor lie");
        reached += entry->bytes;
    }
    uint64_t end = in->data_start + in->data_bytes;
    if (reached != end)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %llu bytes at its end belong to no tensor",
                       in->file, (unsigned long long)(end - reached));
    return ALEXNET_OK;
}

static alexnet_status parse_root(an_safetensors_header *out, const extent *in, json_t *root)
{
    const char *name;
    json_t *value;
    if (!json_is_object(root))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: its header is not a JSON object", in->file);
    out->entries = an_calloc(json_object_size(root), sizeof *out->entries);
    if (!out->entries)
        return AN_FAIL_MEMORY(json_object_size(root) * sizeof *out->entries, "a list of tensors");
    json_object_foreach(root, name, value)
    {
        if (strcmp(name, AN_SAFETENSORS_METADATA) == 0)
            AN_CHECK(parse_metadata(out, in, value));
        else
            AN_CHECK(parse_tensor(&out->entries[out->count++], in, name, value));
    }
    qsort(out->entries, (size_t)out->count, sizeof *out->entries, by_place);
    return check_cover(out, in);
}

alexnet_status an_safetensors_header_parse(an_safetensors_header *out, const char *file,
                                           const char *json, size_t length, uint64_t data_start,
                                           uint64_t data_bytes)
{
    const extent in = {file, data_start, data_bytes};
    json_error_t error;
    *out = (an_safetensors_header){0};
    /* The parser itself refuses nesting beyond 2048, NUL bytes and text that is not UTF-8. */
    json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
    if (!root && json_error_code(&error) == json_error_out_of_memory)
        return AN_FAIL_MEMORY(length, "the header of a safetensors file");
    if (!root)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: its header is not valid JSON: %s (byte %d)", file,
                       error.text, error.position);
    alexnet_status rc = parse_root(out, &in, root);
    json_decref(root);
    if (rc != ALEXNET_OK)
        an_safetensors_header_clear(out);
    return rc;
}

void an_safetensors_header_clear(an_safetensors_header *header)
{
    for (int i = 0; i < header->count; i++)
        an_free(header->entries[i].name);
    an_free(header->entries);
    json_decref(header->metadata);
    *header = (an_safetensors_header){0};
}
