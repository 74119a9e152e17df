#include "data/source/idx.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/files.h"
#include "base/status.h"
#include "base/zlib_memory.h"
#include "data/picture/picture.h"

/* The most bytes of a file, and of its elements: zlib counts in 32 bits. */
#define IDX_MAX ((size_t)INT32_MAX)
/* Deflate expands at most 1032 to 1: two bits may stand for 258 bytes. */
enum { DEFLATE_MOST = 1032, HEADER_MAX = 16 };

/* Sequential access to a file's bytes, decompressed where necessary. */
typedef struct stream {
    const unsigned char *bytes;
    size_t length, at;
    bool compressed, ended;
    z_stream z;
    const char *name;
} stream;

static alexnet_status stream_open(stream *s, const unsigned char *bytes, size_t length,
                                  const char *name)
{
    *s = (stream){.bytes = bytes, .length = length, .name = name};
    s->compressed = length >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
    if (length > IDX_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has %zu bytes; at most %zu are read", name,
                       length, IDX_MAX);
    if (!s->compressed)
        return ALEXNET_OK;
    s->z = (z_stream){.zalloc = an_zlib_alloc, .zfree = an_zlib_free};
    s->z.next_in = (unsigned char *)bytes; /* zlib only reads it */
    s->z.avail_in = (unsigned)length;
    if (inflateInit2(&s->z, 16 + MAX_WBITS) != Z_OK) /* gzip's header and checksum */
        return AN_FAIL_MEMORY(1 << 16, "decompression");
    return ALEXNET_OK;
}

static void stream_close(stream *s)
{
    if (s->compressed)
        inflateEnd(&s->z);
}

static alexnet_status inflate_some(stream *s, unsigned char *to, size_t room, size_t *got)
{
    int code = Z_OK;
    s->z.next_out = to;
    s->z.avail_out = (unsigned)room;
    while (code == Z_OK && s->z.avail_out > 0)
        code = inflate(&s->z, Z_NO_FLUSH);
    *got = room - s->z.avail_out;
    s->ended = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR)
        return AN_FAIL_MEMORY(1 << 16, "decompression");
    if (code == Z_OK || s->ended)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: its compressed bytes %s", s->name,
                   code == Z_BUF_ERROR ? "end early: it is cut short" : "are damaged");
}

/* Take the next bytes; *got is less than `room` only at the end. */
static alexnet_status take(stream *s, unsigned char *to, size_t room, size_t *got)
{
    *got = 0;
    if (s->ended || room == 0)
        return ALEXNET_OK;
    if (s->compressed)
        return inflate_some(s, to, room, got);
    *got = room < s->length - s->at ? room : s->length - s->at;
    memcpy(to, s->bytes + s->at, *got);
    s->at += *got;
    return ALEXNET_OK;
}

static alexnet_status fail_magic(uint32_t magic, int dimensions, const char *name)
{
    const char *what = magic == 0x0801   ? "labels"
                       : magic == 0x0803 ? "pictures"
                                         : "neither labels nor pictures in bytes";
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s begins with %08x, %s; an idx file of %s begins with %08x", name, magic, what,
                   dimensions == AN_IDX_LABELS ? "labels" : "pictures", 0x0800u + dimensions);
}

static alexnet_status read_header(an_idx *out, stream *s, int dimensions)
{
    unsigned char header[HEADER_MAX];
    uint32_t sizes[3] = {0, 1, 1};
    const size_t length = 4 + 4 * (size_t)dimensions;
    size_t got;
    AN_CHECK(take(s, header, length, &got));
    if (got < 4 || an_big32(header) != 0x0800u + (uint32_t)dimensions)
        return fail_magic(got < 4 ? 0 : an_big32(header), dimensions, s->name);
    if (got < length)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s ends within its header", s->name);
    for (int i = 0; i < dimensions; i++)
        sizes[i] = an_big32(header + 4 + 4 * i);
    if (sizes[0] == 0 || sizes[1] == 0 || sizes[2] == 0 || sizes[1] > AN_PICTURE_SIDE_MAX ||
        sizes[2] > AN_PICTURE_SIDE_MAX || (uint64_t)sizes[1] * sizes[2] > AN_PICTURE_PIXELS_MAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s claims to hold %u of %u x %u pixels; at least one, of at most %d a side "
                       "and %d in all, is expected",
                       s->name, sizes[0], sizes[1], sizes[2], AN_PICTURE_SIDE_MAX,
                       AN_PICTURE_PIXELS_MAX);
    *out = (an_idx){NULL, sizes[0], (int)sizes[1], (int)sizes[2]};
    return ALEXNET_OK;
}

/* Check that a file can hold what it claims, before memory is allocated for it. */
static alexnet_status check_claim(const an_idx *idx, const stream *s, uint64_t *bytes)
{
    const uint64_t each = (uint64_t)idx->rows * (uint64_t)idx->columns;
    const uint64_t most = (uint64_t)s->length * (s->compressed ? DEFLATE_MOST : 1);
    *bytes = each * (uint64_t)idx->count; /* 28 bits times 32: no overflow */
    if (*bytes > most)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s claims to hold %lld of %d x %d, which do not fit into its %zu bytes",
                       s->name, (long long)idx->count, idx->rows, idx->columns, s->length);
    if (*bytes > IDX_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s holds %llu bytes; at most %zu are read",
                       s->name, (unsigned long long)*bytes, IDX_MAX);
    return ALEXNET_OK;
}

static alexnet_status read_elements(an_idx *out, stream *s)
{
    uint64_t bytes;
    size_t got, more;
    unsigned char beyond[1];
    AN_CHECK(check_claim(out, s, &bytes));
    out->bytes = an_malloc((size_t)bytes);
    if (!out->bytes)
        return AN_FAIL_MEMORY(bytes, s->name);
    AN_CHECK(take(s, out->bytes, (size_t)bytes, &got));
    AN_CHECK(take(s, beyond, 1, &more));
    if (got == bytes && more == 0 && (!s->compressed || (s->ended && s->z.avail_in == 0)))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s claims to hold %lld of %d x %d, which is %llu bytes; it has %s", s->name,
                   (long long)out->count, out->rows, out->columns, (unsigned long long)bytes,
                   got < bytes ? "fewer" : "more");
}

alexnet_status an_idx_parse(an_idx *out, const unsigned char *file, size_t length, int dimensions,
                            const char *name)
{
    stream s;
    *out = (an_idx){0};
    AN_CHECK(stream_open(&s, file, length, name));
    alexnet_status rc = read_header(out, &s, dimensions);
    if (rc == ALEXNET_OK)
        rc = read_elements(out, &s);
    stream_close(&s);
    if (rc != ALEXNET_OK) {
        an_free(out->bytes);
        *out = (an_idx){0};
    }
    return rc;
}

alexnet_status an_idx_read(an_idx *out, const char *path, int dimensions)
{
    unsigned char *file;
    size_t length;
    *out = (an_idx){0};
    AN_CHECK(an_file_read(path, IDX_MAX, &file, &length));
    alexnet_status rc = an_idx_parse(out, file, length, dimensions, path);
    an_free(file);
    return rc;
}
