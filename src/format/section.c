#include "format/section.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/crc32.h"
#include "base/status.h"
#include "base/zlib_memory.h"

struct an_unpacking {
    bool begun;     /* `start` is valid */
    uint64_t start; /* of the section that is being read */
    uint64_t at;    /* its bytes unpacked so far */
    uint32_t crc;   /* of these */
    uint64_t taken; /* its packed bytes read so far */
    z_stream stream;
    bool ready; /* `stream` is initialised */
    unsigned char input[16384], skipped[4096];
};

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

alexnet_status an_section_fail(const an_section *section, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s%s%s", an_reader_name(section->reader),
                   section->name ? section->name : "", section->name ? ": " : "", text);
}

/* Begin at the start of a section, unless it is being read and is not yet past `offset`. */
static alexnet_status begin(const an_section *section, uint64_t offset)
{
    an_unpacking *u = section->unpacking;
    if (u->begun && u->start == section->start && u->at <= offset)
        return ALEXNET_OK;
    u->begun = true;
    u->start = section->start;
    u->at = u->taken = 0;
    u->crc = 0;
    u->stream.avail_in = 0;
    if (!section->deflated)
        return ALEXNET_OK;
    if (u->ready)
        return inflateReset(&u->stream) == Z_OK ? ALEXNET_OK
                                                : AN_SECTION_FAIL(section, "not unpacked");
    u->stream.zalloc = an_zlib_alloc;
    u->stream.zfree = an_zlib_free;
    if (inflateInit2(&u->stream, -MAX_WBITS) != Z_OK) { /* raw deflate data, as in zip */
        u->begun = false;
        return AN_FAIL_MEMORY(65536, "unpacking a file");
    }
    u->ready = true;
    return ALEXNET_OK;
}

static alexnet_status refill(const an_section *section)
{
    an_unpacking *u = section->unpacking;
    const uint64_t left = section->packed - u->taken;
    const size_t length = left < sizeof u->input ? (size_t)left : sizeof u->input;
    if (u->stream.avail_in || !length)
        return ALEXNET_OK;
    AN_CHECK(an_reader_read(section->reader, section->start + u->taken, u->input, length));
    u->taken += length;
    u->stream.next_in = u->input;
    u->stream.avail_in = (unsigned)length;
    return ALEXNET_OK;
}

/* The next bytes of a deflated section. */
static alexnet_status inflate_next(const an_section *section, unsigned char *dst, size_t length)
{
    enum { MOST = 1 << 30 }; /* zlib counts in unsigned */
    an_unpacking *u = section->unpacking;
    for (size_t done = 0; done < length;) {
        const size_t wanted = length - done < MOST ? length - done : MOST;
        AN_CHECK(refill(section));
        u->stream.next_out = dst + done;
        u->stream.avail_out = (unsigned)wanted;
        const int result = inflate(&u->stream, Z_NO_FLUSH);
        const size_t got = wanted - u->stream.avail_out;
        done += got;
        if (result == Z_MEM_ERROR)
            return AN_FAIL_MEMORY(65536, "unpacking a file");
        if (done < length && result != Z_OK)
            return AN_SECTION_FAIL(section, "damaged: it unpacks to %llu bytes, %llu expected",
                                   (unsigned long long)(u->at + done),
                                   (unsigned long long)section->size);
    }
    return ALEXNET_OK;
}

/* Read the next bytes; count them, and update the checksum. */
static alexnet_status next(const an_section *section, void *dst, size_t length)
{
    an_unpacking *u = section->unpacking;
    alexnet_status rc = section->deflated
                            ? inflate_next(section, dst, length)
                            : an_reader_read(section->reader, section->start + u->at, dst, length);
    if (rc != ALEXNET_OK) {
        u->begun = false;
        return rc;
    }
    u->at += length;
    if (!section->checked)
        return ALEXNET_OK;
    u->crc = an_crc32(u->crc, dst, length);
    if (u->at == section->size && u->crc != section->crc)
        return AN_SECTION_FAIL(section, "damaged: checksum %08x expected, found %08x", section->crc,
                               u->crc);
    return ALEXNET_OK;
}

alexnet_status an_section_read(const an_section *section, uint64_t offset, void *dst, size_t length)
{
    if (offset > section->size || length > section->size - offset)
        return AN_SECTION_FAIL(section,
                               "ends early: %zu bytes expected at offset %llu, it has %llu", length,
                               (unsigned long long)offset, (unsigned long long)section->size);
    if (!length)
        return ALEXNET_OK;
    if (!section->deflated && !section->checked)
        return an_reader_read(section->reader, section->start + offset, dst, length);
    an_unpacking *u = section->unpacking;
    AN_CHECK(begin(section, offset));
    if (!section->deflated && offset - u->at > sizeof u->skipped) /* out of order: no checksum */
        return an_reader_read(section->reader, section->start + offset, dst, length);
    while (u->at < offset) {
        const uint64_t ahead = offset - u->at;
        AN_CHECK(next(section, u->skipped,
                      ahead < sizeof u->skipped ? (size_t)ahead : sizeof u->skipped));
    }
    return next(section, dst, length);
}
