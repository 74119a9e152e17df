#include "model/recognise/binding.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum {
    PIECE = 1 << 16,           /* elements to read at a time, few enough to stay in the cache */
    TRANSPOSED_ROOM = 4 << 20, /* elements of a transposed tensor to collect in one pass */
};

bool an_binding_is(const an_binding *binding)
{
    return binding->entries[0] >= 0;
}

static int towers(const an_binding *binding)
{
    return binding->entries[1] >= 0 ? 2 : 1;
}

/* Whether a tensor has the elements of a parameter in the same order. A matrix or vector may have
 * leading dimensions of 1, or its inputs spread over several dimensions. */
static bool same_elements(an_shape found, an_shape expected)
{
    int ones = 0;
    if (an_shape_equal(found, expected))
        return true;
    if (found.rank > AN_MAX_RANK || expected.rank > 2 || an_shape_count(found) < 0 ||
        an_shape_count(found) != an_shape_count(expected))
        return false;
    while (ones < found.rank - expected.rank && found.dim[ones] == 1)
        ones++;
    return (found.rank > 0 && found.dim[0] == expected.dim[0]) ||
           (found.rank - ones == expected.rank && found.dim[ones] == expected.dim[0]);
}

/* The shape that a tensor must have: one tower's share, in the file's order. */
static an_shape expected_shape(const an_binding *binding, an_shape shape)
{
    shape.dim[0] /= towers(binding);
    if (binding->transposed && shape.rank == 2)
        return (an_shape){2, {shape.dim[1], shape.dim[0]}};
    return shape;
}

bool an_binding_fits(const an_binding *binding, const an_tensor_file *file, an_shape shape,
                     char why[256])
{
    char expected[96], found[96];
    const an_shape want = expected_shape(binding, shape);
    for (int i = 0; i < 2 && binding->entries[i] >= 0; i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, binding->entries[i]);
        if (!same_elements(entry->shape, want)) {
            snprintf(why, 256, "shape %s expected, found %s", an_shape_text(want, expected),
                     an_shape_text(entry->shape, found));
            return false;
        }
        if (!an_dtype_is_float(entry->dtype)) {
            snprintf(why, 256, AN_DTYPES_FLOAT " expected, found %s",
                     entry->dtype == AN_OTHER ? entry->type : an_dtype_name(entry->dtype));
            return false;
        }
    }
    if (towers(binding) == 2 && shape.dim[0] % 2) {
        snprintf(why, 256, "two towers cannot share %lld outputs", (long long)shape.dim[0]);
        return false;
    }
    return true;
}

/* A parameter that is being read. */
typedef struct reading {
    const an_binding *binding;
    an_tensor_file *file;
    an_net *net;
    an_arena arena;
    int param;
    an_dtype type;
    int64_t rows, columns; /* of one tower: its outputs, and the values of one output */
    void *piece;           /* values in the file's order */
} reading;

static alexnet_status read_piece(reading *r, const an_tensor_entry *entry, int64_t first,
                                 int64_t count, void *dst)
{
    AN_CHECK(an_tensor_file_read_part(r->file, entry, first, count, r->type, dst));
    if (!an_all_finite(dst, count, r->type))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s has values that are not finite numbers",
                       an_tensor_file_name(r->file), entry->name);
    return ALEXNET_OK;
}

/* Swap the halves of a row. */
static void swap_halves(char *row, size_t half)
{
    for (size_t i = 0; i < half; i++) {
        const char byte = row[i];
        row[i] = row[half + i];
        row[half + i] = byte;
    }
}

/* Read a tower whose tensor is in the parameter's order. */
static alexnet_status read_straight(reading *r, int tower)
{
    const an_tensor_entry *entry = an_tensor_file_entry(r->file, r->binding->entries[tower]);
    const bool swapped = r->binding->swapped && tower == 1;
    const int64_t all = r->rows * r->columns, start = tower * all;
    const int64_t step = swapped ? r->columns : PIECE; /* swapped: row by row */
    const size_t width = an_dtype_bytes(r->type);
    for (int64_t first = 0; first < all; first += step) {
        const int64_t count = all - first < step ? all - first : step;
        AN_CHECK(read_piece(r, entry, first, count, r->piece));
        if (swapped)
            swap_halves(r->piece, (size_t)r->columns / 2 * width);
        AN_CHECK(
            an_net_write_part(r->net, r->arena, r->param, start + first, count, r->piece, r->type));
    }
    return ALEXNET_OK;
}

