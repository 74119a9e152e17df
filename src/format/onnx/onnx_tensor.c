/*
 * What a TensorProto says: a tensor's name, type and shape, and where its numbers are. The numbers
 * are in `raw_data` or another file, in either case as in memory, or in a list field of the
 * message: floats and doubles as in memory, mostly in one piece; all other types as varints,
 * including the bits of float16 and bfloat16.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/onnx/onnx.h"

/* Fields of TensorProto. */
enum {
    DIMS = 1,
    DATA_TYPE = 2,
    FLOAT_DATA = 4,
    INT32_DATA = 5,
    INT64_DATA = 7,
    NAME = 8,
    RAW_DATA = 9,
    DOUBLE_DATA = 10,
    EXTERNAL_DATA = 13,
    DATA_LOCATION = 14,
};
enum { EXTERNAL = 1 };

/* TensorProto.DataType: its name, the type it is read as, and the list that has its numbers. */
static const struct {
    const char *word;
    an_dtype dtype;
    uint32_t list;
} types[] = {
    {"UNDEFINED", AN_OTHER, 0},
    {"FLOAT", AN_F32, FLOAT_DATA},
    {"UINT8", AN_U8, INT32_DATA},
    {"INT8", AN_I8, INT32_DATA},
    {"UINT16", AN_OTHER, 0},
    {"INT16", AN_I16, INT32_DATA},
    {"INT32", AN_I32, INT32_DATA},
    {"INT64", AN_I64, INT64_DATA},
    {"STRING", AN_OTHER, 0},
    {"BOOL", AN_BOOL, INT32_DATA},
    {"FLOAT16", AN_F16, INT32_DATA},
    {"DOUBLE", AN_F64, DOUBLE_DATA},
    {"UINT32", AN_OTHER, 0},
    {"UINT64", AN_OTHER, 0},
    {"COMPLEX64", AN_OTHER, 0},
    {"COMPLEX128", AN_OTHER, 0},
    {"BFLOAT16", AN_BF16, INT32_DATA},
    {"FLOAT8E4M3FN", AN_F8_E4M3, INT32_DATA},
    {"FLOAT8E4M3FNUZ", AN_OTHER, 0},
    {"FLOAT8E5M2", AN_F8_E5M2, INT32_DATA},
    {"FLOAT8E5M2FNUZ", AN_OTHER, 0},
    {"UINT4", AN_OTHER, 0},
    {"INT4", AN_OTHER, 0},
    {"FLOAT4E2M1", AN_OTHER, 0},
    {"FLOAT8E8M0", AN_OTHER, 0},
};
enum { TYPES = sizeof types / sizeof types[0] };

/* A TensorProto as it is being read. */
typedef struct reading {
    an_tensor_entry *entry;
    const char *file;
    int64_t type, count;
    uint32_t list; /* the field of its numbers */
    bool has_raw, external;
    an_wire raw;
    char *location;
    uint64_t offset, length; /* of external data */
    bool has_length;
} reading;

/* Bytes of a number in a list; 0: they are varints. */
static size_t width_of_list(uint32_t list)
{
    return list == FLOAT_DATA ? 4 : list == DOUBLE_DATA ? 8 : 0;
}

static const char *name_of(const reading *r)
{
    return r->entry->name ? r->entry->name : "without a name";
}

static alexnet_status add_dimension(reading *r, int64_t length)
{
    if (length < 0 || __builtin_mul_overflow(r->count, length, &r->count) ||
        r->count > INT64_MAX / 8)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: tensor %s: dimension %d, of %lld, is negative or larger than any file",
                       r->file, name_of(r), r->entry->shape.rank, (long long)length);
    if (r->entry->shape.rank < AN_MAX_RANK)
        r->entry->shape.dim[r->entry->shape.rank] = length;
    r->entry->shape.rank++;
    return ALEXNET_OK;
}

static alexnet_status read_dims(reading *r, const an_wire_field *field)
{
    enum { RANK_MAX = 64 };
    an_wire chunk = field->body;
    uint64_t value;
    if (field->type == AN_WIRE_VARINT)
        AN_CHECK(add_dimension(r, an_wire_int(field)));
    while (field->type == AN_WIRE_BYTES && an_wire_length(&chunk)) {
        AN_CHECK(an_wire_varint(&chunk, &value));
        AN_CHECK(add_dimension(r, (int64_t)value));
    }
    if (r->entry->shape.rank > RANK_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: tensor %s has over %d dimensions", r->file,
                       name_of(r), RANK_MAX);
    return ALEXNET_OK;
}

