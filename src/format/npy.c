/*
 * .npy arrays: the header, checked against the file, and the tensor file format.
 */
#include "format/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"
#include "base/text.h"
#include "format/tensor_format.h"
#include "tensor/npy_header.h"

enum { PREFIX = 8, HEADER_MAX = 1 << 16 };
static const char magic[] = "\x93NUMPY";

static bool begins_as_array(const unsigned char *head, size_t length)
{
    return length >= PREFIX && memcmp(head, magic, sizeof magic - 1) == 0;
}

/* Where the header begins, and its length. */
static alexnet_status find_header(const an_section *bytes, uint64_t *start, uint32_t *length)
{
    unsigned char head[PREFIX], sizes[4] = {0};
    AN_CHECK(an_section_read(bytes, 0, head, sizeof head));
    if (!begins_as_array(head, sizeof head))
        return AN_SECTION_FAIL(bytes, "not a NumPy array: it does not begin with \\x93NUMPY");
    if (head[6] < 1 || head[6] > 3)
        return AN_SECTION_FAIL(bytes, "version %d of NumPy's format; 1 to 3 are read", head[6]);
    const size_t width = head[6] == 1 ? 2 : 4;
    AN_CHECK(an_section_read(bytes, PREFIX, sizes, width));
    *start = PREFIX + width;
    *length = an_little32(sizes);
    if (*length > bytes->size - *start)
        return AN_SECTION_FAIL(
            bytes, "cut short or damaged: the header claims %u bytes, the file has %llu", *length,
            (unsigned long long)bytes->size);
    if (*length > HEADER_MAX)
        return AN_SECTION_FAIL(bytes, "a header of %u bytes; at most %d are expected", *length,
                               HEADER_MAX);
    return ALEXNET_OK;
}

/* Parse an element type: a byte order, a letter, a width. */
static alexnet_status parse_type(an_npy *npy, const an_section *bytes, const char *descr)
{
    static const struct {
        const char *word;
        an_dtype dtype;
    } types[] = {{"f4", AN_F32}, {"f8", AN_F64}, {"f2", AN_F16}, {"b1", AN_BOOL}, {"u1", AN_U8},
                 {"i1", AN_I8},  {"i2", AN_I16}, {"i4", AN_I32}, {"i8", AN_I64}};
    snprintf(npy->type, sizeof npy->type, "%s", descr[0] ? descr : "a record");
    npy->dtype = AN_OTHER;
    npy->characters = 0;
    if (!descr[0] || !strchr("<>|=", descr[0]))
        return ALEXNET_OK;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(descr + 1, types[i].word) == 0)
            npy->dtype = types[i].dtype;
    npy->array.width = an_dtype_bytes(npy->dtype);
    npy->array.swapped = descr[0] == '>' && npy->array.width != 1;
    if (descr[1] == 'U' && (!an_text_to_int(descr + 2, &npy->characters) || npy->characters < 0))
        return AN_SECTION_FAIL(bytes, "an invalid element type: %s", descr);
    return ALEXNET_OK;
}

static alexnet_status understand(an_npy *npy, const an_section *bytes, const char *text)
{
    an_npy_header header;
    const char *why;
    if (!an_npy_header_parse(&header, text, &why))
        return AN_SECTION_FAIL(bytes, "%s", why);
    AN_CHECK(parse_type(npy, bytes, header.descr));
    npy->array.shape = header.shape;
    if (npy->dtype == AN_OTHER || header.shape.rank > AN_MAX_RANK)
        return ALEXNET_OK;
    an_strided_pack(&npy->array, header.fortran);
    return an_strided_check(&npy->array, AN_NPY_NAME);
}

alexnet_status an_npy_open(an_npy *npy, const an_section *bytes)
{
    uint64_t start;
    uint32_t length;
    *npy = (an_npy){.dtype = AN_OTHER};
    AN_CHECK(find_header(bytes, &start, &length));
    char *text = an_malloc((size_t)length + 1);
    if (!text)
        return AN_FAIL_MEMORY(length, "the header of a NumPy array");
    alexnet_status rc = an_section_read(bytes, start, text, length);
    text[length] = '\0';
    npy->array.bytes = *bytes;
    npy->array.first = start + length;
    if (rc == ALEXNET_OK)
        rc = understand(npy, bytes, text);
    an_free(text);
    return rc;
}

void an_npy_entry(an_tensor_entry *entry, const an_npy *npy)
{
    entry->dtype = npy->dtype;
    snprintf(entry->type, sizeof entry->type, "%s", npy->type);
    entry->shape = npy->array.shape;
}

/* ---- A file of one array ---- */

typedef struct one_array {
    an_npy npy;
    an_gathered gathered;
} one_array;

static bool recognise(const unsigned char *head, size_t length, uint64_t size)
{
    (void)size;
    return begins_as_array(head, length);
}

static alexnet_status open_file(an_tensor_file *file)
{
    const an_section whole = an_section_of(file->reader);
    one_array *one = file->state = an_calloc(1, sizeof *one);
    an_tensor_entry *entry = file->entries = an_calloc(1, sizeof *entry);
    if (!one || !entry || !(entry->name = an_strdup(AN_NPY_NAME)))
        return AN_FAIL_MEMORY(sizeof *one, "a NumPy array");
    file->count = 1;
    AN_CHECK(an_npy_open(&one->npy, &whole));
    an_npy_entry(entry, &one->npy);
    return ALEXNET_OK;
}

static alexnet_status read_elements(an_tensor_file *file, const an_tensor_entry *entry,
                                    int64_t first, int64_t count, void *dst)
{
    one_array *one = file->state;
    (void)entry;
    return an_strided_read(&one->npy.array, &one->gathered, first, count, dst);
}

static void close_state(void *state)
{
    one_array *one = state;
    if (one)
        an_gathered_free(&one->gathered);
    an_free(one);
}

const an_tensor_format an_npy_format = {
    .name = "npy",
    .endings = ".npy",
    .about = "one NumPy array, such as a mean image",
    .recognise = recognise,
    .open = open_file,
    .read = read_elements,
    .close = close_state,
};
