#include "data/tar/meta_mat.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"
#include "base/zlib_memory.h"
#include "data/source/names.h"

/* Types of elements, and classes of arrays. */
enum { INT8 = 1, UINT8, INT16, UINT16, INT32, UINT32, SINGLE, DOUBLE = 9, MATRIX = 14 };
enum { COMPRESSED = 15, UTF8, UTF16 };
enum { STRUCT = 2, CHAR = 4, FIRST_NUMERIC = 6, LAST_NUMERIC = 15 };

/* Bytes of a file's header, of the longest identifier, and of the largest decompressed variable. */
enum { HEAD = 128, IDENTIFIER_MAX = 32, INFLATED_MAX = 64 << 20 };

typedef struct cursor {
    const unsigned char *at;
    size_t left;
} cursor;

typedef struct element {
    uint32_t type;
    cursor data;
} element;

/* An array; `rest` is what follows its flags, sizes and name. */
typedef struct matrix {
    int class;     /* 0: empty */
    int64_t count; /* of its elements */
    cursor name, rest;
} matrix;

static alexnet_status fail(const char *name, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is not the list of classes of ImageNet's development kit: %s", name, what);
}

/* ---- Elements ---- */

/* Take the next element. Small ones have their type and size in four bytes and their data in the
 * next four. */
static bool take(cursor *c, element *out)
{
    if (c->left < 8)
        return false;
    const uint32_t first = an_little32(c->at), small = first >> 16;
    const size_t size = small ? small : an_little32(c->at + 4);
    const size_t head = small ? 4 : 8, room = small ? 4 : c->left - 8;
    if (size > room)
        return false;
    *out = (element){small ? first & 0xFFFF : first, {c->at + head, size}};
    size_t whole = small ? 8 : 8 + size;
    if (!small && out->type != COMPRESSED)
        whole += (8 - size % 8) % 8;
    whole = whole < c->left ? whole : c->left;
    c->at += whole;
    c->left -= whole;
    return true;
}

static bool open_matrix(matrix *out, const element *e)
{
    element flags, sizes, name;
    cursor c = e->data;
    *out = (matrix){0};
    if (e->type != MATRIX)
        return false;
    if (c.left == 0)
        return true;
    if (!take(&c, &flags) || flags.type != UINT32 || flags.data.left < 8 || !take(&c, &sizes) ||
        sizes.type != INT32 || !take(&c, &name))
        return false;
    out->class = flags.data.at[0];
    out->count = 1;
    for (size_t i = 0; i + 4 <= sizes.data.left; i += 4)
        if (__builtin_mul_overflow(out->count, (int64_t)an_little32(sizes.data.at + i),
                                   &out->count))
            return false;
    out->name = name.data;
    out->rest = c;
    return true;
}

static bool take_matrix(cursor *c, matrix *out)
{
    element e;
    return take(c, &e) && open_matrix(out, &e);
}

static bool is_called(cursor name, const char *text)
{
    return name.left == strlen(text) && memcmp(name.at, text, name.left) == 0;
}

/* ---- Values ---- */

/* The only number of an array; MATLAB stores it in the smallest type that holds it. */
static bool read_number(const matrix *m, int64_t *out)
{
    static const int widths[] = {[INT8] = 1,  [UINT8] = 1,  [INT16] = 2,  [UINT16] = 2,
                                 [INT32] = 4, [UINT32] = 4, [SINGLE] = 4, [DOUBLE] = 8};
    element e;
    cursor c = m->rest;
    if (m->class < FIRST_NUMERIC || m->class > LAST_NUMERIC || m->count != 1 || !take(&c, &e) ||
        e.type > DOUBLE || widths[e.type] == 0 || e.data.left < (size_t)widths[e.type])
        return false;
    const uint64_t bits = an_little(e.data.at, widths[e.type]);
    if (e.type == DOUBLE) {
        double value;
        memcpy(&value, &bits, sizeof value);
        *out = value >= 0 && value <= AN_NAMES_MAX ? (int64_t)value : -1;
        return (double)*out == value;
    }
    *out = bits <= AN_NAMES_MAX ? (int64_t)bits : -1;
    return e.type != SINGLE && *out >= 0;
}

/* The text of an array of characters, all of them ASCII, in one or two bytes each. */
static bool read_text(const matrix *m, char out[IDENTIFIER_MAX + 1])
{
    element e;
    cursor c = m->rest;
    if (m->class != CHAR || !take(&c, &e))
        return false;
    const bool wide = e.type == UINT16 || e.type == UTF16;
    if (!wide && e.type != INT8 && e.type != UINT8 && e.type != UTF8)
        return false;
    const size_t width = wide ? 2 : 1, length = e.data.left / width;
    if (length == 0 || length > IDENTIFIER_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        const uint64_t code = an_little(e.data.at + i * width, (int)width);
        if (code <= ' ' || code >= 0x7F)
            return false;
        out[i] = (char)code;
    }
    out[length] = '\0';
    return true;
}

/* ---- The table ---- */

/* The fields of a structure. */
typedef struct fields {
    cursor names;
    size_t width, count; /* bytes of a name, padded with zeros; number of names */
    size_t number, identifier;
} fields;

