/* Where picture files keep a colour profile. */
#include "data/picture/profile.h"

#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/zlib_memory.h"
#include "data/picture/bytes.h"
#include "data/picture/markers.h"
#include "data/picture/tiff_tag.h"

static bool begins(an_bytes all, size_t first, const char *text, size_t length)
{
    const an_bytes part = an_bytes_part(all, first, length);
    return part.length == length && memcmp(part.at, text, length) == 0;
}

/* Append to the profile, up to AN_PROFILE_MAX bytes in all. */
static alexnet_status append(an_profile *out, an_bytes more)
{
    const size_t room = AN_PROFILE_MAX - out->length;
    const size_t length = more.length < room ? more.length : room;
    if (length == 0)
        return ALEXNET_OK;
    uint8_t *grown = an_realloc(out->bytes, out->length + length, 1);
    if (!grown)
        return AN_FAIL_MEMORY(out->length + length, "a colour profile");
    memcpy(grown + out->length, more.at, length);
    out->bytes = grown;
    out->length += length;
    return ALEXNET_OK;
}

/* ---- JPEG: in segments APP2, numbered from 1 (ICC.1, annex B.4) ---- */

static const char jpeg_head[] = "ICC_PROFILE"; /* with its zero byte */
enum { APP2 = 0xE2, JPEG_HEAD = sizeof jpeg_head + 2 };

static alexnet_status find_in_jpeg(an_profile *out, an_bytes file)
{
    an_bytes parts[256] = {{0}};
    for (an_marker marker = {.next = 2}; an_marker_next(&marker, file);)
        if (marker.code == APP2 && begins(marker.data, 0, jpeg_head, sizeof jpeg_head))
            parts[an_bytes_big(marker.data, sizeof jpeg_head, 1)] =
                an_bytes_part(marker.data, JPEG_HEAD, SIZE_MAX);
    for (int i = 1; i < 256 && parts[i].at; i++)
        AN_CHECK(append(out, parts[i]));
    return ALEXNET_OK;
}

/* ---- PNG: the chunk iCCP, compressed ---- */

/* Decompress a profile, up to AN_PROFILE_MAX bytes or as far as its data are sound. */
static alexnet_status inflate_profile(an_profile *out, an_bytes from)
{
    enum { BLOCK = 1 << 14 };
    uint8_t block[BLOCK];
    z_stream z = {.zalloc = an_zlib_alloc, .zfree = an_zlib_free};
    alexnet_status rc = ALEXNET_OK;
    z.next_in = (Bytef *)from.at;
    z.avail_in = (uInt)from.length;
    if (inflateInit(&z) != Z_OK)
        return AN_FAIL_MEMORY(BLOCK, "a colour profile");
    int state = Z_OK;
    while (state == Z_OK && rc == ALEXNET_OK && out->length < AN_PROFILE_MAX) {
        z.next_out = block;
        z.avail_out = BLOCK;
        state = inflate(&z, Z_NO_FLUSH);
        if (state == Z_MEM_ERROR)
            rc = AN_FAIL_MEMORY(BLOCK, "a colour profile");
        else
            rc = append(out, (an_bytes){block, BLOCK - z.avail_out});
    }
    inflateEnd(&z);
    return rc;
}

static alexnet_status find_in_png(an_profile *out, an_bytes file)
{
    enum { SIGNATURE = 8, NAME_MAX_LENGTH = 80 };
    for (size_t at = SIGNATURE; at + 12 <= file.length;) {
        const uint32_t length = an_bytes_big(file, at, 4);
        const an_bytes chunk = an_bytes_part(file, at + 8, length);
        if (begins(file, at + 4, "IDAT", 4))
            break;
        if (begins(file, at + 4, "iCCP", 4)) { /* a name, its zero byte, the method */
            const an_bytes name = an_bytes_part(chunk, 0, NAME_MAX_LENGTH);
            const uint8_t *end = memchr(name.at, 0, name.length);
            const size_t first = end ? (size_t)(end - name.at) + 2 : chunk.length;
            return inflate_profile(out, an_bytes_part(chunk, first, SIZE_MAX));
        }
        at += 12 + (size_t)length;
    }
    return ALEXNET_OK;
}

/* ---- The others: uncompressed ---- */

static alexnet_status find_in_webp(an_profile *out, an_bytes file)
{
    for (size_t at = 12; at + 8 <= file.length;) { /* chunks of RIFF, of even length */
        const uint32_t length = an_bytes_little(file, at + 4, 4);
        if (begins(file, at, "ICCP", 4))
            return append(out, an_bytes_part(file, at + 8, length));
        at += 8 + (size_t)length + length % 2;
    }
    return ALEXNET_OK;
}

/* A tag of the first directory (ICC.1, annex B.3). */
static alexnet_status find_in_tiff(an_profile *out, an_bytes file)
{
    enum { TAG = 34675 };
    an_tiff_tag profile;
    if (!an_tiff_find(&profile, file, TAG))
        return ALEXNET_OK;
    return append(out, an_bytes_part(file, profile.offset, profile.count));
}

/* The content of the first box of a type in a sequence of boxes (ISO/IEC 14496-12, 4.2); empty if
 * there is none. */
static an_bytes find_box(an_bytes within, size_t first, const char *type)
{
    for (size_t at = first; at + 8 <= within.length;) {
        const uint32_t length = an_bytes_big(within, at, 4);
        const size_t left = within.length - at;
        const size_t size = length == 0 || length > left ? left : length;
        if (size < 8) /* also 1: a 64-bit length, which such boxes do not have */
            break;
        if (begins(within, at + 4, type, 4))
            return an_bytes_part(within, at + 8, size - 8);
        at += size;
    }
    return (an_bytes){within.at, 0};
}

/* HEIC and AVIF: in the property colr of the pictures. */
static alexnet_status find_in_heif(an_profile *out, an_bytes file)
{
    const an_bytes meta = find_box(file, 0, "meta"); /* begins with version and flags */
    const an_bytes properties = find_box(find_box(meta, 4, "iprp"), 0, "ipco");
    const an_bytes colour = find_box(properties, 0, "colr");
    if (begins(colour, 0, "prof", 4) || begins(colour, 0, "rICC", 4))
        return append(out, an_bytes_part(colour, 4, SIZE_MAX));
    return ALEXNET_OK;
}

alexnet_status an_profile_find(an_profile *out, const void *bytes, size_t length)
{
    const an_bytes file = {bytes, length};
    alexnet_status rc = ALEXNET_OK;
    *out = (an_profile){0};
    if (begins(file, 0, "\xFF\xD8\xFF", 3))
        rc = find_in_jpeg(out, file);
    else if (begins(file, 0, "\x89PNG\r\n\x1A\n", 8))
        rc = find_in_png(out, file);
    else if (begins(file, 8, "WEBP", 4))
        rc = find_in_webp(out, file);
    else if (an_tiff_is(file))
        rc = find_in_tiff(out, file);
    else if (begins(file, 4, "ftyp", 4))
        rc = find_in_heif(out, file);
    if (rc != ALEXNET_OK) {
        an_free(out->bytes);
        *out = (an_profile){0};
    }
    return rc;
}