/* A decimal number of external data. */
static alexnet_status read_number(const reading *r, const char *key, const char *text,
                                  uint64_t *value)
{
    *value = 0;
    bool good = *text != '\0';
    for (; *text && good; text++)
        good = *text >= '0' && *text <= '9' && !__builtin_mul_overflow(*value, 10, value) &&
               !__builtin_add_overflow(*value, (uint64_t)(*text - '0'), value);
    if (!good)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: tensor %s: the %s of its external data is not a number", r->file,
                       name_of(r), key);
    return ALEXNET_OK;
}

/* A key and its value: location, offset or length; others are ignored. */
static alexnet_status read_external(reading *r, an_wire message)
{
    enum { KEY = 1, VALUE = 2 };
    alexnet_status rc = ALEXNET_OK;
    an_wire_field field;
    bool more = true;
    char *key = NULL, *value = NULL;
    while (more) {
        AN_TRY(an_wire_next(&message, &field, &more));
        char **to = field.number == KEY ? &key : field.number == VALUE ? &value : NULL;
        if (!more || !to || field.type != AN_WIRE_BYTES)
            continue;
        an_free(*to);
        AN_TRY(an_wire_text(&field.body, "an entry of external data", 4096, to));
    }
    if (!key || !value)
        goto cleanup;
    if (strcmp(key, "location") == 0) {
        an_free(r->location);
        r->location = value;
        value = NULL;
    } else if (strcmp(key, "offset") == 0) {
        AN_TRY(read_number(r, key, value, &r->offset));
    } else if (strcmp(key, "length") == 0) {
        AN_TRY(read_number(r, key, value, &r->length));
        r->has_length = true;
    }
cleanup:
    an_free(key);
    an_free(value);
    return rc;
}

static alexnet_status read_field(reading *r, const an_wire_field *field)
{
    const bool bytes = field->type == AN_WIRE_BYTES;
    switch (field->number) {
    case DIMS: return read_dims(r, field);
    case DATA_TYPE: r->type = an_wire_int(field); return ALEXNET_OK;
    case DATA_LOCATION: r->external = field->value == EXTERNAL; return ALEXNET_OK;
    case EXTERNAL_DATA: return bytes ? read_external(r, field->body) : ALEXNET_OK;
    case NAME:
        if (!bytes || r->entry->name)
            return ALEXNET_OK;
        return an_wire_text(&field->body, "a tensor's name", AN_ONNX_NAME_MAX, &r->entry->name);
    case RAW_DATA:
        r->has_raw = bytes;
        r->raw = field->body;
        return ALEXNET_OK;
    default: return ALEXNET_OK;
    }
}

static alexnet_status wrong_size(const reading *r, uint64_t found, const char *what)
{
    char text[96];
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: tensor %s: %lld elements expected for shape %s, found %llu%s", r->file,
                   name_of(r), (long long)r->count, an_shape_text(r->entry->shape, text),
                   (unsigned long long)found, what);
}

/* Find the numbers of a list: in one piece as in memory, or to be decoded one by one. */
static alexnet_status place_list(reading *r, an_onnx_tensor *tensor)
{
    const size_t width = width_of_list(r->list);
    an_wire message = tensor->body;
    an_wire_field field;
    uint64_t found = 0, value;
    int pieces = 0;
    bool packed = false, more;
    for (;;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more)
            break;
        if (field.number != r->list)
            continue;
        pieces++;
        packed = field.type == AN_WIRE_BYTES;
        if (!packed) {
            if (field.type != (width == 4 ? AN_WIRE_FIXED32
                               : width    ? AN_WIRE_FIXED64
                                          : AN_WIRE_VARINT))
                return AN_FAIL(ALEXNET_ERROR_FORMAT,
                               "%s: tensor %s: a number of another kind among its data", r->file,
                               name_of(r));
            found++;
            continue;
        }
        const uint64_t length = an_wire_length(&field.body);
        if (width && length % width)
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s: tensor %s: its data is %llu bytes, not a multiple of %zu", r->file,
                           name_of(r), (unsigned long long)length, width);
        if (width) {
            found += length / width;
            r->entry->offset = field.body.at;
        }
        while (!width && an_wire_length(&field.body)) {
            AN_CHECK(an_wire_varint(&field.body, &value));
            found++;
        }
    }
    tensor->field = width && pieces == 1 && packed ? 0 : r->list;
    if (found != (uint64_t)r->count)
        return wrong_size(r, found, "");
    return ALEXNET_OK;
}

