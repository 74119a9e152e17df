#include "format/section.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/status.h"

struct an_unpacking {
    bool begun;     /* `start` is that of a span */
    uint64_t start; /* of the span that is being read */
    uint64_t at;    /* its bytes so far, unpacked */
    uint32_t crc;   /* of these */
    uint64_t taken; /* its packed bytes so far */
    z_stream stream;
    bool ready; /* `stream` is initialised */
    unsigned char input[16384], skipped[4096];
};

static void *zlib_alloc(void *user, unsigned count, unsigned bytes)
{
    (void)user;
    return an_calloc(count, bytes);
}

static void zlib_free(void *user, void *block)
{
    (void)user;
    an_free(block);
}

alexnet_status an_unpacking_new(an_unpacking **out)
{
    *out = an_calloc(1, sizeof **out);
    return *out ? ALEXNET_OK : AN_FAIL_MEMORY(sizeof **out, "reading an archive");
}

void an_unpacking_free(an_unpacking *unpacking)
{
    if (!unpacking)
        return;
    if (unpacking->ready)
        inflateEnd(&unpacking->stream);
    an_free(unpacking);
}

an_section an_section_of(an_reader *reader)
{
    return (an_section){.reader = reader, .size = an_reader_size(reader)};
}

alexnet_status an_section_fail(const an_section *span, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s%s%s", an_reader_name(span->reader),
                   span->name ? span->name : "", span->name ? ": " : "", text);
}

/* Begin with a span, unless it is being read and has not passed `offset`. */
static alexnet_status begin(const an_section *span, uint64_t offset)
{
    an_unpacking *u = span->unpacking;
    if (u->begun && u->start == span->start && u->at <= offset)
        return ALEXNET_OK;
    u->begun = true;
    u->start = span->start;
    u->at = u->taken = 0;
    u->crc = 0;
    u->stream.avail_in = 0;
    if (!span->deflated)
        return ALEXNET_OK;
    if (u->ready)
        return inflateReset(&u->stream) == Z_OK ? ALEXNET_OK
                                                : AN_SECTION_FAIL(span, "not unpacked");
    u->stream.zalloc = zlib_alloc;
    u->stream.zfree = zlib_free;
    if (inflateInit2(&u->stream, -MAX_WBITS) != Z_OK) { /* without a header, as zip has it */
        u->begun = false;
        return AN_FAIL_MEMORY(65536, "unpacking a file");
    }
    u->ready = true;
    return ALEXNET_OK;
}

static alexnet_status refill(const an_section *span)
{
    an_unpacking *u = span->unpacking;
    const uint64_t left = span->packed - u->taken;
    const size_t length = left < sizeof u->input ? (size_t)left : sizeof u->input;
    if (u->stream.avail_in || !length)
        return ALEXNET_OK;
    AN_CHECK(an_reader_read(span->reader, span->start + u->taken, u->input, length));
    u->taken += length;
    u->stream.next_in = u->input;
    u->stream.avail_in = (unsigned)length;
    return ALEXNET_OK;
}

/* The next bytes of a deflated span. */
static alexnet_status inflate_next(const an_section *span, unsigned char *dst, size_t length)
{
    enum { MOST = 1 << 30 }; /* zlib counts in unsigned */
    an_unpacking *u = span->unpacking;
    for (size_t done = 0; done < length;) {
        const size_t wanted = length - done < MOST ? length - done : MOST;
        AN_CHECK(refill(span));
        u->stream.next_out = dst + done;
        u->stream.avail_out = (unsigned)wanted;
        const int result = inflate(&u->stream, Z_NO_FLUSH);
        const size_t got = wanted - u->stream.avail_out;
        done += got;
        if (result == Z_MEM_ERROR)
            return AN_FAIL_MEMORY(65536, "unpacking a file");
        if (done < length && result != Z_OK)
            return AN_SECTION_FAIL(span, "damaged: %llu bytes can be unpacked, %llu were announced",
                                   (unsigned long long)(u->at + done),
                                   (unsigned long long)span->size);
    }
    return ALEXNET_OK;
}

/* The next bytes, counted and summed. */
static alexnet_status next(const an_section *span, void *dst, size_t length)
{
    an_unpacking *u = span->unpacking;
    alexnet_status rc = span->deflated
                            ? inflate_next(span, dst, length)
                            : an_reader_read(span->reader, span->start + u->at, dst, length);
    if (rc != ALEXNET_OK) {
        u->begun = false;
        return rc;
    }
    u->at += length;
    if (!span->checked)
        return ALEXNET_OK;
    u->crc = (uint32_t)crc32_z(u->crc, dst, length);
    if (u->at == span->size && u->crc != span->crc)
        return AN_SECTION_FAIL(span, "damaged: checksum %08x expected, found %08x", span->crc,
                               u->crc);
    return ALEXNET_OK;
}

alexnet_status an_section_read(const an_section *span, uint64_t offset, void *dst, size_t length)
{
    if (offset > span->size || length > span->size - offset)
        return AN_SECTION_FAIL(span, "ends early: %zu bytes expected at offset %llu, it has %llu",
                               length, (unsigned long long)offset, (unsigned long long)span->size);
    if (!length)
        return ALEXNET_OK;
    if (!span->deflated && !span->checked)
        return an_reader_read(span->reader, span->start + offset, dst, length);
    an_unpacking *u = span->unpacking;
    AN_CHECK(begin(span, offset));
    if (!span->deflated && offset - u->at > sizeof u->skipped) /* not in order: not summed */
        return an_reader_read(span->reader, span->start + offset, dst, length);
    while (u->at < offset) {
        const uint64_t ahead = offset - u->at;
        AN_CHECK(
            next(span, u->skipped, ahead < sizeof u->skipped ? (size_t)ahead : sizeof u->skipped));
    }
    return next(span, dst, length);
}
