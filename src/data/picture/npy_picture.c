/*
 * Pixels as a NumPy array: bytes [height][width][3], R G B, in row-major order. This reads what
 * NumPy writes, and the pictures of a data set packed as raw pixels.
 */
#include <string.h>

#include "base/status.h"
#include "data/picture/rows.h"
#include "tensor/npy_header.h"

enum { PREFIX = 10, HEADER_MAX = 1014 }; /* of version 1; NumPy's has 118 bytes for such an array */

/* What is wrong with an array that is to be a picture; NULL: nothing. */
static const char *find_fault(const an_encoded *file, an_shape *shape, size_t *first)
{
    static char const none[] = "it is not in version 1 of NumPy's format";
    char text[HEADER_MAX + 1];
    an_npy_header header;
    const char *why;
    if (file->length < PREFIX || memcmp(file->bytes, "\x93NUMPY\1", 7) != 0)
        return none;
    const size_t length = file->bytes[8] | (size_t)file->bytes[9] << 8;
    if (length > HEADER_MAX || length > file->length - PREFIX)
        return none;
    memcpy(text, file->bytes + PREFIX, length);
    text[length] = '\0';
    if (!an_npy_header_parse(&header, text, &why))
        return why;
    *shape = header.shape;
    *first = PREFIX + length;
    if (header.fortran || strcmp(header.descr + 1, "u1") != 0 || !strchr("|<>=", header.descr[0]))
        return "its elements are not bytes in row-major order (uint8)";
    if (shape->rank != 3 || shape->dim[2] != 3 || shape->dim[0] > AN_PICTURE_SIDE_MAX ||
        shape->dim[1] > AN_PICTURE_SIDE_MAX)
        return "its shape is not (height, width, 3)";
    return NULL;
}

bool an_npy_is_picture(const void *bytes, size_t length)
{
    an_shape shape;
    size_t first;
    return find_fault(&(an_encoded){bytes, length, "", NULL}, &shape, &first) == NULL;
}

alexnet_status an_npy_decode(an_rows *rows, const an_encoded *file)
{
    an_shape shape;
    size_t first;
    const char *fault = find_fault(file, &shape, &first);
    if (fault)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is a NumPy array but not a picture: %s; uint8 of shape (height, width, "
                       "3) is expected",
                       file->name, fault);
    AN_CHECK(an_picture_check_size(file, (uint32_t)shape.dim[1], (uint32_t)shape.dim[0]));
    const size_t bytes = (size_t)shape.dim[0] * (size_t)shape.dim[1] * 3;
    if (file->length - first != bytes)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has %zu bytes of pixels; %lld x %lld pixels take %zu", file->name,
                       file->length - first, (long long)shape.dim[1], (long long)shape.dim[0],
                       bytes);
    const size_t row = 3 * (size_t)shape.dim[1];
    AN_CHECK(an_rows_begin(rows, 0, (uint32_t)shape.dim[1], (uint32_t)shape.dim[0]));
    for (int64_t y = 0; y < shape.dim[0]; y++) {
        memcpy(rows->next, file->bytes + first + (size_t)y * row, row);
        AN_CHECK(an_rows_take(rows, 1));
    }
    return ALEXNET_OK;
}