/* Collect rows [begin, end) of the parameter, which are columns of the file's tensor, in one pass
 * over the tensor: formats that decompress can only be read from the front. */
static alexnet_status collect_band(reading *r, const an_tensor_entry *entry, int64_t begin,
                                   int64_t end, char *band)
{
    const size_t width = an_dtype_bytes(r->type);
    const int64_t lines = r->rows > PIECE ? 1 : PIECE / r->rows; /* of the file, in a piece */
    for (int64_t line = 0; line < r->columns; line += lines) {
        const int64_t n = r->columns - line < lines ? r->columns - line : lines;
        AN_CHECK(read_piece(r, entry, line * r->rows, n * r->rows, r->piece));
        for (int64_t i = 0; i < n; i++)
            for (int64_t row = begin; row < end; row++)
                memcpy(band + (size_t)((row - begin) * r->columns + line + i) * width,
                       (char *)r->piece + (size_t)(i * r->rows + row) * width, width);
    }
    return ALEXNET_OK;
}

static alexnet_status read_transposed(reading *r, int tower)
{
    const an_tensor_entry *entry = an_tensor_file_entry(r->file, r->binding->entries[tower]);
    const size_t width = an_dtype_bytes(r->type);
    int64_t rows = TRANSPOSED_ROOM / r->columns;
    rows = rows < 1 ? 1 : rows > r->rows ? r->rows : rows;
    const size_t bytes = (size_t)(rows * r->columns) * width;
    char *band = an_malloc(bytes);
    if (!band)
        return AN_FAIL_MEMORY(bytes, entry->name);
    alexnet_status rc = ALEXNET_OK;
    for (int64_t begin = 0; begin < r->rows && rc == ALEXNET_OK; begin += rows) {
        const int64_t end = r->rows - begin < rows ? r->rows : begin + rows;
        rc = collect_band(r, entry, begin, end, band);
        const bool swaps = rc == ALEXNET_OK && r->binding->swapped && tower == 1;
        for (int64_t row = begin; row < end && swaps; row++)
            swap_halves(band + (size_t)((row - begin) * r->columns) * width,
                        (size_t)r->columns / 2 * width);
        if (rc == ALEXNET_OK)
            rc = an_net_write_part(r->net, r->arena, r->param,
                                   (tower * r->rows + begin) * r->columns,
                                   (end - begin) * r->columns, band, r->type);
    }
    an_free(band);
    return rc;
}

static alexnet_status write_zeros(reading *r)
{
    const int64_t all = r->rows * r->columns;
    memset(r->piece, 0, PIECE * an_dtype_bytes(r->type));
    for (int64_t first = 0; first < all; first += PIECE)
        AN_CHECK(an_net_write_part(r->net, r->arena, r->param, first,
                                   all - first < PIECE ? all - first : PIECE, r->piece, r->type));
    return ALEXNET_OK;
}

static alexnet_status read_towers(reading *r, int n, bool transposed)
{
    for (int tower = 0; tower < n; tower++)
        AN_CHECK(transposed ? read_transposed(r, tower) : read_straight(r, tower));
    return ALEXNET_OK;
}

alexnet_status an_binding_read(const an_binding *binding, an_tensor_file *file, an_net *net,
                               an_arena arena, int param)
{
    const an_param *p = &net->params[param];
    const int n = towers(binding);
    reading r = {.binding = binding,
                 .file = file,
                 .net = net,
                 .arena = arena,
                 .param = param,
                 .type = net->backend->param_dtype,
                 .rows = p->shape.dim[0] / n,
                 .columns = p->count / p->shape.dim[0]};
    const int64_t longest = r.rows > r.columns ? r.rows : r.columns;
    const size_t bytes =
        (size_t)(longest > PIECE ? longest : PIECE) * an_dtype_bytes(net->backend->param_dtype);
    r.piece = an_malloc(bytes);
    if (!r.piece)
        return AN_FAIL_MEMORY(bytes, p->name);
    const alexnet_status rc = an_binding_is(binding)
                                  ? read_towers(&r, n, binding->transposed && p->shape.rank == 2)
                                  : write_zeros(&r);
    an_free(r.piece);
    return rc;
}
