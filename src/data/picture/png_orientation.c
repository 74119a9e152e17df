/*
 * The orientation of a PNG file. Its chunks are searched here, not by libpng, which would
 * decompress all text of a file: a megabyte of it can hold gigabytes.
 */
#include <stdbool.h>
#include <string.h>

#include <zlib.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"
#include "base/zlib_memory.h"
#include "data/picture/codec.h"

/* At most TEXT_MAX bytes of a text are decompressed; the orientation comes early in both kinds. */
enum { SIGNATURE_BYTES = 8, CHUNK_BYTES = 12, TEXT_MAX = 1 << 20 };

/* A chunk's body; bytes is NULL if the file has no such chunk. */
typedef struct chunk {
    const uint8_t *bytes;
    size_t length;
    char type[4];
} chunk;

/* The last chunk of each kind of interest. */
typedef struct interest {
    chunk exif, profile, xmp;
} interest;

static bool is(const chunk *c, const char *type)
{
    return memcmp(c->type, type, sizeof c->type) == 0;
}

/* Whether a text chunk has this keyword, with its NUL. */
static bool has_keyword(const chunk *c, const char *keyword)
{
    size_t length = strlen(keyword) + 1;
    return c->length >= length && memcmp(c->bytes, keyword, length) == 0;
}

static void note(interest *found, const chunk *c)
{
    if (is(c, "eXIf"))
        found->exif = *c;
    else if (!is(c, "tEXt") && !is(c, "zTXt") && !is(c, "iTXt"))
        return;
    else if (has_keyword(c, "Raw profile type exif"))
        found->profile = *c;
    else if (has_keyword(c, "XML:com.adobe.xmp"))
        found->xmp = *c;
}

/* Look through all chunks, up to the end or one that is cut short. */
static void look_through(interest *found, const an_encoded *file)
{
    for (size_t at = SIGNATURE_BYTES; file->length >= at + CHUNK_BYTES;) {
        const uint8_t *p = file->bytes + at;
        chunk c = {.bytes = p + 8, .length = an_big32(p)};
        memcpy(c.type, p + 4, sizeof c.type);
        if (c.length > file->length - at - CHUNK_BYTES || is(&c, "IEND"))
            return;
        note(found, &c);
        at += CHUNK_BYTES + c.length;
    }
}

/* Whether a chunk is there and undamaged; a damaged one is ignored. */
static bool is_sound(const chunk *c)
{
    if (!c->bytes)
        return false;
    uLong sum = crc32(crc32(0, NULL, 0), c->bytes - 4, (uInt)c->length + 4);
    return sum == an_big32(c->bytes + c->length);
}

/* Decompress at most `room` bytes; *length: how many. The text ends where the data are damaged. */
static alexnet_status unpack(uint8_t *out, size_t room, size_t *length, const chunk *packed)
{
    z_stream z = {.zalloc = an_zlib_alloc,
                  .zfree = an_zlib_free,
                  .next_in = (Bytef *)packed->bytes,
                  .avail_in = (uInt)packed->length,
                  .next_out = out,
                  .avail_out = (uInt)room};
    if (inflateInit(&z) != Z_OK)
        return AN_FAIL_MEMORY(1 << 16, "unpacking a text");
    int result = inflate(&z, Z_FINISH);
    *length = room - z.avail_out;
    inflateEnd(&z);
    return result == Z_MEM_ERROR ? AN_FAIL_MEMORY(1 << 16, "unpacking a text") : ALEXNET_OK;
}

/* Drop `count` bytes at the start; all, if there are no more. */
static void drop(chunk *c, size_t count)
{
    if (count > c->length)
        count = c->length;
    c->bytes += count;
    c->length -= count;
}

static void drop_text(chunk *c)
{
    drop(c, strnlen((const char *)c->bytes, c->length) + 1);
}

/* Find where the text of a chunk begins, and whether it is compressed. */
static bool find_text(chunk *c)
{
    bool packed = is(c, "zTXt");
    drop_text(c);
    if (packed) {
        drop(c, 1); /* the method */
    } else if (is(c, "iTXt")) {
        packed = c->length > 0 && c->bytes[0] != 0;
        drop(c, 2);
        drop_text(c); /* language */
        drop_text(c); /* the keyword in it */
    }
    return packed;
}

/* The text of a chunk, as a string; owned. */
static alexnet_status text_of(char **out, size_t *length, const chunk *from)
{
    chunk c = *from;
    bool packed = find_text(&c);
    size_t room = packed || c.length > TEXT_MAX ? TEXT_MAX : c.length;
    *length = room;
    *out = an_malloc(room + 1);
    if (!*out)
        return AN_FAIL_MEMORY(room, "the text of a PNG");
    alexnet_status rc = ALEXNET_OK;
    if (packed)
        rc = unpack((uint8_t *)*out, room, length, &c);
    else
        memcpy(*out, c.bytes, room);
    (*out)[*length] = '\0';
    if (rc != ALEXNET_OK) {
        an_free(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status an_png_orientation(int *orientation, const an_encoded *file)
{
    interest found = {0};
    char *text;
    size_t length;
    *orientation = 0;
    look_through(&found, file);
    if (is_sound(&found.exif))
        *orientation = an_exif_orientation(found.exif.bytes, found.exif.length);
    else if (is_sound(&found.profile)) {
        AN_CHECK(text_of(&text, &length, &found.profile));
        *orientation = an_exif_text_orientation(text);
        an_free(text);
    }
    if (*orientation == 0 && is_sound(&found.xmp)) {
        AN_CHECK(text_of(&text, &length, &found.xmp));
        *orientation = an_xmp_orientation((const uint8_t *)text, length);
        an_free(text);
    }
    return ALEXNET_OK;
}