static bool take_fields(cursor *c, fields *out)
{
    element width, names;
    *out = (fields){0};
    if (!take(c, &width) || width.type != INT32 || width.data.left != 4 || !take(c, &names))
        return false;
    out->names = names.data;
    out->width = an_little32(width.data.at);
    out->count = out->width ? names.data.left / out->width : 0;
    out->number = out->identifier = out->count;
    for (size_t i = 0; i < out->count; i++) {
        const unsigned char *name = names.data.at + i * out->width;
        const cursor text = {name, strnlen((const char *)name, out->width)};
        if (is_called(text, "ILSVRC2012_ID"))
            out->number = i;
        if (is_called(text, "WNID"))
            out->identifier = i;
    }
    return out->number < out->count && out->identifier < out->count;
}

/* Read one structure of the array as a line. */
static bool read_row(cursor *c, const fields *f, char *line, size_t room)
{
    char identifier[IDENTIFIER_MAX + 1] = "";
    int64_t number = -1;
    matrix value;
    for (size_t i = 0; i < f->count; i++) {
        if (!take_matrix(c, &value) || (i == f->number && !read_number(&value, &number)) ||
            (i == f->identifier && !read_text(&value, identifier)))
            return false;
    }
    snprintf(line, room, "%s %lld\n", identifier, (long long)number);
    return true;
}

static alexnet_status read_table(char **text, const matrix *table, const char *name)
{
    enum { ROW_MAX = IDENTIFIER_MAX + 24 };
    fields f;
    cursor c = table->rest;
    if (!take_fields(&c, &f))
        return fail(name, "its table has no fields ILSVRC2012_ID and WNID");
    if (table->count < 1 || table->count > AN_NAMES_MAX)
        return fail(name, "its table is empty or too large");
    char *lines = an_malloc((size_t)table->count * ROW_MAX), *to = lines;
    if (!lines)
        return AN_FAIL_MEMORY((size_t)table->count * ROW_MAX, "a list of classes");
    for (int64_t i = 0; i < table->count; i++) {
        if (!read_row(&c, &f, to, ROW_MAX)) {
            an_free(lines);
            return fail(name, "a row of its table is damaged");
        }
        to += strlen(to);
    }
    *text = lines;
    return ALEXNET_OK;
}

/* ---- The file ---- */

/* Decompress into a block that grows. *out is owned, also on failure. */
static alexnet_status inflate_all(z_stream *z, unsigned char **out, size_t *length)
{
    size_t room = 0;
    int code = Z_OK;
    while (code == Z_OK) {
        if (*length == room) {
            room = room ? 2 * room : 1 << 16;
            if (room > INFLATED_MAX)
                return AN_FAIL(ALEXNET_ERROR_FORMAT, "its table takes more than 64 MiB");
            unsigned char *grown = an_realloc(*out, room, 1);
            if (!grown)
                return AN_FAIL_MEMORY(room, "a compressed table");
            *out = grown;
        }
        z->next_out = *out + *length;
        z->avail_out = (unsigned)(room - *length);
        code = inflate(z, Z_NO_FLUSH);
        *length = room - z->avail_out;
    }
    if (code == Z_MEM_ERROR)
        return AN_FAIL_MEMORY(1 << 16, "a compressed table");
    return code == Z_STREAM_END ? ALEXNET_OK
                                : AN_FAIL(ALEXNET_ERROR_FORMAT, "its compressed bytes are damaged");
}

static alexnet_status decompress(unsigned char **out, size_t *length, cursor from)
{
    z_stream z = {.zalloc = an_zlib_alloc, .zfree = an_zlib_free};
    *out = NULL;
    *length = 0;
    z.next_in = (unsigned char *)from.at;
    z.avail_in = (unsigned)from.left; /* the file stores the size in 32 bits */
    if (inflateInit(&z) != Z_OK)
        return AN_FAIL_MEMORY(1 << 16, "a compressed table");
    const alexnet_status rc = inflate_all(&z, out, length);
    inflateEnd(&z);
    return rc;
}

/* Read a variable of the file if it is the table. */
static alexnet_status read_variable(char **text, const element *e, const char *name)
{
    matrix m;
    if (!open_matrix(&m, e))
        return fail(name, "a variable is damaged");
    if (m.class != STRUCT || !is_called(m.name, "synsets"))
        return ALEXNET_OK;
    return read_table(text, &m, name);
}

/* @param inflated  bytes of the variables so far; this one's are added */
static alexnet_status read_compressed(char **text, const element *e, size_t *inflated,
                                      const char *name)
{
    unsigned char *bytes;
    cursor c = {0};
    element inner;
    alexnet_status rc = decompress(&bytes, &c.left, e->data);
    c.at = bytes;
    *inflated += c.left;
    if (rc == ALEXNET_OK && *inflated > INFLATED_MAX)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "its variables take more than 64 MiB");
    if (rc == ALEXNET_ERROR_FORMAT)
        rc = an_fail_within(rc, name);
    else if (rc == ALEXNET_OK)
        rc = take(&c, &inner) ? read_variable(text, &inner, name)
                              : fail(name, "a variable is damaged");
    an_free(bytes);
    return rc;
}

alexnet_status an_meta_mat_parse(char **text, const unsigned char *bytes, size_t length,
                                 const char *name)
{
    *text = NULL;
    if (length < HEAD || memcmp(bytes + HEAD - 4, "\0\1IM", 4) != 0)
        return fail(name, "it is not a MATLAB file of level 5");
    cursor c = {bytes + HEAD, length - HEAD};
    element e;
    size_t inflated = 0;
    while (!*text && take(&c, &e))
        AN_CHECK(e.type == COMPRESSED ? read_compressed(text, &e, &inflated, name)
                                      : read_variable(text, &e, name));
    return *text ? ALEXNET_OK : fail(name, "it has no table synsets");
}
