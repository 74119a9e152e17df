/*
 * Matrices of dissimilarities from NumPy's files: square ones, and the condensed vectors of SciPy's
 * pdist(), of numbers of any type that is read.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/reader.h"
#include "base/status.h"
#include "format/tensor_file.h"
#include "infer/rdm.h"

/* How many pictures have so many pairs; 0: no number of them. */
static int64_t pictures_of_pairs(int64_t pairs)
{
    const int64_t n = llround((1 + sqrt(1 + 8 * (double)pairs)) / 2);
    int64_t twice;
    return !__builtin_mul_overflow(n, n - 1, &twice) && twice / 2 == pairs ? n : 0;
}

/* How many pictures an array is of; 0: it is no matrix of dissimilarities. */
static int64_t pictures_of(an_shape shape)
{
    if (shape.rank == 1)
        return pictures_of_pairs(shape.dim[0]);
    return shape.rank == 2 && shape.dim[0] == shape.dim[1] ? shape.dim[0] : 0;
}

static double integer_at(const void *element, an_dtype dtype)
{
    int16_t i16;
    int32_t i32;
    int64_t i64;
    switch (dtype) {
    case AN_I8: return *(const signed char *)element;
    case AN_I16: memcpy(&i16, element, sizeof i16); return i16;
    case AN_I32: memcpy(&i32, element, sizeof i32); return i32;
    case AN_I64: memcpy(&i64, element, sizeof i64); return (double)i64;
    default: return *(const unsigned char *)element; /* AN_BOOL, AN_U8 */
    }
}

/* Read numbers of any type. Integers are read into the end of `out`: what is converted then lies
 * before what is yet to be. */
static alexnet_status read_numbers(an_tensor_file *file, const an_tensor_entry *entry, double *out)
{
    const int64_t count = an_shape_count(entry->shape);
    const size_t width = an_dtype_bytes(entry->dtype);
    if (an_dtype_is_float(entry->dtype))
        return an_tensor_file_read(file, entry->name, entry->shape, AN_F64, out);
    char *raw = (char *)out + (sizeof *out - width) * (size_t)count;
    AN_CHECK(an_tensor_file_read(file, entry->name, entry->shape, entry->dtype, raw));
    for (int64_t i = 0; i < count; i++)
        out[i] = integer_at(raw + (size_t)i * width, entry->dtype);
    return ALEXNET_OK;
}

/* Read the values above the diagonal, row by row. */
static alexnet_status read_condensed(an_tensor_file *file, const an_tensor_entry *entry,
                                     int64_t count, double *rdm)
{
    double *values = an_calloc((size_t)entry->shape.dim[0] + 1, sizeof *values);
    if (!values)
        return AN_FAIL_MEMORY((size_t)entry->shape.dim[0] * sizeof *values, "dissimilarities");
    const alexnet_status rc = read_numbers(file, entry, values);
    const double *next = values;
    for (int64_t i = 0; rc == ALEXNET_OK && i < count; i++) {
        rdm[i * count + i] = 0;
        for (int64_t j = i + 1; j < count; j++)
            rdm[i * count + j] = rdm[j * count + i] = *next++;
    }
    an_free(values);
    return rc;
}

static alexnet_status read_matrix(an_tensor_file *file, int64_t *count, double *rdm)
{
    char text[96];
    if (an_tensor_file_count(file) != 1)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: expected one matrix, found %d tensors",
                       an_tensor_file_name(file), an_tensor_file_count(file));
    const an_tensor_entry *entry = an_tensor_file_entry(file, 0);
    if (entry->dtype == AN_OTHER)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: elements of type %s are not read; floating-point numbers, signed "
                       "integers, bytes and bool are",
                       an_tensor_file_name(file), entry->type);
    const int64_t pictures = pictures_of(entry->shape);
    if (pictures == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: expected a square matrix of numbers, or those above its diagonal as a "
                       "vector, found %s %s",
                       an_tensor_file_name(file), entry->type, an_shape_text(entry->shape, text));
    if (rdm && *count != pictures)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: expected the dissimilarities of %lld pictures, found those of %lld",
                       an_tensor_file_name(file), (long long)*count, (long long)pictures);
    *count = pictures;
    if (!rdm)
        return ALEXNET_OK;
    return entry->shape.rank == 1 ? read_condensed(file, entry, pictures, rdm)
                                  : read_numbers(file, entry, rdm);
}

alexnet_status an_rdm_read(const char *path, int64_t *count, double *rdm)
{
    an_reader *reader;
    an_tensor_file *file = NULL;
    AN_CHECK(an_reader_open(&reader, path));
    AN_CHECK(an_tensor_file_open_as(&file, reader, "a matrix of dissimilarities (.npy)"));
    alexnet_status rc = read_matrix(file, count, rdm);
    an_tensor_file_close(file);
    return rc;
}
