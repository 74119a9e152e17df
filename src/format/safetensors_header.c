#include "format/safetensors_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/status.h"

const char *an_safetensors_dtype_word(an_dtype dtype)
{
    static const char *const words[] = {
        [AN_F32] = "F32",         [AN_F64] = "F64",         [AN_BF16] = "BF16", [AN_F16] = "F16",
        [AN_F8_E4M3] = "F8_E4M3", [AN_F8_E5M2] = "F8_E5M2", [AN_BOOL] = "BOOL", [AN_U8] = "U8",
        [AN_I8] = "I8",           [AN_I16] = "I16",         [AN_I32] = "I32",   [AN_I64] = "I64",
        [AN_OTHER] = NULL};
    return words[dtype];
}

/* What a header is checked against, and the name of its file. */
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
    snprintf(entry->type, sizeof entry->type, "%s", word);
    for (entry->dtype = 0; entry->dtype < AN_OTHER; entry->dtype++)
        if (strcmp(word, an_safetensors_dtype_word(entry->dtype)) == 0)
            break;
    return ALEXNET_OK;
}

static alexnet_status parse_shape(an_tensor_entry *entry, const extent *in, const json_t *value)
{
    if (!json_is_array(value))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: its shape is not an array", in->file,
                       entry->name);
    int64_t bytes = (int64_t)an_dtype_bytes(entry->dtype);
    entry->shape.rank = (int)json_array_size(value); /* of a header of 100 MB at most */
    for (int i = 0; i < entry->shape.rank; i++) {
        const json_t *dim = json_array_get(value, (size_t)i);
        const json_int_t length = json_integer_value(dim);
        if (!json_is_integer(dim) || length < 0)
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s: tensor %s: dimension %d is not an integer of 0 or more", in->file,
                           entry->name, i);
        if (i < AN_MAX_RANK)
            entry->shape.dim[i] = length;
        if (__builtin_mul_overflow(bytes, length, &bytes))
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: its shape is larger than any file",
                           in->file, entry->name);
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
    if (entry->dtype != AN_OTHER && (uint64_t)(end - begin) != entry->bytes) {
        char text[96];
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: tensor %s: %s of shape %s is %llu bytes, its data_offsets say %lld",
                       in->file, entry->name, an_dtype_name(entry->dtype),
                       an_shape_text(entry->shape, text), (unsigned long long)entry->bytes,
                       end - begin);
    }
    entry->bytes = (uint64_t)(end - begin);
    entry->offset = in->data_start + (uint64_t)begin;
    return ALEXNET_OK;
}

/* The name is stored first, because the other functions use it in errors. */
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

static alexnet_status parse_metadata(an_tensor_file *out, const extent *in, json_t *value)
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
    out->state = json_incref(value);
    out->texts = value;
    return ALEXNET_OK;
}

/* By offset; of tensors with the same offset the empty ones come first. */
static int by_place(const void *a, const void *b)
{
    const an_tensor_entry *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Tensors in the order of their data must follow one another and end with the file. */
static alexnet_status check_cover(const an_tensor_file *file, const extent *in)
{
    uint64_t reached = in->data_start;
    for (int i = 0; i < file->count; i++) {
        const an_tensor_entry *entry = &file->entries[i];
        if (entry->offset != reached)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: %s", in->file, entry->name,
                           entry->offset < reached ? "another one overlaps it"
                                                   : "bytes before its data belong to no tensor");
        reached += entry->bytes;
    }
    uint64_t end = in->data_start + in->data_bytes;
    if (reached != end)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %llu bytes at its end belong to no tensor",
                       in->file, (unsigned long long)(end - reached));
    return ALEXNET_OK;
}

static alexnet_status parse_root(an_tensor_file *out, const extent *in, json_t *root)
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

alexnet_status an_safetensors_header_parse(an_tensor_file *file, const char *json, size_t length)
{
    const uint64_t start = sizeof(uint64_t) + length;
    const extent in = {an_tensor_file_name(file), start, an_reader_size(file->reader) - start};
    json_error_t error;
    /* The parser refuses nesting beyond 2048, NUL bytes and text that is not UTF-8. */
    json_t *root;
    AN_CHECK(an_json_parse(&root, json, length, JSON_REJECT_DUPLICATES, &error));
    if (!root)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: its header is not valid JSON: %s (byte %d)",
                       in.file, error.text, error.position);
    alexnet_status rc = parse_root(file, &in, root);
    json_decref(root);
    return rc;
}
