#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/caffe/caffe.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are read as stored");

/* Fields of BlobProto. */
enum { NUM = 1, CHANNELS, HEIGHT, WIDTH, DATA = 5, SHAPE = 7, DOUBLE_DATA = 8, DIM = 1 };

/* What has been found in a message so far. */
typedef struct finding {
    const char *file, *what;
    int64_t old[4]; /* num, channels, height, width */
    bool has_old;
    int rank; /* of `dim`, -1: none */
    int64_t dim[AN_CAFFE_RANK];
    struct {
        int64_t count;
        int pieces; /* fields, counted up to 2 */
        bool packed;
        uint64_t at; /* of the latest packed piece */
    } data[2];       /* float, double */
} finding;

static alexnet_status add_dim(finding *f, int64_t dim)
{
    if (f->rank == AN_CAFFE_RANK)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s has more than %d dimensions", f->file, f->what,
                       AN_CAFFE_RANK);
    f->dim[f->rank++] = dim;
    return ALEXNET_OK;
}

static alexnet_status read_shape(finding *f, an_wire shape)
{
    an_wire_field field;
    bool more;
    uint64_t dim;
    f->rank = 0;
    for (;;) {
        AN_CHECK(an_wire_next(&shape, &field, &more));
        if (!more)
            return ALEXNET_OK;
        if (field.number != DIM)
            continue;
        if (field.type == AN_WIRE_VARINT)
            AN_CHECK(add_dim(f, an_wire_int(&field)));
        while (field.type == AN_WIRE_BYTES && an_wire_length(&field.body) > 0) {
            AN_CHECK(an_wire_varint(&field.body, &dim));
            AN_CHECK(add_dim(f, (int64_t)dim));
        }
    }
}

static size_t width_of(uint32_t number)
{
    return number == DATA ? sizeof(float) : sizeof(double);
}

/* Count the elements of a field: one number, or packed numbers. */
static alexnet_status add_data(finding *f, const an_wire_field *field)
{
    const size_t width = width_of(field->number);
    const int which = field->number == DOUBLE_DATA;
    const uint64_t bytes = field->type == AN_WIRE_BYTES ? an_wire_length(&field->body) : width;
    if (bytes % width != 0 || (field->type != AN_WIRE_BYTES &&
                               field->type != (which ? AN_WIRE_FIXED64 : AN_WIRE_FIXED32)))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: the data of %s are not %s numbers", f->file,
                       f->what, which ? "double" : "float");
    f->data[which].packed = field->type == AN_WIRE_BYTES;
    f->data[which].at = field->body.at;
    f->data[which].count += (int64_t)(bytes / width);
    f->data[which].pieces += f->data[which].pieces < 2;
    return ALEXNET_OK;
}

static alexnet_status add_field(finding *f, const an_wire_field *field)
{
    switch (field->number) {
    case NUM:
    case CHANNELS:
    case HEIGHT:
    case WIDTH:
        if (field->type != AN_WIRE_VARINT)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: a dimension of %s is not a number", f->file,
                           f->what);
        f->has_old = true;
        f->old[field->number - NUM] = an_wire_int(field);
        return ALEXNET_OK;
    case SHAPE:
        if (field->type != AN_WIRE_BYTES)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: the shape of %s is not a message", f->file,
                           f->what);
        return read_shape(f, field->body);
    case DATA:
    case DOUBLE_DATA: return add_data(f, field);
    default: return ALEXNET_OK; /* gradients */
    }
}

/* Drop leading 1s, but never the last dimension. @return elements; -1: an invalid shape */
static int64_t strip(const int64_t *dim, int rank, int *left, int64_t out[AN_CAFFE_RANK])
{
    int64_t count = 1;
    int skipped = 0;
    while (skipped < rank - 1 && dim[skipped] == 1)
        skipped++;
    *left = rank - skipped;
    for (int i = 0; i < *left; i++) {
        out[i] = dim[skipped + i];
        if (out[i] < 1 || count > INT64_MAX / out[i])
            return -1;
        count *= out[i];
    }
    return count;
}

static alexnet_status choose_shape(const finding *f, an_caffe_blob *blob)
{
    int old_rank = 0;
    int64_t old[AN_CAFFE_RANK] = {0};
    const bool has_new = f->rank >= 0;
    if (!has_new && !f->has_old)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s has no shape", f->file, f->what);
    const int64_t old_count = f->has_old ? strip(f->old, 4, &old_rank, old) : 0;
    blob->count = has_new ? strip(f->dim, f->rank, &blob->rank, blob->dim) : old_count;
    if (!has_new) {
        blob->rank = old_rank;
        memcpy(blob->dim, old, sizeof old);
    }
    if (blob->count < 1 || old_count < 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s has a dimension below 1, or too large ones",
                       f->file, f->what);
    if (has_new && f->has_old &&
        (blob->rank != old_rank || memcmp(blob->dim, old, sizeof *old * (size_t)old_rank) != 0))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: %s has two shapes that differ: num, channels, height and width are "
                       "%lld, %lld, %lld and %lld, and %d dimensions hold %lld elements",
                       f->file, f->what, (long long)f->old[0], (long long)f->old[1],
                       (long long)f->old[2], (long long)f->old[3], f->rank, (long long)blob->count);
    return ALEXNET_OK;
}

