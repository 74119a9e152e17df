/*
 * Reading the elements of tensors, with their checksums.
 */
#include <assert.h>

#include "base/status.h"
#include "format/tensor_format.h"
#include "format/tensor_sums.h"

/* Read elements as stored, and add them to the checksum. */
static alexnet_status read_raw(an_tensor_file *file, const an_tensor_entry *entry, int64_t first,
                               int64_t count, void *dst)
{
    AN_CHECK(file->format->read(file, entry, first, count, dst));
    an_tensor_sums_take(file, entry, first, count, dst);
    return ALEXNET_OK;
}

alexnet_status an_tensor_file_read_part(an_tensor_file *file, const an_tensor_entry *entry,
                                        int64_t first, int64_t count, an_dtype as, void *dst)
{
    enum { PIECE = 1024 };
    double raw[PIECE]; /* of any floating type: double is the widest */
    assert(an_dtype_is_float(entry->dtype));
    if (entry->dtype == as)
        return read_raw(file, entry, first, count, dst);
    for (int64_t i = 0; i < count; i += PIECE) {
        const int64_t n = count - i < PIECE ? count - i : PIECE;
        AN_CHECK(read_raw(file, entry, first + i, n, raw));
        an_convert((char *)dst + (size_t)i * an_dtype_bytes(as), as, raw, entry->dtype, n);
    }
    return ALEXNET_OK;
}

alexnet_status an_tensor_file_read(an_tensor_file *file, const char *name, an_shape shape,
                                   an_dtype as, void *dst)
{
    char why[256];
    assert(as <= AN_F64 || !an_dtype_is_float(as));
    assert(as != AN_OTHER);
    if (!an_tensor_file_has(file, name, shape, as, why))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: %s", an_tensor_file_name(file), name,
                       why);
    const an_tensor_entry *entry = an_tensor_file_find(file, name);
    if (entry->dtype == as)
        return read_raw(file, entry, 0, an_shape_count(shape), dst);
    return an_tensor_file_read_part(file, entry, 0, an_shape_count(shape), as, dst);
}
