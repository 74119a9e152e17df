#include "format/zip_write.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"
#include "base/writer.h"

/* Sizes of the fixed parts of the records. */
enum { END = 22, CENTRAL = 46, LOCAL = 30, EXTRA = 6, MEMBERS_MAX = 65535 };
enum { VERSION = 20, IN_UTF8 = 0x800, DAY_ONE = 0x21 /* 1980-01-01 */, PADDING = 0xD935 };

typedef struct member {
    char *name;
    uint32_t crc;
    uint64_t size, start;
} member;

struct an_zip_writer {
    an_writer *file;
    char *path;
    uint64_t at, end;   /* offsets: the current one; the end of the member that is being written */
    uint64_t directory; /* bytes of the directory's records so far */
    member *members;
    size_t count;
};

alexnet_status an_zip_writer_new(an_zip_writer **out, const char *path)
{
    *out = NULL;
    an_zip_writer *writer = an_calloc(1, sizeof *writer);
    char *copy = an_strdup(path);
    if (!writer || !copy) {
        an_free(writer);
        an_free(copy);
        return AN_FAIL_MEMORY(sizeof *writer, "an archive");
    }
    writer->path = copy;
    alexnet_status rc = an_writer_open(&writer->file, path);
    if (rc != ALEXNET_OK) {
        an_zip_writer_abort(writer);
        return rc;
    }
    *out = writer;
    return ALEXNET_OK;
}

/* What a member's own header and its record in the directory have in common. */
static unsigned char *put_common(unsigned char *to, const member *m, size_t extra)
{
    to = an_put_little(to, VERSION, 2);
    to = an_put_little(to, IN_UTF8, 2);
    to = an_put_little(to, 0, 2); /* stored */
    to = an_put_little(to, 0, 2); /* at midnight */
    to = an_put_little(to, DAY_ONE, 2);
    to = an_put_little(to, m->crc, 4);
    to = an_put_little(to, m->size, 4);
    to = an_put_little(to, m->size, 4);
    to = an_put_little(to, strlen(m->name), 2);
    return an_put_little(to, extra, 2);
}

alexnet_status an_zip_writer_put(an_zip_writer *writer, const void *bytes, size_t length)
{
    assert(length <= writer->end - writer->at);
    writer->at += length;
    return an_writer_put(writer->file, bytes, length);
}

/* Write bytes that belong to no member. */
static alexnet_status put_record(an_zip_writer *writer, const void *bytes, size_t length)
{
    writer->end = writer->at + length;
    return an_zip_writer_put(writer, bytes, length);
}

static alexnet_status add_member(an_zip_writer *writer, const char *name, uint32_t crc,
                                 uint64_t size)
{
    const uint64_t more = size + strlen(name) + LOCAL + EXTRA + AN_ALIGN + END;
    const uint64_t directory = writer->directory + CENTRAL + strlen(name);
    assert(writer->at == writer->end && strlen(name) <= UINT16_MAX);
    if (writer->count == MEMBERS_MAX || size > UINT32_MAX ||
        writer->at + directory + more > UINT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: over 4 GiB, which an archive of NumPy's older form cannot hold; write "
                       ".safetensors",
                       writer->path);
    member *grown = an_grow(writer->members, (int64_t)writer->count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * writer->count * sizeof *grown, "an archive's directory");
    writer->members = grown;
    member *m = &writer->members[writer->count];
    *m = (member){an_strdup(name), crc, size, writer->at};
    if (!m->name)
        return AN_FAIL_MEMORY(strlen(name), "an archive's directory");
    writer->count++;
    writer->directory = directory;
    return ALEXNET_OK;
}

alexnet_status an_zip_writer_begin(an_zip_writer *writer, const char *name, uint32_t crc,
                                   uint64_t size)
{
    unsigned char header[LOCAL + EXTRA + AN_ALIGN] = "PK\3\4";
    AN_CHECK(add_member(writer, name, crc, size));
    /* Zeros in an extra field align the member's bytes. */
    const size_t before = (size_t)(writer->at % AN_ALIGN) + LOCAL + strlen(name) + EXTRA;
    const size_t zeros = (AN_ALIGN - before % AN_ALIGN) % AN_ALIGN;
    put_common(header + 4, &writer->members[writer->count - 1], EXTRA + zeros);
    AN_CHECK(put_record(writer, header, LOCAL));
    AN_CHECK(put_record(writer, name, strlen(name)));
    unsigned char *extra = header + LOCAL;
    extra = an_put_little(extra, PADDING, 2);
    extra = an_put_little(extra, 2 + zeros, 2);
    an_put_little(extra, AN_ALIGN, 2);
    AN_CHECK(put_record(writer, header + LOCAL, EXTRA + zeros));
    writer->end = writer->at + size;
    return ALEXNET_OK;
}

static alexnet_status put_directory(an_zip_writer *writer)
{
    unsigned char record[CENTRAL] = "PK\1\2", end[END] = "PK\5\6";
    const uint64_t start = writer->at;
    an_put_little(record + 4, VERSION, 2);
    for (size_t i = 0; i < writer->count; i++) {
        const member *m = &writer->members[i];
        put_common(record + 6, m, 0);
        an_put_little(record + 42, m->start, 4);
        AN_CHECK(put_record(writer, record, CENTRAL));
        AN_CHECK(put_record(writer, m->name, strlen(m->name)));
    }
    an_put_little(end + 8, writer->count, 2);
    an_put_little(end + 10, writer->count, 2);
    an_put_little(end + 12, writer->at - start, 4);
    an_put_little(end + 16, start, 4);
    return put_record(writer, end, END);
}

static void free_writer(an_zip_writer *writer)
{
    for (size_t i = 0; i < writer->count; i++)
        an_free(writer->members[i].name);
    an_free(writer->members);
    an_free(writer->path);
    an_free(writer);
}

alexnet_status an_zip_writer_commit(an_zip_writer *writer)
{
    assert(writer->at == writer->end);
    const alexnet_status rc = an_writer_end(writer->file, put_directory(writer));
    free_writer(writer);
    return rc;
}

void an_zip_writer_abort(an_zip_writer *writer)
{
    if (!writer)
        return;
    an_writer_abort(writer->file);
    free_writer(writer);
}