alexnet_status an_caffe_blob_find(an_wire message, const char *what, an_caffe_blob *blob)
{
    finding f = {.file = an_reader_name(message.file->reader), .what = what, .rank = -1};
    an_wire_field field;
    bool more = true;
    *blob = (an_caffe_blob){.message = message};
    while (more) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (more)
            AN_CHECK(add_field(&f, &field));
    }
    AN_CHECK(choose_shape(&f, blob));
    const int which = f.data[1].count > 0;
    blob->dtype = which ? AN_F64 : AN_F32;
    blob->whole = f.data[which].pieces == 1 && f.data[which].packed;
    blob->at = f.data[which].at;
    if (f.data[which].count != blob->count)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: %s has %lld elements by its shape, but its data have %lld", f.file,
                       what, (long long)blob->count, (long long)f.data[which].count);
    return ALEXNET_OK;
}

/* All pieces were counted before. */
static alexnet_status changed(const an_caffe_cursor *cursor)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s changed while it was read",
                   an_reader_name(cursor->left.file->reader));
}

/* Find the next piece of the data: a field of packed numbers, or of one number. */
static alexnet_status next_piece(an_caffe_cursor *cursor, an_wire_field *field)
{
    const uint32_t number = cursor->blob->dtype == AN_F64 ? DOUBLE_DATA : DATA;
    bool more;
    do
        AN_CHECK(an_wire_next(&cursor->left, field, &more));
    while (more && field->number != number);
    return more ? ALEXNET_OK : changed(cursor);
}

/* Read up to `count` elements of one piece; dst NULL: skip them. @param n  out, how many */
static alexnet_status read_piece(an_caffe_cursor *cursor, int64_t count, char *dst, int64_t *n)
{
    const size_t width = an_dtype_bytes(cursor->blob->dtype);
    an_wire_field field;
    *n = 0;
    if (an_wire_length(&cursor->run) == 0) {
        AN_CHECK(next_piece(cursor, &field));
        if (field.type != AN_WIRE_BYTES) {
            if (dst)
                memcpy(dst, &field.value, width);
            *n = 1;
            return ALEXNET_OK;
        }
        cursor->run = field.body;
    }
    const int64_t there = (int64_t)(an_wire_length(&cursor->run) / width);
    if (there == 0 && an_wire_length(&cursor->run) > 0)
        return changed(cursor);
    *n = there < count ? there : count;
    if (dst)
        AN_CHECK(an_reader_read(cursor->run.file->reader, cursor->run.at, dst, (size_t)*n * width));
    cursor->run.at += (uint64_t)*n * width;
    return ALEXNET_OK;
}

alexnet_status an_caffe_blob_read(const an_caffe_blob *blob, an_caffe_cursor *cursor, int64_t first,
                                  int64_t count, void *dst)
{
    const size_t width = an_dtype_bytes(blob->dtype);
    assert(first >= 0 && count >= 0 && first <= blob->count - count);
    if (blob->whole)
        return an_reader_read(blob->message.file->reader, blob->at + (uint64_t)first * width, dst,
                              (size_t)count * width);
    if (cursor->blob != blob || cursor->element > first)
        *cursor = (an_caffe_cursor){.blob = blob, .left = blob->message};
    while (cursor->element < first + count) {
        const bool before = cursor->element < first;
        const int64_t end = before ? first : first + count;
        int64_t n;
        AN_CHECK(read_piece(cursor, end - cursor->element,
                            before ? NULL : (char *)dst + (size_t)(cursor->element - first) * width,
                            &n));
        cursor->element += n;
    }
    return ALEXNET_OK;
}

/* ---- Mean images ---- */

static alexnet_status read_mean(an_reader *reader, an_chw *shape, float **values)
{
    an_wire_file *file = an_malloc(sizeof *file);
    an_caffe_cursor cursor = {0};
    an_caffe_blob blob;
    void *raw = NULL;
    alexnet_status rc = ALEXNET_OK;
    if (!file)
        return AN_FAIL_MEMORY(sizeof *file, "a mean image");
    AN_TRY(an_caffe_blob_find(an_wire_open(file, reader), "a mean image (.binaryproto)", &blob));
    if (blob.rank == 2) { /* one channel, whose dimension of 1 was dropped */
        memmove(blob.dim + 1, blob.dim, 2 * sizeof *blob.dim);
        blob.dim[0] = 1;
        blob.rank = 3;
    }
    if (blob.rank != 3 || blob.dim[0] > 4 || blob.dim[1] > INT16_MAX || blob.dim[2] > INT16_MAX) {
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                     "%s is not a mean image: %d dimensions and %lld elements; channels, rows and "
                     "columns expected",
                     an_reader_name(reader), blob.rank, (long long)blob.count);
        goto cleanup;
    }
    const size_t bytes = (size_t)blob.count * an_dtype_bytes(blob.dtype);
    raw = an_malloc(bytes);
    float *out = an_malloc((size_t)blob.count * sizeof *out);
    *values = out;
    if (!raw || !out) {
        rc = AN_FAIL_MEMORY(bytes, "a mean image");
        goto cleanup;
    }
    AN_TRY(an_caffe_blob_read(&blob, &cursor, 0, blob.count, raw));
    an_convert(out, AN_F32, raw, blob.dtype, blob.count);
    *shape = (an_chw){(int)blob.dim[0], (int)blob.dim[1], (int)blob.dim[2]};
cleanup:
    an_free(raw);
    an_free(file);
    return rc;
}

alexnet_status an_caffe_mean_read_from(an_reader *reader, an_chw *shape, float **values)
{
    *values = NULL;
    const alexnet_status rc = read_mean(reader, shape, values);
    if (rc != ALEXNET_OK) {
        an_free(*values);
        *values = NULL;
    }
    return rc;
}

alexnet_status an_caffe_mean_read(const char *path, an_chw *shape, float **values)
{
    an_reader *reader;
    *values = NULL;
    AN_CHECK(an_reader_open(&reader, path));
    const alexnet_status rc = an_caffe_mean_read_from(reader, shape, values);
    an_reader_close(reader);
    return rc;
}