/* Only the size of a file of external data is checked here; it is opened again to be read. */
static alexnet_status place_external(reading *r, an_onnx *onnx, an_onnx_tensor *tensor)
{
    const uint64_t bytes = r->entry->bytes;
    if (!r->location)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: its external data has no location",
                       r->file, name_of(r));
    tensor->location = r->location;
    r->location = NULL;
    r->entry->offset = r->offset;
    AN_CHECK(an_onnx_open_beside(onnx, tensor->location));
    const uint64_t size = an_reader_size(onnx->beside);
    if ((r->has_length && r->length != bytes) || r->offset > size || bytes > size - r->offset)
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "%s: tensor %s: %llu bytes expected at %llu of %s, which has %llu%s", r->file,
            name_of(r), (unsigned long long)bytes, (unsigned long long)r->offset,
            an_reader_name(onnx->beside), (unsigned long long)size,
            r->has_length && r->length != bytes ? "; the model claims another length" : "");
    return ALEXNET_OK;
}

static alexnet_status place(reading *r, an_onnx *onnx, an_onnx_tensor *tensor)
{
    an_tensor_entry *entry = r->entry;
    const bool known = r->type >= 0 && r->type < TYPES;
    entry->dtype = known ? types[r->type].dtype : AN_OTHER;
    r->list = known ? types[r->type].list : 0;
    if (known)
        snprintf(entry->type, sizeof entry->type, "%s", types[r->type].word);
    else
        snprintf(entry->type, sizeof entry->type, "type %d", (int)r->type);
    if (entry->dtype == AN_OTHER)
        return ALEXNET_OK;
    entry->bytes = (uint64_t)r->count * an_dtype_bytes(entry->dtype);
    if (r->external)
        return place_external(r, onnx, tensor);
    if (!r->has_raw) {
        tensor->field = r->list;
        return place_list(r, tensor);
    }
    entry->offset = r->raw.at;
    if (an_wire_length(&r->raw) != entry->bytes)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: tensor %s: %llu bytes of raw data expected, found %llu", r->file,
                       name_of(r), (unsigned long long)entry->bytes,
                       (unsigned long long)an_wire_length(&r->raw));
    return ALEXNET_OK;
}

static alexnet_status read_tensor(reading *r, an_onnx *onnx, an_onnx_tensor *tensor)
{
    enum { FIELDS_MAX = 1024 }; /* besides one per element; small tensors are read often */
    an_wire message = tensor->body;
    an_wire_field field;
    int64_t fields = 0;
    bool more = true;
    for (;; fields++) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more)
            break;
        AN_CHECK(read_field(r, &field));
    }
    if (fields - FIELDS_MAX > r->count)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s has %lld fields for %lld elements",
                       r->file, name_of(r), (long long)fields, (long long)r->count);
    if (!r->entry->name && !(r->entry->name = an_strdup("")))
        return AN_FAIL_MEMORY(1, "a name");
    return place(r, onnx, tensor);
}

alexnet_status an_onnx_add_tensor(an_tensor_file *file, an_onnx *onnx, an_wire body,
                                  const char *name)
{
    if (file->count == AN_ONNX_VALUES_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has more than %d tensors",
                       an_tensor_file_name(file), AN_ONNX_VALUES_MAX);
    an_tensor_entry *entries = an_grow(file->entries, file->count, sizeof *entries);
    if (!entries)
        return AN_FAIL_MEMORY(sizeof *entries, "a list of tensors");
    file->entries = entries;
    an_onnx_tensor *tensors = an_grow(onnx->tensors, onnx->n_tensors, sizeof *tensors);
    if (!tensors)
        return AN_FAIL_MEMORY(sizeof *tensors, "a list of tensors");
    onnx->tensors = tensors;
    reading r = {.entry = &entries[file->count], .file = an_tensor_file_name(file), .count = 1};
    if (name && !(r.entry->name = an_strdup(name)))
        return AN_FAIL_MEMORY(strlen(name), "a name");
    file->count++;
    tensors[onnx->n_tensors].body = body;
    alexnet_status rc = read_tensor(&r, onnx, &tensors[onnx->n_tensors++]);
    an_free(r.location);
    return rc;
}
