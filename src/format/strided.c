#include "format/strided.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

void an_strided_pack(an_strided *array, bool column_major)
{
    int64_t stride = 1;
    const int rank = array->shape.rank;
    memset(array->stride, 0, sizeof array->stride);
    if (an_shape_count(array->shape) <= 0) /* no elements; or an_strided_check() refuses it */
        return;
    for (int i = 0; i < rank; i++) {
        const int at = column_major ? i : rank - 1 - i;
        array->stride[at] = stride;
        stride *= array->shape.dim[at];
    }
}

static bool is_packed(const an_strided *array)
{
    int64_t stride = 1;
    for (int i = array->shape.rank - 1; i >= 0; i--) {
        if (array->shape.dim[i] != 1 && array->stride[i] != stride)
            return false;
        stride *= array->shape.dim[i];
    }
    return true;
}

/* Bytes from the first element to the end of the last; false if no file can have so many. */
static bool extent(const an_strided *array, uint64_t *bytes)
{
    int64_t last = 0, step;
    *bytes = 0;
    if (an_shape_count(array->shape) == 0)
        return true;
    for (int i = 0; i < array->shape.rank; i++)
        if (array->stride[i] < 0 ||
            __builtin_mul_overflow(array->shape.dim[i] - 1, array->stride[i], &step) ||
            __builtin_add_overflow(last, step, &last))
            return false;
    return last < INT64_MAX && !__builtin_mul_overflow((uint64_t)last + 1, array->width, bytes);
}

alexnet_status an_strided_check(const an_strided *array, const char *name)
{
    /* How far a deflated array may spread: FREE bytes, or TIMES its own size. */
    enum { FREE = 1 << 24, TIMES = 8 };
    char text[96];
    uint64_t bytes;
    const int64_t count = an_shape_count(array->shape);
    if (count < 0)
        return AN_SECTION_FAIL(&array->bytes, "tensor %s: its shape %s is larger than any file",
                               name, an_shape_text(array->shape, text));
    if (!extent(array, &bytes) || array->first > array->bytes.size ||
        bytes > array->bytes.size - array->first)
        return AN_SECTION_FAIL(
            &array->bytes,
            "tensor %s: of shape %s, it ends beyond the %llu bytes that are there; "
            "the file is cut short or damaged",
            name, an_shape_text(array->shape, text), (unsigned long long)array->bytes.size);
    if (array->bytes.deflated && bytes > FREE && bytes / TIMES / array->width > (uint64_t)count)
        return AN_SECTION_FAIL(&array->bytes,
                               "tensor %s: %lld elements are spread over %llu bytes; save a "
                               "contiguous copy of it",
                               name, (long long)count, (unsigned long long)bytes);
    return ALEXNET_OK;
}

static void swap_bytes(unsigned char *bytes, size_t width, int64_t count)
{
    for (int64_t i = 0; i < count; i++, bytes += width)
        for (size_t j = 0; j < width / 2; j++) {
            const unsigned char byte = bytes[j];
            bytes[j] = bytes[width - 1 - j];
            bytes[width - 1 - j] = byte;
        }
}

static alexnet_status gather_all(const an_strided *array, an_gathered *gathered)
{
    uint64_t bytes;
    an_gathered_free(gathered);
    if (!extent(array, &bytes))
        return AN_SECTION_FAIL(&array->bytes,
                               "its elements are farther apart than any file is long");
    gathered->block = an_malloc(bytes ? (size_t)bytes : 1);
    if (!gathered->block)
        return AN_FAIL_MEMORY(bytes, "a tensor that is not contiguous");
    gathered->of = array;
    alexnet_status rc =
        an_section_read(&array->bytes, array->first, gathered->block, (size_t)bytes);
    if (rc != ALEXNET_OK)
        an_gathered_free(gathered);
    return rc;
}

/* Copy the elements from `first` on out of the block. */
static void pick(const an_strided *array, const unsigned char *block, int64_t first, int64_t count,
                 unsigned char *dst)
{
    const int rank = array->shape.rank;
    int64_t index[AN_MAX_RANK] = {0}, stride[AN_MAX_RANK] = {0}, at = 0;
    for (int i = rank - 1; i >= 0; i--) {
        stride[i] = array->shape.dim[i] > 1 ? array->stride[i] : 0; /* a file may say anything */
        index[i] = first % array->shape.dim[i];
        first /= array->shape.dim[i];
        at += index[i] * stride[i];
    }
    for (int64_t n = 0; n < count; n++) {
        memcpy(dst + (size_t)n * array->width, block + (size_t)at * array->width, array->width);
        for (int i = rank - 1; i >= 0; i--) {
            at += stride[i];
            if (++index[i] < array->shape.dim[i])
                break;
            at -= index[i] * stride[i];
            index[i] = 0;
        }
    }
}

alexnet_status an_strided_read(const an_strided *array, an_gathered *gathered, int64_t first,
                               int64_t count, void *dst)
{
    if (count == 0)
        return ALEXNET_OK;
    if (is_packed(array)) {
        AN_CHECK(an_section_read(&array->bytes, array->first + (uint64_t)first * array->width, dst,
                                 (size_t)count * array->width));
    } else {
        if (gathered->of != array)
            AN_CHECK(gather_all(array, gathered));
        pick(array, gathered->block, first, count, dst);
        if (first + count == an_shape_count(array->shape))
            an_gathered_free(gathered);
    }
    if (array->swapped)
        swap_bytes(dst, array->width, count);
    return ALEXNET_OK;
}

void an_gathered_free(an_gathered *gathered)
{
    an_free(gathered->block);
    *gathered = (an_gathered){0};
}
